"""References are answered by one statement for each database, and mean what the ORM means."""

import datetime
from decimal import Decimal
from itertools import combinations

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection, connections, models, router
from django.db.models.lookups import Exact
from django.test.utils import CaptureQueriesContext, register_lookup
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.host.models import (
    Address,
    Country,
    Everything,
    Hidden,
    Order,
    Person,
    Profile,
    Remote,
    Restaurant,
    ReversedField,
)
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.compiler.obstacles import ObstacleCode
from trackadmin.compiler.sql.resolver import MAX_BYTES
from trackadmin.document import from_dict

pytestmark = pytest.mark.django_db(databases=["default", "other"])

MAP = {
    "Everything": {
        "attributes": [
            "id",
            "text",
            "slug",
            "small",
            "floating",
            "amount",
            "flag",
            "maybe",
            "day",
            "clock",
            "moment",
            "span",
            "uuid",
            "data",
            "upload",
            "status",
            {"source": "backwards", "lookup": True},
            {"source": "contact", "privacy": "pseudonymised"},
            {"source": "integer", "lookup": True},
        ],
        "key": "slug",
    },
    "Person": {
        "model": "host.Person",
        "attributes": ["id", "name"],
        "children": ["profile", {"accessor": "user", "prefix": "Login"}],
        "key": "id",
    },
    "Profile": {"attributes": ["nickname"], "key": "nickname"},
    "User": {"model": "auth.User", "attributes": ["username", "date_joined"], "key": "username"},
    "Order": {
        "model": "host.Order",
        "attributes": ["number"],
        "children": [
            {"accessor": "billing_address", "prefix": "Bill"},
            {"accessor": "shipping_address", "prefix": "Ship"},
        ],
        "key": "number",
    },
    "Address": {
        "model": "host.Address",
        "attributes": ["street", "country_id"],
        "children": ["country"],
    },
    "Country": {"model": "host.Country", "attributes": ["code", "name"], "key": "code"},
    "Hidden": {"model": "host.Hidden", "attributes": ["name", "alive"], "key": "name"},
    "Restaurant": {"attributes": ["name", "stars"], "key": "name"},
    "Remote": {"model": "host.Remote", "attributes": ["name"], "key": "name"},
}


@pytest.fixture
def snapshot():
    return compile_map(from_dict(MAP, catalog().find), catalog())


@pytest.fixture
def rows():
    user = User.objects.create(username="ann")
    person = Person.objects.create(name="Ann", user=user)
    Profile.objects.create(person=person, nickname="annie")
    everything = Everything.objects.create(
        slug="s",
        text="Ünïcode",
        moment=datetime.datetime(2026, 1, 2, 3, 4, 5, 60, datetime.UTC),
        amount=Decimal("1.50"),
        day=datetime.date(2026, 2, 3),
        clock=datetime.time(1, 2, 3),
        span=datetime.timedelta(1, 2),
        data={"b": 1, "a": [2]},
        backwards="abc",
        maybe=True,
        contact="ann@example.com",
    )
    country = Country.objects.create(code="NL", name="Netherlands")
    address = Address.objects.create(street="A 1", country=country)
    order = Order.objects.create(number="7", shipping_address=address)
    return {
        "Everything__slug": ("s", everything),
        "Everything__backwards": ("abc", everything),
        "Person__id": (str(person.pk), person),
        "Order__number": ("7", order),
        "Country__code": ("NL", country),
        "Hidden__name": ("here", Hidden.objects.create(name="here")),
        "Restaurant__name": ("R", Restaurant.objects.create(name="R", stars=2)),
    }


def resolve(snapshot, *wanted):
    faults = []
    found = snapshot.resolver.resolve(
        [(snapshot.lookup(name), text) for name, text in wanted],
        lambda *fault: faults.append(fault),
    )
    assert faults == []
    return found


def selects(queries):
    """The statements but for the savepoint around them: a test runs in a transaction."""
    return [query for query in queries.captured_queries if "SAVEPOINT" not in query["sql"]]


def expected(snapshot, obj):
    fresh = type(obj)._default_manager.get(pk=obj.pk)
    return snapshot.find(fresh).flatten(fresh, pytest.fail)


def test_each_alone_is_one_query_and_equals_the_object(snapshot, rows):
    """From a row come the very values that the loaded object gives."""
    for name, (text, obj) in rows.items():
        with CaptureQueriesContext(connection) as queries:
            (found,) = resolve(snapshot, (name, text))
        assert len(selects(queries)) == 1, name
        assert found.status == "found"
        assert found.values == expected(snapshot, obj), name


def test_all_together_are_one_query(snapshot, rows):
    """However many references, in whatever order, one database is asked once."""
    wanted = [(name, text) for name, (text, _) in rows.items()]
    for order in (wanted, wanted[::-1]):
        with CaptureQueriesContext(connection) as queries:
            found = resolve(snapshot, *order)
        assert len(selects(queries)) == 1
        for (name, _), each in zip(order, found, strict=True):
            assert each.values == expected(snapshot, rows[name][1]), name


def test_one_that_finds_nothing_takes_no_other_along(snapshot, rows):
    found = resolve(
        snapshot, ("Country__code", "ZZ"), ("Order__number", "7"), ("User__username", "nobody")
    )
    assert [each.status for each in found] == ["none", "found", "none"]


def test_default_manager_keeps_its_meaning(snapshot):
    """What the manager hides is not found, alone or among others."""
    Hidden.everything.create(name="gone", alive=False)
    assert resolve(snapshot, ("Hidden__name", "gone"))[0].status == "none"


def test_row_is_found_where_the_hosts_own_comparison_finds_its_empty_column(rows):
    """Such a column cannot show that there is a row."""

    class OrEmpty(Exact):
        def as_sql(self, compiler, connection):
            left, parameters = self.process_lhs(compiler, connection)
            sql, more = super().as_sql(compiler, connection)
            return f"({sql} OR {left} IS NULL)", [*more, *parameters]

    with register_lookup(Everything._meta.get_field("small"), OrEmpty):
        attributes = ["slug", {"source": "small", "lookup": True}]
        everything = {"Everything": {"attributes": attributes}}
        snapshot = compile_map(from_dict(everything, catalog().find), catalog())
        (found,) = resolve(snapshot, ("Everything__small", "5"))
    assert found.values == {"Everything_slug": "s", "Everything_small": None}


def test_row_is_found_where_the_hosts_own_field_shows_it_as_empty(rows, monkeypatch):
    def select_format(self, compiler, sql, parameters):
        return f"NULLIF({sql}, 'cba')", parameters

    monkeypatch.setattr(ReversedField, "select_format", select_format)
    snapshot = compile_map(from_dict(MAP, catalog().find), catalog())
    (found,) = resolve(snapshot, ("Everything__backwards", "abc"))
    assert found.values["Everything_slug"] == "s"
    assert found.values["Everything_backwards"] is None


def test_many_are_told_and_none_of_them_is_given(snapshot, rows):
    Everything.objects.create(slug="t", integer=5)
    assert resolve(snapshot, ("Everything__integer", "5"))[0].status == "found"
    Everything.objects.create(slug="u", integer=5)
    many, order = resolve(snapshot, ("Everything__integer", "5"), ("Order__number", "7"))
    assert (many.status, many.values) == ("many", None)
    assert order.status == "found"


def test_databases_are_asked_once_each(snapshot, rows):
    Remote.objects.create(name="far")
    found = resolve(snapshot, ("Remote__name", "far"), ("Country__code", "NL"))
    assert [each.status for each in found] == ["found", "found"]
    assert found[0].values == {"Remote_name": "far"}


def test_missing_child_gives_nulls(snapshot):
    person = Person.objects.create(name="Alone")
    (found,) = resolve(snapshot, ("Person__id", str(person.pk)))
    assert found.values["Login_username"] is None
    assert found.values == expected(snapshot, person)


def test_column_whose_value_cannot_be_converted_takes_no_other_along(snapshot, rows):
    """A text that is no UUID gives null and a fault; the other values come."""
    if connection.vendor == "sqlite":  # PostgreSQL's own type refuses it
        with connection.cursor() as cursor:
            cursor.execute("UPDATE host_everything SET uuid = 'none' WHERE slug = 's'")
    faults = []
    wanted = [(snapshot.lookup("Everything__slug"), "s")]
    (found,) = snapshot.resolver.resolve(wanted, lambda *fault: faults.append(fault[:2]))
    assert found.values["Everything_slug"] == "s"
    if connection.vendor == "sqlite":
        assert found.values["Everything_uuid"] is None
        assert faults == [("attribute.raised", "Everything.uuid")]


def test_object_with_a_computed_attribute_is_made_from_the_row(rows):
    """E1: no query for it; the reason is given."""
    data = {"Everything": {"attributes": ["slug", "shout"], "key": "slug"}}
    computed = compile_map(from_dict(data, catalog().find), catalog())
    with CaptureQueriesContext(connection) as captured:
        (found,) = resolve(computed, ("Everything__slug", "s"))
    assert len([query for query in captured if "SELECT" in query["sql"]]) == 1
    assert found.values == {"Everything_slug": "s", "Everything_shout": "ÜNÏCODE"}
    lookup = computed.lookup("Everything__slug")
    assert computed.resolver.obstacle(lookup) is None
    (reason,) = computed.resolver.reasons(lookup)
    assert reason.code is ObstacleCode.HOST_CODE
    assert (
        str(reason)
        == "Everything: an instance is made from the row. The site's code computes shout."
    )


class Strange(models.Manager):
    def get_queryset(self):
        return Unwilling(self.model, using=self._db)


class Unwilling(models.QuerySet):
    def values_list(self, *fields, **options):
        raise TypeError("no rows here")


def test_manager_that_gives_no_rows_is_asked_for_the_object(snapshot, rows, monkeypatch):
    manager = Strange()
    manager.model = Country
    monkeypatch.setattr(Country._meta, "default_manager", manager)
    (found,) = resolve(snapshot, ("Country__code", "NL"))
    assert found.values == {"Country_code": "NL", "Country_name": "Netherlands"}
    assert "overrides how rows are fetched" in str(
        snapshot.resolver.obstacle(snapshot.lookup("Country__code"))
    )


def test_router_that_raises_fails_its_own_reference_only(snapshot, rows, monkeypatch):
    real = router.db_for_read

    def db_for_read(model, **hints):
        if model is Country:
            raise RuntimeError("no idea")
        return real(model, **hints)

    monkeypatch.setattr(router, "db_for_read", db_for_read)
    country, order = resolve(snapshot, ("Country__code", "NL"), ("Hidden__name", "here"))
    assert (country.status, order.status) == ("failed", "found")


def test_database_that_is_away_is_not_waited_for_once_for_each(snapshot, rows, monkeypatch):
    """One attempt, and then every reference has failed."""
    attempts = []

    class Away:
        vendor = connection.vendor
        autocommit = True
        connection = None

        def ensure_connection(self):
            attempts.append(1)
            raise OperationalError("away")

        cursor = ensure_connection

        def __getattr__(self, name):
            return getattr(connections["default"], name)

    resolve(snapshot, ("Country__code", "NL"), ("Order__number", "7"))
    faults = []
    wanted = [(snapshot.lookup("Country__code"), "NL"), (snapshot.lookup("Order__number"), "7")]
    with monkeypatch.context() as patch:
        patch.setattr("trackadmin.compiler.sql.resolver.connections", {"default": Away()})
        found = snapshot.resolver.resolve(wanted, lambda *fault: faults.append(fault[:2]))
    assert [each.status for each in found] == ["failed", "failed"]
    assert attempts == [1]
    assert faults == [("statement.failed", "default")]


def test_made_up_combinations_do_not_pile_up(snapshot, rows):
    """F1: a visitor who makes up sets of references fills no memory, wide as they may be."""
    names = [name for name in rows if name != "Hidden__name"]
    for size in range(1, 5):
        for chosen in combinations(names * 2, size):
            resolve(snapshot, *((name, rows[name][0]) for name in chosen))
    statements = snapshot.resolver._statements
    assert 0 < statements.weight <= MAX_BYTES
    kept = [statement for statement, _ in statements._new.values()]
    assert all(statement.weight > len(statement._one_row.sql) for statement in kept)


@pytest.mark.torture
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.builds(
        dict,
        text=st.text(
            st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=50
        ),
        small=st.none() | st.integers(-(2**15), 2**15 - 1),
        big=st.none() | st.integers(-(2**63), 2**63 - 1),
        floating=st.none() | st.floats(allow_nan=False, allow_infinity=False, width=32),
        amount=st.none() | st.decimals(-9999999, 9999999, places=2),
        maybe=st.none() | st.booleans(),
        day=st.none() | st.dates(),
        clock=st.none() | st.times(),
        moment=st.none() | st.datetimes(timezones=st.just(datetime.UTC)),
        span=st.none()
        | st.timedeltas(datetime.timedelta(days=-9999), datetime.timedelta(days=9999)),
        uuid=st.uuids(),
    )
)
def test_whatever_a_row_holds_it_reads_as_the_object(snapshot, values):
    obj = Everything.objects.create(slug="h", **values)
    try:
        (found,) = resolve(snapshot, ("Everything__slug", "h"))
        assert found.values == expected(snapshot, obj)
    finally:
        obj.delete()
