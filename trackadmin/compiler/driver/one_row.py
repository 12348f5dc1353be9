"""Runs a statement for one row without Django's cursor, unless some code is watching it.

Django's cursor does much that the read of one row does not need, and takes about as long as SQLite
itself. Its checks are kept: the event loop, the thread, a connection that is not open yet or was
found dead, a broken transaction, Django's own error classes. Code that
watches or changes statements gets Django's cursor.
"""

from __future__ import annotations

import re
from asyncio import _get_running_loop  # does not raise where there is none, which costs more
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any, TypeAlias

from trackadmin.codes import FastPath
from trackadmin.compiler.driver.cursor_guard import has_own_cursor, is_djangos, is_watched
from trackadmin.compiler.driver.psycopg_cursor import (
    UNANSWERED,
    Datetimes,
    PreparedStatement,
    can_ask,
)
from trackadmin.compiler.fast_paths import left
from trackadmin.compiler.types import Row

#: ``ask(connection, parameters)`` gives the row, ``None`` where there is none, or ``UNANSWERED``
#: if Django's cursor must run the statement.
Ask: TypeAlias = Callable[[Any, Sequence[Any]], Row | None]

#: A placeholder for a value, after any number of escaped percent signs.
_PLACE = re.compile(r"((?<!%)(?:%%)*)%s")


class OneRow:
    """A statement that gives at most one row, for any thread's connection to one database."""

    def __init__(
        self, sql: str, connection: Any, datetimes: Datetimes = "objects", *, tables: int = 1
    ) -> None:
        """``datetimes`` tells whether those of a row may come as the texts that go out; ``tables``
        is how many the statement joins.
        """
        self.sql = sql
        self._ask = shortcut(sql, connection, datetimes, tables=tables)

    def fetch(self, connection: Any, parameters: Sequence[Any]) -> Row | None:
        """The row, ``None`` where there is none. What the database raises comes through."""
        if self._ask is not None and not is_watched(connection) and not _get_running_loop():
            connection.close_if_health_check_failed()
            if connection.connection is None:
                connection.ensure_connection()
            connection.validate_thread_sharing()
            connection.validate_no_broken_transaction()
            row = self._ask(connection, parameters)
            if row is not UNANSWERED:
                return row
        left(FastPath.CURSOR, connection.alias)
        with connection.cursor() as cursor:
            cursor.execute(self.sql, parameters)
            found: Row | None = cursor.fetchone()
        return found


def shortcut(
    sql: str, connection: Any, datetimes: Datetimes = "objects", *, tables: int = 1
) -> Ask | None:
    """Return a function that runs the statement without Django's cursor, or ``None``."""
    if has_own_cursor(type(connection)):
        return None
    if connection.vendor == "sqlite":
        return _ask_sqlite(_marked(sql, "?"))
    if connection.vendor == "postgresql" and can_ask(connection):
        return PreparedStatement(_marked(sql, "${}"), connection, datetimes, tables=tables).ask
    return None


def _marked(sql: str, mark: str) -> str:
    """The statement with its places for values marked as the database itself does it; ``{}`` stands
    for the place's number. Django's cursor rewrites SQLite's at every call, letter by letter.
    """
    numbers = count(1)
    marked = _PLACE.sub(lambda place: place[1] + mark.format(next(numbers)), sql)
    return marked.replace("%%", "%")


def _ask_sqlite(sql: str) -> Ask:
    def ask(connection: Any, parameters: Sequence[Any]) -> Row | None:
        with connection.wrap_database_errors:
            cursor = connection.create_cursor()
            if not is_djangos(cursor):
                return UNANSWERED
            connection.Database.Cursor.execute(cursor, sql, parameters)
            row: Row | None = cursor.fetchone()
            # An open one would hold a lock on SQLite's file.
            cursor.close()
        return row

    return ask
