"""Runs a statement for one row, past Django's cursor where nobody looks at what goes through it.

Django's cursor does much around a statement that the read of one row does not need, and takes about
as long as SQLite itself. What it guards is kept: the event loop, the thread, a connection that is
not there yet or was found dead, a broken transaction, errors of Django's own classes. Whoever
watches or changes statements gets Django's cursor: a log of queries, execute wrappers, a debug
toolbar, an error tracker that patches the cursor, a database backend with a cursor of its own.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.db.backends import utils
from django.db.backends.base.base import BaseDatabaseWrapper

from trackadmin.compiler.rows import Row

#: A place for a value, behind any number of escaped percent signs.
_PLACE = re.compile(r"((?<!%)(?:%%)*)%s")

#: Where a thread's connection keeps the driver's cursor.
_CURSOR = "_trackadmin_cursor"

#: psycopg's number of the format in which PostgreSQL sends texts.
_TEXT = 0

#: What makes Django's cursor out of the driver's.
_STEPS = ("cursor", "_cursor", "_prepare_cursor", "make_cursor")

#: Django's own way to run a statement; ``None`` where somebody changed it before we came.
_EXECUTE = (
    utils.CursorWrapper.execute
    if utils.CursorWrapper.execute.__code__.co_filename == utils.__file__
    else None
)


class OneRow:
    """A statement that gives one row at most, for any thread's connection to one database."""

    def __init__(self, sql: str, connection: Any) -> None:
        self.sql = sql
        # SQLite's driver marks places in its own way, and Django's cursor rewrites them at every
        # call, letter by letter.
        sqlite = connection.vendor == "sqlite"
        self._rewritten = _PLACE.sub(r"\1?", sql).replace("%%", "%") if sqlite else ""

    def fetch(self, connection: Any, parameters: Sequence[Any]) -> Row | None:
        """The row, ``None`` where there is none. What the database raises comes through."""
        row: Row | None
        if is_watched(connection):
            with connection.cursor() as cursor:
                cursor.execute(self.sql, parameters)
                row = cursor.fetchone()
            return row
        connection.close_if_health_check_failed()
        connection.ensure_connection()
        connection.validate_thread_sharing()
        connection.validate_no_broken_transaction()
        with connection.wrap_database_errors:
            if self._rewritten:
                cursor = connection.create_cursor()
                connection.Database.Cursor.execute(cursor, self._rewritten, parameters)
                row = cursor.fetchone()
                # An open one would hold a lock on SQLite's file.
                cursor.close()
            else:
                cursor = _kept_cursor(connection)
                cursor.execute(self.sql, parameters)
                row = cursor.fetchone()
        return row


def _kept_cursor(connection: Any) -> Any:
    """The driver's cursor, kept with its connection: what it learns about types is worth more
    than the one row that it holds on to.
    """
    cursor = connection.__dict__.get(_CURSOR)
    if (
        cursor is None
        or cursor.closed
        or cursor.connection is not connection.connection
        or connection.allow_thread_sharing
    ):
        cursor = connection.__dict__[_CURSOR] = connection.create_cursor()
        _read_moments_faster(cursor)
    return cursor


def _read_moments_faster(cursor: Any) -> None:
    """Let psycopg's cursor read a timestamptz by Python's own parser: the same values, in a tenth
    of the time that the loader takes which Django registers.
    """
    adapters = getattr(cursor, "adapters", None)
    if adapters is None:  # psycopg2
        return
    loader = adapters.get_loader(adapters.types["timestamptz"].oid, _TEXT)
    if getattr(loader, "timezone", None) is UTC:
        adapters.register_loader("timestamptz", _moment_loader(loader))


@lru_cache(maxsize=8)
def _moment_loader(loader: Any) -> Any:
    class MomentLoader(loader):  # type: ignore[misc]
        def load(self, data: Any) -> Any:
            try:
                moment = datetime.fromisoformat(str(data, "ascii"))
            except ValueError:  # it is for Django's to say that there is no such moment
                return super().load(data)
            return moment if moment.tzinfo is UTC else super().load(data)

    return MomentLoader


def is_watched(connection: Any) -> bool:
    """Whether somebody looks at the statements of this connection, or changes them."""
    backend: Any = type(connection)
    return bool(
        connection.execute_wrappers
        or connection.queries_logged
        or utils.CursorWrapper.execute is not _EXECUTE
        # Debug toolbars, and tests that forbid queries, put their own there.
        or "cursor" in connection.__dict__
        or _has_own_cursor(backend)
    )


@lru_cache(maxsize=64)
def _has_own_cursor(backend: Any) -> bool:
    """Whether a database backend does other things to a statement than Django's own ones."""
    own = any(getattr(backend, step) is not getattr(BaseDatabaseWrapper, step) for step in _STEPS)
    return own or not backend.create_cursor.__module__.startswith("django.db.backends.")
