"""Which worker has which range of a backfill: one at a time, for a limited time."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from trackadmin.models import BackfillRange, RangeState
from trackadmin.models.backfills import backfills_database

#: Seconds for which a worker has a range. It renews that with each chunk that it has written; if it
#: dies, another one may take the range after that.
LEASE_SECONDS = 180.0
#: How many workers may begin with a range before it has failed. It also fails if they all die.
ATTEMPTS = 5
#: Seconds until a range is tried again. They double each time.
FIRST_WAIT = 2.0


class LeaseLost(Exception):
    """Another worker may have the range by now, so this one leaves it alone."""


def ranges_of(run: int) -> QuerySet[BackfillRange]:
    """The ranges of a run, as the database that is written to has them."""
    return _stored_ranges().filter(run=run)


def without_worker() -> Q:
    """Ranges that no worker has now."""
    lapsed = Q(taken_until__isnull=True) | Q(taken_until__lt=timezone.now())
    return ~Q(state=RangeState.RUNNING) | lapsed


def claim_range(worker: UUID, pk: int) -> BackfillRange | None:
    """Take the range if it is still to be done and nobody has it."""
    now = timezone.now()
    to_do = _stored_ranges().filter(
        without_worker(), pk=pk, state__in=(RangeState.QUEUED, RangeState.RUNNING)
    )
    to_do.filter(attempts__gte=ATTEMPTS).update(state=RangeState.FAILED)
    taken = to_do.filter(attempts__lt=ATTEMPTS).update(
        state=RangeState.RUNNING,
        worker=worker,
        taken_until=_end_of_lease(),
        attempts=F("attempts") + 1,
        rows=0,
        faults=0,
        started_at=now,
        changed_at=now,
    )
    return _stored_ranges().select_related("run").get(pk=pk) if taken else None


def seconds_until_free(pk: int) -> float | None:
    """How long another worker has the range at least; ``None`` if nothing is left to do."""
    until = (
        _stored_ranges()
        .filter(pk=pk, state=RangeState.RUNNING)
        .values_list("taken_until", flat=True)
    )
    end = until.first()
    return None if end is None else max((end - timezone.now()).total_seconds(), 0.0) + 1.0


def renew_range(claimed: BackfillRange, rows: int) -> None:
    """Say how many rows there are so far, and have the range for another lease.

    Raises :class:`LeaseLost` if another worker may have it.
    """
    now = timezone.now()
    if not _own(claimed).update(rows=rows, changed_at=now, taken_until=_end_of_lease()):
        raise LeaseLost


def settle_range(claimed: BackfillRange, rows: int, faults: int) -> bool:
    """Write down that the range is done; False if another worker has it."""
    return _end_attempt(claimed, state=RangeState.DONE, rows=rows, faults=faults, error="")


def settle_failure(claimed: BackfillRange, reason: str, *, final: bool) -> float | None:
    """Write down why it failed; return in how many seconds to try again, ``None`` for never."""
    final = final or claimed.attempts >= ATTEMPTS
    state = RangeState.FAILED if final else RangeState.QUEUED
    if not _end_attempt(claimed, state=state, error=reason) or final:
        return None
    return FIRST_WAIT * 2.0 ** (claimed.attempts - 1)


def _end_attempt(claimed: BackfillRange, **values: object) -> bool:
    now = timezone.now()
    return bool(_own(claimed).update(worker=None, taken_until=None, changed_at=now, **values))


def _own(claimed: BackfillRange) -> QuerySet[BackfillRange]:
    """The range if its worker still has it: the fence of all that it writes."""
    return _stored_ranges().filter(pk=claimed.pk, worker=claimed.worker, state=RangeState.RUNNING)


def _stored_ranges() -> QuerySet[BackfillRange]:
    return BackfillRange.objects.using(backfills_database())


def _end_of_lease() -> datetime:
    return timezone.now() + timedelta(seconds=LEASE_SECONDS)
