"""Which snapshot a process serves: a fresh one in time, and never at the expense of a page."""

import json
import threading
import time
from contextlib import contextmanager
from itertools import pairwise

import pytest
from django.core.signals import request_started
from django.db import OperationalError, connection, connections, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from demo.models import CompanyAccount
from tests.maps import document, tracked
from tests.versions import (
    EXAMPLE,
    NAME_ONLY,
    WITH_DEMO,
    announce,
    insert,
    insert_text,
    remove,
    token_queries,
)
from trackadmin import testing
from trackadmin.document import digest, dump
from trackadmin.exceptions import NotPublished, UnknownMap
from trackadmin.models import MapVersion
from trackadmin.runtime import (
    bootstrap_text,
    current_map,
    fault_counts,
    is_ready,
    loader,
    store,
    tracking_values,
)
from trackadmin.runtime.current import _catch_up, _loaders
from trackadmin.runtime.place import ONLY

#: So long that nothing becomes due while a test runs.
FOREVER = override_settings(TRACKADMIN={"REFRESH_SECONDS": 1000})
ALWAYS = override_settings(TRACKADMIN={"REFRESH_SECONDS": 0})


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    yield
    testing.reset()


@pytest.fixture
def fails(monkeypatch):
    """Makes the table fail as if the database were down; gives the list of attempts."""

    def start(error=OperationalError):
        tries = []

        def fail(*arguments):
            tries.append(arguments)
            raise error("server closed the connection, password=hunter2")

        for name in ("newest_token", "newest", "version", "before"):
            monkeypatch.setattr(store, name, fail)
        return tries

    return start


# ── How fresh ──────────────────────────────────────────────────────────────────────────────────

committed = pytest.mark.django_db(transaction=True)
in_test_transaction = pytest.mark.django_db


@committed
@FOREVER
def test_first_load_takes_one_query_and_then_none():
    insert()
    with CaptureQueriesContext(
        connection,
    ) as captured:
        snapshot = current_map()
        assert len(captured) == 1
        assert current_map() is snapshot
        assert is_ready()
    assert len(captured) == 1
    assert (snapshot.number, snapshot.digest) == (1, digest(dump(EXAMPLE)))


@committed
@ALWAYS
def test_unchanged_token_costs_one_query_and_keeps_the_snapshot():
    insert()
    snapshot = current_map()
    with CaptureQueriesContext(connection) as captured:
        assert current_map() is snapshot
    assert len(captured) == len(token_queries(captured)) == 1


@committed
@ALWAYS
def test_new_version_is_seen_with_the_next_question():
    insert(NAME_ONLY)
    assert list(tracking_values(CompanyAccount())) == ["CompanyAccount_name"]
    insert(WITH_DEMO, 2)
    assert list(tracking_values(CompanyAccount())) == [
        "CompanyAccount_name",
        "CompanyAccount_is_demo",
    ]
    assert current_map().number == 2


@committed
@override_settings(TRACKADMIN={"REFRESH_SECONDS": 0.2})
def test_no_more_than_one_token_query_in_the_time_given():
    insert()
    current_map()
    started = time.monotonic()
    with CaptureQueriesContext(connection) as captured:
        # On a busy machine a second may have fewer than three.
        while time.monotonic() < started + (1 if len(captured) >= 3 else 30):
            current_map()
            time.sleep(0.001)
    took = time.monotonic() - started
    # The interval is randomly shortened, to nine tenths at least.
    assert 3 <= len(captured) <= took / (0.2 * 0.9)
    assert len(token_queries(captured)) == len(captured)


@committed
@FOREVER
def test_nothing_new_is_seen_before_its_time():
    insert(NAME_ONLY)
    current_map()
    insert(WITH_DEMO, 2)
    assert current_map().number == 1


@committed
@FOREVER
def test_processes_that_start_together_do_not_ask_together():
    insert(NAME_ONLY)
    pauses = []
    for _ in range(30):
        testing.reset()
        started = time.monotonic()
        current_map()
        pauses.append(_loaders.get(("default", ONLY)).fresh_until - started)
    assert min(pauses) >= 900
    assert max(pauses) <= 1001
    assert max(pauses) - min(pauses) > 10


@committed
@FOREVER
def test_publish_in_this_process_is_seen_at_once():
    insert(NAME_ONLY)
    current_map()
    announce(insert(WITH_DEMO, 2))
    with CaptureQueriesContext(connection) as captured:
        assert current_map().number == 2
        assert current_map().number == 2
    assert len(captured) == 2


@committed
@FOREVER
def test_publish_while_another_thread_is_asking_is_not_missed(monkeypatch):
    insert(NAME_ONLY)
    current_map()
    announce(insert(WITH_DEMO, 2))
    real = store.newest_token

    def published_right_after(*where):
        token = real(*where)
        monkeypatch.setattr(store, "newest_token", real)
        announce(insert(EXAMPLE, 3))
        return token

    monkeypatch.setattr(store, "newest_token", published_right_after)
    assert current_map().number == 2
    assert current_map().number == 3


@committed
@FOREVER
def test_each_map_has_a_snapshot_of_its_own():
    insert(NAME_ONLY)
    insert(WITH_DEMO, 1, "shop")
    assert list(tracking_values(CompanyAccount())) == ["CompanyAccount_name"]
    assert len(tracking_values(CompanyAccount(), map="shop")) == 2
    assert current_map("shop").slug == "shop"


@committed
def test_other_settings_compile_the_map_anew():
    insert(WITH_DEMO)
    assert len(tracking_values(CompanyAccount())) == 2
    with override_settings(TRACKADMIN={"EXCLUDE": ["demo.CompanyAccount.is_demo"]}):
        assert len(tracking_values(CompanyAccount())) == 1
    assert len(tracking_values(CompanyAccount())) == 2


# ── Without a version ──────────────────────────────────────────────────────────────────────────


@committed
@override_settings(TRACKADMIN={"STRICT": True, "REFRESH_SECONDS": 1000})
def test_unpublished_map_raises_where_strict():
    with pytest.raises(NotPublished):
        current_map()
    with pytest.raises(UnknownMap, match="'typo'"):
        current_map("typo")
    assert not is_ready()
    assert not is_ready("typo")


@committed
@override_settings(TRACKADMIN={"STRICT": False, "REFRESH_SECONDS": 1000})
def test_unpublished_map_tracks_nothing_elsewhere(caplog):
    with CaptureQueriesContext(connection) as captured:
        assert tracking_values(CompanyAccount()) == {}
        assert tracking_values(CompanyAccount()) == {}
    assert len(captured) == 2, "the version and the maps there are, and not again before their time"
    assert fault_counts() == {"map.not_published": 2}
    assert len(caplog.records) == 1
    assert not is_ready()


@committed
@override_settings(TRACKADMIN={"STRICT": True, "REFRESH_SECONDS": 1000})
def test_first_publish_is_seen_at_once():
    with pytest.raises(NotPublished):
        current_map()
    announce(insert())
    assert current_map().number == 1


# ── The database is down ───────────────────────────────────────────────────────────────────────


@committed
@ALWAYS
def test_last_good_snapshot_serves_on(fails, caplog, monkeypatch):
    insert()
    snapshot = current_map()
    tries = fails()
    for _ in range(50):
        assert current_map() is snapshot
    assert len(tries) == 1, "the next try waits"
    assert fault_counts() == {"map.unavailable": 1}
    assert [record.name for record in caplog.records] == ["trackadmin"]
    assert "hunter2" not in caplog.text


@committed
@ALWAYS
def test_tries_are_further_and_further_apart(fails, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(loader, "monotonic", lambda: now[0])
    insert()
    served = loader.Loader("default")
    assert served.serve()
    tries = fails()
    at = []
    for _ in range(2000):
        before = len(tries)
        served.serve()
        at += [now[0]] * (len(tries) - before)
        now[0] += 0.1
    pauses = [later - earlier for earlier, later in pairwise(at)]
    assert pauses[0] < 0.5
    assert all(b > a * 1.3 for a, b in pairwise(pauses[:6]))
    assert max(pauses) <= loader.MAX_PAUSE + 0.2
    assert fault_counts() == {"map.unavailable": len(tries)}


@committed
@ALWAYS
def test_an_outage_is_logged_once_and_the_next_one_again(caplog, monkeypatch):
    monkeypatch.setattr(loader, "MAX_PAUSE", 0)
    insert()
    current_map()
    real = store.newest_token

    def fail(slug, *database):
        raise OperationalError

    for _ in range(2):
        monkeypatch.setattr(store, "newest_token", fail)
        current_map()
        current_map()
        monkeypatch.setattr(store, "newest_token", real)
        current_map()
    assert fault_counts() == {"map.unavailable": 4}
    assert len(caplog.records) == 2


@committed
@override_settings(TRACKADMIN={"STRICT": True, "REFRESH_SECONDS": 0})
def test_database_away_at_start_tracks_nothing_and_never_raises(fails):
    fails()
    assert tracking_values(CompanyAccount()) == {}
    assert not is_ready()
    assert fault_counts()["map.unavailable"] == 1


@committed
@ALWAYS
def test_start_after_the_database_came_back(fails, monkeypatch):
    monkeypatch.setattr(loader, "MAX_PAUSE", 0)
    insert()
    with monkeypatch.context():
        real = store.newest
        fails()
        assert not is_ready()
        monkeypatch.setattr(store, "newest", real)
    assert is_ready()


@committed
def test_missing_table_is_an_outage_and_no_error(monkeypatch):
    insert()
    monkeypatch.setattr(MapVersion._meta, "db_table", "not_there")
    assert tracking_values(CompanyAccount()) == {}
    assert fault_counts()["map.unavailable"] == 1


@committed
@pytest.mark.postgresql
def test_database_lost_for_good_is_left_and_a_new_connection_made():
    """In a worker without requests nothing else closes a dead connection."""
    insert()
    with override_settings(TRACKADMIN={"REFRESH_SECONDS": 0}):
        assert is_ready()
        dead = connection.connection
        with connections["default"].copy().cursor() as other:
            other.execute("SELECT pg_terminate_backend(%s)", [dead.info.backend_pid])
            other.connection.close()
        current_map()
        assert connection.connection is None
        assert fault_counts() == {"map.unavailable": 1}
        time.sleep(0.5)
        current_map()
        assert fault_counts() == {"map.unavailable": 1}
        assert connection.connection is not dead


# ── The bootstrap file ─────────────────────────────────────────────────────────────────────────


def bootstrap(path, content=EXAMPLE, number=7, slug="default"):
    text = dump(content)
    path.write_text(bootstrap_text(slug, number, digest(text), text))
    return override_settings(TRACKADMIN={"BOOTSTRAP_FILE": str(path), "REFRESH_SECONDS": 0})


@committed
def test_bootstrap_file_serves_while_the_database_is_away(fails, tmp_path):
    fails()
    with bootstrap(tmp_path / "map.json"):
        assert current_map().number == 7
        assert is_ready()
        assert tracking_values(CompanyAccount(name="a"))["CompanyAccount_name"] == "a"


@committed
def test_bootstrap_file_is_left_as_soon_as_the_database_is_back(fails, tmp_path, monkeypatch):
    monkeypatch.setattr(loader, "MAX_PAUSE", 0)
    insert(WITH_DEMO, 8)
    with bootstrap(tmp_path / "map.json", NAME_ONLY), monkeypatch.context() as away:
        real = {name: getattr(store, name) for name in ("newest", "newest_token", "version")}
        fails()
        assert current_map().number == 7
        for name, function in real.items():
            away.setattr(store, name, function)
        assert current_map().number == 8


@committed
def test_bootstrap_file_is_not_used_while_the_database_answers(tmp_path):
    with bootstrap(tmp_path / "map.json"):
        assert not is_ready()
        insert(NAME_ONLY)
        assert current_map().number == 1


@committed
@pytest.mark.parametrize(
    "content",
    [
        "",
        "[1]",
        "{}",
        json.dumps({"number": 1, "digest": "0" * 64, "document": "{}"}),
        bootstrap_text("default", 1, digest("{}"), "{}"),
        bootstrap_text("other", 1, digest(dump(EXAMPLE)), dump(EXAMPLE)),
        None,
    ],
)
def test_bad_or_foreign_bootstrap_file_is_not_served(fails, tmp_path, content):
    fails()
    path = tmp_path / "map.json"
    if content is not None:
        path.write_text(content)
    with override_settings(TRACKADMIN={"BOOTSTRAP_FILE": str(path)}):
        assert tracking_values(CompanyAccount()) == {}
        assert not is_ready()


# ── What is refused ────────────────────────────────────────────────────────────────────────────

PLANTED = {
    "a full-width letter": dump(EXAMPLE).replace('"source":"name"', '"source":"\\uff50assword"'),
    "a password": dump(EXAMPLE).replace('"source":"first_name"', '"source":"password"'),
    "no canonical text": dump(EXAMPLE).replace(",", ", "),
    "an unknown format": dump(EXAMPLE).replace('"format":1', '"format":99'),
    "no JSON": "{",
    "no document": "[]",
    "a NUL": '{"format":1,"models":{"\\u0000":{}}}',
    "a name that runs": dump(EXAMPLE).replace('"CompanyAccount"', '"X\\n; import os #"'),
}


@committed
@ALWAYS
@pytest.mark.parametrize("what", PLANTED)
def test_planted_document_is_refused_and_the_last_good_one_serves_on(what, caplog):
    insert(NAME_ONLY)
    snapshot = current_map()
    insert_text(PLANTED[what], digest(PLANTED[what]), 2)
    for _ in range(3):
        assert current_map() is snapshot
    assert fault_counts() == {"map.refused": 1}, "and it is not read again and again"
    assert "default version 2" in caplog.text
    testing.reset()
    assert current_map().number == 1, "a new process steps back to it"


@committed
@ALWAYS
def test_text_with_another_digest_is_refused():
    insert(NAME_ONLY)
    insert_text(dump(WITH_DEMO), digest(dump(NAME_ONLY))[::-1], 2)
    assert current_map().number == 1
    assert fault_counts() == {"map.refused": 1}


@committed
@ALWAYS
def test_new_process_steps_back_over_all_that_are_refused():
    insert(NAME_ONLY)
    for number in (2, 3, 4):
        insert_text("{", digest("{"), number)
    assert current_map().number == 1
    with CaptureQueriesContext(connection) as captured:
        assert current_map().number == 1
    assert len(captured) == 1
    insert(WITH_DEMO, 5)
    assert current_map().number == 5


@committed
@override_settings(TRACKADMIN={"STRICT": True, "REFRESH_SECONDS": 0})
def test_nothing_but_refused_versions_tracks_nothing():
    for number in (1, 2):
        insert_text("{", digest("{"), number)
    assert tracking_values(CompanyAccount()) == {}
    with CaptureQueriesContext(connection) as captured:
        assert not is_ready()
    assert len(captured) == 1
    insert(NAME_ONLY, 3)
    assert current_map().number == 3


@committed
@ALWAYS
def test_planted_number_does_not_block_the_versions_after_it():
    insert(NAME_ONLY)
    assert current_map().number == 1
    insert_text("{", digest("{"), 1_000_000)
    assert current_map().number == 1
    remove(1_000_000)
    insert(WITH_DEMO, 2)
    assert current_map().number == 2


@committed
@ALWAYS
def test_changed_text_under_the_same_number_is_seen():
    insert(NAME_ONLY)
    assert current_map().number == 1
    remove(1)
    insert(WITH_DEMO)
    assert current_map().digest == digest(dump(WITH_DEMO))


@pytest.fixture
def replica(monkeypatch):
    """The tables of a replica; ``replica()`` makes it lag from now on."""
    real, lagging = store._versions, {}

    def start(**frozen):
        lagging.update(frozen)

    @contextmanager
    def versions(slug, database=""):
        with real(slug, database) as found:
            yield found if database else found.filter(number__lte=lagging.get("at", 1000))

    monkeypatch.setattr(store, "_versions", versions)
    return start


@committed
@ALWAYS
@pytest.mark.parametrize("at", [1, 0])
def test_replica_that_lags_is_ignored(replica, at):
    """A3: the database for writing still has the version, so the one for reading lags."""
    insert(NAME_ONLY)
    insert(WITH_DEMO, 2)
    assert current_map().number == 2
    replica(at=at)
    for times in range(1, 4):
        assert current_map().number == 2
        assert fault_counts() == {"map.older": times}


@committed
@ALWAYS
def test_writing_database_is_asked_less_and_less_often(replica, monkeypatch):
    """A3: a thousand processes that read a lagging replica do not all ask the primary."""
    now, asked = [1000.0], []
    monkeypatch.setattr(loader, "monotonic", lambda: now[0])
    insert(NAME_ONLY)
    insert(WITH_DEMO, 2)
    served = loader.Loader("default")
    assert served.serve().number == 2
    replica(at=1)
    real = store.newest
    monkeypatch.setattr(store, "newest", lambda *where: asked.append(now[0]) or real(*where))
    for _ in range(3000):
        assert served.serve().number == 2
        now[0] += 0.1
    pauses = [later - earlier for earlier, later in pairwise(asked)]
    assert pauses[0] < 1
    assert all(b > a * 1.5 for a, b in pairwise(pauses[:6]))
    assert 20 < max(pauses) <= loader.MAX_PAUSE + 0.2


@committed
@ALWAYS
def test_writing_database_is_not_asked_in_a_transaction_on_it(replica):
    """A3: none of our SQL runs in the host's transaction once there is a snapshot."""
    insert(NAME_ONLY)
    insert(WITH_DEMO, 2)
    assert current_map().number == 2
    replica(at=1)
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        assert current_map().number == 2
    assert len(captured) == 0


@committed
@ALWAYS
def test_writing_database_that_is_away_changes_nothing(replica, monkeypatch):
    """A3: a replica that lags while the primary is down."""
    insert(NAME_ONLY)
    insert(WITH_DEMO, 2)
    assert current_map().number == 2
    replica(at=1)

    def fail(*where):
        raise OperationalError

    monkeypatch.setattr(store, "newest", fail)
    for _ in range(3):
        assert current_map().number == 2
    assert fault_counts() == {"map.unavailable": 1, "map.older": 2}


@committed
@ALWAYS
def test_emptied_table_is_a_reset(caplog):
    """A3: after a flush there is no version, and nothing is tracked."""
    insert(NAME_ONLY)
    insert(WITH_DEMO, 2)
    assert current_map().number == 2
    remove(2)
    remove(1)
    assert tracking_values(CompanyAccount()) == {}
    assert not is_ready()
    assert fault_counts()["map.reset"] == 1
    assert [r.getMessage() for r in caplog.records] == [
        "default: map.reset",
        "default: map.not_published",
    ]
    insert(NAME_ONLY)
    assert tracking_values(CompanyAccount(name="a")) == {"CompanyAccount_name": "a"}


@committed
@ALWAYS
@pytest.mark.parametrize("content", [EXAMPLE, NAME_ONLY], ids=["unknown", "known"])
def test_lower_number_in_the_writing_database_is_a_reset(content):
    """A3: a flush and a new version 1, or a restored backup, while a process runs."""
    insert(NAME_ONLY)
    assert current_map().number == 1
    insert(WITH_DEMO, 2)
    assert current_map().number == 2
    remove(2)
    remove(1)
    insert(content)
    assert (current_map().number, current_map().digest) == (1, digest(dump(content)))
    assert fault_counts() == {"map.reset": 1}


@committed
@ALWAYS
def test_reset_is_seen_while_the_writing_database_is_seldom_asked(replica):
    """A3: the pause because of a replica's lag ends when this process publishes."""
    insert(NAME_ONLY)
    insert(WITH_DEMO, 2)
    current_map()
    replica(at=1)
    for _ in range(20):
        current_map()
    replica(at=1000)
    remove(2)
    remove(1)
    announce(insert(EXAMPLE))
    assert current_map().digest == digest(dump(EXAMPLE))


@committed
@ALWAYS
def test_drift_is_skipped_and_reported_once_a_version(caplog):
    drifted = document(
        CompanyAccount=tracked("demo.companyaccount", ["name", "gone"], key="name"),
        Gone=tracked("demo.gone", ["id"]),
    )
    insert(drifted)
    for _ in range(3):
        assert tracking_values(CompanyAccount(name="a")) == {"CompanyAccount_name": "a"}
    assert fault_counts() == {"map.drift": 1}
    assert "CompanyAccount.gone" in caplog.text
    assert "demo.gone" in caplog.text
    insert(drifted, 2)
    current_map()
    assert fault_counts() == {"map.drift": 2}


@committed
@ALWAYS
def test_drift_of_a_big_map_is_looked_for_after_its_load(monkeypatch):
    """A process that uses one of a thousand models does not wait for the other 999."""
    monkeypatch.setattr(loader, "MAX_EXAMINED_AT_LOAD", 0)
    insert(document(CompanyAccount=tracked("demo.companyaccount", ["name", "gone"])))
    current_map()
    assert fault_counts() == {}
    for _ in range(3):
        current_map()
    assert fault_counts() == {"map.drift": 1}


@committed
@ALWAYS
def test_unexpected_error_while_compiling_keeps_the_snapshot(monkeypatch):
    insert(NAME_ONLY)
    snapshot = current_map()
    insert(WITH_DEMO, 2)

    def broken(*arguments, **keywords):
        raise ZeroDivisionError

    monkeypatch.setattr(loader, "compiled_version", broken)
    assert current_map() is snapshot
    assert fault_counts() == {"map.unavailable": 1}


# ── The host's transaction ─────────────────────────────────────────────────────────────────────


@committed
@ALWAYS
def test_no_sql_inside_the_hosts_transaction_once_a_snapshot_is_held():
    insert(NAME_ONLY)
    current_map()
    insert(WITH_DEMO, 2)
    with transaction.atomic():
        with CaptureQueriesContext(connection) as captured:
            assert current_map().number == 1
            assert is_ready()
        assert len(captured) == 0
    assert current_map().number == 2


@committed
@ALWAYS
def test_no_sql_in_a_transaction_that_the_host_opened_by_hand():
    insert()
    current_map()
    connection.set_autocommit(False)
    try:
        with CaptureQueriesContext(connection) as captured:
            current_map()
        assert len(captured) == 0
    finally:
        connection.rollback()
        connection.set_autocommit(True)


@committed
@ALWAYS
def test_what_a_transaction_put_off_is_done_when_the_next_request_starts():
    """With ATOMIC_REQUESTS every view runs in a transaction, but still sees a new version."""
    insert(NAME_ONLY)
    current_map()
    insert(WITH_DEMO, 2)
    with transaction.atomic():
        assert current_map().number == 1
    request_started.send(sender=None, environ={})
    with transaction.atomic():
        assert current_map().number == 2


@committed
@ALWAYS
def test_start_of_a_request_asks_only_for_what_was_put_off():
    # Not through the signal, as Django's own receivers would close the connection.
    insert()
    current_map()
    with CaptureQueriesContext(connection) as captured:
        _catch_up()
    assert len(captured) == 0
    with transaction.atomic():
        current_map()
    with CaptureQueriesContext(connection) as captured:
        _catch_up()
        _catch_up()
    assert len(captured) == 1


@in_test_transaction
@pytest.mark.parametrize("lost", [False, True])
def test_first_load_in_a_transaction_leaves_it_usable(monkeypatch, lost):
    insert()
    if lost:
        monkeypatch.setattr(MapVersion._meta, "db_table", "not_there")
    with transaction.atomic():
        company = CompanyAccount.objects.create(name="kept")
        assert is_ready() is not lost
        company.refresh_from_db()
    assert CompanyAccount.objects.filter(name="kept").exists()


@in_test_transaction
def test_first_load_in_a_broken_transaction_does_not_raise():
    insert()
    with transaction.atomic():
        transaction.set_rollback(True)
        assert tracking_values(CompanyAccount()) == {}
    assert fault_counts()["map.unavailable"] == 1


@in_test_transaction
@FOREVER
def test_publish_inside_a_test_cases_transaction_is_seen(django_capture_on_commit_callbacks):
    insert(NAME_ONLY)
    assert current_map().number == 1
    with django_capture_on_commit_callbacks(execute=True):
        version = insert(WITH_DEMO, 2)
        transaction.on_commit(lambda: announce(version))
    assert current_map().number == 2


# ── Threads ────────────────────────────────────────────────────────────────────────────────────


def in_threads(count, work):
    """Run work(number) in so many threads; the results, in the order in which they ended."""
    results, errors = [], []

    def run(number):
        try:
            results.append(work(number))
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not errors
    return results


@committed
@FOREVER
def test_first_load_is_done_by_one_thread_while_the_others_wait(monkeypatch):
    insert()
    real, loads = store.newest, []

    def slow(slug, *database):
        loads.append(slug)
        time.sleep(0.1)
        return real(slug, *database)

    monkeypatch.setattr(store, "newest", slow)
    monkeypatch.setattr(store, "newest_token", loads.append)
    snapshots = in_threads(8, lambda number: current_map())
    assert len(loads) == 1
    assert len(snapshots) == 8
    assert len(set(map(id, snapshots))) == 1
    assert snapshots[0].number == 1


@committed
@ALWAYS
def test_one_thread_asks_and_the_others_do_not_wait(monkeypatch):
    insert(NAME_ONLY)
    current_map()
    insert(WITH_DEMO, 2)
    real, asking, go_on = store.newest_token, threading.Event(), threading.Event()
    calls = []

    def hanging(slug, *database):
        calls.append(slug)
        asking.set()
        assert go_on.wait(10)
        return real(slug, *database)

    monkeypatch.setattr(store, "newest_token", hanging)

    def work(number):
        if number == 0:
            return current_map().number
        assert asking.wait(10)
        started = time.monotonic()
        served = current_map().number
        assert time.monotonic() - started < 5
        if number == 1:
            go_on.set()
        return served

    # The one that asks returns last.
    assert in_threads(2, work) == [1, 2]
    assert len(calls) == 1


@committed
@FOREVER
def test_load_that_calls_itself_does_not_hang(monkeypatch):
    """A host's log handler may track, and so may its code that runs during a load."""
    insert()
    real, inner = store.newest, []

    def within(slug, *database):
        inner.append(tracking_values(CompanyAccount()))
        return real(slug, *database)

    monkeypatch.setattr(store, "newest", within)
    started = time.monotonic()
    assert current_map().number == 1
    assert time.monotonic() - started < 5
    assert inner == [{}]


@committed
@ALWAYS
def test_many_threads_and_publishes_never_see_an_older_version():
    insert(NAME_ONLY)
    done = threading.Event()

    def work(number):
        if number == 0:
            for version in range(2, 12):
                announce(insert(NAME_ONLY if version % 2 else WITH_DEMO, version))
                time.sleep(0.01)
            done.set()
            return []
        seen = []
        while not done.is_set():
            snapshot = current_map()
            names = len(snapshot.by_prefix["CompanyAccount"].names)
            assert names == (1 if snapshot.number % 2 else 2), "number and content belong together"
            seen.append(snapshot.number)
        return seen

    for seen in in_threads(4, work):
        assert seen == sorted(seen)
    assert current_map().number == 11
    assert not {"map.unavailable", "map.refused"} & set(fault_counts())


# ── The event loop ─────────────────────────────────────────────────────────────────────────────


@committed
@ALWAYS
def test_on_an_event_loop_the_held_snapshot_serves_without_sql():
    import asyncio

    insert()
    snapshot = current_map()

    async def view():
        return current_map()

    assert asyncio.run(view()) is snapshot
    assert fault_counts() == {}


@committed
def test_on_an_event_loop_nothing_is_loaded_and_nothing_raised():
    import asyncio

    insert()

    async def view():
        return tracking_values(CompanyAccount())

    assert asyncio.run(view()) == {}
    assert fault_counts()["map.unavailable"] == 1
    assert is_ready(), "and elsewhere it is loaded as soon as it is asked for"
