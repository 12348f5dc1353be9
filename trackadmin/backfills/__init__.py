"""Backfills that the site's engine of tasks carries out, a range of the table at a time."""

from trackadmin.backfills.backfill_runs import (
    RunProgress,
    find_run,
    queue_abandoned,
    queue_again,
    run_progress,
    runs_of,
    start_run,
)
from trackadmin.backfills.task_engines import ENGINES

__all__ = [
    "ENGINES",
    "RunProgress",
    "find_run",
    "queue_abandoned",
    "queue_again",
    "run_progress",
    "runs_of",
    "start_run",
]
