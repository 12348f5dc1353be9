"""Which worker has which delivery: one at a time, for a limited time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from django.db import Error, connections
from django.db.models import Q, QuerySet
from django.utils import timezone

from trackadmin.models import Delivery
from trackadmin.models.events import events_database
from trackadmin.outbox.database import locks_rows, writing

#: Seconds for which a worker has a delivery. If it dies, another one takes the delivery after that.
LEASE_SECONDS = 60.0
#: How often a lease is renewed while the sink is busy, each time a third of the lease after the
#: last. A sink that has not come back after all of them hangs: another worker may try.
RENEWALS = 30


def claim(worker: UUID, sink: str, *, up_to: int | None = None) -> Delivery | None:
    """Take the delivery to this sink that is due first, if there is one.

    No other worker gets it for this time. Nothing is held open meanwhile, neither a transaction nor
    a lock, so a slow receiver does not keep the database from its work. ``up_to`` leaves out
    deliveries whose events all have greater numbers.
    """
    using = events_database()
    due = _due(using, sink)
    if up_to is not None:
        due = due.filter(first__lte=up_to)
    # Most times there is nothing, and then nothing is locked.
    if not due.exists():
        return None
    if locks_rows(using):
        due = due.select_for_update(skip_locked=True)
    with writing(using):
        delivery = due.order_by("due_at", "id").first()
        if delivery is not None:
            delivery.worker, delivery.taken_until = worker, _end_of_lease()
            delivery.save(using=using, update_fields=["worker", "taken_until"])
    return delivery


def _due(using: str, sink: str) -> QuerySet[Delivery]:
    now = timezone.now()
    free = Q(taken_until__isnull=True) | Q(taken_until__lt=now)
    return Delivery.objects.using(using).filter(free, sink=sink, due_at__lte=now)


def mine(delivery: Delivery) -> QuerySet[Delivery]:
    """The delivery if the worker that claimed it still has it: the fence of all it writes."""
    rows = Delivery.objects.using(events_database())
    return rows.filter(pk=delivery.pk, worker=delivery.worker)


def give_back(delivery: Delivery) -> None:
    """Let any worker have the delivery at once; its sink was not given anything."""
    mine(delivery).update(worker=None, taken_until=None)


def renew(delivery: Delivery) -> bool:
    """Have the delivery for another lease; False if another worker has taken it."""
    return bool(mine(delivery).update(taken_until=_end_of_lease()))


@contextmanager
def renewed(delivery: Delivery) -> Iterator[None]:
    """Renew the lease while the block takes long, such as a sink whose receiver is slow."""
    over = threading.Event()
    thread = threading.Thread(target=_renew_until, args=(over, delivery), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _renew_until(over: threading.Event, delivery: Delivery) -> None:
    try:
        for _ in range(RENEWALS):
            if over.wait(LEASE_SECONDS / 3):
                return
            try:
                if not renew(delivery):
                    return
            except Error:  # the database is away: the fence decides, once it is back
                connections.close_all()
    finally:
        connections.close_all()  # those of this thread


def _end_of_lease() -> datetime:
    return timezone.now() + timedelta(seconds=LEASE_SECONDS)
