"""The progress of a backfill at a terminal, on one line that is overwritten."""

from __future__ import annotations

import sys
import time

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from trackadmin.runtime.backfill_file import Progress

#: Seconds between two updates of the progress.
PROGRESS_SECONDS = 0.5


def progress_line() -> Progress | None:
    """What shows it to a person; ``None`` if nobody looks."""
    if not sys.stderr.isatty():
        return None
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
        values = {"done": number_text(done), "total": number_text(total), "rate": number_text(rate)}
        sys.stderr.write(f"\r{share:3} %  {words % values} {end}")
        sys.stderr.flush()

    return progress


def number_text(value: float, places: int = 0) -> str:
    """The number as people of the active language write it."""
    return number_format(value, places, use_l10n=True, force_grouping=True)
