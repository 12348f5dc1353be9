"""What each sink's account says: every number adds up, at any moment, whatever the size."""

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import outbox
from trackadmin.models import AcceptedEvent, DeadLetter, Delivery
from trackadmin.outbox import accounts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clean():
    with outbox.fresh("one", "two"):
        yield


def test_nothing_yet():
    """A sink that got nothing is there, with zeros and without a lag."""
    one, two = accounts()
    assert (one.sink, two.sink) == ("one", "two")
    for each in (one, two):
        assert each.configured
        assert (each.queue, each.offered, each.rate, each.lag) == (0, 0, 0, timedelta())


def test_every_state_is_counted_once():
    now = timezone.now()
    events = outbox.store(12, received_at=now - timedelta(minutes=3))
    AcceptedEvent.objects.filter(pk__in=events[10:]).update(waiting=True)
    due = {"due_at": now - timedelta(seconds=9)}
    outbox.delivery(events[:1], **due)
    outbox.delivery(events[1:3], **due, worker=uuid4(), taken_until=now + timedelta(minutes=1))
    outbox.delivery(events[3:6], due_at=now + timedelta(hours=1), error="down", attempts=1)
    # A worker died with it.
    outbox.delivery(events[6:7], **due, worker=uuid4(), taken_until=now - timedelta(minutes=1))
    done = outbox.delivery([], offered=10, delivered=5, refused=2, discarded=1)
    for number in events[7:9]:
        DeadLetter.objects.create(
            delivery=done, sink="one", event_id=number, reason="no", attempts=1
        )
    one, two = accounts()
    assert (one.waiting, one.due, one.in_work, one.later) == (2, 2, 2, 3)
    assert (one.delivered, one.refused, one.dead, one.discarded) == (5, 2, 2, 1)
    assert one.offered == 17 == one.delivered + one.refused + one.dead + one.discarded + one.left
    assert one.queue == 9
    assert one.error == "down"
    assert one.error_at is not None
    assert timedelta(minutes=3) <= one.lag < timedelta(minutes=4)
    assert (two.waiting, two.offered, two.error) == (2, 0, "")


def test_the_rate_is_of_the_last_minutes():
    outbox.delivery([], offered=30, delivered=30)
    outbox.delivery([], offered=7, delivered=7, changed_at=timezone.now() - timedelta(minutes=6))
    one, _ = accounts()
    assert (one.recent, one.rate, one.delivered) == (30, 6, 37)


def test_a_sink_that_was_removed_is_shown_as_long_as_it_has_something():
    (number, other) = outbox.store(2)
    outbox.delivery([number], sink="gone")
    outbox.delivery([other], sink="also gone", due_at=timezone.now() + timedelta(hours=1))
    found = {each.sink: each for each in accounts()}
    assert list(found)[:2] == ["one", "two"]
    assert not found["gone"].configured
    assert (found["gone"].due, found["also gone"].later) == (1, 1)
    assert found["gone"].lag > timedelta()


def test_five_statements_whatever_there_is():
    outbox.delivery(outbox.store(1), error="down")
    with CaptureQueriesContext(connection) as few:
        accounts()
    for sink in ("one", "two", "three"):
        for number in outbox.store(5):
            outbox.delivery([number], sink=sink, error="down")
    outbox.store(3, waiting=True)
    with CaptureQueriesContext(connection) as many:
        accounts()
    assert len(few) == len(many) == 5


def test_an_event_that_was_deleted_by_hand_has_no_lag():
    delivery = outbox.delivery([10**9])
    one, _ = accounts()
    assert (one.due, one.oldest_at) == (1, None)
    assert json.loads(delivery.left) == [10**9]
    assert Delivery.objects.count() == 1
