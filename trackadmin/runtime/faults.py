"""Faults: what went wrong without an exception, counted always and logged once each."""

from __future__ import annotations

import logging
import threading
from collections import Counter

from django.core.exceptions import ImproperlyConfigured

from trackadmin.exceptions import TrackAdminError
from trackadmin.runtime.state import after_fork_in_child, at_reset

logger = logging.getLogger("trackadmin")

#: How many places are remembered as logged. Behind them faults are only counted.
MAX_PLACES = 1000
#: How many codes are counted apart; codes are ours, so this is never reached in earnest.
MAX_CODES = 200
#: Characters of a place, and of a detail, that reach the log.
MAX_WHERE, MAX_DETAIL = 200, 2000

#: Errors whose messages hold no values.
_ABOUT_THE_SITE = (TrackAdminError, ImproperlyConfigured, ImportError)

_counts: Counter[str] = Counter()
_logged: set[tuple[str, str]] = set()
_lock = threading.Lock()


def report(code: str, where: str, exc: BaseException | None = None, *, detail: str = "") -> None:
    """Count a fault under its stable code, and log it if this is the first one at this place.

    ``where`` and ``detail`` hold names of the map or of code, never a value that a person or a
    URL brought. For the same reason only the type and the origin of ``exc`` are logged, and its
    message only where it speaks of the site's own code and settings.
    """
    where = where[:MAX_WHERE]
    if _is_news(code, where):
        parts = [f"{where}: {code}"]
        parts += [f"({_describe(exc)})"] if exc is not None else []
        parts += [detail[:MAX_DETAIL]] if detail else []
        logger.warning("%s", " ".join(parts), extra={"code": code, "where": where})


def rearm(code: str, where: str) -> None:
    """Let the next fault of this code and place be logged again: this one is over."""
    with _lock:
        _logged.discard((code, where[:MAX_WHERE]))


def fault_counts() -> dict[str, int]:
    """How often each fault came up in this process, by code."""
    with _lock:
        return dict(_counts)


def _is_news(code: str, where: str) -> bool:
    """Count; whether this place is to be logged."""
    with _lock:
        _counts[code if code in _counts or len(_counts) < MAX_CODES else "other"] += 1
        if (code, where) in _logged or len(_logged) >= MAX_PLACES:
            return False
        _logged.add((code, where))
        return True


def _describe(exc: BaseException) -> str:
    """The error's type, and the line of code that raised it."""
    name, origin = type(exc).__qualname__, exc.__traceback__
    while origin is not None and origin.tb_next is not None:
        origin = origin.tb_next
    if isinstance(exc, _ABOUT_THE_SITE):
        name += f": {exc}"[:MAX_DETAIL]
    if origin is None:
        return name
    return f"{name} at {origin.tb_frame.f_code.co_filename}:{origin.tb_lineno}"


@at_reset
def _forget() -> None:
    with _lock:
        _counts.clear()
        _logged.clear()


@after_fork_in_child
def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()
