"""A worker in a thread of the demo: a real site runs ``manage.py trackadmin deliver`` beside it."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import close_old_connections, connections

from trackadmin.outbox import Worker
from trackadmin.runtime.configured_sinks import configured_sinks

logger = logging.getLogger(__name__)

#: Seconds between two looks for events, and how long the demo waits for the worker at its end.
PAUSE, LAST_SECONDS = 0.5, 5.0


@contextmanager
def delivering() -> Iterator[None]:
    """Deliver the demo's events to its remote sinks meanwhile."""
    ended = threading.Event()
    thread = threading.Thread(target=_deliver_until, args=(ended,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(LAST_SECONDS)


def _deliver_until(ended: threading.Event) -> None:
    worker = Worker(configured_sinks().remote)
    while not ended.wait(PAUSE):
        try:
            while worker.work_once() and not ended.is_set():
                pass
        except Exception:
            logger.exception("The demo could not deliver its events. It tries again.")
            close_old_connections()
    connections.close_all()
