"""The newest version's token in a real Redis: what it saves, and which failures are survived."""

import json
import os
import pickle
import signal
import subprocess
import sys
import time

import pytest
from django.core.cache import caches
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.browser import ROOT
from tests.redis_server import RedisServer
from tests.versions import NAME_ONLY, WITH_DEMO, insert, remove, token_queries
from trackadmin import testing
from trackadmin.editing import import_document, publish
from trackadmin.models import TrackingMap
from trackadmin.runtime import current_map, fault_counts, tokens
from trackadmin.runtime.tokens import CACHE_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)

STOP_SECONDS = 10
#: In seconds, of the processes that poll.
REFRESH = 0.3
KEY = ":1:trackadmin:default:token"  # as Django writes "trackadmin:default:token"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    started = RedisServer(tmp_path_factory.mktemp("redis"))
    started.start()
    yield started
    started.stop(signal.SIGTERM)
    started.client.close()


@pytest.fixture
def shared(server):
    """The empty server as this site's cache of tokens. Each call of the map asks again."""
    if server.process.poll() is not None:
        server.start()
    server.client.flushall()
    backend = "django.core.cache.backends.redis.RedisCache"
    options = {"socket_timeout": 0.3}
    cache = {"BACKEND": backend, "LOCATION": server.url, "OPTIONS": options}
    with override_settings(
        TRACKADMIN={"TOKEN_CACHE": "default", "REFRESH_SECONDS": 0}, CACHES={"default": cache}
    ):
        testing.reset()
        yield server
        for each in caches.all(initialized_only=True):
            for pool in each._cache._pools.values():
                pool.disconnect()
        testing.reset()


def publish_map(document):
    """Publish like an editor, with the signal."""
    root, _ = TrackingMap.objects.get_or_create(slug="default", defaults={"name": "Default"})
    import_document(root, document)
    return publish(root, by=None)


def token():
    return caches["default"].get("trackadmin:default:token")


def queries_of_a_look(number):
    """The number of queries until this version is served: for the token, and in all."""
    with CaptureQueriesContext(connection) as captured:
        assert current_map().number == number
    return len(token_queries(captured)), len(captured)


# ── While it answers ───────────────────────────────────────────────────────────────────────────


def test_publish_writes_the_token_for_a_limited_time(shared):
    first = publish_map(NAME_ONLY)
    assert token() == [1, first.digest]
    second = publish_map(WITH_DEMO)
    assert token() == [2, second.digest]
    assert 0 < shared.client.ttl(KEY) <= CACHE_SECONDS


def test_token_comes_from_redis_and_only_a_changed_document_from_the_table(shared):
    publish_map(NAME_ONLY)
    assert queries_of_a_look(1) == (0, 1)
    for _ in range(20):
        assert queries_of_a_look(1) == (0, 0)
    publish_map(WITH_DEMO)
    assert queries_of_a_look(2) == (0, 1)
    assert queries_of_a_look(2) == (0, 0)
    assert fault_counts() == {}


#: Reads the map on request, and prints what it was served and how many queries that took.
LOOKER = """
import json, sys
from django.conf import settings
database, url, seconds = sys.argv[1:]
settings.DATABASES["default"]["NAME"] = database
settings.CACHES = {"default": {
    "BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": url,
}}
settings.TRACKADMIN = {"TOKEN_CACHE": "default", "REFRESH_SECONDS": float(seconds)}
import django
django.setup()
from django.db import connection
from django.test.utils import CaptureQueriesContext
from tests.versions import token_queries
from trackadmin.runtime import current_map, fault_counts
for line in sys.stdin:
    with CaptureQueriesContext(connection) as captured:
        number = current_map().number
    tokens = len(token_queries(captured))
    seen = {"number": number, "tokens": tokens, "queries": len(captured)}
    print(json.dumps({**seen, "faults": fault_counts()}), flush=True)
"""


class Looker:
    """Another process of the site, with the same database and the same Redis."""

    def __init__(self, url):
        database = str(connection.settings_dict["NAME"])
        self.process = subprocess.Popen(
            [sys.executable, "-c", LOOKER, database, url, str(REFRESH)],
            cwd=ROOT,
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def look(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def look_until(self, number):
        """All reads up to the one that gets this version: the first one after the time is up."""
        started, looks = time.monotonic(), []
        while not looks or looks[-1]["number"] != number:
            late = time.monotonic() > started + REFRESH
            looks.append(self.look())
            assert not late or looks[-1]["number"] == number, looks
            time.sleep(0.01)
        return looks

    def stop(self):
        self.process.stdin.close()
        code = self.process.wait(STOP_SECONDS)
        self.process.stdout.close()
        return code


@pytest.fixture
def lookers(shared):
    started = [Looker(shared.url) for _ in range(2)]
    yield started
    assert [each.stop() for each in started] == [0, 0]


def sums(looks):
    return {key: sum(each[key] for each in looks) for key in ("tokens", "queries")}


def gets_answered(server):
    return server.client.info("commandstats")["cmdstat_get"]["calls"]


def test_other_processes_see_a_publish_in_time_without_asking_the_table(shared, lookers):
    publish_map(NAME_ONLY)
    assert [each.look()["queries"] for each in lookers] == [1, 1]
    gets, looks = gets_answered(shared), []
    started = time.monotonic()
    while time.monotonic() < started + 1:
        looks += [each.look() for each in lookers]
        time.sleep(0.01)
    took = time.monotonic() - started
    assert sums(looks) == {"tokens": 0, "queries": 0}
    asked = gets_answered(shared) - gets
    # The interval is randomly shortened, to nine tenths at least.
    assert 2 <= asked <= 2 * (took / (REFRESH * 0.9) + 1), f"{asked} in {len(looks)} looks"
    publish_map(WITH_DEMO)
    for each in lookers:
        looks = each.look_until(2)
        assert sums(looks) == {"tokens": 0, "queries": 1}, "the document alone"
        assert looks[-1]["faults"] == {}


def test_other_processes_see_a_publish_in_time_while_redis_is_away(shared, lookers):
    publish_map(NAME_ONLY)
    assert [each.look()["number"] for each in lookers] == [1, 1]
    shared.stop()
    publish_map(WITH_DEMO)
    for each in lookers:
        looks = each.look_until(2)
        assert sums(looks) == {"tokens": 1, "queries": 2}
        assert list(looks[-1]["faults"]) == ["cache.failed"]


# ── While it does not ──────────────────────────────────────────────────────────────────────────


def test_killed_redis_is_counted_each_time_and_logged_once(shared, caplog):
    publish_map(NAME_ONLY)
    assert current_map().number == 1
    shared.stop()
    for times in range(1, 11):
        assert queries_of_a_look(1) == (1, 1)
        assert fault_counts() == {"cache.failed": times}
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("default: cache.failed")
    assert str(shared.port) not in caplog.text, "no address, for it may hold a password"


def test_publish_without_redis_succeeds_and_is_seen(shared):
    publish_map(NAME_ONLY)
    current_map()
    shared.stop()
    assert publish_map(WITH_DEMO).number == 2
    assert queries_of_a_look(2) == (1, 2)


def test_redis_that_comes_back_empty_is_filled_and_used_again(shared, caplog):
    for times in (1, 2):
        version = publish_map((NAME_ONLY, WITH_DEMO)[times - 1])
        current_map()
        shared.stop()
        current_map()
        assert len(caplog.records) == times, "each outage is logged"
        shared.start()
        assert token() is None
        assert queries_of_a_look(times) == (1, 1)
        assert token() == [times, version.digest]
        assert queries_of_a_look(times) == (0, 0)


def test_redis_that_was_away_during_a_publish_is_put_right_in_limited_time(shared):
    """The worst case: the publisher cannot reach it, and it keeps an old token for the others."""
    publish_map(NAME_ONLY)
    current_map()
    insert(WITH_DEMO, 2)
    shared.client.expire(KEY, CACHE_SECONDS - 10)
    assert current_map().number == 1
    assert 0 < shared.client.ttl(KEY) <= CACHE_SECONDS - 10, "no reader prolongs it"
    shared.client.pexpire(KEY, 1)
    time.sleep(0.05)
    assert queries_of_a_look(2) == (1, 2)
    assert token()[0] == 2


def test_frozen_redis_is_waited_for_once_a_look(shared):
    publish_map(NAME_ONLY)
    current_map()
    shared.process.send_signal(signal.SIGSTOP)
    try:
        assert queries_of_a_look(1) == (1, 1)
        assert fault_counts() == {"cache.failed": 1}, "it is not asked to keep the token as well"
    finally:
        shared.process.send_signal(signal.SIGCONT)
    assert queries_of_a_look(1) == (0, 0)


# ── While it is wrong ──────────────────────────────────────────────────────────────────────────


def test_old_token_never_takes_a_process_back(shared):
    old = publish_map(NAME_ONLY)
    publish_map(WITH_DEMO)
    assert current_map().number == 2
    caches["default"].set("trackadmin:default:token", [1, old.digest])
    # The database for writing is asked once, and the token is corrected.
    assert queries_of_a_look(2)[1] > 0
    for _ in range(3):
        assert queries_of_a_look(2) == (0, 0)
    assert fault_counts() == {"map.older": 1}
    assert token()[0] == 2
    testing.reset()
    assert current_map().number == 2, "nor does it hold back a new process"


GARBAGE = {
    "nothing": b"",
    "a number": b"7",
    "text": b"[2, digest]",
    "half a pickle": pickle.dumps([1, "x" * 64])[:-5],
    "a pickle of what is not there": b"cno_such_module\nThing\n.",
    "a foreign value": pickle.dumps({"number": 2}),
    "no digest": pickle.dumps([2]),
    "a number in words": pickle.dumps(["2", "x"]),
    "a huge number": pickle.dumps([10**30, "x"]),
    "a number yet to come": pickle.dumps([1_000_000, "f" * 64]),
    "a negative number": pickle.dumps([-1, "x"]),
}


@pytest.mark.parametrize("what", GARBAGE)
def test_garbage_is_ignored_and_the_next_publish_is_seen(shared, what):
    publish_map(NAME_ONLY)
    current_map()
    shared.client.set(KEY, GARBAGE[what])  # without an expiry
    assert current_map().number == 1
    version = publish_map(WITH_DEMO)
    assert current_map().number == 2
    assert token() == [2, version.digest]
    assert queries_of_a_look(2) == (0, 0)
    assert "map.unavailable" not in fault_counts()


def test_token_that_redis_keeps_for_ever_does_not_hide_the_table(shared, monkeypatch):
    """F14: PERSIST removes the token's expiry."""
    publish_map(NAME_ONLY)
    monkeypatch.setattr(tokens, "CACHE_SECONDS", 1)
    assert current_map().number == 1
    assert shared.client.persist(KEY)
    insert(WITH_DEMO, 2)
    assert current_map().number == 1
    time.sleep(1.1)
    assert current_map().number == 2
    assert token()[0] == 2
    assert 0 < shared.client.ttl(KEY) <= CACHE_SECONDS


def test_publish_replaces_a_token_that_nobody_ever_published(shared):
    """A token of a version that does not exist would hide each later publish."""
    publish_map(NAME_ONLY)
    shared.client.set(KEY, pickle.dumps([9, "f" * 64]))
    version = publish_map(WITH_DEMO)
    assert token() == [2, version.digest]
    assert 0 < shared.client.ttl(KEY) <= CACHE_SECONDS


def test_right_number_with_a_wrong_digest_does_not_change_what_is_served(shared):
    publish_map(NAME_ONLY)
    snapshot = current_map()
    shared.client.set(KEY, pickle.dumps([1, "f" * 64]))
    assert current_map().digest == snapshot.digest


def test_token_of_a_version_that_was_taken_out_again_does_not_raise(shared):
    publish_map(NAME_ONLY)
    snapshot = current_map()
    publish_map(WITH_DEMO)
    remove(2)
    assert current_map() is snapshot
    assert fault_counts() == {"map.older": 1}
