"""Which worker has which delivery: one at a time, for a limited time."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import connections, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from trackadmin.models import Delivery
from trackadmin.outbox.database import events_database

#: Seconds for which a worker has a delivery. If it dies, another one takes the delivery after that.
LEASE_SECONDS = 60.0


def claim(worker: UUID, sinks: list[str], seconds: float = LEASE_SECONDS) -> Delivery | None:
    """Take the delivery to one of these sinks that is due first, if there is one.

    No other worker gets it for this time. Nothing is held open meanwhile, neither a transaction nor
    a lock, so a slow receiver does not keep the database from its work.
    """
    using, now = events_database(), timezone.now()
    mine = {"worker": worker, "taken_until": now + timedelta(seconds=seconds)}
    with transaction.atomic(using=using):
        due = _due(using, sinks).order_by("due_at", "id")
        if connections[using].features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        first = due.values("pk")[:1]
        # The first statement writes: SQLite then waits for its lock.
        if not Delivery.objects.using(using).filter(pk__in=first).update(**mine):
            return None
    return Delivery.objects.using(using).filter(worker=worker, due_at__isnull=False).first()


def _due(using: str, sinks: list[str]) -> QuerySet[Delivery]:
    now = timezone.now()
    free = Q(taken_until__isnull=True) | Q(taken_until__lt=now)
    return Delivery.objects.using(using).filter(free, sink__in=sinks, due_at__lte=now)
