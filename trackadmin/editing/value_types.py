"""The types of values as events have them: what is encoded how, and what may be null."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from django.db import models

from trackadmin.catalog import AttributeFacts, Kind, has_own_conversions
from trackadmin.compiler.aggregates import MatchedAggregate
from trackadmin.document import ParameterEntry
from trackadmin.document.structure import (
    BOOLEAN,
    CHOICE,
    COUNT,
    DISTINCT,
    INTEGER,
    NUMBER,
    PSEUDONYMISED,
    TEXT,
)
from trackadmin.editing.given_names import GivenName


class JsonType(StrEnum):
    """The types that a value of an event may have beside null."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    #: Any of them: the host's code decides.
    ANY = "any"


@dataclass(frozen=True, slots=True)
class ValueType:
    """What a value is in an event."""

    json: JsonType
    nullable: bool
    #: A regular expression that a text matches; empty for any text.
    pattern: str = ""
    #: The only texts that there are; empty for any text.
    choices: tuple[str, ...] = ()

    def or_as(self, other: ValueType) -> ValueType:
        """The type of a value that is of this or of another type."""
        nullable = self.nullable or other.nullable
        if replace(self, nullable=nullable) == replace(other, nullable=nullable):
            return replace(self, nullable=nullable)
        return ValueType(self.json if self.json is other.json else JsonType.ANY, nullable)


_DATE, _TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}", r"[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{6})?"
_ZONE = r"([+-][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?"
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
PSEUDONYM = r"^[^:]+:[0-9a-f]{32}$"
ANYTHING = ValueType(JsonType.ANY, nullable=True)
_TYPES: dict[Kind, ValueType] = {
    Kind.INTEGER: ValueType(JsonType.INTEGER, nullable=False),
    # NaN and infinity are null.
    Kind.FLOAT: ValueType(JsonType.NUMBER, nullable=True),
    Kind.DECIMAL: ValueType(JsonType.STRING, False, r"^-?[0-9]+(\.[0-9]+)?$"),
    Kind.BOOLEAN: ValueType(JsonType.BOOLEAN, nullable=False),
    Kind.TEXT: ValueType(JsonType.STRING, nullable=False),
    Kind.IP_ADDRESS: ValueType(JsonType.STRING, nullable=False),
    Kind.UUID: ValueType(JsonType.STRING, False, f"^{_UUID}$"),
    Kind.DATE: ValueType(JsonType.STRING, False, f"^{_DATE}$"),
    Kind.TIME: ValueType(JsonType.STRING, False, f"^{_TIME}{_ZONE}$"),
    Kind.DATETIME: ValueType(JsonType.STRING, False, f"^{_DATE}T{_TIME}{_ZONE}$"),
    Kind.DURATION: ValueType(JsonType.STRING, False, r"^-?P[0-9]+DT[0-9]+H[0-9]+M[0-9.]+S$"),
    Kind.FILE: ValueType(JsonType.STRING, nullable=False),
    # The text of a JSON value; that of null is null.
    Kind.JSON: ValueType(JsonType.STRING, nullable=True),
}
_OF_PARAMETERS = {
    TEXT: JsonType.STRING,
    CHOICE: JsonType.STRING,
    INTEGER: JsonType.INTEGER,
    NUMBER: JsonType.NUMBER,
    BOOLEAN: JsonType.BOOLEAN,
}


def type_of_name(given: GivenName) -> ValueType:
    """The type of an object's value, where the object is stored."""
    facts = given.facts
    its = _of_attribute(facts) if isinstance(facts, AttributeFacts) else _of_aggregate(facts)
    if given.pseudonymised:
        its = ValueType(JsonType.STRING, its.nullable, PSEUDONYM)
    return replace(its, nullable=its.nullable or given.may_miss)


def type_of_parameter(entry: ParameterEntry) -> ValueType:
    """The type of a parameter of an event with nothing wrong."""
    # One that is not required may be null in JSON.
    nullable = not entry.required
    if entry.privacy == PSEUDONYMISED:
        return ValueType(JsonType.STRING, nullable, PSEUDONYM)
    return ValueType(_OF_PARAMETERS[entry.kind], nullable, choices=tuple(entry.choices))


def _of_attribute(facts: AttributeFacts) -> ValueType:
    if facts.computed or facts.target is None or has_own_conversions(facts.target):
        return ANYTHING
    its = _TYPES.get(facts.kind, ANYTHING)
    return replace(its, nullable=its.nullable or facts.nullable)


def _of_aggregate(matched: MatchedAggregate) -> ValueType:
    if matched.entry.function in (COUNT, DISTINCT):
        manager: Any = matched.collection.model._default_manager
        # Code of the host's may fail; without it there is a number in any case.
        return replace(_TYPES[Kind.INTEGER], nullable=type(manager) is not models.Manager)
    # Without objects there is nothing, and a sum may be too large for the database.
    return replace(_of_attribute(matched.field), nullable=True) if matched.field else ANYTHING
