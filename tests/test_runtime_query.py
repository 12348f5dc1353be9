"""The query string: the given parameters, then the objects by their keys."""

import uuid

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.http import QueryDict
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from demo.models import BuyerProfile, CompanyAccount
from tests.maps import EXAMPLE
from trackadmin import testing
from trackadmin.document import to_dict
from trackadmin.exceptions import NoKey, NotTracked, PrefixConflict
from trackadmin.runtime import fault_counts, tracking_query
from trackadmin.testing import override_map

STRICT = override_settings(TRACKADMIN={"STRICT": True})
BUYER = "6fa459ea-ee8a-3ca4-894e-db77e160355e"


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    with override_map(to_dict(EXAMPLE)):
        yield
    testing.reset()


def saved(obj):
    """The object as if it had been loaded; no database is needed here."""
    obj._state.adding = False
    return obj


def company(name="The Demo Account"):
    return saved(CompanyAccount(id=1, name=name))


def buyer():
    return saved(BuyerProfile(id=1, uuid=uuid.UUID(BUYER)))


def test_contracts_example():
    assert tracking_query(buyer(), company(), action="signup_click") == (
        f"action=signup_click&BuyerProfile__uuid={BUYER}&CompanyAccount__name=The%20Demo%20Account"
    )


def test_any_parameter_is_a_keyword():
    query = tracking_query(company("A"), object="x", query="a b&c=d", n=5, yes=True, no=None)
    assert query == "object=x&query=a%20b%26c%3Dd&n=5&yes=true&CompanyAccount__name=A"


@given(st.text(min_size=1, max_size=30), st.text(max_size=50))
def test_every_text_comes_back_from_the_query(name, text):
    name, text = name.replace("\0", ""), text.replace("\0", "")
    if not name.strip():
        return
    with override_map(to_dict(EXAMPLE)):
        query = QueryDict(tracking_query(company(name), text=text))
    assert query.dict() == {"text": text, "CompanyAccount__name": name}
    assert query.urlencode().isascii()


def test_nobody_is_left_out():
    with STRICT:
        assert tracking_query(None, AnonymousUser(), action="a") == "action=a"
        assert tracking_query() == ""


@pytest.mark.parametrize(
    ("obj", "error"),
    [
        (CompanyAccount(name="unsaved"), NoKey),
        (saved(CompanyAccount(id=1, name="")), NoKey),
        (saved(BuyerProfile(id=1, uuid=None)), NoKey),
        ("text", NotTracked),
        (CompanyAccount, NotTracked),
    ],
)
def test_object_that_no_url_can_name(obj, error):
    with STRICT, pytest.raises(error):
        tracking_query(obj)
    assert tracking_query(obj, company("A")) == "CompanyAccount__name=A"
    assert sum(fault_counts().values()) == 1


def test_model_without_a_key_has_no_reference():
    with override_map({"User": {"model": "auth.User", "attributes": ["id"]}}):
        with STRICT, pytest.raises(NoKey, match="key"):
            tracking_query(saved(User(id=1)))
        assert tracking_query(saved(User(id=1))) == ""


def test_two_objects_under_one_key():
    with STRICT:
        with pytest.raises(PrefixConflict):
            tracking_query(company("A"), company("B"))
        assert tracking_query(company("A"), company("A")) == "CompanyAccount__name=A"
    assert tracking_query(company("A"), company("B")) == "CompanyAccount__name=A"
    assert fault_counts() == {"prefix.conflict": 1}


def test_object_as_a_parameter_is_its_key():
    """A caller's mistake for which there is no better handling: at least nothing raises."""
    assert tracking_query(buyer=buyer()) == "buyer=1"
    assert tracking_query(thing=object()) == "thing="
    assert tracking_query(lone="\ud800") == "lone=%EF%BF%BD"
