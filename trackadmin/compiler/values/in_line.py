"""Expressions of generated code that encode the usual value of a kind without calling anything."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TypeAlias

from django.conf import settings

from trackadmin.catalog import AttributeFacts


@dataclass(frozen=True, slots=True)
class InLine:
    """An expression over a local ``v`` for the usual value; ``RULE(v)`` encodes any other."""

    text: str
    #: The names it uses. Python finds them faster here than among its built-ins.
    names: Mapping[str, object]


#: The expression for a value that may have been assigned; it may depend on the attribute's field.
Assigned: TypeAlias = Callable[[AttributeFacts], InLine | None]


def _only(cls: type) -> InLine:
    text = f"v if type(v) is {cls.__name__} or v is None else RULE(v)"
    return InLine(text, {"type": type, cls.__name__: cls})


TEXT = _only(str)
INTEGER = _only(int)
BOOLEAN = _only(bool)
FLOAT = InLine(
    "v if type(v) is float and -inf < v < inf or v is None else RULE(v)",
    {"type": type, "float": float, "inf": math.inf},
)
DECIMAL = InLine(
    "f'{v:f}' if type(v) is Decimal and v.is_finite() else RULE(v)",
    {"type": type, "Decimal": Decimal},
)
# What str() gives, in less time: eight groups of four digits, some joined. Python finds a slice
# faster than it makes one.
UUID = InLine(
    "f'{(v := v.int.to_bytes(16).hex(\"-\", 2))[part_1]}{v[part_2]}{v[part_3]}{v[part_4]}' "
    "if type(v) is UUID else RULE(v)",
    {
        "type": type,
        "UUID": uuid.UUID,
        "part_1": slice(4),
        "part_2": slice(5, 29),
        "part_3": slice(30, 34),
        "part_4": slice(35, None),
    },
)
DATE = InLine("v.isoformat() if type(v) is date else RULE(v)", {"type": type, "date": date})
TIME = InLine(
    "v.isoformat() if type(v) is time and v.tzinfo is None else RULE(v)",
    {"type": type, "time": time},
)
# In two halves, which Python writes faster than one datetime with its offset.
AWARE = InLine(
    "f'{date.isoformat(v)}T{v.time().isoformat()}+00:00' "
    "if type(v) is datetime and v.tzinfo is UTC else RULE(v)",
    {"type": type, "date": date, "datetime": datetime, "UTC": UTC},
)
NAIVE = InLine(
    "v.isoformat() if type(v) is datetime and v.tzinfo is None else RULE(v)",
    {"type": type, "datetime": datetime},
)
JSON = InLine("None if v is None else RULE(v)", {})


def always(code: InLine | None) -> Assigned:
    """The same expression, whatever the field."""
    return lambda facts: code


def assigned_decimal(facts: AttributeFacts) -> InLine | None:
    """A number with as many places as its field has: what a load would give."""
    places = getattr(facts.target, "decimal_places", None)
    if not places:
        return None
    text = f"t if type(v) is Decimal and (t := f'{{v:f}}')[-{places + 1}:-{places}] == '.'"
    return InLine(f"{text} else RULE(v)", DECIMAL.names)


def assigned_datetime(facts: AttributeFacts) -> InLine:
    """A datetime as the settings make it: aware or not."""
    return AWARE if settings.USE_TZ else NAIVE


def assigned_file(facts: AttributeFacts) -> InLine | None:
    """The name of a file; in a field that may not be null, an empty one is sent."""
    return TEXT if facts.nullable else None
