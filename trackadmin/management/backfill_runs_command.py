"""What backfill does with --via: it queues a run as tasks, and waits for them."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.core.management.base import CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trackadmin import backfills
from trackadmin.backfills import ENGINES, RunProgress
from trackadmin.exceptions import ExportError
from trackadmin.management.progress_line import number_text, progress_line
from trackadmin.management.subcommand import Options, Output, counted
from trackadmin.models import BackfillRun
from trackadmin.runtime.backfill_file import Request

#: Seconds between two looks at a run, and until somebody is told that no worker has begun.
LOOK_SECONDS, IDLE_SECONDS = 0.5, 10.0


def start_by_tasks(request: Request, options: Options, out: Output) -> None:
    """Store and queue a run, and wait for its end unless somebody does not want that."""
    if not options["output"]:
        raise ExportError(_("--via needs a folder for its files: add --output FOLDER."))
    if options["resume"]:
        raise ExportError(_("--resume needs the number of the run: --resume 3."))
    if request.of is not None:
        raise ExportError(_("--via splits the table itself: leave out --of."))
    if options["ranges"] is not None and options["ranges"] < 1:
        raise ExportError(_("--ranges needs the number of parts, 1 or more."))
    run = backfills.start_run(request, options["output"], options["via"], options["ranges"])
    ranges = run.ranges.using(run._state.db).count()
    words = ngettext(
        "Run %(run)s, version %(version)s: %(count)s range is queued.",
        "Run %(run)s, version %(version)s: %(count)s ranges are queued.",
        ranges,
    )
    out.say(words % {"run": run.pk, "version": run.version, **counted(ranges)})
    _follow(run, options, out)


def resume_by_tasks(number: int, options: Options, out: Output) -> None:
    """Queue what is left of a run, and wait for its end."""
    run = backfills.find_run(number)
    count = backfills.queue_again(run)
    words = ngettext(
        "Run %(run)s, version %(version)s: %(count)s range is queued again.",
        "Run %(run)s, version %(version)s: %(count)s ranges are queued again.",
        count,
    )
    out.say(words % {"run": run.pk, "version": run.version, **counted(count)})
    _follow(run, options, out)


def _follow(run: BackfillRun, options: Options, out: Output) -> None:
    if options["no_wait"]:
        return
    try:
        found = _end_of_run(run, out)
    except KeyboardInterrupt:
        words = _("The run goes on. 'backfill --resume %(run)s' waits for it again.")
        out.say(words % {"run": run.pk})
        return
    if found.failed:
        raise CommandError(_failed_words(found))
    words = ngettext(
        "%(count)s row, version %(version)s, in the folder %(folder)s",
        "%(count)s rows, version %(version)s, in the folder %(folder)s",
        found.rows,
    )
    out.say(words % {"version": run.version, "folder": run.folder, **counted(found.rows)})
    if found.faults:
        words = ngettext("warning: %(count)s fault", "warning: %(count)s faults", found.faults)
        out.say(words % counted(found.faults))


def _end_of_run(run: BackfillRun, out: Output) -> RunProgress:
    """Show the progress until the run is over. Ranges of dead workers are queued again."""
    line, idle = progress_line(), _Idle(run, out.say)
    while True:
        (found,) = backfills.run_progress([run])
        if line is not None:
            # The line ends with the run, not with the last row.
            line(found.rows, found.rows if found.is_over else max(run.total, found.rows + 1))
        if found.is_over:
            return found
        backfills.queue_abandoned(run)
        idle.look(found)
        time.sleep(LOOK_SECONDS)


class _Idle:
    """Tells once that no worker has begun."""

    def __init__(self, run: BackfillRun, say: Callable[[str], object]) -> None:
        self._run, self._say, self._told = run, say, False
        self._until = time.monotonic() + IDLE_SECONDS

    def look(self, found: RunProgress) -> None:
        """Tell it if it is so for a while."""
        busy = found.running or found.done
        if busy or self._told or time.monotonic() < self._until:
            return
        self._told = True
        words = _("No worker has begun. Does one run, and does it import %(module)s?")
        self._say(words % {"module": ENGINES[self._run.via]})


def _failed_words(found: RunProgress) -> str:
    words = ngettext(
        "%(count)s of %(ranges)s ranges failed. %(error)s Correct the cause, and go on with "
        "'backfill --resume %(run)s'.",
        "%(count)s of %(ranges)s ranges failed. %(error)s Correct the cause, and go on with "
        "'backfill --resume %(run)s'.",
        found.failed,
    )
    error = found.error or _("No worker came to its end.")
    if not error.endswith("."):
        error += "."
    ranges = number_text(found.ranges)
    return words % {"ranges": ranges, "error": error, "run": found.run.pk, **counted(found.failed)}
