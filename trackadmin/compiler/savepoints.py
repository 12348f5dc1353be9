"""Protects the host's open transaction from SQL that a read causes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, TypeAlias

from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Transactions: TypeAlias = tuple[BaseDatabaseWrapper, ...]


def open_transactions() -> Transactions:
    """The connections on which this thread has a transaction open now."""
    return tuple(c for c in connections.all(initialized_only=True) if not c.autocommit)


class Reads:
    """Reads of the host's objects that belong together, such as those of one flatten.

    Each read is a ``with`` block. Every open transaction has one savepoint for all of them, which
    is set before the first query. A read that fails takes the transaction back to it, and the
    others lose nothing, because they only read. If there is no query, nothing is sent. Call
    :meth:`close` at the end. Reads that begin inside other reads share their savepoint.

    A read that writes, or locks, ends with a savepoint of its own released, so that a later
    failure leaves what it wrote.
    """

    __slots__ = ("_own", "guards")

    def __init__(self) -> None:
        self._own: list[_Guard] = []
        #: One for each open transaction; without any, a read needs no ``with`` block.
        self.guards = tuple(self._guard(connection) for connection in open_transactions())

    def __enter__(self) -> None:
        for guard in self.guards:
            guard.begin()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for guard in self.guards:
            guard.end(failed=error is not None)

    def close(self) -> None:
        """Release the savepoints that were set here."""
        for guard in self._own:
            guard.close()

    def _guard(self, connection: BaseDatabaseWrapper) -> _Guard:
        for wrapper in reversed(connection.execute_wrappers):
            if isinstance(wrapper, _Guard):
                if not wrapper.reading:
                    return wrapper
                # Code of the host runs in between, and may have savepoints of its own.
                break
        guard = _Guard(connection)
        self._own.append(guard)
        return guard


@contextmanager
def contained() -> Iterator[None]:
    """Run one read of the host's objects so that it leaves no transaction broken."""
    reads = Reads()
    try:
        with reads:
            yield
    finally:
        reads.close()


@contextmanager
def sharing() -> Iterator[None]:
    """Let all reads in the block share one savepoint for each open transaction."""
    reads = Reads()
    try:
        yield
    finally:
        reads.close()


class _Guard:
    """One connection's savepoint, set when the first statement comes.

    Not an ``atomic`` block: the code that is read may open and close blocks of its own, and
    blocks that do not nest properly take each other's savepoints.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.reading = False
        self._sid: str | None = None
        #: Whether this read sent a statement.
        self._sent = False
        #: Whether a statement failed, or may have changed something.
        self._unsure = False
        #: Whether the statement that comes is the guard's own.
        self._busy = False
        connection.execute_wrappers.append(self)

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if self._busy:
            return execute(sql, params, many, context)
        if self._sid is None:
            self._sid = self._run(self.connection.savepoint)
        self._sent = True
        try:
            result = execute(sql, params, many, context)
        except BaseException:
            self._unsure = True
            raise
        self._unsure |= many or not _only_reads(sql)
        return result

    def begin(self) -> None:
        self.end(failed=False)  # of what was sent between two reads
        self.reading = True

    def end(self, *, failed: bool) -> None:
        sent, unsure = self._sent, self._unsure
        self.reading = self._sent = self._unsure = False
        if self._sid is None or not sent:
            return
        if failed:
            self._roll_back()
        elif unsure or self.connection.needs_rollback:
            self._release()

    def close(self) -> None:
        try:
            if self._sid is not None:
                self._release()
            if self._sid is not None:
                with suppress(Error):
                    self._run(self.connection.savepoint_commit, self._sid)
        finally:
            self.connection.execute_wrappers.remove(self)

    def _release(self) -> None:
        # An error that the code that was read has swallowed shows only here.
        try:
            self._run(self.connection.savepoint_commit, self._sid)
        except Error:
            self._roll_back()
        else:
            self._sid = None

    def _roll_back(self) -> None:
        """Take the transaction back; the savepoint stays. Where even that fails, the connection
        itself is gone.
        """
        try:
            self.connection.needs_rollback = False
            self._run(self.connection.savepoint_rollback, self._sid)
        except Error:
            self._sid = None

    def _run(self, operation: Callable[..., Any], *args: Any) -> Any:
        self._busy = True
        try:
            return operation(*args)
        finally:
            self._busy = False


def _only_reads(sql: Any) -> bool:
    """Whether a statement surely changes and locks nothing: a query as the ORM writes it."""
    return (
        isinstance(sql, str)
        and sql.startswith("SELECT ")
        and " FROM " in sql
        and " FOR " not in sql
    )
