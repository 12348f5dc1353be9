"""Queries with known names: the fast path gives what the slow one gives, and keeps little."""

import pytest
from django.db import OperationalError, connections, router
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from tests.host.models import Country, Everything, Hidden, Place, Remote
from tests.maps import document, tracked
from trackadmin import testing
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.compiler.sql.resolver import MAX_BYTES
from trackadmin.runtime import fault_counts
from trackadmin.runtime.known_queries import MAX_LENGTH, known_query, queries_of
from trackadmin.runtime.parameters import MAX_NAME, MAX_TEXT
from trackadmin.runtime.resolve import resolve

pytestmark = pytest.mark.django_db(databases=["default", "other"])

MAP = document(
    Country=tracked("host.country", ["code", "name"], key="code"),
    Place=tracked("host.place", ["id", "name"], key="name"),
    Hidden=tracked("host.hidden", ["name", "alive"], key="name"),
    Remote=tracked("host.remote", ["name"], key="name"),
    Everything=tracked("host.everything", ["slug", "shout"], key="slug"),
)
BOTH = ("Country__code", "Place__name")


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    yield
    testing.reset()


@pytest.fixture
def snapshot():
    return compile_map(MAP, catalog())


@pytest.fixture(autouse=True)
def rows():
    Country.objects.create(code="NL", name="Netherlands")
    Place.objects.create(name="Inn")
    Hidden.everything.create(name="gone", alive=False)


def outcomes(values):
    return [each.outcome for each in values.references]


# ── Which names are known ──────────────────────────────────────────────────────────────────────


def test_names_that_one_statement_answers_are_known(snapshot):
    found = known_query(snapshot, ["a", *BOTH, "b"])
    assert found.places == (1, 2)
    assert found.passing == ((0, "a"), (3, "b"))
    assert known_query(snapshot, ["a", *BOTH, "b"]) is found


@pytest.mark.parametrize(
    ("names", "why"),
    [
        ([], "nothing is asked"),
        (["action"], "nothing is asked"),
        (["Country__code", "Country__code"], "the same name twice"),
        (["a", "Country__code", "a"], "the same name twice"),
        (["Country__code", "Nobody__id"], "not allowed"),
        (["Country__code", "Country__code__startswith"], "not allowed"),
        (["Country__code", "Remote__name"], "another database"),
        (["Country__code", ""], "no name"),
        (["Country__code", 5], "no name"),
        (["Country__code", "a\0"], "a name that must be cleaned"),
        (["Country__code", "\ud800"], "a name that must be cleaned"),
        (["Country__code", "a" * (MAX_NAME + 1)], "a name that is too long"),
        (["Country__code", *map(str, range(MAX_LENGTH))], "too many"),
    ],
)
def test_other_names_are_looked_at_one_by_one_and_not_kept(snapshot, names, why):
    assert known_query(snapshot, names) is None, why
    assert len(queries_of(snapshot)) == 0


@override_settings(TRACKADMIN={"MAX_REFERENCES": 1})
def test_more_references_than_allowed_are_looked_at_one_by_one(snapshot):
    assert known_query(snapshot, BOTH) is None
    assert outcomes(resolve(snapshot, "Country__code=NL&Place__name=Inn")) == [
        "found",
        "not_allowed",
    ]


def test_made_up_names_do_not_pile_up(snapshot):
    for number in range(3000):
        resolve(snapshot, f"{'made_up' * 20}_{number}=1&Country__code=NL")
    assert len(queries_of(snapshot)) < 3000
    assert queries_of(snapshot).weight <= MAX_BYTES


# ── What the fast path gives ────────────────────────────────────────────────────────────────────


def one_by_one(snapshot, query):
    """The same query with one name more than the fast path takes, which passes through."""
    names = "&".join(f"more{number}=" for number in range(MAX_LENGTH))
    values = resolve(snapshot, f"{query}&{names}")
    return {k: v for k, v in values.items() if not k.startswith("more")}, values.references


TEXTS = st.sampled_from(
    ["NL", "Inn", "gone", "", "%00", "nl", "%ff", "x" * (MAX_TEXT + 1), "%C3%A9"]
)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_short_way_says_what_the_long_one_says(a, b, c, d):
    """Found or not, malformed or hidden, the values and the outcomes are the same."""
    snapshot = compile_map(MAP, catalog())
    query = f"first={a}&Country__code={b}&Place__name={c}&Hidden__name={d}&last={a}"
    values = resolve(snapshot, query)
    assert len(queries_of(snapshot)) == 1
    assert (dict(values), values.references) == one_by_one(snapshot, query)


def test_one_statement_and_no_other(snapshot):
    resolve(snapshot, "Country__code=NL&Place__name=Inn")
    with CaptureQueriesContext(connections["default"]) as captured:
        values = resolve(snapshot, "Country__code=NL&Place__name=Inn")
    assert len([1 for each in captured if "SAVEPOINT" not in each["sql"]]) == 1
    assert (values["Country_name"], values["Place_name"]) == ("Netherlands", "Inn")
    assert fault_counts() == {}


def test_malformed_text_asks_nothing_twice(snapshot):
    """The others are looked up once, on the slow path."""
    resolve(snapshot, "Country__code=NL&Place__name=Inn")
    with CaptureQueriesContext(connections["default"]) as captured:
        values = resolve(snapshot, "Country__code=&Place__name=Inn")
    assert len([1 for each in captured if "SAVEPOINT" not in each["sql"]]) == 1
    assert outcomes(values) == ["malformed", "found"]


def test_values_of_any_type_are_judged(snapshot):
    values = resolve(snapshot, {"a": 1.5, "Country__code": ["NL"], "Place__name": object()})
    assert (values["a"], outcomes(values)) == (1.5, ["found", "malformed"])


def test_router_that_leads_elsewhere_is_followed(snapshot, monkeypatch):
    """A known query goes to the database that the site's router names now."""
    query = "Country__code=NL&Place__name=Inn"
    assert outcomes(resolve(snapshot, query)) == ["found", "found"]
    real = router.db_for_read

    def db_for_read(model, **hints):
        return "other" if model is Country else real(model, **hints)

    monkeypatch.setattr(router, "db_for_read", db_for_read)
    # The other database of the tests has no such table.
    assert outcomes(resolve(snapshot, query)) == ["failed", "found"]


def test_router_that_raises_fails_its_own_reference_only(snapshot, monkeypatch):
    query = "Country__code=NL&Place__name=Inn"
    resolve(snapshot, query)
    real = router.db_for_read

    def db_for_read(model, **hints):
        if model is Country:
            raise RuntimeError("no idea")
        return real(model, **hints)

    monkeypatch.setattr(router, "db_for_read", db_for_read)
    assert outcomes(resolve(snapshot, query)) == ["failed", "found"]


def test_statement_that_fails_takes_no_reference_along(snapshot, monkeypatch):
    """Then each is looked up on its own, and the failure is counted."""
    query = "Country__code=NL&Place__name=Inn"
    resolve(snapshot, query)

    def fetch(self, connection, bound):
        raise OperationalError("no such statement")

    monkeypatch.setattr("trackadmin.compiler.sql.statements.Statement.fetch", fetch)
    values = resolve(snapshot, query)
    assert outcomes(values) == ["found", "found"]
    assert (values["Country_name"], values["Place_name"]) == ("Netherlands", "Inn")
    assert fault_counts() == {"statement.failed": 1}


def test_database_that_is_away_is_asked_once(snapshot, monkeypatch):
    query = "Country__code=NL&Place__name=Inn"
    resolve(snapshot, query)
    attempts = []

    class Away:
        vendor, autocommit, connection = connections["default"].vendor, True, None
        execute_wrappers, queries_logged = (), True

        def cursor(self):
            attempts.append(1)
            raise OperationalError("away")

        def __getattr__(self, name):
            return getattr(connections["default"], name)

    for module in ("resolver", "known_lookups"):
        away = {"default": Away()}
        monkeypatch.setattr(f"trackadmin.compiler.sql.{module}.connections", away)
    assert outcomes(resolve(snapshot, query)) == ["failed", "failed"]
    assert attempts == [1]


def test_column_that_cannot_be_converted_takes_no_other_along(monkeypatch):
    """It gives null and is counted, and the other values are returned."""
    snapshot = compile_map(
        document(Everything=tracked("host.everything", ["slug", "backwards"], key="slug")),
        catalog(),
    )
    Everything.objects.create(slug="s", backwards="abc")
    assert resolve(snapshot, "Everything__slug=s")["Everything_backwards"] == "abc"

    def from_db_value(self, value, expression, connection):
        raise RuntimeError("not today")

    field = Everything._meta.get_field("backwards")
    monkeypatch.setattr(type(field), "from_db_value", from_db_value)
    again = compile_map(snapshot.document, catalog())
    values = resolve(again, "Everything__slug=s")
    assert dict(values) == {"Everything_slug": "s", "Everything_backwards": None}
    assert fault_counts() == {"attribute.raised": 1}


def test_row_of_another_database_is_read_there(snapshot):
    Remote.objects.create(name="far")
    assert resolve(snapshot, "Remote__name=far")["Remote_name"] == "far"
    assert len(queries_of(snapshot)) == 1
