"""The subcommand backfill: a whole table's values into a file or to stdout."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from io import BytesIO
from pathlib import Path
from shlex import quote

from django.db import connections
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trackadmin.exceptions import ExportError
from trackadmin.management.subcommand import Options, Output, Subcommand, counted
from trackadmin.management.value_commands import faults_told
from trackadmin.runtime.backfill import backfill, cut
from trackadmin.runtime.backfill_file import Progress, Request, save, write
from trackadmin.runtime.formats import FORMATS

#: Seconds between two updates of the progress.
PROGRESS_SECONDS = 0.5


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "label", help=_("the model: shop.Order, or Order if only one model has that name")
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="ndjson",
        help=_("default: ndjson, one JSON object on each line"),
    )
    parser.add_argument("--output", metavar="FILE", type=Path, help=_("default: stdout"))
    parser.add_argument(
        "--resume", action="store_true", help=_("continue a FILE that was interrupted")
    )
    parser.add_argument(
        "--database", choices=[*connections], help=_("default: as the site's router says")
    )
    parser.add_argument("--first", metavar="PK", help=_("start with this primary key"))
    parser.add_argument("--after", metavar="PK", help=_("start after this primary key"))
    parser.add_argument("--last", metavar="PK", help=_("end with this primary key"))
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument("--of", metavar="K/N", help=_("only part K of N, such as 2/5"))
    parts.add_argument(
        "--ranges", metavar="N", type=int, help=_("only write the bounds of N parts")
    )


def _backfill(options: Options, out: Output) -> None:
    if options["ranges"] is not None:
        _ranges(options, out)
        return
    request = Request(
        options["label"],
        options["format"],
        options["map"],
        options["database"],
        *(options[name] for name in ("first", "last", "after", "of")),
    )
    started = time.monotonic()
    with faults_told(out):
        rows = _write_rows(request, options, out)
    words = ngettext(
        "%(count)s row in %(seconds)s seconds", "%(count)s rows in %(seconds)s seconds", rows
    )
    out.say(words % {"seconds": _number(time.monotonic() - started, 1), **counted(rows)})


def _write_rows(request: Request, options: Options, out: Output) -> int:
    progress = _told() if sys.stderr.isatty() else None
    if options["output"]:
        return save(request, options["output"], resume=options["resume"], progress=progress)
    if options["resume"]:
        raise ExportError(_("--resume needs a file: add --output FILE."))
    if not FORMATS[request.format].resumable:
        words = _("The format %(format)s needs a file: add --output FILE.")
        raise ExportError(words % {"format": request.format})
    return write(request, _Text(out), progress)


def _ranges(options: Options, out: Output) -> None:
    """The arguments of each part, one line each, for workers to be started with."""
    if options["ranges"] < 1:
        raise ExportError(_("--ranges needs the number of parts, 1 or more."))
    work = backfill(
        options["label"],
        map=options["map"],
        using=options["database"],
        first=options["first"],
        last=options["last"],
        after=options["after"],
    )
    for stretch in cut(work, options["ranges"]):
        bounds = {"--first": options["first"] if stretch.after == work.stretch.after else None}
        bounds |= {"--after": stretch.after, "--last": stretch.last}
        out.data(
            " ".join(f"{name}={quote(str(pk))}" for name, pk in bounds.items() if pk is not None)
        )


class _Text(BytesIO):
    """Passes on to stdout what is written."""

    def __init__(self, out: Output) -> None:
        super().__init__()
        self.out = out

    def flush(self) -> None:
        """Pass on what has been written so far."""
        if text := self.getvalue().decode():
            self.out.data(text)
        self.seek(0)
        self.truncate()


def _number(value: float, places: int = 0) -> str:
    return number_format(value, places, use_l10n=True, force_grouping=True)


def _told() -> Progress:
    """Show a person at a terminal the progress, on one line that is overwritten."""
    started = told = time.monotonic()
    begun = -1

    def progress(done: int, total: int) -> None:
        nonlocal told, begun
        begun = done if begun < 0 else begun
        now = time.monotonic()
        if now - told < PROGRESS_SECONDS and done < total:
            return
        told = now
        rate = (done - begun) / (now - started) if now > started else 0
        share = min(100, 100 * done // total) if total else 100
        end = "\n" if done >= total else ""
        words = _("%(done)s of %(total)s rows, %(rate)s a second")
        told_now = words % {"done": _number(done), "total": _number(total), "rate": _number(rate)}
        sys.stderr.write(f"\r{share:3} %  {told_now} {end}")
        sys.stderr.flush()

    return progress


SUBCOMMANDS = (
    Subcommand(
        "backfill", gettext_lazy("Write the values of a whole table."), _arguments, _backfill
    ),
)
