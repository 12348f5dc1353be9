"""Takes foreign data apart by exact type, and collects everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from trackadmin.document.names import why_not_a_name
from trackadmin.exceptions import Problem

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
        required: Collection[str] | None = None,
    ) -> dict[str, Any]:
        """The fields of an object, each of exactly its type.

        ``required`` are those that must be there, by default all. A wrong one is noted and left
        out of the result if it may be absent, else replaced by its type's empty value.
        """
        if not self.typed(value, where, dict):
            value = {}
            required = ()
        assert isinstance(value, dict)  # noqa: S101 - told to the type checker
        self._unknown(value, where, fields)
        must = fields.keys() if required is None else required
        found = {}
        for name, kind in fields.items():
            if name not in value:
                if name in must:
                    self._missing(name, where, kind)
            elif self.typed(value[name], at(where, name), kind):
                found[name] = value[name]
        empty = {name: kind() for name, kind in fields.items()} if required is None else {}
        return empty | found

    def typed(self, value: object, where: str, kind: type) -> bool:
        """Whether the value is of exactly this type; if not, that is noted."""
        if type(value) is kind:
            return True
        message = f"This must be {_TYPE_NAMES[kind]}, not {shown(value)}."
        self.refuse("document.wrong_type", where, message, f"Write {_TYPE_NAMES[kind]}.")
        return False

    def keys(self, value: dict[Any, Any], where: str) -> list[str]:
        """The keys of an object that are texts; others are noted."""
        return [key for key in value if self.typed(key, at(where, key), str)]

    def _unknown(self, value: dict[Any, Any], where: str, fields: Mapping[str, type]) -> None:
        for key in value:
            if key not in fields:
                message = f"The key {shown(key)} is not known here."
                fix = f"Leave it out, or use one of: {', '.join(fields)}."
                self.refuse("document.unknown_key", where, message, fix)

    def _missing(self, name: str, where: str, kind: type) -> None:
        message = f"The key {name!r} is missing."
        self.refuse("document.missing_key", where, message, f"Add it, with {_TYPE_NAMES[kind]}.")


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
