"""manage.py trackadmin deliver: once, or until somebody stops it."""

import json
import os
import signal
import threading
import time
from unittest.mock import patch

import pytest
from django.core.management.base import CommandError
from django.db import OperationalError
from django.test import override_settings

from tests import outbox
from tests.test_command import run
from trackadmin.management import deliver_command
from trackadmin.models import Delivery
from trackadmin.outbox import TryLater, Worker, running

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clean():
    with outbox.fresh("one", "two"):
        yield


def down(events):
    raise TryLater("The receiver is down")


class TestOnce:
    def test_delivers_what_is_due_and_says_so(self):
        outbox.store(1, waiting=True)
        said = run("deliver", "--once")
        assert said == ""
        assert said.told.splitlines() == [
            "one: 1 event was delivered.",
            "two: 1 event was delivered.",
        ]
        said = run("deliver", "--once", "--sink", "one")
        assert said.told.splitlines() == ["one: nothing is due."]

    def test_fails_if_a_sink_did_not_take_something(self):
        outbox.Receiver.does["one"] = down
        outbox.store(2, waiting=True)
        with pytest.raises(CommandError, match="Not everything was delivered to one"):
            run("deliver", "--once")
        assert len(outbox.got("two")) == 2

    def test_writes_its_numbers(self):
        outbox.store(2, waiting=True)
        one, two = json.loads(run("deliver", "--once", "--json"))
        expected = {"delivered": 2, "refused": 0, "discarded": 0, "dead": 0, "later": 0}
        assert one == {"sink": "one", **expected, "reason": ""}
        assert two == {**one, "sink": "two"}

    def test_of_a_sink_that_there_is_not(self):
        with pytest.raises(CommandError, match="Give one of these: one, two"):
            run("deliver", "--once", "--sink", "three")

    def test_without_any_remote_sink(self):
        with (
            override_settings(TRACKADMIN={}),
            pytest.raises(CommandError, match="Add a sink to the setting SINKS"),
        ):
            run("deliver")


class TestUntilStopped:
    def test_the_batch_that_is_under_way_is_settled_first(self):
        """And it ends without an error, and gives the signals back."""
        before = signal.getsignal(signal.SIGTERM)

        def stop(events):
            os.kill(os.getpid(), signal.SIGTERM)

        outbox.Receiver.does["one"] = stop
        outbox.delivery(outbox.store(2))
        said = run("deliver", "--sink", "one", "--json")
        assert json.loads(said)[0]["delivered"] == 2
        assert said.told.splitlines() == [
            "Delivering to one. Ctrl+C ends it after the batch under way.",
            "one: 2 events were delivered.",
            "Stopped.",
        ]
        assert Delivery.objects.get().delivered == 2
        assert signal.getsignal(signal.SIGTERM) is before

    def test_a_second_ctrl_c_does_not_wait(self):
        # What runs in the background of a shell ignores it.
        before = signal.signal(signal.SIGINT, signal.default_int_handler)
        try:
            self._stopped_twice()
        finally:
            signal.signal(signal.SIGINT, before)

    def _stopped_twice(self):
        def stop(events):
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)  # the second one ends it

        outbox.Receiver.does["one"] = stop
        outbox.delivery(outbox.store(1))
        with pytest.raises(KeyboardInterrupt):
            run("deliver")
        assert Delivery.objects.get().delivered == 0

    def test_it_stops_while_there_is_nothing_to_do(self):
        threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
        assert run("deliver").told.endswith("Stopped.\n")

    def test_a_database_that_was_away_is_told_once_and_asked_again(self):
        answers = [OperationalError("it is\naway"), OperationalError("it is away"), None]
        real = Worker.work_once

        def work_once(self):
            if answers and (answer := answers.pop(0)):
                raise answer
            if not real(self):
                os.kill(os.getpid(), signal.SIGTERM)
            return False

        outbox.store(1, waiting=True)
        with (
            patch.object(Worker, "work_once", work_once),
            patch.multiple(running, SHORTEST_PAUSE=0, LONGEST_PAUSE=0),
        ):
            told = run("deliver", "--sink", "one").told.splitlines()
        assert told.count("The database does not answer: it is away. It is asked again.") == 1
        assert "one: 1 event was delivered." in told

    def test_failures_are_told_at_once_and_once(self):
        out = []
        reports = deliver_command._Reports(["one"], deliver_command.Output(out.append, out.append))
        failure = running.Settled("one", later=2, reason="down")
        for _ in range(3):
            reports.settled(failure)
        assert out == ["one: 2 events were not taken and will be sent again (down)."]
        reports.say()
        assert out[1] == "one: 4 events were not taken and will be sent again (down)."
