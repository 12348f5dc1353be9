"""Delivering as a task of Celery. Import this module where Celery looks for tasks."""

from __future__ import annotations

from celery import shared_task  # type: ignore[import-untyped,unused-ignore]

from trackadmin.outbox.running import numbers_of_drain


@shared_task(name="trackadmin.deliver", ignore_result=True)  # type: ignore[untyped-decorator,unused-ignore]
def deliver_events(
    sink: str | None = None, seconds: float | None = 50
) -> dict[str, dict[str, int]]:
    """Deliver what is due now to this sink, or to all, for at most about so many seconds.

    Any number may run at once, and a task that runs twice delivers nothing twice. Returns the
    numbers of each sink. A sink that is down is no failed task: its events are due later.
    """
    return numbers_of_drain(sink, seconds)
