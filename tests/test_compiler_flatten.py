"""The generated flatten, compared with the oracle, and when things are not as usual."""

import datetime
import decimal
import uuid
from contextlib import suppress
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.db import DatabaseError, connection, transaction
from django.test.utils import isolate_apps
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracle, tally
from tests.host.models import (
    Address,
    Country,
    Everything,
    Level,
    Order,
    Person,
    Place,
    PlaceProxy,
    Profile,
    Restaurant,
    Status,
)
from tests.maps import EXAMPLE, HOST, document, tracked
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map

SCALARS = {str, int, float, bool, type(None)}


@pytest.fixture(scope="module")
def host():
    return compile_map(HOST, catalog())


class Faults(list):
    def __call__(self, code, where, error):
        self.append((code, where, error))

    @property
    def codes(self):
        return [(code, where) for code, where, _ in self]


def same_as_oracle(snapshot, obj, prefix=""):
    """Flatten both ways; the same keys in the same order, the same values of the same types."""
    faults, expected_faults = Faults(), []
    compiled = snapshot.find(obj)
    compiled = compiled.renamed(prefix) if prefix else compiled
    values = compiled.flatten(obj, faults)
    expected = oracle.flatten(snapshot.document, obj, prefix=prefix, faults=expected_faults)
    assert list(values) == list(expected) == list(compiled.names)
    assert {n: (type(v), v) for n, v in values.items()} == {
        n: (type(v), v) for n, v in expected.items()
    }
    assert {type(value) for value in values.values()} <= SCALARS
    assert [where for _, where, _ in faults] == [where for where, _ in expected_faults]
    tally.compared["objects flattened"] += 1
    return values


class LoudText(str):
    def __str__(self):
        return "loud"


class CountedInteger(int):
    pass


aware = st.datetimes(
    timezones=st.sampled_from(
        [
            datetime.UTC,
            datetime.timezone(datetime.timedelta(hours=5, minutes=30)),
            datetime.timezone(datetime.timedelta(hours=-11)),
        ]
    )
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
#: Values that fields do not hold when they come from the database, but may hold in memory.
strange = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.decimals(),
    st.uuids(),
    st.uuids().map(lambda u: u.hex),
    st.dates(),
    st.times(),
    st.datetimes(),
    aware,
    st.timedeltas(),
    st.binary(),
    json_values,
    st.text().map(mark_safe),
    st.text().map(LoudText),
    st.integers().map(CountedInteger),
    st.sampled_from([*Status, *Level]),
    st.sampled_from(["5", " 5", "1.5", "True", "t", "0", "f", "nan", "-007", "\uff19"]),
    st.just(gettext_lazy("New")),
    st.just(object()),
    st.just(SimpleNamespace()),
    st.just(len),
    st.just(SimpleLazyObject(lambda: "lazy")),
    st.text(min_size=1).map(lambda name: ContentFile(b"", name=name)),
    st.builds(Country, id=st.integers(), code=st.text(max_size=2)),
)
usual = {
    "text": st.text(),
    "long_text": st.text(),
    "slug": st.text(),
    "contact": st.emails() | st.just(""),
    "url": st.text(),
    "ip": st.none() | st.ip_addresses(v=4).map(str),
    "small": st.none() | st.integers(-(2**15), 2**15 - 1),
    "integer": st.integers(),
    "positive": st.integers(0),
    "big": st.none() | st.integers(-(2**63), 2**63 - 1),
    "floating": st.none() | st.floats(),
    "amount": st.none() | st.decimals(-(10**9), 10**9, places=2),
    "flag": st.booleans(),
    "maybe": st.none() | st.booleans(),
    "day": st.none() | st.dates(),
    "clock": st.none() | st.times(),
    "moment": st.none() | aware,
    "span": st.none() | st.timedeltas(),
    "uuid": st.uuids(),
    "data": json_values,
    "upload": st.text(),
    "status": st.sampled_from([*Status, "new"]),
    "level": st.sampled_from([*Level, 1]),
    "backwards": st.none() | st.text(),
}


@pytest.mark.torture
@settings(max_examples=oracle.cases(300))
@given(values=st.fixed_dictionaries(usual))
def test_values_of_every_kind_go_out_as_the_oracle_says(host, values):
    same_as_oracle(host, Everything(**values))


@pytest.mark.torture
@settings(max_examples=oracle.cases(500))
@given(
    usual=st.fixed_dictionaries(usual),
    odd=st.dictionaries(st.sampled_from(sorted(usual)), strange, min_size=1, max_size=6),
)
def test_values_of_other_types_than_the_fields_go_out_as_exact_scalars(host, usual, odd):
    """Whatever was assigned; that it is what a load gives is shown in test_same_values.py."""
    obj = Everything(**usual)
    for name, value in odd.items():
        obj.__dict__[name] = value
    values = host.find(obj).flatten(obj, Faults())
    assert {type(value) for value in values.values()} <= SCALARS
    assert list(values) == list(host.find(obj).names)


def people(depth=2):
    users = st.none() | st.builds(User, id=st.integers(1), username=st.text())
    bosses = st.none() if depth == 0 else st.none() | people(depth - 1)
    return st.builds(_person, st.text(), users, bosses, st.none() | st.text(), st.booleans())


def _person(name, user, boss, nickname, lazy):
    person = Person(
        name=name, boss=boss, user=SimpleLazyObject(lambda: user) if lazy and user else user
    )
    if nickname is not None:
        Profile(person=person, nickname=nickname)
    else:
        person._state.fields_cache["profile"] = None
    return person


addresses = st.none() | st.builds(
    lambda street, country: Address(
        street=street, country=country, country_id=country.code if country else None
    ),
    st.text(),
    st.none() | st.builds(Country, code=st.text(max_size=2), name=st.text()),
)


@pytest.mark.torture
@settings(max_examples=oracle.cases(200))
@given(
    person=st.none() | people(),
    bill=addresses,
    ship=addresses,
    prefix=st.sampled_from(["", "referrer", "Boss", "Person"]),
)
def test_trees_of_children_go_out_as_the_oracle_says(host, person, bill, ship, prefix):
    """Prefixes, cycles, missing children, to_field and lazy objects, in any combination."""
    order = Order(number="1", person=person, billing_address=bill, shipping_address=ship)
    same_as_oracle(host, order, prefix)
    if person is not None:
        same_as_oracle(host, person, prefix)
        same_as_oracle(host, SimpleLazyObject(lambda: person), prefix)


@pytest.fixture
def saved(db):
    user = User.objects.create(username="testUserOne")
    boss = Person.objects.create(name="Boss")
    person = Person.objects.create(name="Anna", user=user, boss=boss)
    Profile.objects.create(person=boss, nickname="chief")
    country = Country.objects.create(code="DE", name="Germany")
    address = Address.objects.create(street="Road 1", country=country)
    Restaurant.objects.create(name="Inn", stars=3)
    Everything.objects.create(slug="one", amount="1.50", data={"b": 1, "a": [None]}, upload="a.txt")
    return Order.objects.create(number="1", person=person, billing_address=address)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "queryset",
    [
        Order.objects.all(),
        Order.objects.select_related("person__boss", "person__user", "billing_address__country"),
        Order.objects.defer("number", "billing_address"),
        Order.objects.only("number").prefetch_related("person"),
        Person.objects.all(),
        Person.objects.only("id"),
        Person.objects.select_related("profile", "boss__profile"),
        Profile.objects.all(),
        Place.objects.all(),
        PlaceProxy.objects.all(),
        Restaurant.objects.all(),
        Restaurant.objects.defer("name"),
        Everything.objects.all(),
        Everything.objects.defer("amount", "upload", "uuid"),
        Address.objects.all(),
    ],
    ids=lambda queryset: queryset.model.__name__,
)
def test_rows_from_the_database_go_out_as_the_oracle_says(host, saved, queryset):
    """Loaded, unloaded and deferred; each row is fetched anew for either side."""
    for ours, oracles in zip(queryset.all(), queryset.all(), strict=True):
        faults = Faults()
        values = host.find(ours).flatten(ours, faults)
        assert values == oracle.flatten(HOST, oracles)
        assert [code for code in faults.codes if code[1] != "Everything.broken"] == []


@pytest.mark.django_db
def test_flattening_loaded_objects_sends_no_query(host, saved, django_assert_num_queries):
    compiled = host.by_prefix["Order"]
    order = Order.objects.select_related(*compiled.related).get()
    with django_assert_num_queries(0):
        compiled.flatten(order, pytest.fail)


@pytest.mark.django_db
def test_select_related_paths_load_reverse_and_missing_children_too(
    host, saved, django_assert_num_queries
):
    compiled = host.by_prefix["Person"]
    for person in Person.objects.select_related(*compiled.related):
        with django_assert_num_queries(0):
            compiled.flatten(person, pytest.fail)


def test_the_example_of_the_contract():
    from demo.models import BuyerProfile, CompanyAccount

    snapshot = compile_map(EXAMPLE, catalog())
    user = User(
        id=123,
        username="testUserOne",
        first_name="TestUser",
        last_name="LastName",
        email="test.user@example.com",
    )
    created = datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
    buyer = BuyerProfile(
        uuid=uuid.UUID("6fa459ea-ee8a-3ca4-894e-db77e160355e"), ctime=created, user=user
    )
    company = CompanyAccount(name="The Demo Account", is_demo=True)
    values = same_as_oracle(snapshot, buyer) | same_as_oracle(snapshot, company)
    assert values == {
        "BuyerProfile_uuid": "6fa459ea-ee8a-3ca4-894e-db77e160355e",
        "BuyerProfile_ctime": "2024-01-02T03:04:05+00:00",
        "User_id": 123,
        "User_first_name": "TestUser",
        "User_last_name": "LastName",
        "User_email": "test.user@example.com",
        "User_is_staff": False,
        "User_is_active": True,
        "User_is_superuser": False,
        "User_username": "testUserOne",
        "CompanyAccount_name": "The Demo Account",
        "CompanyAccount_is_demo": True,
    }


def test_an_attribute_that_raises_is_null_and_one_fault_and_the_rest_still_come():
    snapshot = compile_map(
        document(Everything=tracked("host.everything", ["broken", "text"])), catalog()
    )
    faults = Faults()
    values = snapshot.by_prefix["Everything"].flatten(Everything(text="here"), faults)
    assert values == {"Everything_broken": None, "Everything_text": "here"}
    assert faults.codes == [("attribute.raised", "Everything.broken")]
    assert str(faults[0][2]) == "broken on purpose"


def test_a_value_without_a_text_is_null_and_a_fault(host):
    obj = Everything(text="here")
    obj.data = {"one": object()}
    obj.day = object()
    faults = Faults()
    values = host.find(obj).flatten(obj, faults)
    assert values["Everything_data"] is values["Everything_day"] is None
    assert values["Everything_text"] == "here"
    assert faults.codes == [
        ("value.unencodable", "Everything.day"),
        ("value.unencodable", "Everything.data"),
    ]


def test_a_child_that_raises_is_null_for_each_of_its_keys_and_one_fault(host):
    person = Person(name="Anna")
    faults = Faults()
    person._state.fields_cache.update(profile=None, boss=None, user=SimpleLazyObject(lambda: 1 / 0))
    values = host.find(person).flatten(person, faults)
    assert values["Person_name"] == "Anna"
    assert values["User_id"] is values["User_username"] is None
    assert faults.codes == [("child.raised", "Person.user")]


def test_a_lazy_object_that_fails_is_null_for_all_and_one_fault(host):
    faults = Faults()
    lazy = SimpleLazyObject(lambda: 1 / 0)
    values = host.by_prefix["Person"].flatten(lazy, faults)
    assert set(values.values()) == {None}
    assert tuple(values) == host.by_prefix["Person"].names
    assert faults.codes == [("object.raised", "Person")]


def test_a_lazy_object_is_looked_up_once(host):
    made = []
    lazy = SimpleLazyObject(lambda: made.append(1) or Country(code="DE"))
    for _ in range(3):
        assert host.find(lazy).flatten(lazy, pytest.fail)["Country_code"] == "DE"
    assert made == [1]


def test_a_missing_child_is_null_for_each_of_its_keys_and_no_fault(host):
    values = host.find(Order).flatten(Order(number="1"), pytest.fail)
    assert values.pop("Order_number") == "1"
    assert set(values.values()) == {None}


@pytest.mark.django_db
def test_a_dangling_foreign_key_is_a_missing_child_and_no_fault(host):
    person = Person(name="Anna", user_id=404)
    values = host.find(person).flatten(person, pytest.fail)
    assert values["Person_user_id"] == 404
    assert values["User_id"] is None


@isolate_apps("tests.host")
def test_a_class_that_shadows_a_field_is_read_through_what_it_shows(host):
    class Shadowing(Everything):
        class Meta:
            proxy = True
            app_label = "host"

        text = property(lambda self: "shadow", lambda self, value: self.__dict__.update(text=value))

    obj = Shadowing(integer=3)
    values = host.find(obj).flatten(obj, pytest.fail)
    assert values["Everything_text"] == "shadow"
    assert values["Everything_integer"] == 3
    assert host.find(obj) is not host.by_prefix["Everything"]


@isolate_apps("tests.host")
def test_a_child_of_a_descendant_class_is_read_through_what_it_shows(host):
    class LoudUser(User):
        class Meta:
            proxy = True
            app_label = "host"

        username = property(
            lambda self: "LOUD", lambda self, value: self.__dict__.update(username=value)
        )

    person = Person(name="Anna", user=LoudUser(id=3, username="quiet"))
    person._state.fields_cache.update(profile=None, boss=None)
    values = host.find(person).flatten(person, pytest.fail)
    assert values["User_username"] == "LOUD"
    assert values["User_id"] == 3


@isolate_apps("tests.host")
def test_a_model_with_getattribute_of_its_own_is_asked_and_not_looked_into(host):
    class Veiled(Everything):
        class Meta:
            proxy = True
            app_label = "host"

        def __getattribute__(self, name):
            return "veiled" if name == "text" else super().__getattribute__(name)

    obj = Veiled(text="bare")
    assert host.find(obj).flatten(obj, pytest.fail)["Everything_text"] == "veiled"


def test_dropped_and_ignored_attributes_are_not_even_read(host):
    names = host.by_prefix["Everything"].names
    assert "Everything_gone_url" not in names
    assert "Everything_asked_ip" not in names


def test_pseudonyms_are_keyed_and_name_their_key(settings):
    obj = Everything(contact="a@example.com")
    settings.TRACKADMIN = {"PSEUDONYM_KEYS": {"2023": "old", "2024": "new"}}
    compiled = compile_map(HOST, catalog()).by_prefix["Everything"]
    first = compiled.flatten(obj, pytest.fail)["Everything_contact_secretly"]
    assert first == oracle.flatten(HOST, obj)["Everything_contact_secretly"]
    assert first.startswith("2024:")
    assert len(first) == len("2024:") + 32
    settings.TRACKADMIN = {"PSEUDONYM_KEYS": {"2024": "other"}}
    other = compile_map(HOST, catalog()).by_prefix["Everything"]
    assert other.flatten(obj, pytest.fail)["Everything_contact_secretly"] != first
    assert compiled.flatten(obj, pytest.fail)["Everything_contact_secretly"] == first


def test_a_renamed_model_yields_the_same_tree_under_the_keyword(host):
    compiled = host.by_prefix["Person"]
    renamed = compiled.renamed("referrer")
    assert len(renamed.names) == len(compiled.names)
    assert renamed.names[:3] == ("referrer_id", "referrer_name", "referrer_user_id")
    assert "referrer_Boss_User_id" in renamed.names
    assert compiled.renamed("referrer") is renamed
    for bad in ("a__b", "", "x'", "\uff52eferrer", "class", "_x"):
        with pytest.raises(ValueError, match="not a plain name"):
            compiled.renamed(bad)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_numbers_that_json_has_no_word_for_are_null(host, number):
    obj = Everything(floating=number, amount=decimal.Decimal(number))
    values = host.find(obj).flatten(obj, pytest.fail)
    assert values["Everything_floating"] is values["Everything_amount"] is None


def test_decimals_never_show_an_exponent(host):
    obj = Everything(amount=decimal.Decimal("1E+3"))
    assert host.find(obj).flatten(obj, pytest.fail)["Everything_amount"] == "1000.00"


@pytest.mark.django_db(transaction=True)
class TestTransactions:
    """What our reads do to the host's transaction: nothing."""

    @pytest.fixture
    def isolated(self):
        with isolate_apps("tests.host"):
            yield

    @pytest.fixture
    def broken_sql(self, isolated):
        class SqlOrder(Order):
            class Meta:
                proxy = True
                app_label = "host"

            @property
            def number(self):
                with connection.cursor() as cursor:
                    cursor.execute("SELECT no_such_thing FROM nowhere")

            @number.setter
            def number(self, value):
                self.__dict__["number"] = value

        return SqlOrder

    def test_broken_sql_in_a_read_leaves_the_hosts_transaction_usable(self, host, broken_sql):
        faults = Faults()
        with transaction.atomic():
            Country.objects.create(code="FR", name="France")
            order = broken_sql(pk="1")
            values = host.find(order).flatten(order, faults)
            assert values["Order_number"] is None
            assert Country.objects.filter(code="FR").exists()
        assert faults.codes == [("attribute.raised", "Order.number")]
        assert Country.objects.filter(code="FR").exists()

    def test_an_error_that_the_read_swallowed_leaves_it_usable_too(self, host, broken_sql):
        class Swallowing(broken_sql):
            class Meta:
                proxy = True
                app_label = "host"

            @property
            def number(self):
                with suppress(DatabaseError):
                    return super().number
                return "swallowed"

            @number.setter
            def number(self, value):
                self.__dict__["number"] = value

        with transaction.atomic():
            order = Swallowing(pk="1")
            values = host.find(order).flatten(order, pytest.fail)
            assert values["Order_number"] == "swallowed"
            assert not Country.objects.exists()

    def test_a_read_without_sql_sends_nothing_inside_a_transaction(
        self, host, django_assert_num_queries
    ):
        obj = Everything(text="x")
        with transaction.atomic(), django_assert_num_queries(0):
            host.find(obj).flatten(obj, pytest.fail)


def test_every_model_of_the_map_yields_the_names_the_oracle_says(host):
    for prefix, compiled in host.by_prefix.items():
        assert list(compiled.names) == oracle.names(HOST, prefix)
