"""The token in a shared cache: never newer than the table, and never older for long."""

import pytest
from django.core.cache import caches
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.versions import EXAMPLE, NAME_ONLY, WITH_DEMO, announce, insert, remove
from trackadmin import testing
from trackadmin.runtime import current_map, fault_counts, is_ready, loader, store, tokens

pytestmark = pytest.mark.django_db(transaction=True)

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "t"}}
KEY = "trackadmin:default:token"
CACHED = {"TOKEN_CACHE": "default", "REFRESH_SECONDS": 0}


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    yield
    testing.reset()


@pytest.fixture
def cache():
    with override_settings(TRACKADMIN=CACHED, CACHES=CACHES):
        caches["default"].clear()
        yield caches["default"]
        caches["default"].clear()


def test_token_is_read_from_the_cache_and_not_from_the_table(cache):
    insert(NAME_ONLY)
    current_map()
    current_map()
    with CaptureQueriesContext(connection) as captured:
        for _ in range(20):
            current_map()
    assert len(captured) == 0


def test_publish_reaches_the_others_through_the_cache(cache):
    insert(NAME_ONLY)
    current_map()
    current_map()
    announce(insert(WITH_DEMO, 2))
    with CaptureQueriesContext(connection) as captured:
        assert current_map().number == 2
    assert len(captured) == 1, "the document alone"


def test_late_announcement_of_an_older_version_changes_nothing(cache):
    old, new = insert(NAME_ONLY), insert(WITH_DEMO, 2)
    announce(new)
    announce(old)
    assert cache.get("trackadmin:default:token") == [2, new.digest]


def test_older_of_two_publishes_at_the_same_time_never_has_the_last_word(cache, monkeypatch):
    """Until it expires, its token would hide the newer version from other processes."""
    first, coming = insert(NAME_ONLY), [2, 3, 4]
    real = cache.set

    def published_right_before(*arguments):
        if coming:
            announce(insert(EXAMPLE, coming.pop(0)))
        real(*arguments)

    monkeypatch.setattr(cache, "set", published_right_before)
    announce(first)
    assert not coming
    assert cache.get("trackadmin:default:token")[0] == 4


def test_reader_does_not_write_over_what_was_published_meanwhile(cache, monkeypatch):
    insert(NAME_ONLY)
    current_map()
    real = store.newest_token

    def published_right_after(*where):
        token = real(*where)
        announce(insert(WITH_DEMO, 2))
        return token

    monkeypatch.setattr(store, "newest_token", published_right_after)
    assert current_map().number == 1
    assert cache.get("trackadmin:default:token")[0] == 2


@pytest.mark.parametrize("value", ["x", 5, [1], ["1", "x"], [True], {"a": 1}])
def test_nonsense_in_the_cache_is_passed_over(cache, value):
    insert(NAME_ONLY)
    current_map()
    cache.set("trackadmin:default:token", value)
    insert(WITH_DEMO, 2)
    assert current_map().number == 2


@pytest.mark.parametrize("backend", ["tests.no.such.Cache", "redis"])
def test_broken_cache_falls_back_to_the_table(backend):
    broken = {"BACKEND": backend}
    if backend == "redis":
        # Nothing listens there.
        broken = {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1",
        }
    insert(NAME_ONLY)
    with override_settings(TRACKADMIN=CACHED, CACHES={"default": broken}):
        assert current_map().number == 1
        announce(insert(WITH_DEMO, 2))
        assert current_map().number == 2
        assert fault_counts()["cache.failed"] >= 2
        assert "map.unavailable" not in fault_counts()


def test_cache_that_is_ahead_of_a_replica_keeps_the_snapshot(cache):
    insert(NAME_ONLY)
    snapshot = current_map()
    cache.set("trackadmin:default:token", [2, "f" * 64])
    assert current_map() is snapshot
    assert fault_counts() == {"map.older": 1}


@pytest.fixture
def clock(monkeypatch):
    """The loaders' clock, stopped. ``clock.append(seconds)`` advances it."""
    moved = [1000.0]
    monkeypatch.setattr(loader, "monotonic", lambda: sum(moved))
    return moved


def test_token_that_the_cache_keeps_for_ever_does_not_hide_the_table(cache, clock):
    """F14: some caches keep entries for longer than they should."""
    first = insert(NAME_ONLY)
    current_map()
    cache.set(KEY, [1, first.digest], None)
    insert(WITH_DEMO, 2)
    clock.append(tokens.CACHE_SECONDS - 1)
    assert current_map().number == 1
    clock.append(2)
    assert current_map().number == 2
    assert cache.get(KEY)[0] == 2, "and the other processes need not find out by themselves"


def test_table_is_asked_no_more_often_than_that(cache, clock):
    insert(NAME_ONLY)
    current_map()
    current_map()
    with CaptureQueriesContext(connection) as captured:
        for _ in range(100):
            clock.append(tokens.CACHE_SECONDS / 10)
            current_map()
    assert 8 <= len(captured) <= 11
    assert cache.get(KEY) is not None


def test_newer_token_that_nobody_published_does_not_hide_the_table(cache, clock):
    """F14: the same for a token of another site, or from before a backup was restored."""
    insert(NAME_ONLY)
    current_map()
    cache.set(KEY, [7, "f" * 64], None)
    assert current_map().number == 1
    assert cache.get(KEY)[0] == 1
    insert(WITH_DEMO, 2)
    cache.set(KEY, [7, "f" * 64], None)
    clock.append(tokens.CACHE_SECONDS + 1)
    assert current_map().number == 2


def test_emptied_table_empties_the_cache(cache):
    """A3: what was flushed never comes back from the cache."""
    insert(NAME_ONLY)
    current_map()
    current_map()
    remove(1)
    cache.set(KEY, [1, "f" * 64], None)
    with override_settings(TRACKADMIN={**CACHED, "STRICT": False}):
        assert not is_ready()
        insert(WITH_DEMO)
        assert current_map().digest != "f" * 64
        remove(1)
        cache.set(KEY, [1, "e" * 64], None)
        assert not is_ready()
        assert cache.get(KEY) is None


def test_nothing_uncommitted_goes_into_the_cache(cache, django_capture_on_commit_callbacks):
    """A3: a test case runs the callbacks for the commit inside its transaction."""
    with transaction.atomic():
        with django_capture_on_commit_callbacks(execute=True):
            version = insert(NAME_ONLY)
            transaction.on_commit(lambda: announce(version))
        assert current_map().number == 1
        assert cache.get(KEY) is None
        transaction.set_rollback(True)
    assert cache.get(KEY) is None


def test_tenants_have_tokens_of_their_own(cache):
    """A2: one cache serves all tenants."""
    tenants = []
    with override_settings(TRACKADMIN={**CACHED, "TENANT": lambda: tenants[-1]}):
        insert(NAME_ONLY)
        for name in ("one", "two", 3, None):
            tenants.append(name)
            current_map()
            current_map()
    keys = {key for key in cache._cache if "token" in key}
    assert len(keys) == 4
    assert all(len(key) < 150 for key in keys)
