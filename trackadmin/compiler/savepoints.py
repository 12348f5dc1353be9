"""Keeps SQL that a read causes from harming the transaction that the host has open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import Any, TypeAlias

from django.db import Error, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Transactions: TypeAlias = tuple[BaseDatabaseWrapper, ...]


def open_transactions() -> Transactions:
    """The connections on which this thread has a transaction open now."""
    return tuple(c for c in connections.all(initialized_only=True) if not c.autocommit)


@contextmanager
def contained(transactions: Transactions | None = None) -> Iterator[None]:
    """Run reads of the host's objects so that they leave no transaction broken.

    In every open transaction, the first statement, if there is one, is preceded by a savepoint;
    an error takes the transaction back to it. Without a statement nothing is sent. Who reads many
    times may ask for the open transactions once.
    """
    with ExitStack() as stack:
        for connection in open_transactions() if transactions is None else transactions:
            stack.enter_context(_LazySavepoint(connection))
        yield


class _LazySavepoint:
    """One connection's savepoint, set when its first statement comes.

    Not an ``atomic`` block: the code that is read may open and close blocks of its own, and
    blocks that do not nest properly take each other's savepoints.
    """

    def __init__(self, connection: BaseDatabaseWrapper) -> None:
        self.connection = connection
        self.came = False
        self.sid: str | None = None

    def __enter__(self) -> None:
        self.connection.execute_wrappers.append(self)

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not self.came:
            self.came = True
            self.sid = self.connection.savepoint()
        return execute(sql, params, many, context)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.connection.execute_wrappers.remove(self)
        if self.sid is None:
            return
        if error is None:
            # An error that the code that was read has swallowed shows only here.
            with suppress(Error):
                self.connection.savepoint_commit(self.sid)
                return
        self._roll_back(self.sid)

    def _roll_back(self, sid: str) -> None:
        """Take the transaction back; where even that fails, the connection itself is gone."""
        with suppress(Error):
            self.connection.needs_rollback = False
            self.connection.savepoint_rollback(sid)
            self.connection.savepoint_commit(sid)
