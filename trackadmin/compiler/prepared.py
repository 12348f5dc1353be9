"""Statements that PostgreSQL keeps, planned, for one session.

To plan such a statement takes the server longer than to run it. Django leaves this off, for
not every pool of connections can bear it; a host whose server can says so in its ``DATABASES``:
``"OPTIONS": {"prepare_threshold": 5}``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

#: Where a session of psycopg keeps what it has prepared. Not the statements of psycopg's own
#: cursors, which bear other names.
_PREPARED = "_trackadmin_prepared"


def prepared(session: Any) -> Prepared:
    """What is prepared on this session of psycopg, whose ``prepare_threshold`` must be set."""
    found: Prepared | None = session.__dict__.get(_PREPARED)
    if found is None:
        made = Prepared(session.pgconn, session.prepare_threshold, session.prepared_max)
        found = session.__dict__[_PREPARED] = made
    return found


class Prepared:
    """The statements of one session.

    Their names are made of their texts: where a pool hands over a session on which another client
    has prepared this name, it is this very statement.
    """

    def __init__(self, library: Any, threshold: int, most: int | None) -> None:
        self._library, self._threshold, self._most = library, threshold, most
        #: How often each was run, the oldest first. What is beyond the threshold is prepared.
        self._runs: dict[bytes, int] = {}

    def run(self, name: bytes, sql: bytes, values: Sequence[Any]) -> Any:
        """The result, as the library gives it; a failure too."""
        runs = self._runs.get(name, 0)
        if runs > self._threshold:
            return self._library.exec_prepared(name, values)
        if self._most is not None and name not in self._runs and len(self._runs) >= self._most:
            self.forget(next(iter(self._runs)))
        self._runs[name] = runs + 1
        if runs < self._threshold:
            return self._library.exec_params(sql, values)
        self._library.prepare(name, sql)
        return self._library.exec_prepared(name, values)

    def forget(self, name: bytes) -> None:
        """Let the server drop a statement; it is prepared anew when it is used again."""
        if self._runs.pop(name, 0) > self._threshold:
            self._library.exec_(b"DEALLOCATE " + name)
