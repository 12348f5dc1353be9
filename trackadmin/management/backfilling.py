"""The subcommand backfill: a whole table's values into a file or to stdout."""

from __future__ import annotations

import sys
import time
from argparse import ArgumentParser
from io import BytesIO
from pathlib import Path
from shlex import quote

from django.db import connections

from trackadmin.exceptions import ExportError
from trackadmin.management.subcommand import Options, Output, Subcommand
from trackadmin.management.values import faults_told
from trackadmin.runtime.backfill import backfill, cut
from trackadmin.runtime.formats import FORMATS
from trackadmin.runtime.saving import Progress, Request, save, write

#: Seconds between two tellings of progress.
PROGRESS_SECONDS = 0.5


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("label", help="the model: shop.Order, or Order where that is clear")
    parser.add_argument(
        "--format", choices=FORMATS, default="ndjson", help="default: ndjson, a JSON on each line"
    )
    parser.add_argument("--output", metavar="FILE", type=Path, help="default: stdout")
    parser.add_argument("--resume", action="store_true", help="go on with a FILE that was begun")
    parser.add_argument(
        "--database", choices=[*connections], help="default: as the site's router says"
    )
    parser.add_argument("--first", metavar="PK", help="from this primary key on")
    parser.add_argument("--after", metavar="PK", help="from behind this primary key on")
    parser.add_argument("--last", metavar="PK", help="up to this primary key")
    parts = parser.add_mutually_exclusive_group()
    parts.add_argument("--of", metavar="K/N", help="only part K of N, e.g. 2/5")
    parts.add_argument("--ranges", metavar="N", type=int, help="write the bounds of N parts only")


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
        rows = _write(request, options, out)
    out.say(f"{rows} rows in {time.monotonic() - started:.1f} seconds")


def _write(request: Request, options: Options, out: Output) -> int:
    progress = _told() if sys.stderr.isatty() else None
    if options["output"]:
        return save(request, options["output"], resume=options["resume"], progress=progress)
    if options["resume"] or not FORMATS[request.format].resumable:
        what = "--resume" if options["resume"] else f"The format {request.format}"
        raise ExportError(f"{what} needs a file: add --output FILE.")
    return write(request, _Text(out), progress)


def _ranges(options: Options, out: Output) -> None:
    """The arguments of each part, one line each, for workers to be started with."""
    if options["ranges"] < 1:
        raise ExportError("--ranges needs the number of parts, 1 or more.")
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
    """Hands what is written on to stdout."""

    def __init__(self, out: Output) -> None:
        super().__init__()
        self.out = out

    def flush(self) -> None:
        """Hand over what has come so far."""
        if text := self.getvalue().decode():
            self.out.data(text)
        self.seek(0)
        self.truncate()


def _told() -> Progress:
    """Tells a person at a terminal how far it is, on one line that is written over."""
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
        sys.stderr.write(f"\r{share:3} %  {done:,} of {total:,} rows, {rate:,.0f} a second {end}")
        sys.stderr.flush()

    return progress


SUBCOMMANDS = (Subcommand("backfill", "Write the values of a whole table.", _arguments, _backfill),)
