"""Runs statements by a cursor of psycopg's own, which lets PostgreSQL keep them planned.

Planning such a statement takes the server longer than running it. Django's cursor writes the values
into the text, so there is nothing that the server could keep; psycopg's cursors send them apart.

Django leaves preparing off, because a pool that gives each transaction another session cannot bear
it, unless ``DATABASES`` has ``"OPTIONS": {"prepare_threshold": 5}``. Here it is on where the host
says nothing and there is no pool; ``None`` turns it off. Visitors choose the references of
a URL, and so the statements: a session keeps few of them, and small ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from secrets import randbits
from typing import Any, Final, Literal, TypeAlias

from trackadmin.compiler.driver.cursor_guard import is_djangos
from trackadmin.compiler.driver.failures import OUT_OF_TIME
from trackadmin.compiler.types import Row
from trackadmin.compiler.values.encoders import encode

#: Stands for a row where Django's cursor is to run the statement.
UNANSWERED: Final = ("unanswered",)

#: How the datetimes of a row come: as Python's own, or as the texts that go out.
Datetimes: TypeAlias = Literal["objects", "texts"]

#: After how many runs psycopg prepares a statement if the host does not say: psycopg's default. A
#: session has run as many statements before it is asked whether there is a pool.
THRESHOLD = 5

#: How many statements a session keeps at most. psycopg drops the oldest one statement later.
MOST = 16

#: The largest statement that is kept: how many tables it joins, and characters of SQL. One of ten
#: tables takes a megabyte of the server's memory, one of 64 tables takes 18, for each session.
MAX_TABLES, MAX_LENGTH = 10, 16_000

#: PostgreSQL's codes for a prepared statement that does not fit the tables any more, is gone, or
#: bears the name of another: https://www.postgresql.org/docs/current/errcodes-appendix.html
_NO_LONGER_PREPARED = frozenset({"0A000", "26000", "42P05"})

#: The host's word for it, in ``OPTIONS``.
_OPTION = "prepare_threshold"

#: Where a session of psycopg keeps its cursors of ours.
_PLACE = "_trackadmin"

#: Characters of a datetime without a fraction, and with all six digits of one.
_WHOLE = frozenset({22, 29})

#: The library's number of the format in which PostgreSQL sends texts.
_TEXT = 0


def can_ask(connection: Any) -> bool:
    """Whether this connection is one of psycopg 3.2 or newer, which has raw cursors."""
    return hasattr(connection.Database, "RawCursor")


class PreparedStatement:
    """A statement for any thread's connection to one database."""

    def __init__(self, sql: str, connection: Any, datetimes: Datetimes, *, tables: int = 1) -> None:
        """``sql`` has places for values as PostgreSQL itself marks them: ``$1``.

        It joins as many ``tables``; a large one is never prepared.
        """
        self._sql, self._datetimes = sql, datetimes
        self._is_small = tables <= MAX_TABLES and len(sql) <= MAX_LENGTH
        self._error = connection.Database.Error

    def ask(self, connection: Any, parameters: Sequence[Any]) -> Row | None:
        """The first row; ``None`` where there is none.

        :data:`UNANSWERED` where something is not as usual, or the database complains: Django's
        cursor does better, or says what is wrong. Where the database gave up waiting, Django's
        cursor would only wait as long again: that raises Django's ``OperationalError``.
        """
        session = connection.connection
        if (
            not session.autocommit
            or session.pgconn.transaction_status
            # Another thread may be using the cursor.
            or connection.allow_thread_sharing
        ):
            return UNANSWERED
        kept = session.__dict__.get(_PLACE)
        if kept is None:
            kept = session.__dict__[_PLACE] = _Kept(connection, session)
        try:
            cursor = kept.cursors.get(self._datetimes) or kept.cursor(connection, self._datetimes)
            if cursor is None:
                return UNANSWERED
            if kept.runs < THRESHOLD:
                kept.count()
            prepare = None if self._is_small and kept.may_prepare(self._sql) else False
            cursor.execute(self._sql, parameters, prepare=prepare)
            row: Row | None = cursor.fetchone()
        except self._error as error:
            if error.sqlstate in OUT_OF_TIME:
                with connection.wrap_database_errors:
                    raise
            if error.sqlstate in _NO_LONGER_PREPARED:
                kept.unprepared.add(self._sql)
            return UNANSWERED
        return row


class _Kept:
    """What is kept with one session: its cursors, and whether it may prepare statements."""

    def __init__(self, connection: Any, session: Any) -> None:
        self._session = session
        self.cursors: dict[Datetimes, Any] = {}
        #: How many statements were run before the session was asked what it is.
        self.runs = 0
        #: Statements that failed because they had been prepared. psycopg would not notice.
        self.unprepared: set[str] = set()
        if session.prepare_threshold is not None or _OPTION in connection.settings_dict["OPTIONS"]:
            self.runs = THRESHOLD
        # Where the server binds the values, Django's own cursors prepare statements too: then what
        # is set for the session would be set for them.
        self._may_prepare = (
            not connection.features.uses_server_side_binding and _number_from_anywhere(session)
        )
        if self._may_prepare:
            most = session.prepared_max
            session.prepared_max = MOST - 1 if most is None else min(MOST - 1, most)

    def cursor(self, connection: Any, datetimes: Datetimes) -> Any:
        """A cursor that reads values as Django's does, and datetimes faster.

        ``None`` where somebody else made the driver's cursor.
        """
        made = connection.create_cursor()
        if not is_djangos(made):
            return None
        cursor = self.cursors[datetimes] = connection.Database.RawCursor(self._session)
        _read_datetimes(cursor, made, datetimes)
        return cursor

    def may_prepare(self, sql: str) -> bool:
        """Whether psycopg may prepare this statement once it was run often enough."""
        return self._may_prepare and sql not in self.unprepared

    def count(self) -> None:
        """Count a run; behind enough of them, let psycopg prepare statements if nothing forbids."""
        self.runs += 1
        if self.runs >= THRESHOLD and self._may_prepare and is_direct(self._session):
            self._session.prepare_threshold = THRESHOLD


def _number_from_anywhere(session: Any) -> bool:
    """Let psycopg number this session's statements from a random number on, and not from 0.

    A pool that is not known for one may hand over a server's session on which another client has
    prepared statements. By number they would be mistaken for ours, and give other rows. A name
    that nobody else uses is unknown there, and Django's cursor answers. psycopg offers no public
    way; whether there is this one is returned.
    """
    manager: Any = getattr(session, "_prepared", None)
    if not hasattr(manager, "_prepared_idx"):
        return False  # a psycopg that we do not know numbers them in its own way
    manager._prepared_idx = randbits(62)
    return True


def is_direct(session: Any) -> bool:
    """Whether nothing stands between the session and the server but what hands bytes on.

    A server tells the number of its process when a session begins. A pool has many sessions with
    the server and makes that number up.
    """
    with suppress(Exception):  # a server that does not say counts as a pool
        (pid,) = session.execute("SELECT pg_backend_pid()").fetchone()
        return bool(pid == session.info.backend_pid)
    return False


def _read_datetimes(cursor: Any, made: Any, datetimes: Datetimes) -> None:
    """Let psycopg read a timestamptz faster than by the loader that Django registers, which takes
    ten times as long as Python's own parser.
    """
    adapters = cursor.adapters
    oid = adapters.types["timestamptz"].oid
    loader = made.adapters.get_loader(oid, _TEXT)
    if getattr(loader, "timezone", None) is UTC:
        loader = _datetime_loader(loader, datetimes)
    adapters.register_loader(oid, loader)


@lru_cache(maxsize=8)
def _datetime_loader(loader: Any, datetimes: Datetimes) -> Any:
    # Which class it is depends on the driver, which mypy does not see here.
    class Fast(loader):  # type: ignore[misc]
        def load(self, data: Any) -> Any:
            try:
                found = datetime.fromisoformat(str(data, "ascii"))
            except ValueError:  # it is for Django's to say that there is no such datetime
                return super().load(data)
            return found if found.tzinfo is UTC else super().load(data)

    class Text(Fast):
        def load(self, data: Any) -> Any:
            text = str(data, "ascii")
            # A year of five digits would push the blank aside.
            if len(text) in _WHOLE and text[10] == " " and text.endswith("+00"):
                return f"{text[:10]}T{text[11:]}:00"
            return encode(super().load(data))

    return Text if datetimes == "texts" else Fast
