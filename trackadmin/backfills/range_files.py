"""The file of one range: whole, or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

from trackadmin.exceptions import ExportError
from trackadmin.models import BackfillRange, BackfillRun
from trackadmin.runtime.backfill import Backfill, backfill
from trackadmin.runtime.backfill_file import write_rows
from trackadmin.texts import gettext as _

#: Rows that are read by one statement. The worker renews its lease after each time.
CHUNK = 1000
#: The ends of files' names, where that is not the name of the format.
ENDS = {"spreadsheet": "csv"}


def range_path(each: BackfillRange) -> Path:
    """The file of a range. Its name is the same each time, so a second try takes its place."""
    run = each.run
    end = ENDS.get(run.format, run.format)
    return Path(run.folder) / f"{run.model.lower()}-{each.number:05}.{end}"


def write_range(claimed: BackfillRange, renew: Callable[[int], object]) -> int:
    """Write the file of a range, and return the number of its rows.

    It has another name until it is complete and on the disk. ``renew`` is called with the number of
    rows after each chunk, and again before the file gets its name; it may raise.
    """
    work = _work_of(claimed)
    path = range_path(claimed)
    _remove_parts(path)
    part = path.with_name(f".{path.name}.{claimed.worker}.part")
    try:
        with part.open("xb") as file:
            rows = write_rows(work, claimed.run.format, file, renew)
            file.flush()
            os.fsync(file.fileno())
        renew(rows)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return rows


def prepare_folder(folder: Path) -> Path:
    """Make the folder of a run; one that has something in it is refused."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        words = _("The folder %(path)s cannot be written to: %(error)s.", path=folder, error=error)
        raise ExportError(words) from error
    if not is_empty:
        raise ExportError(
            _("The folder %(path)s is not empty. Name another one, or empty it.", path=folder)
        )
    return folder.resolve()


def _work_of(claimed: BackfillRange) -> Backfill:
    run = claimed.run
    work = backfill(
        run.model,
        map=run.map,
        using=run.database or None,
        first=claimed.first,
        after=claimed.after,
        last=claimed.last,
        version=run.version,
        chunk=CHUNK,
    )
    _refuse_another_version(run, work)
    return work


def _refuse_another_version(run: BackfillRun, work: Backfill) -> None:
    """A run never mixes versions, nor names that the site's code gives since it was changed."""
    if (work.snapshot.digest, [*work.names]) != (run.digest, json.loads(run.names)):
        raise ExportError(
            _(
                "This run began with other names than version %(number)s of the map '%(slug)s' "
                "gives now, because the site's code or the map's versions were changed. Start "
                "another run.",
                number=str(run.version),
                slug=run.map,
            )
        )


def _remove_parts(path: Path) -> None:
    """Remove what a dead worker left of this range."""
    for left in path.parent.glob(f".{path.name}.*.part"):
        left.unlink(missing_ok=True)
