"""What must hold however often, and whatever is killed meanwhile: long in make torture."""

import gc
import json
import linecache
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reversion.models import Revision

from tests import oracle, tally, worlds
from tests.drafts import draft
from tests.host.models import Country, Order
from tests.maps import document, said, saying, tracked
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.compiler import Snapshot, compile_map
from trackadmin.document import load
from trackadmin.models import MapVersion
from trackadmin.runtime import (
    current_map,
    get_model,
    iter_tracking_values,
    tracking_values,
    values_from_query,
)
from trackadmin.runtime.current import pin, unpin
from trackadmin.testing import override_map, reset

pytestmark = pytest.mark.torture

#: How many times as long as in make test.
TIMES = oracle.cases(1)
SEEDS = range(1 if TIMES == 1 else 5 * TIMES)


COUNTRIES = {"Country": {"model": "host.Country", "attributes": ["code", "name"], "key": "code"}}
#: Few models, for it is published often.
OFTEN = document(
    Order=tracked("host.order", ["number"], ["person"], key="number"),
    Person=tracked("host.person", ["id", "name"], key="id"),
    Country=tracked("host.country", ["code", "name"], key="code"),
)


@pytest.fixture(autouse=True)
def clean():
    reset()
    yield
    reset()


def exact(values):
    """Equal only where the types are too: 1 is not True, nor 1.0."""
    return {name: (type(value), value) for name, value in values.items()}


class Statements:
    """Counts the SELECTs of each connection, but for nothing else."""

    def __init__(self):
        self.count = 0

    def __call__(self, execute, sql, params, many, context):
        self.count += sql.startswith("SELECT")
        return execute(sql, params, many, context)


@pytest.fixture
def cursors(monkeypatch):
    """A list that grows with each cursor of Django's own."""
    made, real = [], BaseDatabaseWrapper.make_cursor

    def make_cursor(self, cursor):
        made.append(self.alias)
        return real(self, cursor)

    monkeypatch.setattr(BaseDatabaseWrapper, "make_cursor", make_cursor)
    return made


@contextmanager
def preparing(threshold):
    """New connections; on PostgreSQL statements are prepared after so many runs, or never."""
    for alias in ("default", "other"):
        connections[alias].close()
        # A test that may not use a database leaves a method there that looks like somebody's own.
        connections[alias].__dict__.pop("cursor", None)
        if connections[alias].vendor == "postgresql":
            connections[alias].settings_dict["OPTIONS"] = {"prepare_threshold": threshold}
    try:
        yield
    finally:
        for alias in ("default", "other"):
            connections[alias].close()
            connections[alias].settings_dict["OPTIONS"].pop("prepare_threshold", None)


# No transaction around it: a host's requests have none either, and in one the statements of
# references go another way.
@pytest.mark.django_db(transaction=True, databases=["default", "other"])
@pytest.mark.parametrize("seed", SEEDS)
# What one URL may cost has tests of its own.
@override_settings(TRACKADMIN={"MAX_TABLES": 10_000})
def test_any_map_any_rows_any_query(seed, cursors):
    """Flatten, resolve and stream give what plain getattr and the ORM give."""

    @settings(max_examples=40, database=None, suppress_health_check=list(HealthCheck))
    @given(worlds.maps(), st.data())
    def compare(tracking_map, data):
        snapshot = compile_map(tracking_map, catalog(), number=1, digest="d")
        before = pin("default", snapshot)
        try:
            sums = worlds.names_of_sums(tracking_map)
            flattened(world, tracking_map, sums)
            for pairs in data.draw(st.lists(world.queries(tracking_map), min_size=8, max_size=16)):
                with worlds.acting_as(data.draw(st.sampled_from([*worlds.TENANTS, "boss", None]))):
                    resolved(world, snapshot, pairs, cursors, sums)
            with worlds.acting_as(data.draw(st.sampled_from(worlds.TENANTS))):
                chance = data.draw(st.randoms(use_true_random=True))
                streamed(world, tracking_map, chance, sums)
        finally:
            unpin("default", before)

    with preparing(None if seed % 2 else 1):
        world = worlds.World(seed)
        compare()


if TIMES >= 10:  # a short run compares fewer

    def test_enough_of_what_was_compared_had_counts_and_sums():
        assert sum(tally.with_sums.values()) >= 100_000


def flattened(world, tracking_map, sums):
    for obj in world.objects(tracking_map):
        expected = world.flatten(tracking_map, obj)
        values = tracking_values(obj)
        assert list(values) == list(expected)
        assert exact(values) == exact(expected)
        tally.count("objects flattened", expected.keys() & sums)


def resolved(world, snapshot, pairs, cursors, sums):
    """In each way that a statement may go: past Django's cursor, through it, in a transaction."""
    expected, outcomes = worlds.expected_values(world, snapshot.document, pairs)
    resolver = snapshot.resolver
    lookups = [lookup for name, _ in pairs if (lookup := snapshot.lookup(name))]
    # What an instance is made for may be code that asks the database.
    plain = not any(resolver.obstacle(lookup) or resolver.reasons(lookup) for lookup in lookups)
    text = urlencode(pairs)

    def compare():
        values = values_from_query(text)
        assert exact(values) == exact(expected)
        assert [(each.name, each.outcome) for each in values.references] == outcomes

    cursors.clear()
    compare()
    assert not plain or not cursors, "a usual statement went through Django's cursor"
    counter = Statements()
    with (
        connections["default"].execute_wrapper(counter),
        connections["other"].execute_wrapper(counter),
    ):
        compare()
    assert not plain or counter.count <= 2, "more than one statement for each database"
    with transaction.atomic(), transaction.atomic("other"):
        compare()
    tally.count("query strings resolved, each in three ways", expected.keys() & sums)


def streamed(world, tracking_map, chance, sums):
    for entry in tracking_map.models.values():
        model = catalog().get(entry.model).model
        rows = model._default_manager.order_by(chance.choice(["pk", "-pk"]))
        rows = rows[: chance.choice([None, 3])]
        found = list(iter_tracking_values(rows))
        keys = world.keys(rows)
        objects = {obj.pk: obj for obj in world.rows[entry.model]}
        expected = [world.flatten(tracking_map, objects[pk]) for pk in keys]
        assert [exact(values) for values in found] == [exact(values) for values in expected]
        has_sums = bool(expected) and expected[0].keys() & sums
        tally.count("rows streamed", has_sums, len(found))


def run(module, *arguments, seconds):
    """What a program of the tests prints."""
    command = [sys.executable, "-m", module, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.django_db(transaction=True)
def test_publishers_and_editors_that_are_killed_leave_nothing_half_written(tmp_path):
    """kill -9 at random moments, while others publish and edit."""
    draft(saying("first", Country=tracked("host.country", ["code"], key="code")))
    editing.publish("default", by=None)
    told, name, seconds = tmp_path / "told", connection.settings_dict["NAME"], 3 * TIMES
    kills = int(run("tests.killing", name, seconds, told, seconds=seconds + 60))
    lines = told.read_text().splitlines()
    assert [line for line in lines if line.startswith("error")] == []
    versions = list(MapVersion.objects.order_by("number"))
    assert [version.number for version in versions] == list(range(1, len(versions) + 1))
    published = [int(line.split()[1]) for line in lines if line.startswith("published")]
    assert len(set(published)) == len(published), "a number was given twice"
    assert set(published) <= {version.number for version in versions}, "a publish was lost"
    for version in versions:
        assert len(said(load(version.document, version.digest))) == 1, "a version is torn"
    assert len(said(editing.build_document("default"))) == 1, "the draft is torn"
    assert not Revision.objects.filter(version=None).exists(), "a revision is half written"
    assert kills
    assert published
    assert "edited" in lines
    assert editing.publish("default", by=None).number == len(versions) + 1
    assert current_map().number == len(versions) + 1
    tally.told.append(
        f"{connection.vendor}: {kills} publishers and editors killed with kill -9, "
        f"{len(versions)} versions published, {lines.count('edited')} edits; "
        "lost, torn or half written: 0"
    )


@pytest.mark.postgresql
def test_tracking_goes_on_while_postgresql_stops_crashes_and_comes_back():
    """Values still come, references fail and are found again, and no page is harmed."""
    hurts = 4 * min(TIMES, 6)
    seen = json.loads(run("tests.outage", hurts, seconds=60 + 20 * hurts))
    assert seen["wrong"] == []
    assert sum(seen["done"].values()) == hurts
    assert seen["counts"]["failed"] > 0 < seen["counts"]["found"]
    done = ", ".join(f"{what} {count} times" for what, count in seen["done"].items())
    counts = seen["counts"]
    tally.told.append(
        f"a PostgreSQL under load: {done}; {counts['page']:,} pages, {counts['url']:,} tracking "
        f"URLs, {counts['transaction']:,} transactions of the host; pages without their values, "
        "answers other than 204, host transactions left aborted: 0; all well again after at most "
        f"{max(seen['recovered'])} s (references that failed meanwhile: {counts['failed']:,})"
    )


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "find",
    [
        lambda: [each.outcome for each in values_from_query("Country__code=DE").references],
        lambda: ["found" if get_model("Country__code", "DE") else "failed"],
    ],
    ids=["values_from_query", "get_model"],
)
def test_worker_without_requests_finds_again_after_its_connection_was_cut(find):
    """Django makes a new connection only between requests."""
    Country.objects.create(code="DE", name="Germany")
    with override_map(COUNTRIES):
        for _ in range(3 * TIMES):
            assert find() == ["found"]
            with connection.copy().cursor() as other:
                pid = connection.connection.info.backend_pid
                other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
                other.connection.close()
            assert find() == ["failed"]


@pytest.mark.django_db(transaction=True)
def test_a_lookup_that_fails_leaves_the_hosts_transaction_usable():
    """Its table is gone; the host goes on and commits."""
    country = Country.objects.create(code="DE", name="Germany")
    with override_map(COUNTRIES):
        with connection.schema_editor() as editor:
            editor.alter_db_table(Country, "host_country", "away")
        try:
            with transaction.atomic():
                user = User.objects.create(username="kept")
                for _ in range(20 * TIMES):
                    values = values_from_query("action=a&Country__code=DE")
                    assert [each.outcome for each in values.references] == ["failed"]
                    assert values == {"action": "a"}
                    assert get_model("Country__code", "DE") is None
                    assert tracking_values(country)["Country_name"] == "Germany"
                    assert User.objects.filter(pk=user.pk).exists()
        finally:
            with connection.schema_editor() as editor:
                editor.alter_db_table(Country, "away", "host_country")
        assert values_from_query("Country__code=DE").references[0].outcome == "found"
    assert User.objects.get().username == "kept"
    tally.told.append(
        f"{connection.vendor}: {20 * TIMES} failing lookups in one transaction of the host; "
        "statements of the host lost: 0"
    )


@pytest.mark.django_db(transaction=True)
def test_memory_stays_where_it_was_however_often_is_published():
    """Snapshots, their functions and their source lines go when the next version comes."""
    number = 300 if TIMES == 1 else 10_000
    draft(OFTEN)
    third = number // 3
    publish_and_use(third)
    gc.collect()
    kept, lines = snapshots(), len(linecache.cache)
    blocks, before = sys.getallocatedblocks(), resident()
    publish_and_use(number - third)
    gc.collect()
    grown = resident() - before
    assert snapshots() <= kept
    assert len(linecache.cache) <= lines + 2
    each = grown / (number - third)
    # Python's own count: over 10,000 publishes one object kept by each would show, over 300 six.
    # Some hundred blocks come and go by themselves.
    assert sys.getallocatedblocks() - blocks < (number - third) / 2 + 1_000
    assert grown < 3_000_000, f"{each:.0f} bytes for each publish"
    tally.told.append(
        f"{connection.vendor}: {number:,} publishes, each loaded and used; memory grew by "
        f"{max(each, 0):.0f} bytes for each of the last {number - third:,}"
    )


def publish_and_use(times):
    country, order = Country(code="DE", name="Germany"), Order(number="1")
    for _ in range(times):
        version = editing.publish("default", by=None)
        snapshot = current_map()
        assert snapshot.number == version.number
        tracking_values(country, order)
        values_from_query("Country__code=DE&Order__number=1")
        if version.number % 100 == 0:
            # The table may not grow: it is the process that is looked at.
            with connection.cursor() as cursor:
                cursor.execute(
                    "DELETE FROM trackadmin_mapversion WHERE number < %s", [version.number - 10]
                )


def snapshots():
    return sum(issubclass(type(each), Snapshot) for each in gc.get_objects())


def resident():
    """Bytes of memory that the process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
