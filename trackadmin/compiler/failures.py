"""What a failed statement leaves behind, and whether to ask again could do better."""

from __future__ import annotations

from typing import Any

from django.db import connections

#: PostgreSQL's codes for a statement that took too long (or that somebody cancelled), and for a
#: lock that did not come: https://www.postgresql.org/docs/current/errcodes-appendix.html
OUT_OF_TIME = frozenset({"57014", "55P03"})

#: SQLite's for a file or a table that another connection kept locked for longer than the timeout:
#: https://www.sqlite.org/rescode.html. The upper bits tell more.
_BUSY, _LOCKED, _PRIMARY = 5, 6, 0xFF


def is_out_of_time(error: BaseException) -> bool:
    """Whether a database gave up waiting. Asking it again at once would take just as long."""
    cause: Any = error.__cause__ or error
    if (getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)) in OUT_OF_TIME:
        return True
    return getattr(cause, "sqlite_errorcode", 0) & _PRIMARY in (_BUSY, _LOCKED)


def drop_broken(alias: str) -> None:
    """Close the connection if it failed and is dead, so that the next try makes a new one.

    Django does this only between requests, and not every process has requests. An open transaction
    keeps its connection, because its owner must see that it is lost.
    """
    connection = connections[alias]
    failed = connection.connection is not None and connection.errors_occurred
    in_transaction = connection.in_atomic_block or not connection.autocommit
    if failed and not in_transaction and not connection.is_usable():
        connection.close()
