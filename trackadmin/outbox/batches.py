"""From accepted events to deliveries: one for each remote sink and each batch of events."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from trackadmin.models import AcceptedEvent, Delivery
from trackadmin.outbox.database import events_database
from trackadmin.runtime.configured_sinks import ConfiguredSink

#: How many events are put into deliveries in one transaction.
MOST = 1000


def make_deliveries(sinks: Sequence[ConfiguredSink]) -> int:
    """Put the oldest events that wait into deliveries to these sinks; return how many there were.

    Several workers may do this at once: each event gets into one delivery of each sink. Events are
    found by a mark and not by the last number that was seen, because numbers are given before
    transactions commit, and so do not come in order.
    """
    using = events_database()
    with transaction.atomic(using=using):
        numbers = _unmark(using)
        if numbers:
            now = timezone.now()
            Delivery.objects.using(using).bulk_create(
                Delivery(
                    sink=sink.name,
                    left=json.dumps(batch),
                    first=min(batch),
                    offered=len(batch),
                    due_at=now,
                    created_at=now,
                    changed_at=now,
                )
                for sink in sinks
                for batch in _batches(numbers, sink.batch_size)
            )
    return len(numbers)


def _unmark(using: str) -> list[int]:
    """Unmark the oldest events that wait, and give their numbers."""
    if connections[using].features.has_select_for_update_skip_locked:
        waiting = _waiting(using).select_for_update(skip_locked=True)
        numbers = list(waiting.values_list("number", flat=True)[:MOST])
        AcceptedEvent.objects.using(using).filter(number__in=numbers).update(waiting=False)
        return numbers
    # The first statement writes, so that it waits for the lock instead of failing with it.
    AcceptedEvent.objects.using(using).filter(number=0).update(waiting=False)
    numbers = list(_waiting(using).values_list("number", flat=True)[:MOST])
    AcceptedEvent.objects.using(using).filter(number__in=numbers).update(waiting=False)
    return numbers


def _waiting(using: str) -> QuerySet[AcceptedEvent]:
    return AcceptedEvent.objects.using(using).filter(waiting=True).order_by("number")


def _batches(numbers: Sequence[int], size: int) -> list[Sequence[int]]:
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]
