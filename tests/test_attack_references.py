"""F1, F16: what outsiders choose is bounded: which references a URL carries, and how often."""

from itertools import islice, permutations

import pytest
from django.db import connections
from django.test import override_settings

from tests import oracle
from tests.host.models import Country, Everything
from tests.maps import HOST, attribute, document, tracked
from trackadmin import testing
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.compiler.driver.psycopg_cursor import MAX_TABLES, MOST
from trackadmin.compiler.lookups import SCAN_COST
from trackadmin.compiler.sql.resolver import MAX_BYTES
from trackadmin.runtime import fault_counts, values_from_query
from trackadmin.runtime.current import pin, unpin
from trackadmin.runtime.known_queries import queries_of

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "other"])


@pytest.fixture(autouse=True)
def live():
    testing.reset()
    snapshot = compile_map(HOST, catalog(), number=1, digest="d")
    before = pin("default", snapshot)
    yield snapshot
    unpin("default", before)
    testing.reset()


@pytest.fixture
def connection():
    """A new session that prepares a statement as soon as it was run twice."""
    connection = connections["default"]
    connection.close()
    connection.__dict__.pop("cursor", None)  # a test without databases may have left one
    connection.settings_dict["OPTIONS"] = {"prepare_threshold": 1}
    yield connection
    connection.close()
    connection.settings_dict["OPTIONS"] = {}


def references(live):
    """All that the map allows in one database."""
    return [
        lookup.reference
        for compiled in live.by_prefix.values()
        for lookup in compiled.lookups.values()
        if compiled.prefix != "Remote"
    ]


def on_server(connection):
    """The prepared statements of the session, and the bytes that its plans take."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        statements = [statement for (statement,) in cursor.fetchall()]
        cursor.execute(
            "SELECT coalesce(sum(total_bytes), 0) FROM pg_backend_memory_contexts"
            " WHERE name LIKE 'CachedPlan%'"
        )
        return statements, int(cursor.fetchone()[0])


@pytest.mark.postgresql
@override_settings(TRACKADMIN={"MAX_TABLES": 1000})
def test_made_up_sets_of_references_fill_no_memory_and_push_nothing_out(live, connection):
    """Neither the server's nor ours, and what the site's own pages send stays prepared."""
    page = "Country__code=DE&Place__name=Inn"
    sets = permutations(references(live), 4)
    for number, names in enumerate(islice(sets, 0, 200 * oracle.cases(60), 60)):
        for _ in range(3):
            values_from_query("&".join(f"{name}=1" for name in names))
        if number % 2 == 0:
            for _ in range(4):
                values_from_query(page)
    statements, size = on_server(connection)
    assert 1 < len(statements) <= MOST
    assert size < MOST * 1_500_000
    assert any("host_country" in text and "host_place" in text for text in statements)
    assert all(text.count(" JOIN ") <= MAX_TABLES + 4 for text in statements)
    assert live.resolver._statements.weight <= MAX_BYTES
    assert queries_of(live).weight <= MAX_BYTES


@pytest.mark.postgresql
@override_settings(TRACKADMIN={"MAX_TABLES": 1000, "MAX_REFERENCES": 20})
def test_a_wide_statement_is_never_prepared(live, connection):
    """One of 64 tables takes 18 MB of the server's memory, in each session."""
    wide = "&".join(f"{name}=1" for name in references(live))
    for _ in range(8):
        values_from_query(wide)
    assert on_server(connection)[0] == []


# ── What one URL may cost ──────────────────────────────────────────────────────────────────────


def outcomes(query):
    return [each.outcome for each in values_from_query(query).references]


def test_a_look_up_counts_for_the_tables_that_it_reads(live):
    """The model's, its children's, its ancestors'; of a column without an index ten more."""
    costs = {
        name: live.lookup(name).cost
        for name in ("Country__code", "Restaurant__name", "Person__id", "Constrained__often")
    }
    assert costs == {
        "Country__code": 1,
        "Restaurant__name": 2,
        "Person__id": 6,
        "Constrained__often": 1 + SCAN_COST,
    }


def test_references_beyond_the_limit_are_not_looked_up(django_assert_num_queries):
    """What comes after fits in again, if it is small; the first two are always looked up."""
    Country.objects.create(code="DE", name="Germany")
    query = "Person__id=x&Place__name=a&Constrained__often=a&Country__code=DE"
    with override_settings(TRACKADMIN={"MAX_TABLES": 10}):
        assert outcomes(query) == ["malformed", "none", "not_allowed", "found"]
    with override_settings(TRACKADMIN={"MAX_TABLES": 1}):
        assert outcomes(query) == ["malformed", "none", "not_allowed", "not_allowed"]
        three = "&".join(f"Country__code={code}" for code in ("DE", "NL", "FR"))
        with django_assert_num_queries(1):
            assert outcomes(three) == ["found", "none", "not_allowed"]
    assert fault_counts()["reference.too_many"] == 4


def test_twenty_scans_are_not_twenty_in_one_url(django_assert_num_queries):
    scanned = document(
        Everything=tracked("host.everything", ["slug", ("text", attribute("text", lookup=True))])
    )
    snapshot = compile_map(scanned, catalog(), number=1, digest="e")
    before = pin("default", snapshot)
    try:
        Everything.objects.create(slug="s", text="t5")
        found = outcomes("&".join(f"Everything__text=t{number}" for number in range(20)))
    finally:
        unpin("default", before)
    assert found.count("not_allowed") == 15
