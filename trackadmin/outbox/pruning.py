"""Removing what is kept no longer: delivered events, done deliveries, old counts of usage."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import QuerySet
from django.utils import timezone

from trackadmin.conf import conf
from trackadmin.models import AcceptedEvent, DeadLetter, Delivery, UsageCount
from trackadmin.models.events import events_database
from trackadmin.outbox.database import writing

#: How many days of usage are kept: a year, and a month to compare it with.
USAGE_DAYS = 400
#: How many rows are looked at, and removed, in one transaction.
MOST = 1000


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows were removed."""

    events: int
    deliveries: int
    usage: int


def prune() -> Pruned:
    """Remove what is older than ``EVENTS_KEPT_DAYS`` and needed no longer.

    An event stays while it waits, is in a delivery that is not done, or is a dead letter. So does
    the delivery of a dead letter. Small steps hold no lock for long, and workers may go on.
    """
    using, now = events_database(), timezone.now()
    before = now - timedelta(days=conf.EVENTS_KEPT_DAYS)
    held = _Held(using)
    return Pruned(
        sum(
            _remove_events(using, old, held)
            for old in _old(AcceptedEvent.objects.using(using), "received_at", before)
        ),
        sum(
            _remove_deliveries(using, old)
            for old in _old(Delivery.objects.using(using), "created_at", before)
        ),
        _remove_usage(using, now),
    )


def _old(rows: QuerySet[Any], column: str, before: datetime) -> Iterator[list[int]]:
    """The keys of the rows that are older, some at a time, the smallest first.

    The keys grow with time, so this ends where all rows are younger, and needs no other index.
    """
    last = 0
    while True:
        some = [*rows.filter(pk__gt=last).order_by("pk").values_list("pk", column)[:MOST]]
        old = [pk for pk, time in some if time < before]
        if not old:
            return
        yield old
        last = some[-1][0]


def _remove_events(using: str, numbers: Sequence[int], held: _Held) -> int:
    """Remove those of the events that nothing needs.

    The order of the three questions matters, because a worker or a person may move an event
    between two of them: from waiting to a delivery, from there to a dead letter, and back to a
    delivery. So we ask each place before the one that it moves to. A delivery may still become a
    dead letter; then the database refuses to remove its event, and all of these stay for now.
    """
    events = AcceptedEvent.objects.using(using)
    letters = DeadLetter.objects.using(using)
    try:
        with writing(using):
            free = {*events.filter(pk__in=numbers, waiting=False).values_list("pk", flat=True)}
            free -= {*letters.filter(event__in=numbers).values_list("event", flat=True)}
            free -= held.between(numbers[0], numbers[-1])
            events.filter(pk__in=free).delete()
    except IntegrityError:
        return 0
    return len(free)


class _Held:
    """The events that are left in deliveries, read as they are needed, each delivery once.

    A delivery never gets more than it had, so what was read of it is never too little.
    """

    def __init__(self, using: str) -> None:
        self._deliveries = Delivery.objects.using(using).order_by()
        #: The numbers of each open delivery that was read, in their order.
        self._numbers: dict[int, array[int]] = {}

    def between(self, low: int, high: int) -> set[int]:
        """Those from ``low`` to ``high``, as of now."""
        is_open = self._deliveries.filter(due_at__isnull=False, first__lte=high)
        keys = {*is_open.values_list("pk", flat=True)}
        self._load_left([*(keys - self._numbers.keys())])
        known = (self._numbers[key] for key in keys & self._numbers.keys())
        near = (numbers for numbers in known if numbers and numbers[-1] >= low)
        return {number for numbers in near for number in numbers if low <= number <= high}

    def _load_left(self, keys: Sequence[int]) -> None:
        for start in range(0, len(keys), MOST):
            some = self._deliveries.filter(pk__in=keys[start : start + MOST])
            for key, left in some.values_list("pk", "left"):
                self._numbers[key] = array("q", sorted(json.loads(left)))


def _remove_deliveries(using: str, keys: Sequence[int]) -> int:
    """Remove those that are done and have no dead letter: a delivery that is done gets no more."""
    letters = DeadLetter.objects.using(using).filter(delivery__in=keys)
    done = Delivery.objects.using(using).filter(pk__in=keys, due_at__isnull=True)
    before = timezone.now() - timedelta(days=conf.EVENTS_KEPT_DAYS)
    with writing(using):
        free = done.filter(changed_at__lt=before).exclude(pk__in=letters.values("delivery"))
        some = [*free.values_list("pk", flat=True)]
        Delivery.objects.using(using).filter(pk__in=some).delete()
    return len(some)


def _remove_usage(using: str, now: datetime) -> int:
    counts, removed = UsageCount.objects.using(using), 0
    old = counts.filter(day__lt=now.date() - timedelta(days=USAGE_DAYS)).order_by("pk")
    while some := [*old.values_list("pk", flat=True)[:MOST]]:
        removed += counts.filter(pk__in=some).delete()[0]
    return removed
