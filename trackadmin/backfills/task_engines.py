"""The engines that run tasks, by the names that ``--via`` has for them."""

from __future__ import annotations

from importlib import import_module

from trackadmin.backfills.range_tasks import Queue
from trackadmin.exceptions import ExportError
from trackadmin.texts import gettext as _

#: The module of each engine, and what it needs. They are imported when they are needed.
ENGINES = {
    "celery": "trackadmin.backfills.celery_backfill",
    "tasks": "trackadmin.backfills.tasks_backfill",
}


def queue_of(via: str) -> Queue:
    """How to queue a range with this engine. Raises :class:`ExportError` if it is not there."""
    try:
        queue: Queue = import_module(ENGINES[via]).queue_range
    except ImportError as error:
        words = _("This engine is not installed: pip install 'trackadmin[%(via)s]'.", via=via)
        raise ExportError(words) from error
    return queue
