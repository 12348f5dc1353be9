"""Delivering as a task of Django's Tasks framework: of Django 6, or of its backport."""

from __future__ import annotations

from trackadmin.outbox.running import numbers_of_drain

try:
    from django.tasks import task  # type: ignore[import-not-found,unused-ignore]
except ImportError:
    from django_tasks import task  # type: ignore[no-redef,unused-ignore]


@task
def deliver_events(
    sink: str | None = None, seconds: float | None = 50
) -> dict[str, dict[str, int]]:
    """Deliver what is due now to this sink, or to all, for at most about so many seconds.

    Any number may run at once, and a task that runs twice delivers nothing twice. Returns the
    numbers of each sink. A sink that is down is no failed task: its events are due later.
    """
    return numbers_of_drain(sink, seconds)
