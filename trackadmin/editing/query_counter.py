"""Counts and times the queries of every database, also where the site is not in debug mode."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from time import perf_counter
from typing import Any

from django.db import connections

#: Statements that are there because the work runs in a transaction.
OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK")


class QueryCounter:
    """Counts while it is running, and is not paused."""

    def __init__(self) -> None:
        self.number, self.seconds, self._on = 0, 0.0, True

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count what this thread's connections execute in the block."""
        with ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(self._see))
            yield

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count in the block."""
        self._on = False
        try:
            yield
        finally:
            self._on = True

    def taken(self) -> int:
        """How many there were since the last call."""
        number, self.number = self.number, 0
        return number

    def _see(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not self._on or str(sql).startswith(OF_TRANSACTIONS):
            return execute(sql, params, many, context)
        self.number += 1
        start = perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.seconds += perf_counter() - start
