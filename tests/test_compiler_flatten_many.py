"""Several objects flattened by one function: as each by itself, or not at all."""

import datetime
import uuid

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.utils.functional import SimpleLazyObject

from demo.models import BuyerProfile, CompanyAccount
from tests import oracle
from tests.host.models import Country, Everything, PlaceProxy
from tests.maps import EXAMPLE, HOST
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.compiler.flatten_many import MAX_BRANCHES


@pytest.fixture
def example():
    return compile_map(EXAMPLE, catalog())


@pytest.fixture
def host():
    return compile_map(HOST, catalog())


def branch(snapshot, *objects):
    found = snapshot.branches
    for obj in objects:
        found = found[type(obj)]
    return found


def a_buyer():
    user = User(id=3, username="anna")
    now = datetime.datetime(2024, 1, 2, 3, 4, 5, 6, tzinfo=datetime.UTC)
    return BuyerProfile(uuid=uuid.uuid4(), ctime=now, user=user)


def test_objects_together_yield_what_they_yield_one_by_one(example):
    objects = (a_buyer(), CompanyAccount(name="The Demo Account", is_demo=True))
    values = branch(example, *objects).made()(objects, pytest.fail)
    expected = oracle.flatten(EXAMPLE, objects[0]) | oracle.flatten(EXAMPLE, objects[1])
    assert list(values.items()) == list(expected.items())


def test_the_order_of_the_objects_is_that_of_the_names(example):
    objects = (CompanyAccount(name="x"), a_buyer())
    values = branch(example, *objects).made()(objects, pytest.fail)
    assert next(iter(values)) == "CompanyAccount_name"


def test_one_object_is_a_combination_too(example):
    objects = (a_buyer(),)
    values = branch(example, *objects).made()(objects, pytest.fail)
    assert values == oracle.flatten(EXAMPLE, objects[0])


def test_a_descendant_counts_as_what_it_is(host):
    objects = (PlaceProxy(name="Inn"), Country(code="DE", name="Germany"))
    objects[0]._state.fields_cache["restaurant"] = None
    values = branch(host, *objects).made()(objects, pytest.fail)
    assert values["Place_name"] == "Inn"


def test_where_one_thing_is_not_as_usual_all_come_by_the_slow_road(host):
    faults = []
    everything, country = Everything(text="here"), Country(code="DE")
    everything.data = {"no": object()}
    del country.__dict__["name"]  # deferred, and there is no row to load it from
    objects = (everything, country)
    values = branch(host, *objects).made()(objects, lambda *fault: faults.append(fault[:2]))
    assert values["Everything_text"] == "here"
    assert values["Everything_data"] is values["Country_name"] is None
    assert values["Country_code"] == "DE"
    assert {where for _, where in faults} == {"Everything.data", "Country.name"}


@pytest.mark.parametrize(
    "objects",
    [
        (),
        (None,),
        (AnonymousUser(),),
        (SimpleLazyObject(a_buyer),),
        (Country(), None),
        (Country(), Country()),
        (Country, 1),
        ("text", Country()),
    ],
    ids=str,
)
def test_no_function_where_the_objects_must_be_looked_at_one_by_one(host, objects):
    assert branch(host, *objects).made() is None


def test_an_object_and_its_own_child_share_names_and_have_no_function(example):
    buyer = a_buyer()
    assert branch(example, buyer, buyer.user).made() is None


def test_combinations_are_kept_but_not_without_end(host):
    assert branch(host, Country()) is branch(host, Country())
    for number in range(2 * MAX_BRANCHES):
        host.branches[type(f"Class{number}", (), {})]
    assert len(host.branches) == MAX_BRANCHES
    assert branch(host, Everything()).made() is None
