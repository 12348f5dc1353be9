"""How several statements are written to the database of the events as one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections, transaction

from trackadmin.models import Delivery
from trackadmin.models.claimable import Claimable


def locks_rows(using: str) -> bool:
    """Whether the database can lock single rows, and skip those that others have locked."""
    return bool(connections[using].features.has_select_for_update_skip_locked)


@contextmanager
def writing(using: str, table: type[Claimable] = Delivery) -> Iterator[None]:
    """A transaction that reads before it writes.

    A database without locks for rows is locked as a whole from the start, by a change of no row of
    the table. SQLite would otherwise fail with its lock, instead of waiting for it, when a
    transaction that has read comes to write.
    """
    with transaction.atomic(using=using):
        if not locks_rows(using):
            table._default_manager.using(using).filter(pk=0).update(attempts=0)
        yield
