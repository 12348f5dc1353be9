"""Statements that PostgreSQL keeps, planned, for one session.

To plan such a statement takes the server longer than to run it. A pool of connections that gives
each transaction another session cannot bear that, so Django leaves it off unless ``DATABASES`` has
``"OPTIONS": {"prepare_threshold": 5}``. Here it is on where the host says nothing and no pool
stands in between; ``None`` turns it off. What outsiders choose must not fill the server's memory:
a session keeps few statements, small ones, and those that are run most.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: After how many runs a statement is prepared, if the host does not say: as psycopg has it.
THRESHOLD = 5

#: How many statements a session keeps at most, and how many are counted to find those worth it.
#: Visitors choose the references of a URL, and so the statements; what is run most is kept.
MOST, COUNTED = 16, 256

#: The largest statement that is kept: how many tables it joins, and characters of SQL. One of ten
#: tables takes a megabyte of the server's memory, one of 64 tables takes 18, for each session.
MAX_TABLES, MAX_LENGTH = 10, 16_000

#: After how many runs all counts are halved, so that what nobody uses any more makes room.
_HALVED = 1000

#: The host's word for it, in ``OPTIONS``.
_OPTION = "prepare_threshold"

#: Where a session of psycopg keeps what it has prepared. Not the statements of psycopg's own
#: cursors, which bear other names.
_PREPARED = "_trackadmin_prepared"


def prepared(session: Any, connection: Any) -> Prepared:
    """What is prepared on this session of psycopg, which is Django's connection's."""
    found: Prepared | None = session.__dict__.get(_PREPARED)
    if found is None:
        threshold = session.prepare_threshold
        is_said = threshold is not None or _OPTION in connection.settings_dict["OPTIONS"]
        if not is_said:
            threshold = THRESHOLD
        made = Prepared(session.pgconn, threshold, session.prepared_max, is_allowed=is_said)
        found = session.__dict__[_PREPARED] = made
    return found


class Prepared:
    """The statements of one session.

    Their names are made of their texts: where a pool hands over a session on which another client
    has prepared this name, it is this very statement.
    """

    def __init__(
        self, library: Any, threshold: int | None, most: int | None, *, is_allowed: bool
    ) -> None:
        """Without a ``threshold`` nothing is prepared; ``most`` is how many statements are counted.

        Where it is not known that preparing ``is_allowed``, the server is asked before the first.
        """
        self._library, self._threshold = library, threshold
        self._most = MOST if most is None else min(MOST, max(most, 1))
        self._is_allowed = is_allowed
        #: How often each was run of late.
        self._runs: dict[bytes, int] = {}
        self._until_halved = _HALVED
        #: What is prepared, the oldest first.
        self._names: dict[bytes, None] = {}

    def run(self, name: bytes, sql: bytes, values: Sequence[Any]) -> Any:
        """The result, as the library gives it; a failure too."""
        runs = self._counted(name)
        if name in self._names:
            return self._library.exec_prepared(name, values)
        if not self._is_due(name, runs):
            return self._library.exec_params(sql, values)
        self._names[name] = None
        self._library.prepare(name, sql)
        return self._library.exec_prepared(name, values)

    def forget(self, name: bytes) -> None:
        """Let the server drop a statement; it is prepared anew when it is used again."""
        self._runs.pop(name, None)
        if name in self._names:
            del self._names[name]
            self._library.exec_(b"DEALLOCATE " + name)

    def _counted(self, name: bytes) -> int:
        """How often a statement was run before."""
        if self._threshold is None:
            return 0
        self._until_halved -= 1
        runs = self._runs.get(name, 0)
        if self._until_halved <= 0 or (not runs and len(self._runs) >= COUNTED):
            self._halve()
            runs = self._runs.get(name, 0)
        self._runs[name] = runs + 1
        return runs

    def _halve(self) -> None:
        self._until_halved = _HALVED
        self._runs = {
            name: runs // 2 for name, runs in self._runs.items() if runs > 1 or name in self._names
        }

    def _is_due(self, name: bytes, runs: int) -> bool:
        """Whether a statement is to be prepared now; makes room for it."""
        if self._threshold is None or runs < self._threshold:
            return False
        if not self._is_allowed:
            self._is_allowed = is_direct(self._library)
            self._threshold = self._threshold if self._is_allowed else None
            if not self._is_allowed:
                return False
        if len(self._names) >= self._most:
            least = min(self._names, key=lambda each: self._runs.get(each, 0))
            if self._runs.get(least, 0) > runs + 1:
                return False
            self.forget(least)
        return True


def is_direct(library: Any) -> bool:
    """Whether nothing stands between the session and the server but what hands bytes on.

    A server tells the number of its process when a session begins. A pool has many sessions with
    the server and makes that number up.
    """
    result = library.exec_(b"SELECT pg_backend_pid()")
    return bool(result.ntuples) and int(result.get_value(0, 0)) == library.backend_pid
