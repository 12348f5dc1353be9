"""From a query to values: every outcome of a reference, and nothing that raises."""

import copy
import json
import pickle
import uuid

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, transaction
from django.http import QueryDict
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.models import BuyerProfile, CompanyAccount
from tests.host.models import Constrained, Everything, Hidden, Remote
from tests.maps import EXAMPLE, HOST
from trackadmin import testing
from trackadmin.document import to_dict
from trackadmin.runtime import (
    Reference,
    fault_counts,
    get_model,
    tracking_query,
    tracking_values,
    values_from_query,
)
from trackadmin.runtime.parameters import MAX_NAME, MAX_PARAMETERS, MAX_QUERY, MAX_TEXT
from trackadmin.testing import override_map

STRICT = override_settings(TRACKADMIN={"STRICT": True})
BUYER = "6fa459ea-ee8a-3ca4-894e-db77e160355e"
pytestmark = pytest.mark.django_db(databases=["default", "other"])


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    yield
    testing.reset()


@pytest.fixture
def example():
    """The example of the contract: the map, and the rows that its URL names."""
    with override_map(to_dict(EXAMPLE)):
        user = User.objects.create(id=123, username="testUserOne", first_name="TestUser")
        buyer = BuyerProfile.objects.create(uuid=BUYER, user=user)
        yield buyer, CompanyAccount.objects.create(name="The Demo Account", is_demo=True)


@pytest.fixture
def host():
    with override_map(to_dict(HOST)):
        yield


def outcomes(values):
    return {reference.name: reference.outcome for reference in values.references}


# ── What is found ──────────────────────────────────────────────────────────────────────────────


def test_contracts_example(example):
    query = (
        f"action=signup_click&BuyerProfile__uuid={BUYER}&CompanyAccount__name=The%20Demo%20Account"
    )
    values = values_from_query(query)
    buyer = BuyerProfile.objects.get(uuid=BUYER)
    assert values == {"action": "signup_click", **tracking_values(buyer, example[1])}
    assert len(values) == 13
    assert next(iter(values)) == "action"
    assert values.references == [
        Reference("BuyerProfile__uuid", BUYER, "found"),
        Reference("CompanyAccount__name", "The Demo Account", "found"),
    ]
    assert fault_counts() == {}


@pytest.mark.parametrize(
    "form",
    [
        lambda query: query,
        lambda query: "?" + query,
        lambda query: query.encode(),
        lambda query: QueryDict(query),
        lambda query: QueryDict(query).dict(),
        lambda query: dict(QueryDict(query).lists()),
        lambda query: {"action": "a", "CompanyAccount__name": ("The Demo Account",)},
    ],
)
def test_forms_of_a_query(example, form):
    values = values_from_query(form("action=a&CompanyAccount__name=The+Demo+Account"))
    assert values == {
        "action": "a",
        "CompanyAccount_name": "The Demo Account",
        "CompanyAccount_is_demo": True,
    }


def test_values_can_be_copied_and_stored(example):
    """A host may put values into a queue or a session."""
    values = values_from_query("action=a&CompanyAccount__name=The%20Demo%20Account&User__id=5")
    for twin in (copy.copy(values), copy.deepcopy(values), pickle.loads(pickle.dumps(values))):
        assert (twin, twin.references) == (values, values.references)
        assert (twin.map, twin.version) == (values.map, values.version)
    assert json.loads(json.dumps(values)) == values


def test_there_and_back(example):
    buyer = BuyerProfile.objects.get(uuid=BUYER)
    query = tracking_query(*example, action="a")
    assert values_from_query(query) == {"action": "a", **tracking_values(buyer, example[1])}


def test_one_query_a_reference_at_most_children_included(example):
    with CaptureQueriesContext(connection) as captured:
        values_from_query(f"BuyerProfile__uuid={BUYER}&CompanyAccount__name=The%20Demo%20Account")
    assert len([1 for query in captured if query["sql"].startswith("SELECT")]) <= 2


def test_get_model(example):
    buyer, company = example
    assert get_model("BuyerProfile__uuid", BUYER) == buyer
    assert get_model("BuyerProfile__uuid", uuid.UUID(BUYER)) == buyer
    assert get_model("User__id", 123).username == "testUserOne"
    assert get_model("CompanyAccount__name", "The Demo Account") == company
    assert fault_counts() == {}


# ── What is not ────────────────────────────────────────────────────────────────────────────────

NOT_FOUND = [
    ("CompanyAccount__name", "Nobody", "none"),
    ("BuyerProfile__uuid", str(uuid.UUID(int=5)), "none"),
    ("CompanyAccount__name", "the demo account", "none"),
    ("CompanyAccount__name", "", "malformed"),
    ("CompanyAccount__name", "a\0b", "malformed"),
    ("CompanyAccount__name", "x" * 121, "malformed"),
    ("CompanyAccount__name", "x" * 10_000_000, "malformed"),
    ("CompanyAccount__name", "\ud800", "malformed"),
    ("BuyerProfile__uuid", BUYER.replace("-", ""), "malformed"),
    ("BuyerProfile__uuid", "{" + BUYER + "}", "malformed"),
    ("BuyerProfile__uuid", "urn:uuid:" + BUYER, "malformed"),
    ("BuyerProfile__uuid", "1", "malformed"),
    ("User__id", " 123", "malformed"),
    ("User__id", "+123", "malformed"),
    ("User__id", "\uff11\uff12\uff13", "malformed"),
    ("User__id", "1_23", "malformed"),
    ("User__id", "0123", "malformed"),
    ("User__id", "123.0", "malformed"),
    ("User__id", "9" * 30, "malformed"),
    ("User__id", str(2**63), "malformed"),
    ("User__id", "9" * 5000, "malformed"),
    ("User__username", "testUserOne", "not_allowed"),
    ("User__id__in", "123", "not_allowed"),
    ("User__id__exact", "123", "not_allowed"),
    ("CompanyAccount__name__contains", "Demo", "not_allowed"),
    ("BuyerProfile__user__id", "123", "not_allowed"),
    ("BuyerProfile__pk", "1", "not_allowed"),
    ("User__password", "x", "not_allowed"),
    ("Nobody__id", "1", "not_allowed"),
    ("user__id", "123", "not_allowed"),
    ("__", "1", "not_allowed"),
    ("a__", "1", "not_allowed"),
    ("__a", "1", "not_allowed"),
    ("someone@example.com__x", "1", "not_allowed"),
]


@STRICT
@pytest.mark.parametrize(("name", "text", "outcome"), NOT_FOUND, ids=lambda text: text[:20])
def test_reference_that_names_nothing(example, caplog, name, text, outcome):
    """An outcome and a counted fault, no values, and a transaction that still works."""
    values = values_from_query({"action": "a", name: text})
    assert values == {"action": "a"}
    assert outcomes(values) == {name: outcome}
    assert fault_counts().pop(f"reference.{outcome}") == 1
    assert get_model(name, text) is None
    assert len(caplog.records) <= 2
    assert "someone@" not in caplog.text
    assert len(values.references[0].value) <= MAX_TEXT
    json.dumps(values, allow_nan=False).encode()
    json.dumps([r.value for r in values.references], ensure_ascii=False).encode()
    assert User.objects.exists()


@pytest.mark.parametrize(
    "value",
    [None, True, 1.5, [], {}, object(), b"123", 2**70, 1 << 20000],
    ids=lambda value: type(value).__name__,
)
def test_reference_by_what_no_url_could_hold(example, value):
    assert get_model("User__id", value) is None
    assert outcomes(values_from_query({"User__id": [value]})) == {"User__id": "malformed"}


def test_many_rows_are_none(host):
    for n in range(2):
        Constrained.objects.create(yes=f"y{n}", sometimes="same", folded=f"f{n}", together_a=n)
    values = values_from_query("Constrained__often=same")
    assert (dict(values), outcomes(values)) == ({}, {"Constrained__often": "many"})
    assert get_model("Constrained__often", "same") is None


def test_default_manager_decides_what_can_be_found(host):
    Hidden.objects.create(name="here")
    Hidden.everything.create(name="gone", alive=False)
    assert values_from_query("Hidden__name=here")["Hidden_alive"] is True
    assert outcomes(values_from_query("Hidden__name=gone")) == {"Hidden__name": "none"}


def test_references_of_two_databases(host):
    Remote.objects.create(name="far")
    Hidden.objects.create(name="near")
    values = values_from_query("Remote__name=far&Hidden__name=near")
    assert values["Remote_name"] == "far"
    assert values["Hidden_name"] == "near"


@STRICT
def test_database_that_fails_is_an_outcome_and_leaves_the_transaction_usable(example, monkeypatch):
    with transaction.atomic():
        monkeypatch.setattr(CompanyAccount._meta, "db_table", "not_there")
        values = values_from_query(f"CompanyAccount__name=a&BuyerProfile__uuid={BUYER}")
        assert values["User_id"] == 123
        assert outcomes(values) == {"CompanyAccount__name": "failed", "BuyerProfile__uuid": "found"}
        assert User.objects.count() == 1
    assert fault_counts() == {"statement.failed": 1, "reference.failed": 1}


@STRICT
def test_manager_that_raises_is_an_outcome(example, monkeypatch):
    def broken(self):
        raise OperationalError("hunter2")

    monkeypatch.setattr(type(CompanyAccount._default_manager), "get_queryset", broken)
    values = values_from_query("CompanyAccount__name=a")
    assert outcomes(values) == {"CompanyAccount__name": "failed"}


# ── Several that name the same, or not ─────────────────────────────────────────────────────────


def test_first_object_wins_and_the_other_is_a_conflict(example):
    CompanyAccount.objects.create(name="Other")
    values = values_from_query("CompanyAccount__name=The Demo Account&CompanyAccount__name=Other")
    assert values["CompanyAccount_name"] == "The Demo Account"
    assert [r.outcome for r in values.references] == ["found", "conflict"]
    assert fault_counts() == {"reference.conflict": 1}


def test_object_that_contradicts_a_child_is_a_conflict(example):
    User.objects.create(id=7, username="other")
    values = values_from_query(f"BuyerProfile__uuid={BUYER}&User__id=7")
    assert values["User_id"] == 123
    assert outcomes(values) == {"BuyerProfile__uuid": "found", "User__id": "conflict"}


def test_child_that_is_named_too_is_no_conflict(example):
    values = values_from_query(f"User__id=123&BuyerProfile__uuid={BUYER}&User__id=123")
    assert outcomes(values) == {"User__id": "found", "BuyerProfile__uuid": "found"}
    assert len(values.references) == 2
    assert fault_counts() == {}


@override_settings(TRACKADMIN={"MAX_REFERENCES": 2})
def test_no_more_references_than_the_setting_says(example):
    with CaptureQueriesContext(connection) as captured:
        values = values_from_query("&".join(f"User__id={n}" for n in range(1, 6)))
    assert [r.outcome for r in values.references] == ["none", "none", *["not_allowed"] * 3]
    assert fault_counts()["reference.too_many"] == 3
    assert len([1 for query in captured if query["sql"].startswith("SELECT")]) <= 2


# ── Other parameters ───────────────────────────────────────────────────────────────────────────


def test_what_the_server_dug_up_wins_over_a_parameter_of_its_name(example):
    values = values_from_query(f"User_id=5&BuyerProfile__uuid={BUYER}&User_username=me&x=1")
    assert values["User_id"] == 123
    assert values["User_username"] == "testUserOne"
    assert values["x"] == "1"


@pytest.mark.parametrize(
    ("query", "values"),
    [
        ("a=1&a=2", {"a": "2"}),
        ("a=1&b", {"a": "1", "b": ""}),
        ("a=00010001", {"a": "00010001"}),
        ("a=1=2&&", {"a": "1=2"}),
        ("a=%zz%", {"a": "%zz%"}),
        ("a=%ff", {"a": "\ufffd"}),
        ("a=%00b", {"a": "\ufffdb"}),
        ("=1", {}),
        ("%F0%9F%98%80=%F0%9F%98%80", {"\U0001f600": "\U0001f600"}),
        ("a=+%2B", {"a": " +"}),
        ({"a": "\ud800x"}, {"a": "\ufffdx"}),
        ({"a": []}, {}),
        ({"a": None, "b": True, "c": 2, "d": 1.5}, {"a": None, "b": True, "c": 2, "d": 1.5}),
        ({"a": float("nan"), "b": 1 << 20000, "c": object(), "d": {"x": [1]}}, None),
        ({5: "x", "a": "1", None: 2}, {"a": "1"}),
        ("", {}),
        ({}, {}),
    ],
)
def test_other_parameters(example, query, values):
    expected = {"a": None, "b": None, "c": None, "d": '{"x":[1]}'} if values is None else values
    assert dict(values_from_query(query)) == expected


def test_bounds(example):
    values = values_from_query("&".join(f"a{n}={n}" for n in range(5000)))
    assert len(values) == MAX_PARAMETERS
    assert fault_counts() == {"query.too_many_parameters": 1}
    assert len(values_from_query("a=" + "x" * 100_000)["a"]) == MAX_TEXT
    assert len(values_from_query("a=" + "%C3%A4" * 10_000_000)["a"]) == MAX_TEXT
    assert values_from_query("x" * (MAX_NAME + 1) + "=1&b=2") == {"b": "2"}
    assert len(values_from_query({f"a{n}": n for n in range(5000)})) == MAX_PARAMETERS
    assert values_from_query("&" * 1_000_000 + "a=1") == {}
    assert list(values_from_query("a=" + "x" * MAX_QUERY + "&b=1")) == ["a"]


def test_reference_longer_than_any_text_that_is_taken(host):
    Everything.objects.create(slug="s", long_text="x" * (MAX_TEXT + 1))
    attributes = ["slug", {"source": "long_text", "lookup": True}]
    with override_map({"Everything": {"attributes": attributes, "key": "slug"}}):
        values = values_from_query({"Everything__long_text": "x" * (MAX_TEXT + 1)})
        assert outcomes(values) == {"Everything__long_text": "malformed"}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["User__id", "CompanyAccount__name", "a", "BuyerProfile__uuid"]) | st.text()
WORDS = st.text(alphabet=st.sampled_from("aU_%&=+0 9\0\ud800é;[]")) | st.text()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.one_of(WORDS, st.binary(), st.dictionaries(NAMES, JSON, max_size=6)))
def test_nothing_in_a_query_raises_and_the_result_is_always_json(example, query):
    with STRICT, override_map(to_dict(EXAMPLE)):
        values = values_from_query(query)
    assert type(json.loads(json.dumps(values, allow_nan=False))) is dict
    json.dumps(values, ensure_ascii=False).encode()
    assert all(type(value) in (str, int, float, bool, type(None)) for value in values.values())
    assert not any("__" in name for name in values)
    assert all(r.outcome != "failed" for r in values.references)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
