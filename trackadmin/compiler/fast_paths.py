"""Counts each time a fast path is left for a slow one, and where.

A fast path that gives up silently costs speed and nobody notices. The host's code, its data and
its database are reasons to leave one, and so each ends in ``except Exception``. A mistake in
trackadmin's own code would be hidden there too: where :attr:`raising` is set, as in the tests, it
comes through.
"""

from __future__ import annotations

from pathlib import Path

from trackadmin.codes import FastPath

#: What a mistake in our own code raises. Subclasses are raised on purpose.
_MISTAKES = (TypeError, NameError, UnboundLocalError, AttributeError)
_PACKAGE = str(Path(__file__).parents[1])

#: Whether our own mistakes come through.
raising = False

#: Threads need no lock, which a fork could copy while it is held: at worst a count is lost.
_counts: dict[tuple[FastPath, str], int] = {}
#: How many places are counted apart.
MAX_PLACES = 1000


def left(path: FastPath, where: str, error: BaseException | None = None) -> None:
    """Count that a fast path was left. ``where`` is a name of the map or of a database.

    Raises ``error`` again where it is a mistake of ours and :attr:`raising` is set.
    """
    place = (path, where)
    if place in _counts or len(_counts) < MAX_PLACES:
        _counts[place] = _counts.get(place, 0) + 1
    if raising and error is not None and is_ours(error):
        raise error


def counts() -> dict[tuple[FastPath, str], int]:
    """How often each fast path was left in this process, and where."""
    return _counts.copy()


def forget() -> None:
    """Count from zero."""
    _counts.clear()


def is_ours(error: BaseException) -> bool:
    """Whether the error is a mistake in trackadmin's own code, and not in what it calls.

    In generated code only an unknown name counts: there the host's data may be of any type.
    """
    origin = error.__traceback__
    if type(error) not in _MISTAKES or origin is None:
        return False
    while origin.tb_next is not None:
        origin = origin.tb_next
    file = origin.tb_frame.f_code.co_filename
    if file.startswith("<trackadmin "):
        return isinstance(error, NameError)
    return file.startswith(_PACKAGE)
