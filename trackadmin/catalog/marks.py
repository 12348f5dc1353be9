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

    Write it above or below ``@property`` and ``@cached_property``, or on plain methods that need no
    arguments. It does not change the member. A subclass that overrides the member must mark it
    again, or it is not offered there.

    ``description`` is shown to editors next to the name. Raises :class:`TypeError` on anything that
    is not a property or a method.
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
            "Fields do not need a mark: they are always offered."
        )
    setattr(function, _MARK, mark)
    return member


def mark_of(member: object) -> Mark | None:
    """The mark on a member as its class has it, or ``None``."""
    mark = getattr(function_of(member), _MARK, None)
    return mark if isinstance(mark, Mark) else None


def function_of(member: object) -> object:
    """The function that runs when this property or method of a class is read or called.

    ``None`` where there is none. Nothing is run to find out.
    """
    match member:
        case FunctionType() | functools.partialmethod():
            return member
        case property():
            return member.fget
        case cached_property():
            return vars(member)["real_func"]  # its .func is bound only when the class is complete
        case functools.cached_property():  # noqa: TID251 the host's own
            return member.func
        case classmethod() | staticmethod():
            return member.__func__
    return None
