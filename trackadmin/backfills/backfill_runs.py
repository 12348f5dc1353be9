"""Runs of backfills: start one, queue what is left of it, and say how far it is."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from trackadmin.backfills.range_claims import ranges_of, without_worker
from trackadmin.backfills.range_files import prepare_folder
from trackadmin.backfills.task_engines import queue_of
from trackadmin.exceptions import ExportError
from trackadmin.models import BackfillRange, BackfillRun, RangeState
from trackadmin.models.backfills import backfills_database
from trackadmin.runtime.backfill import Backfill, Stretch, backfill, cut
from trackadmin.runtime.backfill_file import Request
from trackadmin.texts import gettext as _

#: About how many rows a range has, if nobody says how many ranges there are; and how many at most.
ROWS_OF_A_RANGE, MOST_RANGES = 50_000, 10_000


@dataclass(frozen=True, slots=True)
class RunProgress:
    """A run, and how far it is."""

    run: BackfillRun
    rows: int
    faults: int
    #: How many ranges there are, and how many are in each state.
    ranges: int
    done: int
    running: int
    failed: int
    #: How many are not done and with no worker: queued, failed, or their worker has died.
    left: int
    #: Why a range failed last, if one has that is not done.
    error: str
    started_at: datetime | None
    changed_at: datetime | None

    @property
    def is_over(self) -> bool:
        """Whether no task does anything more."""
        return self.done + self.failed == self.ranges

    @property
    def stands_still(self) -> bool:
        """Whether something is left that no task may ever do: it failed, or nobody works."""
        return bool(self.failed or (self.left and not self.running))

    @property
    def share(self) -> int:
        """How much is written, in per cent. It is 100 only when all is done."""
        if self.done == self.ranges:
            return 100
        return min(99, 100 * self.rows // self.run.total) if self.run.total else 0

    @property
    def rate(self) -> float:
        """Rows a second on average, since the first range was begun; 0 before that."""
        if self.started_at is None or self.changed_at is None:
            return 0.0
        seconds = (self.changed_at - self.started_at).total_seconds()
        return self.rows / seconds if seconds > 0 else 0.0


def start_run(request: Request, folder: Path, via: str, parts: int | None = None) -> BackfillRun:
    """Cut the table into ranges, store them, and queue a task for each.

    Every range is computed by the version that is live now. Raises :class:`ExportError` and what
    :func:`backfill` raises, and then stores nothing; but a queue that cannot be reached leaves the
    run stored, and :func:`queue_again` queues it.
    """
    queue_of(via)
    work = backfill(
        request.label,
        map=request.map,
        using=request.using,
        first=request.first,
        last=request.last,
        after=request.after,
    )
    total = work.count()
    # Without rows, each part would be the whole table.
    most = max(1, min(total, MOST_RANGES))
    stretches = cut(work, min(parts or -(-total // ROWS_OF_A_RANGE) or 1, most))
    run = _new_run(request, work, prepare_folder(folder), via, total)
    using = backfills_database()
    with transaction.atomic(using=using):
        run.save(using=using)
        BackfillRange.objects.using(using).bulk_create(_ranges(run, request, work, stretches))
    queue_again(run)
    return run


def queue_again(run: BackfillRun) -> int:
    """Queue each range that is not done and that no worker has; return how many.

    Those that failed get all their attempts anew. A task that is in the queue twice does no harm.
    """
    left = ranges_of(run.pk).exclude(state=RangeState.DONE).filter(without_worker())
    keys = [*left.values_list("pk", flat=True)]
    left.update(state=RangeState.QUEUED, attempts=0, worker=None, taken_until=None)
    _queue(run, keys)
    return len(keys)


def queue_abandoned(run: BackfillRun) -> int:
    """Queue the ranges whose workers have died, so that somebody who waits waits for something."""
    now = timezone.now()
    dead = ranges_of(run.pk).filter(state=RangeState.RUNNING, taken_until__lt=now)
    keys = [
        key
        for key in dead.values_list("pk", flat=True)
        if dead.filter(pk=key).update(state=RangeState.QUEUED, worker=None, taken_until=None)
    ]
    _queue(run, keys)
    return len(keys)


def run_progress(runs: QuerySet[BackfillRun] | Iterable[BackfillRun]) -> list[RunProgress]:
    """How far each of these runs is, in one query for all."""
    keys = [run.pk for run in runs]
    found = {run.pk: _progress(run) for run in _with_counts().filter(pk__in=keys)}
    return [found[key] for key in keys if key in found]


def runs_of(slug: str) -> QuerySet[BackfillRun]:
    """The runs of a map, the newest first."""
    return BackfillRun.objects.using(backfills_database()).filter(map=slug).order_by("-pk")


def find_run(number: int) -> BackfillRun:
    """The run of this number. Raises :class:`ExportError` if there is none."""
    run = BackfillRun.objects.using(backfills_database()).filter(pk=number).first()
    if run is None:
        raise ExportError(_("There is no run %(number)s of a backfill.", number=str(number)))
    return run


def _new_run(request: Request, work: Backfill, folder: Path, via: str, total: int) -> BackfillRun:
    return BackfillRun(
        map=work.snapshot.slug,
        model=work.compiled.model._meta.label,
        version=work.snapshot.number,
        digest=work.snapshot.digest,
        names=json.dumps(work.names),
        format=request.format,
        database=request.using or "",
        folder=str(folder),
        via=via,
        total=total,
    )


def _ranges(
    run: BackfillRun, request: Request, work: Backfill, stretches: list[Stretch]
) -> Iterable[BackfillRange]:
    for number, stretch in enumerate(stretches, 1):
        yield BackfillRange(
            run=run,
            number=number,
            first=request.first if stretch.after == work.stretch.after else None,
            after=_key_text(stretch.after),
            last=_key_text(stretch.last),
        )


def _key_text(key: Any) -> str | None:
    return None if key is None else str(key)


def _queue(run: BackfillRun, keys: list[int]) -> None:
    queue = queue_of(run.via)
    try:
        for key in keys:
            queue(key, 0.0)
    except ExportError:
        raise
    except Exception as error:  # an engine's client may raise anything
        raise ExportError(
            _(
                "The queue of tasks does not answer (%(error)s). The run %(number)s is stored: "
                "queue it again with 'backfill --resume %(number)s'.",
                error=type(error).__name__,
                number=str(run.pk),
            )
        ) from error


def _with_counts() -> QuerySet[BackfillRun, BackfillRun]:
    def ranges_that(condition: Q) -> Count:
        return Count("ranges", filter=condition)

    lapsed = Q(ranges__taken_until__lt=timezone.now())
    running = Q(ranges__state=RangeState.RUNNING) & ~lapsed
    failing = BackfillRange.objects.filter(run=OuterRef("pk")).exclude(error="")
    failing = failing.exclude(state=RangeState.DONE).order_by(F("changed_at").desc(), "pk")
    runs = BackfillRun.objects.using(backfills_database())
    return runs.annotate(
        _rows=Sum("ranges__rows"),
        _faults=Sum("ranges__faults"),
        _ranges=Count("ranges"),
        _done=ranges_that(Q(ranges__state=RangeState.DONE)),
        _running=ranges_that(running),
        _failed=ranges_that(Q(ranges__state=RangeState.FAILED)),
        _error=Subquery(failing.values("error")[:1]),
        _started_at=Min("ranges__started_at"),
        _changed_at=Max("ranges__changed_at"),
    )


def _progress(run: Any) -> RunProgress:
    return RunProgress(
        run,
        rows=run._rows or 0,
        faults=run._faults or 0,
        ranges=run._ranges,
        done=run._done,
        running=run._running,
        failed=run._failed,
        left=run._ranges - run._done - run._running,
        error=run._error or "",
        started_at=run._started_at,
        changed_at=run._changed_at,
    )
