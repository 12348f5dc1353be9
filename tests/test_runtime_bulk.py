"""Streams: each row as its object would be, in few queries and flat memory."""

import tracemalloc

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from demo.models import BuyerProfile, CompanyAccount
from tests import oracle
from tests.host.models import Address, Country, Order, Person, Profile, Remote, Restaurant
from tests.maps import EXAMPLE, HOST
from trackadmin import testing
from trackadmin.document import to_dict
from trackadmin.exceptions import NotPublished, NotTracked
from trackadmin.runtime import fault_counts, iter_tracking_values, tracking_values
from trackadmin.testing import override_map

STRICT = override_settings(TRACKADMIN={"STRICT": True})
pytestmark = pytest.mark.django_db(databases=["default", "other"])


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    yield
    testing.reset()


@pytest.fixture
def example():
    with override_map(to_dict(EXAMPLE)):
        yield


@pytest.fixture
def host():
    with override_map(to_dict(HOST)):
        yield


def buyers(count):
    users = User.objects.bulk_create(User(username=f"u{n}") for n in range(count))
    return BuyerProfile.objects.bulk_create(BuyerProfile(user=user) for user in users)


def selects(captured):
    return [query for query in captured if query["sql"].startswith(("SELECT", "DECLARE", "FETCH"))]


def test_each_row_as_its_object_and_in_the_querysets_order(example):
    buyers(5)
    ordered = BuyerProfile.objects.order_by("-pk")
    expected = [tracking_values(buyer) for buyer in ordered.all()]
    assert list(iter_tracking_values(ordered)) == expected
    assert list(iter_tracking_values(ordered[1:3])) == expected[1:3]
    assert sorted(map(str, iter_tracking_values(BuyerProfile.objects))) == sorted(
        map(str, expected)
    )
    assert list(iter_tracking_values(BuyerProfile.objects.none())) == []


def test_children_come_in_the_same_query(example):
    buyers(50)
    with CaptureQueriesContext(connection) as captured:
        assert len(list(iter_tracking_values(BuyerProfile.objects.all()))) == 50
    assert len(selects(captured)) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.only("pk"),
        lambda rows: rows.defer("user"),
        lambda rows: rows.select_related("user"),
        lambda rows: rows.prefetch_related("orders"),
        lambda rows: rows.filter(user__username__startswith="u").distinct(),
    ],
)
def test_querysets_of_all_shapes(example, change):
    buyers(3)
    expected = [tracking_values(buyer) for buyer in BuyerProfile.objects.order_by("pk")]
    assert list(iter_tracking_values(change(BuyerProfile.objects.order_by("pk")))) == expected


def test_all_shapes_of_models_as_the_oracle_says(host):
    land = Country.objects.create(code="NL", name="Netherlands")
    home = Address.objects.create(street="A 1", country=land)
    boss = Person.objects.create(name="b")
    person = Person.objects.create(name="p", boss=boss)
    Profile.objects.create(person=person, nickname="n")
    Order.objects.create(number="1", person=person, billing_address=home)
    Order.objects.create(number="2")
    Restaurant.objects.create(name="r", stars=1)
    Remote.objects.create(name="far")
    for model in (Order, Person, Profile, Address, Restaurant, Remote):
        rows = model.objects.order_by("pk")
        assert list(iter_tracking_values(rows)) == [oracle.flatten(HOST, row) for row in rows]
    assert fault_counts() == {}


def test_memory_stays_flat(example):
    def peak(count):
        tracemalloc.start()
        for _ in iter_tracking_values(CompanyAccount.objects.all()[:count]):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    CompanyAccount.objects.bulk_create(CompanyAccount(name=f"c{n}") for n in range(20_000))
    peak(5_000)
    assert peak(20_000) < peak(5_000) * 1.1


def test_what_is_no_queryset_raises_at_once(example):
    for wrong in ([], CompanyAccount(), CompanyAccount, None, "x"):
        with pytest.raises(TypeError, match="queryset or a manager"):
            iter_tracking_values(wrong)
    with pytest.raises(TypeError, match="values"):
        iter_tracking_values(CompanyAccount.objects.values("name"))


def test_model_that_is_not_tracked(example):
    with STRICT, pytest.raises(NotTracked, match=r"host\.Person"):
        iter_tracking_values(Person.objects.all())
    assert list(iter_tracking_values(Person.objects.all())) == []
    assert fault_counts() == {"object.not_tracked": 1}


def test_unpublished_map():
    with STRICT, pytest.raises(NotPublished):
        iter_tracking_values(Person.objects.all())
    assert list(iter_tracking_values(Person.objects.all())) == []


def test_one_version_serves_the_whole_stream(example):
    CompanyAccount.objects.create(name="a")
    CompanyAccount.objects.create(name="b")
    stream = iter_tracking_values(CompanyAccount.objects.order_by("name"))
    first = next(stream)
    with override_map({"CompanyAccount": {"attributes": ["industry"]}}):
        assert list(next(stream)) == list(first)
