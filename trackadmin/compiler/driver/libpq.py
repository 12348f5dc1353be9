"""Asks PostgreSQL by one call of its C library, which psycopg offers beneath its cursors.

psycopg's cursor gives up Python's lock several times for a statement: to send it, to wait, to look
whether the answer is there. In a server with threads another one takes the turn, and to change
turns costs more than the statement's own Python. One call gives the lock up once.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, Final, Literal, TypeAlias

from trackadmin.compiler.driver.cursor_guard import is_djangos
from trackadmin.compiler.driver.failures import OUT_OF_TIME
from trackadmin.compiler.driver.prepared import MAX_LENGTH, MAX_TABLES, prepared
from trackadmin.compiler.types import Row
from trackadmin.compiler.values.encoders import encode

#: Stands for a row where Django's cursor is to run the statement.
UNANSWERED: Final = ("unanswered",)

#: How a row's moments come: as Python's own, or as the texts that go out.
Moments: TypeAlias = Literal["moments", "texts"]

#: Characters of a moment without a fraction, and with all six digits of one.
_WHOLE = frozenset({22, 29})

#: The library's number of the format in which PostgreSQL sends texts.
_TEXT = 0


def can_ask(connection: Any) -> bool:
    """Whether this connection can be asked so: by psycopg 3, in threads that are threads.

    Where gevent or eventlet makes them, a call of the library would keep all others waiting.
    """
    return hasattr(connection.Database, "pq") and socket.socket.__module__ == "socket"


class Question:
    """A statement for any thread's connection to one database."""

    def __init__(self, sql: str, connection: Any, moments: Moments, *, tables: int = 1) -> None:
        """``sql`` has places for values as PostgreSQL itself marks them: ``$1``.

        It joins as many ``tables``; a large one is never prepared.
        """
        self._moments = moments
        self._sql = sql.encode()
        self._is_small = tables <= MAX_TABLES and len(sql) <= MAX_LENGTH
        self._name = b"trackadmin_" + sha256(self._sql).hexdigest()[:32].encode()
        psycopg = connection.Database
        self._rows = psycopg.pq.ExecStatus.TUPLES_OK
        self._state = psycopg.pq.DiagnosticField.SQLSTATE
        self._error_of = psycopg.errors.lookup
        # psycopg says MemoryError where the library does not take the call at all.
        self._errors = (psycopg.Error, MemoryError)
        self._text = psycopg.adapt.PyFormat.TEXT

    def ask(self, connection: Any, parameters: Sequence[Any]) -> Row | None:
        """The first row; ``None`` where there is none.

        :data:`UNANSWERED` where something is not as usual, or the database complains: Django's
        cursor shall do better, or say what is wrong. Where the database gave up waiting, it would
        only wait as long again: that raises Django's ``OperationalError``.
        """
        session = connection.connection
        library = session.pgconn
        if (
            not session.autocommit
            or library.transaction_status
            # Another thread's row may be in the reader.
            or connection.allow_thread_sharing
        ):
            return UNANSWERED
        try:
            reader = _reader(connection, session, self._moments)
            if reader is None:
                return UNANSWERED
            # As texts without a type: each is what the column is that it is compared with.
            values = reader.dump_sequence(parameters, [self._text] * len(parameters))
            result = self._run(connection, values)
            if result.status != self._rows:
                self._raise_if_out_of_time(connection, result)
                return UNANSWERED
            reader.set_pgresult(result)
            row: Row | None = reader.load_row(0, tuple) if result.ntuples else None
        except self._errors:
            return UNANSWERED
        return row

    def _run(self, connection: Any, values: Sequence[Any]) -> Any:
        if not self._is_small:
            return connection.connection.pgconn.exec_params(self._sql, values)
        kept = prepared(connection.connection, connection)
        result = kept.run(self._name, self._sql, values)
        if result.status != self._rows:
            kept.forget(self._name)
        return result

    def _raise_if_out_of_time(self, connection: Any, result: Any) -> None:
        state = (result.error_field(self._state) or b"").decode()
        if state in OUT_OF_TIME:
            with connection.wrap_database_errors:
                raise self._error_of(state)(result.error_message.decode(errors="replace"))


def _reader(connection: Any, session: Any, moments: Moments) -> Any:
    """What makes Python's values of a row, kept for what it learns about types.

    ``None`` where somebody else made the driver's cursor.
    """
    place = f"_trackadmin_{moments}"
    reader = connection.__dict__.get(place)
    if reader is None or reader.connection is not session:
        cursor = connection.create_cursor()
        if not is_djangos(cursor):
            return None
        _read_moments(cursor, moments)
        reader = connection.__dict__[place] = connection.Database.adapt.Transformer(cursor)
    return reader


def _read_moments(cursor: Any, moments: Moments) -> None:
    """Let psycopg read a timestamptz faster than by the loader that Django registers, which takes
    ten times as long as Python's own parser.
    """
    adapters = cursor.adapters
    loader = adapters.get_loader(adapters.types["timestamptz"].oid, _TEXT)
    if getattr(loader, "timezone", None) is UTC:
        adapters.register_loader("timestamptz", _moment_loader(loader, moments))


@lru_cache(maxsize=8)
def _moment_loader(loader: Any, moments: Moments) -> Any:
    # Which class it is depends on the driver, which mypy does not see here.
    class Fast(loader):  # type: ignore[misc]
        def load(self, data: Any) -> Any:
            try:
                moment = datetime.fromisoformat(str(data, "ascii"))
            except ValueError:  # it is for Django's to say that there is no such moment
                return super().load(data)
            return moment if moment.tzinfo is UTC else super().load(data)

    class Text(Fast):
        def load(self, data: Any) -> Any:
            text = str(data, "ascii")
            # A year of five digits would push the blank aside.
            if len(text) in _WHOLE and text[10] == " " and text.endswith("+00"):
                return f"{text[:10]}T{text[11:]}:00"
            return encode(super().load(data))

    return Text if moments == "texts" else Fast
