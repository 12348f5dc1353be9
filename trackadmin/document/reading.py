"""Reads foreign data by exact type, and collects everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeGuard, TypeVar

from trackadmin.codes import ProblemCode
from trackadmin.document.names import why_not_a_name
from trackadmin.exceptions import Problem
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

T = TypeVar("T")

#: Longest quotation in a message, in characters.
_QUOTED = 80


@dataclass(frozen=True, slots=True)
class _Expected:
    """What is said about a value that must have a type."""

    #: With the value that is there as ``value``.
    must_be: Text
    write: Text
    add: Text


_EXPECTED: dict[type, _Expected] = {
    str: _Expected(
        _("This must be a text, not %(value)s."),
        _("Write a text."),
        _("Add it, with a text."),
    ),
    bool: _Expected(
        _("This must be true or false, not %(value)s."),
        _("Write true or false."),
        _("Add it, with true or false."),
    ),
    int: _Expected(
        _("This must be a whole number, not %(value)s."),
        _("Write a whole number."),
        _("Add it, with a whole number."),
    ),
    dict: _Expected(
        _("This must be an object, not %(value)s."),
        _("Write an object."),
        _("Add it, with an object."),
    ),
    list: _Expected(
        _("This must be a list, not %(value)s."),
        _("Write a list."),
        _("Add it, with a list."),
    ),
}
#: Values of which only the outline is quoted.
_OUTLINES: dict[type, str] = {dict: "{…}", list: "[…]", tuple: "(…)"}


class Reader:
    """Reads records field by field; ``problems`` has what is wrong, in the order of reading."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, code: str, where: str, what: Text | str, remedy: Text | str) -> None:
        """Note an error."""
        self.problems.append(Problem(code, "error", where or "document", what, remedy))

    def record(
        self,
        value: object,
        where: str,
        fields: Mapping[str, type],
        optional: Mapping[str, type] | None = None,
    ) -> dict[str, Any]:
        """All the fields of an object; one that is missing or wrong gets its type's empty value.

        Those that are ``optional`` are given only where the object has them.
        """
        if type(value) is dict and _is_sound(value, fields):
            return value.copy()
        found = self.given(value, where, {**fields, **(optional or {})})
        if type(value) is dict:
            for name in fields.keys() - value.keys():
                self.missing(name, where, fields[name])
        return {name: kind() for name, kind in fields.items()} | found

    def given(self, value: object, where: str, fields: Mapping[str, type]) -> dict[str, Any]:
        """The fields that an object has, each of exactly its type; wrong ones are left out."""
        if not self.typed(value, where, dict):
            return {}
        self._unknown_keys(value, where, fields)
        # Only wrong values need their place: a map has tens of thousands of values.
        return {
            name: value[name]
            for name, kind in fields.items()
            if name in value
            and (type(value[name]) is kind or self.typed(value[name], at(where, name), kind))
        }

    def missing(self, name: str, where: str, kind: type = str) -> None:
        """Note that an object lacks a field."""
        what = _("The key '%(name)s' is missing.", name=name)
        self.refuse(ProblemCode.DOCUMENT_MISSING_KEY, where, what, _EXPECTED[kind].add)

    def typed(self, value: object, where: str, kind: type[T]) -> TypeGuard[T]:
        """Whether the value is of exactly this type; if not, that is noted."""
        if type(value) is kind:
            return True
        expected = _EXPECTED[kind]
        what = replace(expected.must_be, values={"value": shown(value)})
        self.refuse(ProblemCode.DOCUMENT_WRONG_TYPE, where, what, expected.write)
        return False

    def keys(self, value: dict[Any, Any], where: str) -> list[str]:
        """The keys of an object that are texts; others are noted."""
        return [key for key in value if type(key) is str or self.typed(key, at(where, key), str)]

    def _unknown_keys(self, value: dict[Any, Any], where: str, fields: Mapping[str, type]) -> None:
        for key in value:
            if key not in fields:
                what = _("The key %(name)s is not known here.", name=shown(key))
                legal = ", ".join(fields)
                remedy = _("Leave it out, or use one of: %(names)s.", names=legal)
                self.refuse(ProblemCode.DOCUMENT_UNKNOWN_KEY, where, what, remedy)


def _is_sound(value: dict[Any, Any], fields: Mapping[str, type]) -> bool:
    """Whether it has all fields, and no others, each of its type: a map has tens of thousands."""
    return len(value) == len(fields) and [*map(type, map(value.get, fields))] == [*fields.values()]


def at(where: str, key: object) -> str:
    """The place one step further in; a key that is not a plain name is quoted."""
    plain = isinstance(key, str) and not why_not_a_name(key)
    step = key if plain else shown(key)
    return f"{where}.{step}" if where else str(step)


def shown(value: object) -> str:
    """A value in a sentence of any language: quoted and cut, or the outline of its type."""
    if isinstance(value, str):
        return repr(value if len(value) <= _QUOTED else value[: _QUOTED - 1] + "…")
    if type(value) in _OUTLINES:
        return _OUTLINES[type(value)]
    if value is None or type(value) in (bool, float):
        return repr(value)
    # A giant number has millions of digits, and Python refuses to write them.
    if type(value) is int and abs(value) < 10**_QUOTED:
        return repr(value)
    return f"<{type(value).__name__}>"
