"""Faults: what went wrong without an exception. Each is counted, and logged once for each place."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple

from django.core.exceptions import ImproperlyConfigured
from django.utils import translation

from trackadmin.codes import FaultCode
from trackadmin.compiler import fast_paths
from trackadmin.exceptions import TrackAdminError
from trackadmin.runtime.state import after_fork_in_child, at_reset

logger = logging.getLogger("trackadmin")

#: How many places are remembered as logged, in all and for each code. Beyond that, faults are only
#: counted. If somebody causes very many places of one code on purpose, there is room for others.
MAX_PLACES, MAX_PLACES_OF_CODE = 1000, 200
#: How many codes are counted separately. There are fewer, so this is only a safeguard.
MAX_CODES = 200
#: The place of a fault in a map whose name a visitor made up. All of them share it.
UNKNOWN_MAP = "an unknown map"
#: Characters of a place, and of a detail, that are logged.
MAX_WHERE, MAX_DETAIL = 200, 2000

#: Errors whose messages do not contain values.
_ABOUT_THE_SITE = (TrackAdminError, ImproperlyConfigured, ImportError)


class SetAside(NamedTuple):
    """A fault that was neither counted nor logged."""

    code: str
    where: str
    error: BaseException | None


#: The faults of what is only tried out; ``None`` where everything is counted.
_aside: ContextVar[list[SetAside] | None] = ContextVar("trackadmin_faults_aside", default=None)

_counts: Counter[str] = Counter()
_logged: dict[str, set[str]] = {}
_lock = threading.Lock()


def report(
    code: str, where: str, exc: BaseException | None = None, *, details: Iterable[object] = ()
) -> None:
    """Count a fault, and log it if it is the first one with this code at this place.

    ``code`` is one of :class:`FaultCode`. ``where`` and ``details`` contain names of the map or of
    code, never a value from a person or a URL. For the same reason only the type and the origin of
    ``exc`` are logged. Its message is logged only if it is about the site's own code and settings.

    A fault is one line of the log, whatever the texts contain. The line is in English, whatever
    language is active.
    """
    aside = _aside.get()
    if aside is not None:
        aside.append(SetAside(code, where, exc))
        return
    where = _one_line(where[:MAX_WHERE])
    if _is_news(code, where):
        line = _line(code, where, exc, details)
        logger.warning("%s", line, extra={"code": str(code), "where": where})


@contextmanager
def set_aside() -> Iterator[list[SetAside]]:
    """Collect the faults instead of counting and logging them, because no event has them."""
    found: list[SetAside] = []
    token = _aside.set(found)
    try:
        yield found
    finally:
        _aside.reset(token)


def rearm(code: str, where: str) -> None:
    """Log the next fault of this code and place again, because this one is over."""
    with _lock:
        _logged.get(code, set()).discard(_one_line(where[:MAX_WHERE]))


def fault_counts() -> dict[str, int]:
    """How often each fault occurred in this process, by code."""
    with _lock:
        return {str(code): times for code, times in _counts.items()}


def slow_path_counts() -> dict[tuple[str, str], int]:
    """How often each fast path was left in this process, by its code and the place."""
    return {(str(path), where): times for (path, where), times in fast_paths.counts().items()}


def _is_news(code: str, where: str) -> bool:
    """Count the fault, and return whether to log this place."""
    with _lock:
        _counts[code if code in _counts or len(_counts) < MAX_CODES else FaultCode.OTHER] += 1
        places = _logged.get(code, set())
        if where in places or len(places) >= MAX_PLACES_OF_CODE:
            return False
        if sum(map(len, _logged.values())) >= MAX_PLACES:
            return False
        _logged.setdefault(code, places).add(where)
        return True


def _line(code: str, where: str, exc: BaseException | None, details: Iterable[object]) -> str:
    with translation.override(None):
        parts = [f"{where}: {code}"]
        parts += [f"({_one_line(_describe(exc))})"] if exc is not None else []
        detail = "; ".join(map(str, details))
        parts += [_one_line(detail[:MAX_DETAIL])] if detail else []
    return " ".join(parts)


def _one_line(text: str) -> str:
    """The text as one line of printable characters; line ends become semicolons."""
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
