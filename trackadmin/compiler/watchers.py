"""Who looks at a connection's statements, or changes them: a log of queries, execute wrappers,
debug toolbars, error trackers and tracers that patch Django's cursor or the driver's, backends.
"""

from __future__ import annotations

from typing import Any

from django.db.backends import utils
from django.db.backends.base.base import BaseDatabaseWrapper

#: Where Django's own backends live.
_DJANGOS = "django.db.backends."

#: What makes Django's cursor out of the driver's.
_STEPS = ("cursor", "_cursor", "_prepare_cursor", "make_cursor")

#: Django's own way to run a statement; ``None`` where somebody changed it before we came.
_EXECUTE = (
    utils.CursorWrapper.execute
    if utils.CursorWrapper.execute.__code__.co_filename == utils.__file__
    else None
)


def is_watched(connection: Any) -> bool:
    """Whether somebody looks at what goes through Django's cursor of this connection now."""
    return bool(
        connection.execute_wrappers
        or connection.queries_logged
        or utils.CursorWrapper.execute is not _EXECUTE
        # Debug toolbars, and tests that forbid queries, put their own there.
        or "cursor" in connection.__dict__
    )


def has_own_cursor(backend: Any) -> bool:
    """Whether a database backend does other things to a statement than Django's own ones."""
    own = any(getattr(backend, step) is not getattr(BaseDatabaseWrapper, step) for step in _STEPS)
    return own or not backend.create_cursor.__module__.startswith(_DJANGOS)


def is_djangos(cursor: Any) -> bool:
    """Whether the driver's cursor that a backend made is of the class that Django's backend has.

    Where a tracer has changed the driver, it is the tracer's.
    """
    return type(cursor).__module__.startswith(_DJANGOS)
