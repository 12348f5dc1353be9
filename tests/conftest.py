"""Patience with a busy machine, what a test needs, and how a run ends: what was compared."""

import os

import pytest
from hypothesis import HealthCheck, settings

from tests import tally
from tests.settings import POSTGRESQL_PORT

# No test is about its own time. What Hypothesis sets by itself in CI stays.
settings.register_profile(
    "patient", settings(), deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("patient")

#: Tests that were left out because they need PostgreSQL. ``make test`` runs them on it.
_LEFT_OUT = pytest.StashKey[list]()


@pytest.fixture(autouse=True)
def our_mistakes_come_through(monkeypatch):
    """No test passes on a slow path because trackadmin's own code is broken on the fast one."""
    from trackadmin.compiler import fast_paths

    monkeypatch.setattr(fast_paths, "raising", True)


@pytest.fixture
def fresh_process():
    """The process has loaded no map, neither before the test nor after it."""
    from trackadmin.testing import reset

    reset()
    yield
    reset()


@pytest.fixture
def quiet_profiles(monkeypatch):
    """No profile is kept, and a slow machine has time enough to make one."""
    from django.core.cache import cache

    from trackadmin.conf import DEFAULTS

    monkeypatch.setitem(DEFAULTS, "PROFILE_MILLISECONDS", 60_000)
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A running demo shop that the tests of a file share."""
    from tests.browser import DemoSite

    with DemoSite(tmp_path_factory.mktemp("demo")).served() as site:
        yield site


@pytest.fixture(scope="module")
def browser():
    """A Chromium that the tests of a file share."""
    from tests.browser import chromium

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def sql_beside_a_browser():
    """Playwright runs an event loop in the thread of the tests, where Django would refuse SQL."""
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    yield
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
    if before is not None:
        os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = before


@pytest.fixture(scope="module")
def recording():
    """A server that records what sinks send, for the tests of a file."""
    from tests.recording_server import RecordingServer

    with RecordingServer() as started:
        yield started


def pytest_collection_modifyitems(config, items):
    """On SQLite leave out what needs PostgreSQL, so that each file can be run by itself."""
    if POSTGRESQL_PORT:
        return
    left_out = [item for item in items if item.get_closest_marker("postgresql")]
    config.stash[_LEFT_OUT] = left_out
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("postgresql")]


def pytest_sessionfinish(session, exitstatus):
    """A file of which nothing can run here is no failure: the summary says why nothing ran."""
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED and session.config.stash.get(_LEFT_OUT, []):
        session.exitstatus = pytest.ExitCode.OK


def pytest_terminal_summary(terminalreporter, config):
    left_out = config.stash.get(_LEFT_OUT, [])
    if left_out:
        terminalreporter.section("not run here")
        terminalreporter.write_line(
            f"{len(left_out)} tests need PostgreSQL: "
            ".venv/bin/python -m tests.postgresql .venv/bin/pytest …"
        )
    lines = tally.report()
    if lines:
        terminalreporter.section("compared, injected, lost")
        for line in lines:
            terminalreporter.write_line(line)
