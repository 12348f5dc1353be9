"""Which worker has which delivery, and which message: one at a time, for a limited time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

from django.db import Error, connections
from django.db.models import Q, QuerySet
from django.utils import timezone

from trackadmin.models import Delivery
from trackadmin.models.claimable import Claimable
from trackadmin.models.events import events_database
from trackadmin.outbox.database import locks_rows, writing

Row = TypeVar("Row", bound=Claimable)

#: Seconds for which a worker has a delivery. If it dies, another one takes the delivery after that.
LEASE_SECONDS = 60.0
#: How often a lease is renewed while the sink is busy, each time a third of the lease after the
#: last. A sink that has not come back after all of them hangs: another worker may try.
RENEWALS = 30


def claim(worker: UUID, sink: str, *, up_to: int | None = None) -> Delivery | None:
    """Take the delivery to this sink that is due first, if there is one.

    ``up_to`` leaves out deliveries whose events all have greater numbers.
    """
    rows = Delivery.objects.using(events_database()).filter(sink=sink)
    return claim_first(worker, rows if up_to is None else rows.filter(first__lte=up_to))


def claim_first(worker: UUID, rows: QuerySet[Row]) -> Row | None:
    """Take the one of these rows that is due first, if there is one.

    No other worker gets it for this time. Nothing is held open meanwhile, neither a transaction nor
    a lock, so a slow receiver does not keep the database from its work.
    """
    due, using = _due(rows), rows.db
    # Most times there is nothing, and then nothing is locked.
    if not due.exists():
        return None
    if locks_rows(using):
        due = due.select_for_update(skip_locked=True, of=("self",))
    with writing(using, rows.model):
        first = due.order_by("due_at", "id").first()
        if first is not None:
            first.worker, first.taken_until = worker, _end_of_lease()
            first.save(using=using, update_fields=["worker", "taken_until"])
    return first


def _due(rows: QuerySet[Row]) -> QuerySet[Row]:
    now = timezone.now()
    free = Q(taken_until__isnull=True) | Q(taken_until__lt=now)
    return rows.filter(free, due_at__lte=now)


def mine(row: Row) -> QuerySet[Row]:
    """The row if the worker that claimed it still has it: the fence of all it writes."""
    rows: QuerySet[Row] = type(row)._default_manager.using(row._state.db)
    return rows.filter(pk=row.pk, worker=row.worker)


def give_back(row: Claimable) -> None:
    """Let any worker have the row at once; nothing was done with it."""
    mine(row).update(worker=None, taken_until=None)


def renew(row: Claimable) -> bool:
    """Have the row for another lease; False if another worker has taken it."""
    return bool(mine(row).update(taken_until=_end_of_lease()))


@contextmanager
def renewed(row: Claimable) -> Iterator[None]:
    """Renew the lease while the block takes long, such as a sink whose receiver is slow."""
    over = threading.Event()
    thread = threading.Thread(target=_renew_until, args=(over, row), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _renew_until(over: threading.Event, row: Claimable) -> None:
    try:
        for _ in range(RENEWALS):
            if over.wait(LEASE_SECONDS / 3):
                return
            try:
                if not renew(row):
                    return
            except Error:  # the database is away: the fence decides, once it is back
                connections.close_all()
    finally:
        connections.close_all()  # those of this thread


def _end_of_lease() -> datetime:
    return timezone.now() + timedelta(seconds=LEASE_SECONDS)
