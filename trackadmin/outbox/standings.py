"""Where the delivery of some events to one sink stands, for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from trackadmin.models import DeadLetter, Delivery, DiscardedEvent
from trackadmin.models.events import events_database
from trackadmin.outbox.recent_events import StoredEvent
from trackadmin.runtime.configured_sinks import ConfiguredSink, configured_sinks

#: How many open deliveries are searched for an event, the newest first. An event is in one of those
#: that were made just after it.
MOST_DELIVERIES = 500


class Stage(StrEnum):
    """How far an event is on its way to a sink."""

    #: The sink's settings do not ask for its action.
    NOT_WANTED = "not_wanted"
    #: The sink gets each event at once; what became of it is not kept.
    AT_ONCE = "at_once"
    #: The sink is the table itself.
    STORED = "stored"
    #: No worker has seen it yet.
    WAITING = "waiting"
    #: It is in a delivery that was not tried yet, or not tried again.
    QUEUED = "queued"
    #: It is in a delivery that failed, and that will be tried again.
    FAILED = "failed"
    #: The sink did not take it.
    DEAD = "dead"
    #: It was a dead letter, and a person gave it up.
    DISCARDED = "discarded"
    #: Nothing is left to deliver.
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one event stands with one sink."""

    stage: Stage
    #: How often its delivery failed, why it failed last, and when it is due.
    attempts: int = 0
    error: str = ""
    due_at: datetime | None = None


def standings(sink: ConfiguredSink, events: Sequence[StoredEvent]) -> Mapping[int, Standing]:
    """Where each of these events stands with the sink, by the event's number."""
    simple = {each.number: found for each in events if (found := _plain_standing(sink, each))}
    others = [each.number for each in events if each.number not in simple]
    left = _undelivered(sink.name, others) if others else {}
    done = Standing(Stage.DONE)
    return {**simple, **{number: left.get(number, done) for number in others}}


def _plain_standing(sink: ConfiguredSink, stored: StoredEvent) -> Standing | None:
    """What is known without the deliveries; ``None`` if they have to be asked."""
    sinks = configured_sinks()
    if not sink.wants(stored.event):
        return Standing(Stage.NOT_WANTED)
    if sink in sinks.at_once:
        return Standing(Stage.AT_ONCE)
    if sink not in sinks.remote:
        return Standing(Stage.STORED)
    return Standing(Stage.WAITING) if stored.waiting else None


def _undelivered(sink: str, numbers: Sequence[int]) -> dict[int, Standing]:
    """What deliveries and dead letters say about these events; nothing about what is done."""
    using, found = events_database(), dict[int, Standing]()
    rows = Delivery.objects.using(using).filter(sink=sink, due_at__isnull=False)
    near = rows.filter(first__lte=max(numbers)).order_by("-first")[:MOST_DELIVERIES]
    asked = {*numbers}
    for delivery in near:
        standing = _open(delivery)
        found |= dict.fromkeys(asked.intersection(json.loads(delivery.left)), standing)
    dead = DeadLetter.objects.using(using).filter(sink=sink, event__in=numbers)
    discarded = DiscardedEvent.objects.using(using).filter(sink=sink, event__in=numbers)
    given_up = dict.fromkeys(
        discarded.values_list("event_id", flat=True), Standing(Stage.DISCARDED)
    )
    return found | given_up | {each.event_id: _dead(each) for each in dead}


def _open(delivery: Delivery) -> Standing:
    stage = Stage.FAILED if delivery.attempts else Stage.QUEUED
    return Standing(stage, delivery.attempts, delivery.error, delivery.due_at)


def _dead(letter: DeadLetter) -> Standing:
    return Standing(Stage.DEAD, letter.attempts, letter.reason)
