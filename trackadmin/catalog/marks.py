"""The host's mark on a property or method that may be tracked."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any, TypeVar, overload

from django.utils.functional import cached_property

_MARK = "_trackadmin_mark"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mark:
    """What the host's code says about a property or method that may be tracked."""

    description: str = ""


@overload
def trackable(member: T, /) -> T: ...
@overload
def trackable(*, description: str = "") -> Callable[[T], T]: ...


def trackable(member: Any = None, /, *, description: str = "") -> Any:
    """Let editors track a property or method of a model: ``@trackable``.

    It stands above or below ``@property`` and ``@cached_property``, and on plain methods that need
    no arguments. It changes nothing about the member itself. A subclass that overrides the member
    marks it again, or it is not offered there.

    ``description`` is shown to editors beside the name. Raises :class:`TypeError` on anything that
    is no property and no method.
    """
    if member is None:
        return lambda function: trackable_as(Mark(description), function)
    return trackable_as(Mark(description), member)


def trackable_as(mark: Mark, member: T) -> T:
    """Put the mark on the function inside the member, and give the member back."""
    function = function_of(member)
    if not isinstance(function, FunctionType):
        raise TypeError(
            f"@trackable goes on a property or a method of a model, not on {member!r}. "
            "Fields need no mark: they are offered by themselves."
        )
    setattr(function, _MARK, mark)
    return member


def mark_of(member: object) -> Mark | None:
    """The mark on a member as it stands in its class, or ``None``."""
    mark = getattr(function_of(member), _MARK, None)
    return mark if isinstance(mark, Mark) else None


def function_of(member: object) -> object:
    """The function that runs when this property or method of a class is read or called.

    ``None`` where there is none; nothing is run to find out.
    """
    match member:
        case FunctionType() | functools.partialmethod():
            return member
        case property():
            return member.fget
        case cached_property():
            return vars(member)["real_func"]  # its .func is bound only once the class stands
        case functools.cached_property():  # noqa: TID251 the host's own
            return member.func
        case classmethod() | staticmethod():
            return member.__func__
    return None
