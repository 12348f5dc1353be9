"""The queries that a piece of work sends, on every database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import connections

#: Statements that find nothing; they are sent where a transaction is open.
_OF_TRANSACTIONS = ("SAVEPOINT", "RELEASE", "ROLLBACK")


@dataclass(frozen=True, slots=True)
class Query:
    """One statement, without its values, which may say something about a person."""

    alias: str
    sql: str


@contextmanager
def watched() -> Iterator[list[Query]]:
    """Collect the queries that this thread's connections execute in the block, in order."""
    seen: list[Query] = []

    def watch(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if not sql.startswith(_OF_TRANSACTIONS):
            seen.append(Query(context["connection"].alias, sql))
        return execute(sql, params, many, context)

    with ExitStack() as stack:
        for connection in connections.all():
            stack.enter_context(connection.execute_wrapper(watch))
        yield seen
