"""Writes down what became of a delivery, once, even if another worker has taken it meanwhile."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from django.db.models import F, QuerySet
from django.utils import timezone

from trackadmin.codes import FaultCode
from trackadmin.models import AcceptedEvent, DeadLetter, Delivery
from trackadmin.models.events import events_database
from trackadmin.outbox.answers import Answer
from trackadmin.outbox.claims import mine
from trackadmin.outbox.database import writing
from trackadmin.runtime import Event
from trackadmin.runtime.configured_sinks import ConfiguredSink

#: Seconds until a delivery that failed is tried again. They double each time, up to the longest; a
#: random part keeps workers from coming all at once.
FIRST_WAIT, LONGEST_WAIT = 2.0, 3600.0


@dataclass(frozen=True, slots=True)
class Batch:
    """A delivery that a worker has, with its events by number, as they are in the database."""

    delivery: Delivery
    #: All that are left in it, and those of them that the sink's settings want.
    numbers: tuple[int, ...]
    wanted: dict[int, Event]
    #: How many are left that the settings do not want, and that somebody deleted.
    unwanted: int
    missing: int
    #: Those whose stored text is no event, because somebody changed it: they become dead letters.
    unreadable: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Settled:
    """What became of one delivery, as it was written down. The numbers count events."""

    sink: str
    delivered: int = 0
    #: What the sink's settings do not want; what somebody deleted before it was delivered.
    refused: int = 0
    discarded: int = 0
    #: What became a dead letter, and what is sent again.
    dead: int = 0
    later: int = 0
    reason: str = ""


def batch_of(delivery: Delivery, sink: ConfiguredSink) -> Batch:
    """Read the events of a delivery."""
    numbers: tuple[int, ...] = tuple(json.loads(delivery.left))
    values = _rows_of(numbers).order_by("number").values_list("number", "body", "personal")
    asked = {*numbers}
    read = {n: _event_of(body, names) for n, body, names in values if n in asked}
    events = {number: event for number, event in read.items() if event is not None}
    wanted = {number: event for number, event in events.items() if sink.wants(event)}
    return Batch(
        delivery,
        numbers,
        wanted,
        len(events) - len(wanted),
        len(numbers) - len(read),
        tuple(read.keys() - events.keys()),
    )


def _rows_of(numbers: Sequence[int]) -> QuerySet[AcceptedEvent]:
    """The rows of these events, and maybe of others, at most as many."""
    rows = AcceptedEvent.objects.using(events_database())
    first, last = min(numbers, default=0), max(numbers, default=0)
    # Most times there are no others, and a list of many numbers takes longer than the rows.
    if last - first < 2 * len(numbers):
        return rows.filter(number__range=(first, last))
    return rows.filter(number__in=numbers)


def _event_of(body: str, names: str) -> Event | None:
    try:
        return Event.from_json(body, _names_in(names))
    except Exception:  # noqa: BLE001 any text may be there
        return None


@lru_cache(maxsize=1024)  # events of one map and action have the same
def _names_in(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def settle(batch: Batch, sink: ConfiguredSink, answer: Answer) -> Settled | None:
    """Write down what became of a batch; ``None``, and nothing is written, if it is not ours.

    Then another worker has taken the delivery, and settles it. A delivery of which nothing was
    taken stays as it is, for another attempt. In any other case it is done: what is to be sent
    again moves to a new one, so what a delivery says was delivered was delivered at one time.
    """
    delivery = batch.delivery
    later, refused = answer.later, dict(answer.refused)
    nothing_taken = bool(later) and len(later) == len(batch.wanted) and not batch.unreadable
    attempts = delivery.attempts + (nothing_taken and answer.tried)
    if nothing_taken and attempts >= sink.attempts:
        later, refused, nothing_taken = (), dict.fromkeys(later, answer.reason), False
    taken = len(batch.wanted) - len(later) - len(refused)
    refused |= dict.fromkeys(batch.unreadable, FaultCode.EVENT_UNREADABLE.value)
    settled = Settled(
        sink.name,
        taken,
        batch.unwanted,
        batch.missing,
        len(refused),
        len(later),
        answer.reason,
    )
    due_at = due_again(timezone.now(), attempts, answer.after)
    using = events_database()
    with writing(using):
        if nothing_taken:
            changed = _postpone(batch, settled, attempts, due_at)
        else:
            changed = _finish(batch, settled)
        if changed and not nothing_taken:
            _bury(using, delivery, refused, attempts)
            _move(using, delivery, later, due_at, answer.reason)
    return settled if changed else None


def _postpone(batch: Batch, settled: Settled, attempts: int, due_at: datetime) -> int:
    """Offer the events again later: the delivery keeps them."""
    return mine(batch.delivery).update(
        left=json.dumps([*batch.wanted]),
        first=min(batch.wanted),
        attempts=attempts,
        due_at=due_at,
        **_common(settled),
    )


def _finish(batch: Batch, settled: Settled) -> int:
    """Leave nothing in the delivery; what is sent again was never in it."""
    return mine(batch.delivery).update(
        left="[]",
        attempts=0,
        due_at=None,
        offered=F("offered") - settled.later,
        delivered=F("delivered") + settled.delivered,
        **_common(settled),
    )


def _common(settled: Settled) -> dict[str, object]:
    return {
        "refused": F("refused") + settled.refused,
        "discarded": F("discarded") + settled.discarded,
        "worker": None,
        "taken_until": None,
        "error": settled.reason,
        "changed_at": timezone.now(),
    }


def _bury(using: str, delivery: Delivery, refused: dict[int, str], attempts: int) -> None:
    DeadLetter.objects.using(using).bulk_create(
        DeadLetter(
            delivery=delivery,
            sink=delivery.sink,
            event_id=number,
            reason=reason,
            attempts=max(attempts, delivery.attempts + 1),
        )
        for number, reason in refused.items()
    )


def _move(
    using: str, delivery: Delivery, later: tuple[int, ...], due_at: datetime, reason: str
) -> None:
    if later:
        Delivery.objects.using(using).create(
            sink=delivery.sink,
            left=json.dumps(later),
            first=min(later),
            offered=len(later),
            due_at=due_at,
            error=reason,
            created_at=delivery.created_at,
        )


def due_again(now: datetime, attempts: int, after: float | None) -> datetime:
    """When to try again what failed for the ``attempts``-th time: not before the receiver asks."""
    wait = min(FIRST_WAIT * 2 ** max(attempts - 1, 0), LONGEST_WAIT)
    wait = max(wait * random.uniform(0.5, 1.0), after or 0.0)  # noqa: S311 no secret
    return now + timedelta(seconds=wait)
