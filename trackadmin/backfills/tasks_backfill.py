"""Backfills as tasks of Django's Tasks framework: of Django 6, or of its backport."""

from __future__ import annotations

from datetime import timedelta
from time import sleep

from django.utils import timezone

from trackadmin.backfills.range_tasks import carry_out

try:
    from django.tasks import task  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    from django_tasks import task  # type: ignore[no-redef,unused-ignore]


@task
def backfill_range(pk: int) -> None:
    """Write the file of one range of a backfill. A task that runs twice writes nothing twice."""
    carry_out(pk, queue_range)


def queue_range(pk: int, after: float) -> None:
    """Queue the range, to run in so many seconds. Where the backend cannot wait, this does."""
    if not after:
        backfill_range.enqueue(pk)
    elif backfill_range.get_backend().supports_defer:
        backfill_range.using(run_after=timezone.now() + timedelta(seconds=after)).enqueue(pk)
    else:
        sleep(after)
        backfill_range.enqueue(pk)
