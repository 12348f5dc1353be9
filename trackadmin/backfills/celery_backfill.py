"""Backfills as tasks of Celery. Import this module where Celery looks for tasks."""

from __future__ import annotations

from celery import shared_task  # type: ignore[import-untyped,unused-ignore]

from trackadmin.backfills.range_tasks import carry_out


# The message goes back into the queue if its worker dies.
@shared_task(  # type: ignore[untyped-decorator,unused-ignore]
    name="trackadmin.backfill_range", ignore_result=True, acks_late=True, reject_on_worker_lost=True
)
def backfill_range(pk: int) -> None:
    """Write the file of one range of a backfill. A task that runs twice writes nothing twice."""
    carry_out(pk, queue_range)


def queue_range(pk: int, after: float) -> None:
    """Queue the range, to run in so many seconds."""
    backfill_range.apply_async((pk,), countdown=after or None)
