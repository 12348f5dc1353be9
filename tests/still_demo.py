"""The demo's manage.py with a clock that stands still: ``python -m tests.still_demo demo …``.

So its pictures are the same every day. ``STILL_CLOCK`` names the file with the time, which the
camera moves on. ``STILL_LANGUAGE`` is the language of the admin.
"""

import os
import sys
from datetime import datetime
from itertools import count
from pathlib import Path
from types import SimpleNamespace

#: From one look to the next at the clock that measures how long reading takes.
QUERY_SECONDS = 0.0003


def now(tz=None):
    """The time in the file."""
    shown = datetime.fromisoformat(Path(os.environ["STILL_CLOCK"]).read_text())
    return shown.astimezone(tz) if tz else shown


def stand_still():
    """Every clock that a page shows: Django's, the day of deprecations, the cost of queries."""
    import django
    from django.conf import settings
    from django.utils import timezone

    timezone.now = now  # before models take it as a default
    settings.LANGUAGE_CODE = os.environ["STILL_LANGUAGE"]
    django.setup()
    from trackadmin.editing import deadlines, effects, profiling, query_counter
    from trackadmin.runtime import event

    deadlines.datetime = event.datetime = SimpleNamespace(now=now)
    looks = count()
    query_counter.perf_counter = profiling.monotonic = lambda: next(looks) * QUERY_SECONDS
    effects.monotonic = lambda: 0.0  # a busy machine reaches no limit


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "demo.settings"
    stand_still()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["manage.py", *sys.argv[1:]])
