"""Detects code that looks at a connection's statements or changes them: a query log, execute
wrappers, debug toolbars, error trackers and tracers that patch a cursor, custom backends.
"""

from __future__ import annotations

from os import sep
from pathlib import Path
from typing import Any

import django
from django.db.backends import utils
from django.db.backends.base.base import BaseDatabaseWrapper

#: Where Django's own backends live.
_DJANGOS = "django.db.backends."

#: The folder of Django's code.
_FOLDER = str(Path(django.__file__).parent) + sep

#: What makes Django's cursor out of the driver's.
_STEPS = ("cursor", "_cursor", "_prepare_cursor", "make_cursor")

#: Django's own way to run a statement; ``None`` if it was patched before this import.
_EXECUTE = (
    utils.CursorWrapper.execute
    if utils.CursorWrapper.execute.__code__.co_filename == utils.__file__
    else None
)


def is_watched(connection: Any) -> bool:
    """Whether any code is watching the statements of this connection now."""
    return bool(
        connection.execute_wrappers
        or connection.queries_logged
        or utils.CursorWrapper.execute is not _EXECUTE
        # Debug toolbars, and tests that forbid queries, put their own there.
        or "cursor" in connection.__dict__
    )


def has_own_cursor(backend: Any) -> bool:
    """Whether a database backend handles statements differently from Django's own backends."""
    own = any(getattr(backend, step) is not getattr(BaseDatabaseWrapper, step) for step in _STEPS)
    # A package may also have patched Django's class, for all backends.
    changed = not all(map(_is_djangos_code, (backend.cursor, backend._cursor)))
    return own or changed or not backend.create_cursor.__module__.startswith(_DJANGOS)


def _is_djangos_code(function: Any) -> bool:
    code = getattr(function, "__code__", None)
    return code is not None and code.co_filename.startswith(_FOLDER)


def is_djangos(cursor: Any) -> bool:
    """Whether the cursor that a backend created is of the class that Django's backend uses.

    If a tracer has patched the driver, it is the tracer's class.
    """
    return type(cursor).__module__.startswith(_DJANGOS)
