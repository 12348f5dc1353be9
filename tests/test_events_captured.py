"""captured_events(): what a test sent, whatever sinks the site has."""

import threading
import unittest

import pytest
from django.test import Client, TestCase, override_settings

from tests.actions import with_actions
from trackadmin import testing
from trackadmin.runtime import Event, event_counts, track
from trackadmin.testing import captured_events, tracked_events  # noqa: F401 a fixture

pytestmark = pytest.mark.django_db


class Sink:
    events = []

    def write(self, event):
        self.events.append(event)


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    Sink.events.clear()
    sinks = ["tests.test_events_captured.Sink", "no.such.Sink"]
    with override_settings(TRACKADMIN={"STRICT": False, "SINKS": sinks}), with_actions():
        yield
    testing.reset()


def actions(events):
    return [event.action for event in events]


def test_both_ways_to_send_and_no_sink_gets_them(client):
    with captured_events() as events:
        track("open_page")
        client.get("/t/?action=open_page&x=1")
        client.post("/t/", {"action": "none"})
        assert actions(events) == ["open_page", "open_page", "none"], "at once"
    assert all(type(event) is Event for event in events)
    assert [event.wrong for event in events] == [
        (),
        (("parameter.undeclared", "x"),),
        (("action.unknown", "none"),),
    ]
    assert Sink.events == []
    track("open_page")
    assert (len(events), len(Sink.events)) == (3, 1), "only in the block"
    assert event_counts()["default", "open_page", "sent"] == 3, "they are counted as usual"


def test_a_refused_event_is_not_among_them(client):
    with with_actions("refuse", "refuse"), captured_events() as events:
        track("none")
        client.get("/t/?action=none")
    assert events == []


def test_blocks_may_be_nested():
    with captured_events() as outer:
        track("open_page")
        with captured_events() as inner:
            track("planned_one")
        track("old_one")
    assert actions(inner) == ["planned_one"]
    assert actions(outer) == ["open_page", "planned_one", "old_one"]
    assert Sink.events == []


def test_a_block_ends_with_an_exception():
    kept = []

    def fails():
        with captured_events() as events:
            track("open_page")
            kept.append(events)
            raise KeyError

    with pytest.raises(KeyError):
        fails()
    track("open_page")
    assert (len(kept[0]), len(Sink.events)) == (1, 1)


def test_blocks_that_do_not_nest_end_each_for_itself():
    first, second = captured_events(), captured_events()
    one, two = first.__enter__(), second.__enter__()
    first.__exit__(None, None, None)
    track("open_page")
    second.__exit__(None, None, None)
    assert (actions(one), actions(two)) == ([], ["open_page"])


def test_other_threads_are_captured_too():
    """A live server answers in threads of its own."""
    with captured_events() as events:
        threads = [threading.Thread(target=track, args=("open_page",)) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert actions(events) == ["open_page"] * 5


def test_reset_does_not_let_events_out():
    with captured_events() as events:
        testing.reset()
        with with_actions():
            track("open_page")
    assert actions(events) == ["open_page"]
    assert Sink.events == []


def test_as_a_fixture(client, tracked_events):  # noqa: F811 pytest's way
    client.get("/t/?action=open_page")
    track("old_one")
    assert actions(tracked_events) == ["open_page", "old_one"]


def test_in_a_test_case_of_django():
    seen = []

    class Case(TestCase):
        def test_click(self):
            with captured_events() as events:
                Client().get("/t/?action=open_page")
            seen.extend(actions(events))

    result = unittest.TestResult()
    Case("test_click").run(result)
    assert (result.errors, result.failures, seen) == ([], [], ["open_page"])


def test_without_pytest_the_module_still_works():
    """A site may run Django's own test runner only."""
    import subprocess
    import sys

    code = (
        "import sys; sys.modules['pytest'] = None\n"
        "import django; django.setup()\n"
        "from trackadmin import testing\n"
        "assert not hasattr(testing, 'tracked_events') and testing.captured_events"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
