"""A worker: every event comes to its sink, or is accounted for, whatever the sink does."""

import json
import threading
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import outbox
from tests.outbox import Receiver, got
from trackadmin.models import AcceptedEvent, DeadLetter, Delivery
from trackadmin.outbox import Taken, TryLater, accounts, claims, drain, pauses
from trackadmin.outbox.answers import LONGEST_AFTER, taken_as
from trackadmin.outbox.batches import make_deliveries
from trackadmin.outbox.claims import claim, renew, renewed
from trackadmin.outbox.settling import batch_of, settle
from trackadmin.runtime import fault_counts
from trackadmin.runtime.configured_sinks import configured_sinks
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clean():
    reset()
    outbox.forget()
    with override_settings(TRACKADMIN=outbox.settings("one", "two", BATCH_SIZE=5, ATTEMPTS=3)):
        yield
        adds_up()
    reset()


def adds_up():
    """The promise of all tests here: each event that was offered is in exactly one place."""
    for each in Delivery.objects.all():
        left = len(json.loads(each.left))
        dead = each.dead_letters.count()
        assert each.offered == each.delivered + each.refused + each.discarded + dead + left
        assert (each.due_at is None) == (left == 0)
    for account in accounts():
        parts = account.delivered + account.refused + account.discarded + account.dead
        assert account.offered == parts + account.left


def does(what, name="one"):
    Receiver.does[name] = what


def raising(error):
    def do(events):
        raise error

    return do


def ids(numbers):
    found = AcceptedEvent.objects.in_bulk(numbers)
    return [str(found[number].event_id) for number in numbers]


def account(name="one"):
    return next(each for each in accounts() if each.sink == name)


def due_now():
    Delivery.objects.filter(due_at__isnull=False).update(due_at=timezone.now())


def test_each_sink_gets_each_event_once_and_in_batches():
    numbers = outbox.store(12, waiting=True)
    tallies = drain()
    assert got("one") == got("two") == ids(numbers)
    assert [len(call) for call in Receiver.calls["one"]] == [5, 5, 2]
    assert [each.numbers()["delivered"] for each in tallies] == [12, 12]
    assert not any(each.failed for each in tallies)
    drain()
    assert len(got("one")) == 12
    assert account().delivered == account().offered == 12


def test_a_worker_of_one_sink_takes_nothing_from_the_others():
    numbers = outbox.store(3, waiting=True)
    drain("one")
    assert (got("one"), got("two")) == (ids(numbers), [])
    assert (account("two").due, account("two").offered) == (3, 3)
    drain("two")
    assert got("two") == ids(numbers)


def test_a_drain_ends_however_many_events_come():
    def more(events):
        outbox.store(5, waiting=True)

    does(more)
    outbox.store(5, waiting=True)
    drain()
    assert len(got("one")) == 5
    assert account().waiting == 5


def test_a_drain_ends_after_its_seconds():
    outbox.store(20, waiting=True)
    drain(seconds=0)
    assert got("one") == []


def test_an_event_that_the_settings_do_not_want_is_refused():
    with override_settings(TRACKADMIN=outbox.settings("one", ACTIONS=["b"])):
        outbox.delivery(outbox.store(2, action="a") + (wanted := outbox.store(1, action="b")))
        (tally,) = drain()
        assert got() == ids(wanted)
        assert (account().refused, account().delivered) == (2, 1)
        assert not tally.failed


def test_what_has_no_wanted_event_does_not_reach_the_sink():
    with override_settings(TRACKADMIN=outbox.settings("one", ACTIONS=[])):
        outbox.delivery(outbox.store(2))
        drain()
        assert Receiver.calls == {}
        assert account().refused == 2


class TestASinkThatIsDown:
    def test_is_asked_once_and_the_others_go_on(self):
        does(raising(TryLater("down")))
        outbox.store(50, waiting=True)
        with patch.object(pauses, "monotonic", lambda: 100.0):
            first, second = drain()
        assert len(Receiver.calls["one"]) == 1
        assert second.counts["delivered"] == 50
        assert first.failed
        assert first.reason == "down"
        assert account().error == "down"
        assert account().left == 50

    def test_is_asked_again_after_the_pause(self):
        does(raising(TryLater("down")))
        outbox.delivery(outbox.store(5))
        worker, clock = outbox.worker("one"), [100.0]
        with patch.object(pauses, "monotonic", lambda: clock[0]):
            while worker.work_once():
                pass
            due_now()
            assert not worker.work_once(), "the sink is paused, whatever is due"
            assert len(Receiver.calls["one"]) == 1
            Receiver.does.clear()
            clock[0] += 60
            due_now()
            while worker.work_once():
                pass
        assert account().delivered == 5

    def test_the_pause_grows_and_is_short_again_after_a_success(self):
        paused = pauses.Pauses()
        clock = [0.0]
        with (
            patch.object(pauses, "monotonic", lambda: clock[0]),
            patch.object(pauses.random, "uniform", lambda low, high: high),
        ):
            lengths = []
            for _ in range(8):
                paused.hold_off("one", None)
                lengths.append(paused._until["one"])
            assert lengths == [1, 2, 4, 8, 16, 32, 60, 60]
            assert not paused.is_over("one")
            assert paused.is_over("two")
            paused.let_go("one")
            paused.hold_off("one", None)
            assert paused._until["one"] == 1
            paused.hold_off("one", 90.0)
            assert paused._until["one"] == 90

    def test_waits_as_long_as_the_receiver_asks(self):
        does(raising(TryLater("busy", after=600)))
        delivery = outbox.delivery(outbox.store(1))
        before = timezone.now()
        drain()
        delivery.refresh_from_db()
        assert delivery.due_at >= before + timedelta(seconds=600)

    @pytest.mark.parametrize(
        "after", [float("nan"), float("inf"), -5, "soon", 10**400, True, 1e12], ids=repr
    )
    def test_nonsense_is_no_time(self, after):
        does(raising(TryLater("busy", after=after)))
        delivery = outbox.delivery(outbox.store(1))
        drain()
        delivery.refresh_from_db()
        assert delivery.attempts == 1
        assert delivery.due_at <= timezone.now() + timedelta(seconds=LONGEST_AFTER)

    def test_its_events_become_dead_letters_in_the_end(self):
        does(raising(TryLater("down")))
        outbox.delivery(outbox.store(2))
        for expected in (0, 0, 2):
            due_now()
            drain("one")
            assert DeadLetter.objects.count() == expected
        assert {each.reason for each in DeadLetter.objects.all()} == {"down"}
        assert {each.attempts for each in DeadLetter.objects.all()} == {3}
        assert account().dead == 2
        due_now()
        drain("one")
        assert len(Receiver.calls["one"]) == 3


class TestASinkThatRaises:
    @pytest.mark.parametrize("error", [ValueError("ann@example.com"), SystemExit(3)], ids=repr)
    def test_the_text_of_its_error_is_not_kept(self, error):
        does(raising(error))
        delivery = outbox.delivery(outbox.store(1))
        drain()
        delivery.refresh_from_db()
        assert delivery.error == type(error).__name__
        assert delivery.attempts == 1
        assert fault_counts()["sink.failed"] == 1

    def test_when_it_is_made_costs_no_attempt_and_says_what_is_missing(self):
        does(raising_now(ImportError("Install trackadmin[kafka].")), "make one")
        delivery = outbox.delivery(outbox.store(1))
        for _ in range(5):
            due_now()
            drain()
        delivery.refresh_from_db()
        assert (delivery.attempts, delivery.error) == (0, "Install trackadmin[kafka].")
        assert fault_counts()["sink.not_made"] == 5
        Receiver.does.clear()
        due_now()
        drain()
        assert account().delivered == 1

    def test_when_it_is_made_with_a_secret_in_the_text(self):
        does(raising_now(ImproperlyConfigured("key=s3cret")), "make one")
        outbox.delivery(outbox.store(1))
        drain()
        assert account().error == "ImproperlyConfigured"

    def test_keyboard_interrupt_ends_the_worker_and_loses_nothing(self):
        does(raising(KeyboardInterrupt()))
        outbox.delivery(outbox.store(1))
        with pytest.raises(KeyboardInterrupt):
            drain()
        assert account().in_work == 1


def raising_now(error):
    def do():
        raise error

    return do


class TestWhatASinkSays:
    def test_some_are_refused_and_some_come_later(self):
        numbers = outbox.store(5)
        first, second, third, *_ = ids(numbers)
        said = Taken(refused={first: "too long"}, later=[second, third], reason="slow")
        does(lambda events: said)
        outbox.delivery(numbers)
        (tally, _) = drain()
        assert tally.numbers() == {
            "delivered": 2,
            "refused": 0,
            "discarded": 0,
            "dead": 1,
            "later": 2,
        }
        letter = DeadLetter.objects.get()
        assert (letter.event_id, letter.reason) == (numbers[0], "too long")
        assert (account().delivered, account().dead, account().later) == (2, 1, 2)
        assert account().offered == 5
        Receiver.does.clear()
        Receiver.calls.clear()
        due_now()
        drain()
        assert got() == [second, third]
        assert account().delivered == 4

    def test_ids_that_it_was_not_given_mean_nothing(self):
        other = str(uuid4())
        does(lambda events: Taken(refused={other: "?"}, later=[other, 7], reason="?"))
        outbox.delivery(outbox.store(2))
        drain()
        assert account().delivered == 2
        assert not DeadLetter.objects.exists()

    def test_what_is_both_refused_and_later_is_refused(self):
        does(lambda events: Taken(refused={events[0].id: "no"}, later=[each.id for each in events]))
        outbox.delivery(outbox.store(2))
        drain()
        assert (account().dead, account().later, account().delivered) == (1, 1, 0)

    @pytest.mark.parametrize("said", [True, 7, [], Taken(refused=None), Taken(later=5)], ids=repr)
    def test_nonsense_is_a_failure_and_not_a_success(self, said):
        does(lambda events: said)
        outbox.delivery(outbox.store(2))
        drain()
        assert (account().delivered, account().later) == (0, 2)
        assert account().error

    def test_a_reason_that_no_database_takes(self):
        does(lambda events: Taken(refused={events[0].id: "\0\ud800" + "x" * 1000}))
        outbox.delivery(outbox.store(1))
        drain()
        assert DeadLetter.objects.get().reason.startswith("\ufffd\ufffdxxx")

    def test_a_sink_that_empties_its_list_changes_nothing(self):
        does(lambda events: events.clear())
        outbox.delivery(outbox.store(3))
        drain()
        assert account().delivered == 3


def test_an_event_deleted_by_hand_is_accounted_for():
    gone, kept = outbox.store(2)
    outbox.delivery([gone, kept])
    AcceptedEvent.objects.filter(pk=gone).delete()
    outbox.delivery([gone])
    drain()
    assert (account().discarded, account().delivered) == (2, 1)
    assert fault_counts()["event.gone"] == 2


@pytest.mark.parametrize("is_down", [False, True])
def test_an_event_changed_by_hand_is_a_dead_letter_and_holds_up_nothing(is_down):
    broken, fine = outbox.store(2)
    AcceptedEvent.objects.filter(pk=broken).update(body="{}")
    if is_down:
        does(raising(TryLater("down")))
    outbox.delivery([broken, fine])
    drain()
    letter = DeadLetter.objects.get()
    assert fault_counts()["event.unreadable"] == 1
    assert (letter.event_id, letter.reason) == (broken, "event.unreadable")
    assert (account().delivered, account().later) == ((0, 1) if is_down else (1, 0))


def test_a_sink_that_was_removed_keeps_what_is_left():
    outbox.delivery(outbox.store(2), sink="old name")
    drain()
    found = next(each for each in accounts() if each.sink == "old name")
    assert (found.due, found.configured) == (2, False)


def test_a_new_sink_gets_later_events_only():
    with override_settings(TRACKADMIN=outbox.settings("one")):
        outbox.store(2, waiting=True)
        drain()
    later = outbox.store(1, waiting=True)
    drain()
    assert got("two") == ids(later)


def test_events_wait_while_no_sink_is_configured():
    outbox.store(2, waiting=True)
    with override_settings(TRACKADMIN={"SINKS": ["tests.host.sinks.Recorder"]}):
        assert drain() == []
    assert AcceptedEvent.objects.filter(waiting=True).count() == 2


class TestLeases:
    def test_nobody_else_gets_a_delivery_until_the_lease_is_over(self):
        outbox.delivery(outbox.store(1))
        mine = claim(uuid4(), "one")
        assert claim(uuid4(), "one") is None
        Delivery.objects.update(taken_until=timezone.now() - timedelta(seconds=1))
        assert claim(uuid4(), "one").pk == mine.pk

    def test_who_lost_it_writes_nothing_down(self):
        outbox.delivery(outbox.store(1))
        sink = configured_sinks().remote_named("one")
        first = claim(uuid4(), "one")
        batch = batch_of(first, sink)
        Delivery.objects.update(taken_until=timezone.now() - timedelta(seconds=1))
        second = claim(uuid4(), "one")
        assert not renew(first)
        assert settle(batch, sink, taken_as(batch.wanted, None)) is None
        assert account().in_work == 1
        assert settle(batch_of(second, sink), sink, taken_as(batch.wanted, None)).delivered == 1
        assert settle(batch_of(second, sink), sink, taken_as(batch.wanted, None)) is None
        assert account().delivered == 1

    def test_it_is_renewed_while_the_sink_is_busy(self):
        outbox.delivery(outbox.store(1))
        delivery, renewals = claim(uuid4(), "one"), threading.Semaphore(0)

        def count(which):
            assert which is delivery
            renewals.release()
            return True

        with patch.object(claims, "renew", count), patch.object(claims, "LEASE_SECONDS", 0.003):
            with renewed(delivery):
                for _ in range(3):
                    assert renewals.acquire(timeout=10)
            before = renewals._value
        assert renewals._value == before

    def test_a_renewal_makes_it_longer(self):
        outbox.delivery(outbox.store(1))
        delivery = claim(uuid4(), "one")
        Delivery.objects.update(taken_until=timezone.now())
        assert renew(delivery)
        assert Delivery.objects.get().taken_until > timezone.now() + timedelta(seconds=50)


def test_settling_waits_for_a_database_that_was_away():
    outbox.delivery(outbox.store(1))
    failures, real = [OperationalError("gone"), OperationalError("gone")], settle

    def sometimes(*args):
        if failures:
            raise failures.pop()
        return real(*args)

    with (
        patch("trackadmin.outbox.worker.settle", sometimes),
        patch("trackadmin.outbox.worker.sleep"),
    ):
        drain()
    assert account().delivered == 1
    assert len(Receiver.calls["one"]) == 1


def test_an_idle_worker_locks_nothing():
    """One look for each sink, one for events that wait, and no write."""
    worker = outbox.worker()
    assert not worker.work_once()
    with CaptureQueriesContext(connection) as queries:
        assert not worker.work_once()
    assert len(queries) <= 7
    assert not [each for each in queries if each["sql"].startswith(("UPDATE", "INSERT"))]


def test_no_sink_waits_for_a_busy_one():
    for _ in range(3):
        outbox.delivery(outbox.store(1), due_at=timezone.now() - timedelta(hours=1))
    outbox.delivery(outbox.store(1), sink="two")
    worker = outbox.worker()
    worker.work_once()
    worker.work_once()
    assert (len(got("one")), len(got("two"))) == (1, 1)


class TestTheStoredTextGoesOnAsItIs:
    """It is not written anew for a sink that sends JSON; a personal value is in no such text."""

    @staticmethod
    def sent(personal_allowed, body=None):
        event = outbox.event(User_email="ann@example.com")._replace(personal=("User_email",))
        text = event.as_json() if body is None else body(event.as_json())
        (number,) = outbox.store(1)
        AcceptedEvent.objects.filter(pk=number).update(body=text, personal='["User_email"]')
        outbox.delivery([number])
        lines = []
        does(lambda events: lines.extend(each.as_json() for each in events))
        with override_settings(TRACKADMIN=outbox.settings("one", PERSONAL=personal_allowed)):
            drain()
        return text, *lines

    def test_a_sink_that_may_have_everything_gets_the_same_text(self):
        # As json.dumps would not write it.
        stored, sent = self.sent(True, lambda text: text.replace('"a"', '"\\u0061"'))
        assert sent == stored
        assert "\\u0061" in sent

    def test_a_sink_that_may_not_have_a_value_gets_a_text_without_it(self):
        stored, sent = self.sent(False)
        assert "ann@example.com" in stored
        assert "ann@example.com" not in sent
        assert json.loads(sent)["values"] == {"action": "a"}

    @pytest.mark.parametrize(
        "change",
        [
            lambda text: text[:-1] + ',"more":"s3cret"}',
            lambda text: text.replace(",", ",\n", 1),
            lambda text: text.replace('"a"', '"ä"'),
        ],
        ids=["a name more", "two lines", "not ASCII"],
    )
    def test_what_trackadmin_would_not_write_is_written_anew(self, change):
        _, sent = self.sent(True, change)
        assert "s3cret" not in sent
        assert "\n" not in sent
        assert sent.isascii()


class TestTheNextDelivery:
    """It is claimed with the last words about the one before, and never kept from others."""

    @staticmethod
    def begun():
        for number in outbox.store(2):
            outbox.delivery([number])
        worker = outbox.worker("one")
        worker.work_once()
        assert (account().delivered, account().in_work) == (1, 1)
        return worker

    def test_is_carried_out_next(self):
        worker = self.begun()
        worker.work_once()
        assert account().delivered == 2

    def test_is_given_back_by_a_worker_that_stops(self):
        self.begun().give_back()
        assert account().due == 1
        drain("one")
        assert account().delivered == 2

    def test_is_given_back_by_a_drain_that_ends(self):
        for number in outbox.store(2):
            outbox.delivery([number])
        told = iter([False, True])
        drain("one", stopped=lambda: next(told))
        assert (account().delivered, account().due) == (1, 1)

    def test_is_left_to_others_once_its_lease_is_over(self):
        worker = self.begun()
        late = timezone.now() + timedelta(seconds=claims.LEASE_SECONDS + 1)
        with patch("trackadmin.outbox.worker.timezone.now", lambda: late):
            outbox.worker("one").work_once()
            assert not worker.work_once()
        assert len(Receiver.calls["one"]) == 2

    def test_of_a_sink_that_is_paused_is_not_claimed(self):
        does(raising(TryLater("down")))
        for number in outbox.store(2):
            outbox.delivery([number])
        outbox.worker("one").work_once()
        assert (account().due, account().in_work) == (1, 0)


def test_an_event_between_others_that_somebody_else_has_is_not_read():
    """A batch is read by the first and the last number where few others are between them."""
    first, _between, last = outbox.store(3)
    outbox.delivery([first, last])
    drain("one")
    assert got() == ids([first, last])


def test_a_mark_is_taken_off_what_is_put_into_deliveries_alone():
    numbers = outbox.store(12, waiting=True)
    with patch("trackadmin.outbox.batches.MOST", 5):
        assert make_deliveries() == 5
        left = AcceptedEvent.objects.filter(waiting=True).order_by("number")
        assert [each.number for each in left] == numbers[5:]
        assert make_deliveries(numbers[6]) == 2
    assert account().due == 7
    assert account().waiting == 5


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_an_event_that_another_transaction_has_locked_keeps_its_mark():
    numbers = outbox.store(5, waiting=True)
    with connection.copy().cursor() as other:
        other.execute("BEGIN")
        other.execute(
            "SELECT 1 FROM trackadmin_acceptedevent WHERE number = %s FOR UPDATE", [numbers[2]]
        )
        assert make_deliveries() == 4
        other.execute("ROLLBACK")
        other.connection.close()
    assert [*AcceptedEvent.objects.filter(waiting=True)] == [
        AcceptedEvent.objects.get(pk=numbers[2])
    ]
    drain()
    assert sorted(got()) == sorted(ids(numbers))


@pytest.mark.parametrize(
    ("has", "expected"), [(7, 7), (None, 100), ("many", 100), (0, 100)], ids=repr
)
def test_a_class_may_say_its_batch_size(monkeypatch, has, expected):
    monkeypatch.setattr(Receiver, "batch_size", has, raising=False)
    with override_settings(TRACKADMIN=outbox.settings("one")):
        assert configured_sinks().remote[0].batch_size == expected
    with override_settings(TRACKADMIN=outbox.settings("one", BATCH_SIZE=3)):
        assert configured_sinks().remote[0].batch_size == 3
