"""Faults: what went wrong without an exception, counted always and logged once each."""

from __future__ import annotations

import logging
import threading
from collections import Counter

from django.core.exceptions import ImproperlyConfigured

from trackadmin.compiler import fast_paths
from trackadmin.exceptions import TrackAdminError
from trackadmin.runtime.state import after_fork_in_child, at_reset

logger = logging.getLogger("trackadmin")

#: How many places are remembered as logged, and how many of one code. Behind them faults are only
#: counted. A code that has very many, perhaps by somebody's intent, leaves room for the others.
MAX_PLACES, MAX_PLACES_OF_CODE = 1000, 200
#: How many codes are counted apart; codes are ours, so this is never reached in earnest.
MAX_CODES = 200
#: The place of what befalls the maps that a visitor makes up: one for all of them.
UNKNOWN_MAP = "an unknown map"
#: Characters of a place, and of a detail, that reach the log.
MAX_WHERE, MAX_DETAIL = 200, 2000

#: Errors whose messages hold no values.
_ABOUT_THE_SITE = (TrackAdminError, ImproperlyConfigured, ImportError)

_counts: Counter[str] = Counter()
_logged: dict[str, set[str]] = {}
_lock = threading.Lock()


def report(code: str, where: str, exc: BaseException | None = None, *, detail: str = "") -> None:
    """Count a fault under its stable code, and log it if this is the first one at this place.

    ``where`` and ``detail`` hold names of the map or of code, never a value that a person or a
    URL brought. For the same reason only the type and the origin of ``exc`` are logged, and its
    message only where it speaks of the site's own code and settings.

    A fault is one line of the log, whatever the texts hold.
    """
    where = _one_line(where[:MAX_WHERE])
    if _is_news(code, where):
        parts = [f"{where}: {code}"]
        parts += [f"({_one_line(_describe(exc))})"] if exc is not None else []
        parts += [_one_line(detail[:MAX_DETAIL])] if detail else []
        logger.warning("%s", " ".join(parts), extra={"code": code, "where": where})


def rearm(code: str, where: str) -> None:
    """Let the next fault of this code and place be logged again: this one is over."""
    with _lock:
        _logged.get(code, set()).discard(_one_line(where[:MAX_WHERE]))


def fault_counts() -> dict[str, int]:
    """How often each fault came up in this process, by code."""
    with _lock:
        return {str(code): times for code, times in _counts.items()}


def slow_path_counts() -> dict[tuple[str, str], int]:
    """How often each fast path was left in this process, by its code and the place."""
    return {(str(path), where): times for (path, where), times in fast_paths.counts().items()}


def _is_news(code: str, where: str) -> bool:
    """Count; whether this place is to be logged."""
    with _lock:
        _counts[code if code in _counts or len(_counts) < MAX_CODES else "other"] += 1
        places = _logged.get(code, set())
        if where in places or len(places) >= MAX_PLACES_OF_CODE:
            return False
        if sum(map(len, _logged.values())) >= MAX_PLACES:
            return False
        _logged.setdefault(code, places).add(where)
        return True


def _one_line(text: str) -> str:
    """The text in one line of printable characters; the lines of a longer one behind each other."""
    text = "; ".join(line.strip() for line in text.split("\n"))
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


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
    fast_paths.forget()


@after_fork_in_child
def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()
