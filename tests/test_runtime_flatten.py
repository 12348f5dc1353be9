"""From objects to one flat dict: what may be given, shared names, and what is not allowed."""

import datetime
import uuid

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject

from demo.models import BuyerProfile, CompanyAccount
from tests import oracle
from tests.host.models import Everything, Person, Place, PlaceProxy, Profile, Restaurant
from tests.maps import EXAMPLE, HOST
from trackadmin import testing
from trackadmin.document import to_dict
from trackadmin.exceptions import BadPrefix, NotTracked, PrefixConflict
from trackadmin.runtime import fault_counts, tracking_values
from trackadmin.testing import override_map

STRICT = override_settings(TRACKADMIN={"STRICT": True})


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    yield
    testing.reset()


@pytest.fixture
def example():
    with override_map(to_dict(EXAMPLE)) as snapshot:
        yield snapshot


@pytest.fixture
def host():
    with override_map(to_dict(HOST)) as snapshot:
        yield snapshot


def buyer(**fields):
    made = {"uuid": uuid.UUID("6fa459ea-ee8a-3ca4-894e-db77e160355e"), "user": user(), **fields}
    return BuyerProfile(ctime=datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), **made)


def user(**fields):
    return User(**{"id": 123, "username": "testUserOne", "first_name": "TestUser", **fields})


def company(**fields):
    return CompanyAccount(**{"name": "The Demo Account", "is_demo": True, **fields})


# ── What is given ──────────────────────────────────────────────────────────────────────────────


def test_objects_come_in_the_order_given_under_the_names_of_the_map(example):
    values = tracking_values(company(), buyer())
    assert list(values) == [
        "CompanyAccount_name",
        "CompanyAccount_is_demo",
        "BuyerProfile_uuid",
        "BuyerProfile_ctime",
        "User_id",
        "User_first_name",
        "User_last_name",
        "User_email",
        "User_is_staff",
        "User_is_active",
        "User_is_superuser",
        "User_username",
    ]
    assert values["BuyerProfile_ctime"] == "2026-01-02T00:00:00+00:00"
    assert type(values) is dict


def test_each_call_gives_a_dict_of_its_own(example):
    given = company()
    first = tracking_values(given)
    first["mine"] = 1
    assert "mine" not in tracking_values(given)


@pytest.mark.django_db
def test_same_as_the_oracle_for_every_kind_of_object(host):
    place = Restaurant(id=1, name="r", stars=3)
    objects = [
        Everything(slug="s", moment=datetime.datetime.now(datetime.UTC)),
        Person(name="p", user=user()),
        Profile(nickname="n", person=Person(name="q")),
        place,
        PlaceProxy(name="proxy"),
    ]
    for obj in objects:
        expected = oracle.flatten(HOST, obj)
        assert tracking_values(obj) == expected
        assert tracking_values(SimpleLazyObject(lambda obj=obj: obj)) == expected
    assert fault_counts() == {}


@STRICT
@pytest.mark.parametrize(
    "nobody",
    [None, AnonymousUser(), SimpleLazyObject(AnonymousUser), SimpleLazyObject(lambda: None)],
)
def test_nobody_yields_nothing_and_is_no_fault(example, nobody):
    assert tracking_values(nobody) == {}
    assert tracking_values(nobody, company(), referrer=nobody) == tracking_values(company())
    assert fault_counts() == {}


def test_no_objects_no_values(example):
    assert tracking_values() == {}


@pytest.mark.parametrize(
    "stranger", [Person(), Person, CompanyAccount, "text", 5, [company()], {}, object(), int]
)
class TestStranger:
    def test_raises_where_strict(self, example, stranger):
        with STRICT, pytest.raises(NotTracked, match="'default'"):
            tracking_values(company(), stranger)

    def test_is_left_out_and_counted_elsewhere(self, example, stranger, caplog):
        for _ in range(2):
            assert tracking_values(stranger, company()) == tracking_values(company())
        assert fault_counts() == {"object.not_tracked": 2}
        assert len(caplog.records) == 1


@STRICT
def test_lazy_object_that_fails_is_a_fault_of_the_data_and_never_raises(example, caplog):
    def broken():
        raise RuntimeError("hunter2")

    assert tracking_values(SimpleLazyObject(broken), company()) == tracking_values(company())
    assert fault_counts() == {"object.raised": 1}
    assert "hunter2" not in caplog.text


@STRICT
def test_attribute_that_fails_is_null_and_counted(caplog):
    data = {"Everything": {"attributes": ["slug", "broken", "double"], "key": "slug"}}
    with override_map(data):
        values = tracking_values(Everything(slug="s", integer=2))
    assert values == {
        "Everything_slug": "s",
        "Everything_broken": None,
        "Everything_double": 4,
    }
    assert list(fault_counts()) == ["attribute.raised"]
    assert "on purpose" not in caplog.text
    assert "Everything.broken" in caplog.text


@pytest.mark.django_db
def test_loaded_relations_cost_no_query_and_missing_ones_are_loaded(example):
    owner = User.objects.create(username="u")
    made = BuyerProfile.objects.create(user=owner)
    with CaptureQueriesContext(connection) as captured:
        first = tracking_values(BuyerProfile.objects.select_related("user").get(pk=made.pk))
    assert len(captured) == 1
    with CaptureQueriesContext(connection) as captured:
        assert tracking_values(BuyerProfile.objects.get(pk=made.pk)) == first
    # The second has a savepoint, because this test is a transaction.
    assert [query["sql"].split()[0] for query in captured if "SAVEPOINT" not in query["sql"]] == [
        "SELECT",
        "SELECT",
    ]


@pytest.mark.django_db
def test_query_that_fails_leaves_the_hosts_transaction_usable(example):
    made = BuyerProfile.objects.create(user=User.objects.create(username="u"))
    loose = BuyerProfile.objects.get(pk=made.pk)
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(User._meta, "db_table", "not_there")
        values = tracking_values(loose)
        assert values["BuyerProfile_uuid"] == str(made.uuid)
        assert values["User_id"] is None
        patch.undo()
        assert BuyerProfile.objects.count() == 1
    assert list(fault_counts()) == ["child.raised"]


# ── Prefixes ───────────────────────────────────────────────────────────────────────────────────


def test_keyword_gives_a_prefix_to_the_object_and_its_children(example):
    values = tracking_values(company(), referrer=buyer())
    assert values["referrer_uuid"] == "6fa459ea-ee8a-3ca4-894e-db77e160355e"
    assert values["referrer_User_id"] == 123
    assert values["CompanyAccount_name"] == "The Demo Account"
    assert not any(name.startswith(("BuyerProfile", "User")) for name in values)


def test_object_may_come_as_it_is_and_under_a_prefix(example):
    one = buyer()
    values = tracking_values(one, referrer=one)
    assert values["referrer_uuid"] == values["BuyerProfile_uuid"]
    assert len(values) == 20


BAD = ["", "a-b", "_a", "a_", "a__b", "class", "\uff50", "a b", "1a", "a\n", "a'"]


@pytest.mark.parametrize("prefix", BAD)
def test_bad_prefix_raises_where_strict_and_is_left_out_elsewhere(example, prefix):
    with STRICT, pytest.raises(BadPrefix):
        tracking_values(**{prefix: company()})
    assert tracking_values(company(), **{prefix: buyer()}) == tracking_values(company())
    assert fault_counts() == {"prefix.bad": 1}


# ── Two objects, one name ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "objects",
    [
        (company(), company(name="Other")),
        # Equal in everything that is tracked, but two objects.
        (company(id=1), company(id=2)),
        (buyer(), user(id=7)),
        (user(id=7), buyer()),
        (company(), user(id=7), buyer()),
    ],
)
class TestConflict:
    def test_raises_where_strict(self, example, objects):
        with STRICT, pytest.raises(PrefixConflict, match="prefix of its own"):
            tracking_values(*objects)

    def test_first_given_wins_elsewhere(self, example, objects):
        values = tracking_values(*objects)
        assert fault_counts() == {"prefix.conflict": 1}
        expected = {}
        for obj in reversed(objects):
            expected.update(tracking_values(obj))
        assert values == expected


@STRICT
@pytest.mark.parametrize(
    "objects",
    [
        (one := buyer(), one),
        (one, one.user),
        (one.user, one),
        (one, company(), one.user, one, None),
        (one, SimpleLazyObject(lambda: one.user)),
        # The same row read twice.
        (company(id=1), company(id=1)),
    ],
)
def test_same_object_may_come_more_than_once(example, objects):
    values = tracking_values(*objects)
    assert fault_counts() == {}
    expected = {}
    for obj in objects:
        expected.update(tracking_values(obj))
    assert values == expected


@STRICT
def test_same_row_in_two_states_gives_the_state_given_first(example):
    values = tracking_values(company(id=1), company(id=1, is_demo=False))
    assert values["CompanyAccount_is_demo"] is True


@STRICT
@pytest.mark.parametrize("order", [1, -1])
def test_missing_child_contradicts_nobody(example, order):
    lonely = BuyerProfile(uuid=uuid.uuid4(), ctime=None)
    values = tracking_values(*(lonely, user())[::order])
    assert values["User_id"] == 123
    assert values["BuyerProfile_uuid"] == str(lonely.uuid)
    assert fault_counts() == {}


def test_conflict_under_a_keyword(example):
    with STRICT, pytest.raises(PrefixConflict):
        tracking_values(company(), CompanyAccount=company(name="Other"))
    values = tracking_values(company(), CompanyAccount=company(name="Other"))
    assert values == tracking_values(company())


def test_conflict_counts_each_lost_attribute_once():
    """The other objects are not read again to find the one that conflicts."""
    data = {"Everything": {"attributes": ["slug", "broken"], "key": "slug"}}
    with override_map(data):
        tracking_values(Everything(slug="a"), Everything(slug="b"))
    assert fault_counts() == {"attribute.raised": 2, "prefix.conflict": 1}


def test_place_and_restaurant_of_one_row_are_two_prefixes(host):
    place, restaurant = Place(id=1, name="a"), Restaurant(id=1, name="a", stars=2)
    with STRICT:
        values = tracking_values(restaurant, place)
    assert values["Restaurant_stars"] == 2
    assert values["Place_name"] == "a"
