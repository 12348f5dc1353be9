"""Takes foreign data apart by exact type, and collects everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeGuard, TypeVar

from trackadmin.document.names import why_not_a_name
from trackadmin.exceptions import Problem

T = TypeVar("T")

#: Longest quotation in a message, in characters.
_QUOTED = 80

_TYPE_NAMES: dict[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a whole number",
    float: "a number with a fraction",
    dict: "an object",
    list: "a list",
    tuple: "a list",
    type(None): "nothing",
}


class Reader:
    """Reads records field by field; what is wrong lands in ``problems``, in the order met."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def refuse(self, code: str, where: str, message: str, fix: str) -> None:
        """Note an error."""
        self.problems.append(Problem(code, "error", where or "document", message, fix))

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
        self._unknown(value, where, fields)
        # The place is put into words only for what is wrong: a map has tens of thousands of values.
        return {
            name: value[name]
            for name, kind in fields.items()
            if name in value
            and (type(value[name]) is kind or self.typed(value[name], at(where, name), kind))
        }

    def missing(self, name: str, where: str, kind: type = str) -> None:
        """Note that an object lacks a field."""
        fix = f"Add it, with {_TYPE_NAMES[kind]}."
        self.refuse("document.missing_key", where, f"The key {name!r} is missing.", fix)

    def typed(self, value: object, where: str, kind: type[T]) -> TypeGuard[T]:
        """Whether the value is of exactly this type; if not, that is noted."""
        if type(value) is kind:
            return True
        message = f"This must be {_TYPE_NAMES[kind]}, not {shown(value)}."
        self.refuse("document.wrong_type", where, message, f"Write {_TYPE_NAMES[kind]}.")
        return False

    def keys(self, value: dict[Any, Any], where: str) -> list[str]:
        """The keys of an object that are texts; others are noted."""
        return [key for key in value if type(key) is str or self.typed(key, at(where, key), str)]

    def _unknown(self, value: dict[Any, Any], where: str, fields: Mapping[str, type]) -> None:
        for key in value:
            if key not in fields:
                message = f"The key {shown(key)} is not known here."
                fix = f"Leave it out, or use one of: {', '.join(fields)}."
                self.refuse("document.unknown_key", where, message, fix)


def _is_sound(value: dict[Any, Any], fields: Mapping[str, type]) -> bool:
    """Whether it has all fields, and no others, each of its type: a map has tens of thousands."""
    return len(value) == len(fields) and [*map(type, map(value.get, fields))] == [*fields.values()]


def at(where: str, key: object) -> str:
    """The place one step further in; a key that is no plain name is quoted, so it can be shown."""
    plain = isinstance(key, str) and not why_not_a_name(key)
    step = key if plain else shown(key)
    return f"{where}.{step}" if where else str(step)


def shown(value: object) -> str:
    """A value in a message: texts and numbers quoted and cut, anything else by its type."""
    if isinstance(value, str):
        return repr(value if len(value) <= _QUOTED else value[: _QUOTED - 1] + "…")
    if value is None or type(value) in (dict, list, tuple):
        return _TYPE_NAMES[type(value)]
    if type(value) in (bool, float):
        return repr(value)
    if type(value) is int:
        return repr(value) if abs(value) < 10**_QUOTED else "a giant number"
    return f"a {type(value).__name__}"
