"""How several statements are written to the database of the events as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction

from trackadmin.models import AcceptedEvent


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
