"""Which database the events are in, and how several statements are written to it as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, router, transaction

from trackadmin.conf import conf
from trackadmin.models import AcceptedEvent


def events_database() -> str:
    """The alias of the database that events are stored in and delivered from."""
    return conf.EVENTS_DATABASE or router.db_for_write(AcceptedEvent)


def locks_rows(using: str) -> bool:
    """Whether the database can lock single rows, and skip those that others have locked."""
    return bool(connections[using].features.has_select_for_update_skip_locked)


@contextmanager
def writing(using: str) -> Iterator[None]:
    """A transaction that reads before it writes.

    A database without locks for rows is locked as a whole from the start. SQLite would otherwise
    fail with its lock, instead of waiting for it, when a transaction that has read comes to write.
    """
    with transaction.atomic(using=using):
        if not locks_rows(using):
            AcceptedEvent.objects.using(using).filter(number=0).update(waiting=False)
        yield
