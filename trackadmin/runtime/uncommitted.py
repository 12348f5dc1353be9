"""Versions that a transaction of this process wrote and has not committed. Only it may see them.

In Django's test cases each publish is one of these: it is rolled back when the test ends.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from weakref import ref

from django.db import connections, transaction

from trackadmin.runtime.state import after_fork_in_child

if TYPE_CHECKING:
    from trackadmin.runtime.loader import Loader

#: The notes of all connections. Those whose transaction has ended are removed at the next check.
_notes: set[Note] = set()


class Note:
    """Says that a transaction wrote a version.

    It is one of the transaction's ``on_commit`` callbacks. Django drops these on commit and on
    rollback, also on rollback to a savepoint, so the note is valid as long as it is among them.
    """

    def __init__(self, alias: str, committed: Callable[[], None]) -> None:
        self.alias = alias
        self._connection = ref(connections[alias])
        self._committed = committed
        #: Django reads it to log a callback that failed. Without it, the logging would fail too.
        self.__qualname__ = type(self).__qualname__
        #: What this transaction is served, by map and place. Loaded after this note was made.
        self.loaders: dict[object, Loader] = {}

    def __call__(self) -> None:
        """Run the function for the commit."""
        self._committed()

    def is_valid(self) -> bool:
        """Whether the version is neither committed nor rolled back yet."""
        connection = self._connection()
        if connection is None or not connection.in_atomic_block:
            return False
        return any(self in entry for entry in connection.run_on_commit)


def make_note(alias: str, committed: Callable[[], None]) -> bool:
    """Make a note of a version that was just written. Returns whether it is still uncommitted.

    ``committed`` is called on commit.
    """
    if not connections[alias].in_atomic_block:
        return False
    _drop_ended()
    note = Note(alias, committed)
    transaction.on_commit(note, using=alias, robust=True)
    _notes.add(note)
    return True


def any_valid() -> bool:
    """Whether a transaction in this process has an uncommitted version now."""
    for note in tuple(_notes):
        if note.is_valid():
            return True
        _notes.discard(note)
    return False


def newest_note(alias: str) -> Note | None:
    """The newest valid note on this thread's connection."""
    connection: Any = connections[alias]
    if not connection.in_atomic_block:
        return None
    parts = (part for entry in reversed(connection.run_on_commit) for part in entry)
    return next((part for part in parts if isinstance(part, Note)), None)


def _drop_ended() -> None:
    for note in tuple(_notes):
        if not note.is_valid():
            _notes.discard(note)


def forget_loaded() -> None:
    """Drop the loaders of all notes, so that the transactions load again."""
    for note in tuple(_notes):
        note.loaders.clear()


# A child process has connections of its own, and a transaction does not survive a fork.
after_fork_in_child(_notes.clear)
