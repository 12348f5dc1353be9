"""The subcommand backfill: a whole table's values into a file or to stdout."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from io import BytesIO
from pathlib import Path
from shlex import quote

from django.db import connections
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trackadmin.backfills import ENGINES
from trackadmin.exceptions import ExportError
from trackadmin.management import backfill_runs_command
from trackadmin.management.progress_line import number_text, progress_line
from trackadmin.management.subcommand import Options, Output, Subcommand, counted
from trackadmin.management.value_commands import faults_told
from trackadmin.runtime.backfill import backfill, cut
from trackadmin.runtime.backfill_file import Request, save, write
from trackadmin.runtime.formats import FORMATS


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "label",
        nargs="?",
        help=_("the model: shop.Order, or Order if only one model has that name"),
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="ndjson",
        help=_("default: ndjson, one JSON object on each line"),
    )
    parser.add_argument("--output", metavar="FILE", type=Path, help=_("default: stdout"))
    parser.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar="RUN",
        help=_("continue a FILE that was interrupted, or queue what is left of this RUN of --via"),
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
        "--ranges",
        metavar="N",
        type=int,
        help=_("only write the bounds of N parts; with --via, queue N of them"),
    )
    parser.add_argument(
        "--via",
        choices=ENGINES,
        help=_("write by tasks of this engine, into files of the folder that --output names"),
    )
    parser.add_argument("--no-wait", action="store_true", help=_("only queue the tasks of --via"))


def _backfill(options: Options, out: Output) -> None:
    run = _run_of(options)
    if run is not None:
        backfill_runs_command.resume_by_tasks(run, options, out)
        return
    if options["label"] is None:
        raise ExportError(_("Name the model: backfill shop.Order."))
    if options["no_wait"] and not options["via"]:
        raise ExportError(_("--no-wait needs --via, or --resume with the number of a run."))
    if options["ranges"] is not None and not options["via"]:
        _ranges(options, out)
        return
    request = Request(
        options["label"],
        options["format"],
        options["map"],
        options["database"],
        *(options[name] for name in ("first", "last", "after", "of")),
    )
    if options["via"]:
        backfill_runs_command.start_by_tasks(request, options, out)
        return
    started = time.monotonic()
    with faults_told(out):
        rows = _write_rows(request, options, out)
    words = ngettext(
        "%(count)s row in %(seconds)s seconds", "%(count)s rows in %(seconds)s seconds", rows
    )
    out.say(words % {"seconds": number_text(time.monotonic() - started, 1), **counted(rows)})


def _run_of(options: Options) -> int | None:
    """The run that ``--resume RUN`` names. Without one, ``--resume`` is about a file."""
    named = options["resume"]
    if isinstance(named, str) and named.isdecimal():
        return int(named)
    if named and options["label"] is None:
        options["label"] = named  # --resume shop.Order
    options["resume"] = named is not None and named is not False
    return None


def _write_rows(request: Request, options: Options, out: Output) -> int:
    progress = progress_line()
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


SUBCOMMANDS = (
    Subcommand(
        "backfill", gettext_lazy("Write the values of a whole table."), _arguments, _backfill
    ),
)
