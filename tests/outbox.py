"""Stored events, deliveries and sinks for the tests of the outbox."""

import json
from contextlib import contextmanager
from uuid import UUID

from django.test import override_settings
from django.utils import timezone

from trackadmin.models import AcceptedEvent, Delivery
from trackadmin.outbox import Worker
from trackadmin.runtime import Event, Values
from trackadmin.runtime.configured_sinks import configured_sinks
from trackadmin.testing import reset


def settings(*names, **options):
    """The setting TRACKADMIN with remote sinks of these names, all of this class."""
    entry = {"BACKEND": "tests.outbox.Receiver", **options}
    return {"SINKS": {name: {**entry, "OPTIONS": {"name": name}} for name in names}}


class Receiver:
    """A remote sink that remembers what it got, and does what a test says."""

    #: By its name: the ids of the events of each call, and what to do instead of taking them.
    calls, does = {}, {}

    def __init__(self, name="one"):
        self.name = name
        if made := self.does.get(f"make {name}"):
            made()

    def deliver(self, events):
        Receiver.calls.setdefault(self.name, []).append([event.id for event in events])
        do = self.does.get(self.name)
        return do(events) if do else None


@contextmanager
def fresh(*names):
    """A process that has just started, with these sinks."""
    reset()
    forget()
    with override_settings(TRACKADMIN=settings(*names)):
        yield
    reset()


def forget():
    Receiver.calls.clear()
    Receiver.does.clear()


def got(name="one"):
    """The ids that a sink was given, one after the other."""
    return [each for call in Receiver.calls.get(name, []) for each in call]


def event(action="a", **values):
    return Event.of(Values([("action", action), *values.items()]), ())


def store(count, *, waiting=False, received_at=None, action="a"):
    """Store events, and give their numbers."""
    made = [event(action) for _ in range(count)]
    rows = AcceptedEvent.objects.bulk_create(
        AcceptedEvent(
            event_id=UUID(each.id),
            received_at=received_at or timezone.now(),
            map="default",
            version=0,
            action=action,
            trust="open",
            body=each.as_json(),
            personal="[]",
            waiting=waiting,
        )
        for each in made
    )
    return [row.pk for row in rows]


def delivery(numbers, **fields):
    """A delivery of these events, which is due now; without any it is done."""
    fields = {
        "sink": "one",
        "left": json.dumps(numbers),
        "first": min(numbers, default=0),
        "offered": len(numbers),
        "due_at": timezone.now() if numbers else None,
        **fields,
    }
    return Delivery.objects.create(**fields)


def worker(*names, **options):
    """A worker of these sinks, or of all."""
    sinks = configured_sinks().remote
    return Worker([each for each in sinks if not names or each.name in names], **options)
