"""Runs statements by a cursor of psycopg's own, which lets PostgreSQL keep them prepared.

Planning such a statement takes the server longer than running it. Django's cursor writes the values
into the text, so there is nothing that the server could keep; psycopg's cursors send them apart.

Django leaves preparing off, because a pool that gives each transaction another session does not
support it, unless ``DATABASES`` has ``"OPTIONS": {"prepare_threshold": 5}``. Here it is on if the
host says nothing and there is no pool; ``None`` turns it off. Visitors choose the references of a
URL, and so the statements: a session keeps few of them, small ones, and those that are run most.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import lru_cache
from secrets import randbits
from typing import Any, Final, Literal, TypeAlias

from trackadmin.compiler.driver.cursor_guard import is_djangos
from trackadmin.compiler.failures import OUT_OF_TIME
from trackadmin.compiler.types import Row
from trackadmin.compiler.values.encoders import encode

#: Stands for a row where Django's cursor is to run the statement.
UNANSWERED: Final = ("unanswered",)

#: How the datetimes of a row come: as Python's own, or as the texts that go out.
Datetimes: TypeAlias = Literal["objects", "texts"]

#: After how many runs a statement is prepared if the host does not say: psycopg's default.
THRESHOLD = 5

#: How many statements a session keeps at most, and how many are counted to find those worth it.
MOST, COUNTED = 16, 256

#: The largest statement that is kept: how many tables it joins, and characters of SQL. One of ten
#: tables takes a megabyte of the server's memory, one of 64 tables takes 18, for each session.
MAX_TABLES, MAX_LENGTH = 10, 16_000

#: How often a session may lose its prepared statements before it prepares no more.
_STARTS = 10

#: After how many runs all counts are halved, so that what is no longer used makes room.
_HALVED = 1000

#: PostgreSQL's codes for a prepared statement that does not fit the tables any more, is gone, or
#: has the name of another: https://www.postgresql.org/docs/current/errcodes-appendix.html
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
        self._integer = connection.Database.types.numeric.Int8

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
            or session.pgconn.pipeline_status
            # Another thread may be using the cursor.
            or connection.allow_thread_sharing
        ):
            return UNANSWERED
        kept = session.__dict__.get(_PLACE)
        if kept is None:
            kept = session.__dict__[_PLACE] = _Kept(connection, session)
        # By one type, whatever their size: each set of types is a statement of its own.
        values = [self._integer(each) if type(each) is int else each for each in parameters]
        try:
            cursor = kept.cursors.get(self._datetimes) or kept.cursor(connection, self._datetimes)
            if cursor is None:
                return UNANSWERED
            if self._is_small and kept.is_due(self._sql):
                kept.execute_prepared(cursor, self._sql, values)
            else:
                cursor.execute(self._sql, values, prepare=False)
            row: Row | None = cursor.fetchone()
        except self._error as error:
            if error.sqlstate in OUT_OF_TIME:
                with connection.wrap_database_errors:
                    raise
            if error.sqlstate in _NO_LONGER_PREPARED:
                kept.start_anew()
            return UNANSWERED
        return row


class _Kept:
    """What is kept with one session: its cursors, and its prepared statements.

    psycopg keeps the names of prepared statements in a manager, one for each session, and drops all
    statements after a rollback. Ours have a manager of their own, so that they stay, and so that
    nothing changes for the host's statements.
    """

    def __init__(self, connection: Any, session: Any) -> None:
        self._session = session
        self.cursors: dict[Datetimes, Any] = {}
        self._threshold = session.prepare_threshold
        #: Whether it is known that preparing is allowed; else the server is asked before the first.
        self._is_allowed = (
            self._threshold is not None or _OPTION in connection.settings_dict["OPTIONS"]
        )
        if not self._is_allowed:
            self._threshold = THRESHOLD
        #: How often each statement was run recently, and those that are prepared.
        self._runs: dict[str, int] = {}
        self._until_halved = _HALVED
        self._prepared: set[str] = set()
        most = session.prepared_max
        self._most = MOST if most is None else min(MOST, max(most, 1))
        self._starts_left = _STARTS
        self._manager = self._new_manager()

    def cursor(self, connection: Any, datetimes: Datetimes) -> Any:
        """A cursor that reads values as Django's does, and datetimes faster.

        ``None`` if somebody else made the driver's cursor.
        """
        made = connection.create_cursor()
        if not is_djangos(made):
            return None
        cursor = self.cursors[datetimes] = connection.Database.RawCursor(self._session)
        _read_datetimes(cursor, made, datetimes)
        return cursor

    def is_due(self, sql: str) -> bool:
        """Count a run of a statement, and return whether to run it prepared."""
        if self._threshold is None:
            return False
        runs = self._counted(sql)
        if sql in self._prepared:
            return True
        if runs < self._threshold or not self._may_prepare():
            return False
        if len(self._prepared) >= self._most:
            least = min(self._prepared, key=lambda each: self._runs.get(each, 0))
            if self._runs.get(least, 0) > runs + 1:
                return False
            self._prepared.remove(least)
        self._prepared.add(sql)
        return True

    def execute_prepared(self, cursor: Any, sql: str, values: Sequence[Any]) -> None:
        """Run a statement that the server keeps, or keeps from now on."""
        session = self._session
        of_the_host, session._prepared = session._prepared, self._manager
        try:
            cursor.execute(sql, values, prepare=True)
        finally:
            session._prepared = of_the_host

    def start_anew(self) -> None:
        """Forget what was prepared, because it is no longer there or no longer valid.

        A session to which that happens often is behind a pool that was not known for one.
        """
        self._starts_left -= 1
        if self._starts_left <= 0:
            self._threshold = None
        self._prepared.clear()
        self._runs.clear()
        self._manager = self._new_manager()

    def _counted(self, sql: str) -> int:
        """How often a statement was run before."""
        self._until_halved -= 1
        runs = self._runs.get(sql, 0)
        if self._until_halved <= 0 or (not runs and len(self._runs) >= COUNTED):
            self._until_halved = _HALVED
            self._runs = {
                each: times // 2
                for each, times in self._runs.items()
                if times > 1 or each in self._prepared
            }
            runs = self._runs.get(sql, 0)
        self._runs[sql] = runs + 1
        return runs

    def _may_prepare(self) -> bool:
        if not self._is_allowed:
            self._is_allowed = is_direct(self._session)
        if not self._is_allowed or self._manager is None:
            self._threshold = None
            return False
        return True

    def _new_manager(self) -> Any:
        """A manager for our statements; ``None`` if this psycopg has another way.

        It numbers statements from a random number on, and not from 0. A pool that is not known for
        one may hand over a server's session on which another client has prepared statements. By
        number they would be mistaken for ours, and give other rows. A name that nobody else uses is
        unknown there, and Django's cursor answers.
        """
        of_the_host: Any = getattr(self._session, "_prepared", None)
        if not hasattr(of_the_host, "_prepared_idx"):
            return None
        made = type(of_the_host)()
        made.prepare_threshold, made.prepared_max = 0, self._most
        made._prepared_idx = randbits(62)
        return made


def is_direct(session: Any) -> bool:
    """Whether the session talks to the server directly, or through what only forwards bytes.

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
