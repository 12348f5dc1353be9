"""A worker in a thread of the demo: a real site runs ``manage.py trackadmin deliver`` beside it."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

from trackadmin.outbox import Worker
from trackadmin.outbox.running import remote_sinks, run

logger = logging.getLogger(__name__)

#: How long the demo waits for the worker at its end.
LAST_SECONDS = 5.0


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
    try:
        run(Worker(remote_sinks()), ended.is_set)
    except Exception:  # the shop goes on without it
        logger.exception("The demo delivers no more events. Start it again.")
    finally:
        connections.close_all()
