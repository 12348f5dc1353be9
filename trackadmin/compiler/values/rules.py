"""One rule for each kind of value: all that differs from kind to kind on the way to an event.

To add a kind, add a member to :class:`trackadmin.catalog.Kind` and its rule to ``RULES``. No column
has a default: ``None`` says that the kind has no such thing, so it cannot be a column forgotten.
"""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import TypeAlias

from django.conf import settings

from trackadmin.catalog import AttributeFacts, Kind
from trackadmin.compiler.values import (
    encoders,
    sqlite_values,
    stored_values,
    url_texts,
    view_expressions,
)
from trackadmin.compiler.values.encoders import Encode
from trackadmin.compiler.values.sqlite_values import Shortcut
from trackadmin.compiler.values.stored_values import Loader
from trackadmin.compiler.values.url_texts import Parser
from trackadmin.compiler.values.view_expressions import Expression


@dataclass(frozen=True, slots=True)
class InLine:
    """An expression over a local ``v`` for the usual value; ``RULE(v)`` encodes any other."""

    text: str
    #: What it names. Python finds a name sooner here than among its built-ins.
    names: Mapping[str, object]


#: The expression for a value that may have been assigned; it may depend on the attribute's field.
Assigned: TypeAlias = Callable[[AttributeFacts], InLine | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is done with the values of one kind."""

    #: Makes a scalar of any value that has this kind.
    encode: Encode
    #: The generated code for a value that was loaded; ``None`` where each value is encoded.
    loaded: InLine | None
    #: The generated code for a value that may have been assigned.
    assigned: Assigned
    #: Gives what a load would give for an assigned value, by one of Django's own fields.
    stored: Loader
    #: The same, by a field with conversions of its own.
    stored_by_own: Loader
    #: Whether a field that may not be null stores an empty text for nothing.
    empty_text: bool
    #: Converts and encodes what SQLite's driver gives in one step; ``None``: Django converts it.
    sqlite: Shortcut | None
    #: Reads the text of a URL; ``None`` where no URL can name an object by such a value.
    from_url: Parser | None
    #: What PostgreSQL computes to the same text; ``None`` where SQL alone cannot write it.
    view: Expression | None
    #: The type of the column in a file whose columns have types.
    column: type[int | float | bool | str]


def _only(cls: type) -> InLine:
    text = f"v if type(v) is {cls.__name__} or v is None else RULE(v)"
    return InLine(text, {"type": type, cls.__name__: cls})


_TEXT = _only(str)
_INTEGER = _only(int)
_BOOLEAN = _only(bool)
_FLOAT = InLine(
    "v if type(v) is float and -inf < v < inf or v is None else RULE(v)",
    {"type": type, "float": float, "inf": math.inf},
)
_DECIMAL = InLine(
    "f'{v:f}' if type(v) is Decimal and v.is_finite() else RULE(v)",
    {"type": type, "Decimal": Decimal},
)
# What str() gives, in less time: eight groups of four digits, some joined. Python finds a slice
# sooner than it makes one.
_UUID = InLine(
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
_DATE = InLine("v.isoformat() if type(v) is date else RULE(v)", {"type": type, "date": date})
_TIME = InLine(
    "v.isoformat() if type(v) is time and v.tzinfo is None else RULE(v)",
    {"type": type, "time": time},
)
# In two halves, which Python writes faster than one datetime with its offset.
_AWARE = InLine(
    "f'{date.isoformat(v)}T{v.time().isoformat()}+00:00' "
    "if type(v) is datetime and v.tzinfo is UTC else RULE(v)",
    {"type": type, "date": date, "datetime": datetime, "UTC": UTC},
)
_NAIVE = InLine(
    "v.isoformat() if type(v) is datetime and v.tzinfo is None else RULE(v)",
    {"type": type, "datetime": datetime},
)
_JSON = InLine("None if v is None else RULE(v)", {})


def _always(code: InLine | None) -> Assigned:
    return lambda facts: code


def _assigned_decimal(facts: AttributeFacts) -> InLine | None:
    """A number with as many places as its field has: what a load would give."""
    places = getattr(facts.target, "decimal_places", None)
    if not places:
        return None
    text = f"t if type(v) is Decimal and (t := f'{{v:f}}')[-{places + 1}:-{places}] == '.'"
    return InLine(f"{text} else RULE(v)", _DECIMAL.names)


def _assigned_datetime(facts: AttributeFacts) -> InLine:
    return _AWARE if settings.USE_TZ else _NAIVE


def _assigned_file(facts: AttributeFacts) -> InLine | None:
    return _TEXT if facts.nullable else None


RULES: dict[Kind, Rule] = {
    Kind.INTEGER: Rule(
        encode=encoders.as_integer,
        loaded=_INTEGER,
        assigned=_always(_INTEGER),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_saved,
        empty_text=False,
        sqlite=None,
        from_url=url_texts.integer,
        view=view_expressions.as_it_is,
        column=int,
    ),
    Kind.FLOAT: Rule(
        encode=encoders.as_float,
        loaded=_FLOAT,
        assigned=_always(_FLOAT),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=view_expressions.finite,
        column=float,
    ),
    Kind.DECIMAL: Rule(
        encode=encoders.as_decimal,
        loaded=_DECIMAL,
        assigned=_assigned_decimal,
        stored=stored_values.decimal,
        stored_by_own=stored_values.own_decimal,
        empty_text=False,
        sqlite=sqlite_values.decimal,
        from_url=None,
        view=view_expressions.finite_text,
        column=str,
    ),
    Kind.BOOLEAN: Rule(
        encode=encoders.as_boolean,
        loaded=_BOOLEAN,
        assigned=_always(_BOOLEAN),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=sqlite_values.boolean,
        from_url=None,
        view=view_expressions.as_it_is,
        column=bool,
    ),
    Kind.TEXT: Rule(
        encode=encoders.as_text,
        loaded=_TEXT,
        assigned=_always(_TEXT),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_saved,
        empty_text=False,
        sqlite=None,
        from_url=url_texts.text,
        view=view_expressions.bounded_text,
        column=str,
    ),
    Kind.IP_ADDRESS: Rule(
        encode=encoders.as_text,
        loaded=_TEXT,
        assigned=_always(None),
        stored=stored_values.ip_address,
        stored_by_own=stored_values.own_as_saved,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=view_expressions.host,
        column=str,
    ),
    Kind.UUID: Rule(
        encode=encoders.as_uuid,
        loaded=_UUID,
        assigned=_always(_UUID),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=sqlite_values.uuid_text,
        from_url=url_texts.uuid_value,
        view=view_expressions.text,
        column=str,
    ),
    Kind.DATE: Rule(
        encode=encoders.encode,
        loaded=_DATE,
        assigned=_always(_DATE),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=view_expressions.date,
        column=str,
    ),
    Kind.TIME: Rule(
        encode=encoders.encode,
        loaded=_TIME,
        assigned=_always(_TIME),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=view_expressions.time,
        column=str,
    ),
    Kind.DATETIME: Rule(
        encode=encoders.encode,
        loaded=_AWARE,
        assigned=_assigned_datetime,
        stored=stored_values.datetime_value,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=sqlite_values.datetime_text,
        from_url=None,
        view=view_expressions.datetime,
        column=str,
    ),
    Kind.DURATION: Rule(
        encode=encoders.encode,
        loaded=None,
        assigned=_always(None),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=view_expressions.duration,
        column=str,
    ),
    Kind.FILE: Rule(
        encode=encoders.as_file,
        loaded=_TEXT,
        assigned=_assigned_file,
        stored=stored_values.as_it_is,
        stored_by_own=stored_values.as_it_is,
        empty_text=True,
        sqlite=None,
        from_url=None,
        view=view_expressions.text,
        column=str,
    ),
    Kind.JSON: Rule(
        encode=encoders.as_json,
        loaded=_JSON,
        assigned=_always(_JSON),
        stored=stored_values.json_value,
        stored_by_own=stored_values.own_as_saved,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=None,
        column=str,
    ),
    Kind.OTHER: Rule(
        encode=encoders.encode,
        loaded=None,
        assigned=_always(None),
        stored=stored_values.prepared,
        stored_by_own=stored_values.own_as_saved,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=None,
        column=str,
    ),
    Kind.BINARY: Rule(
        encode=encoders.encode,
        loaded=None,
        assigned=_always(None),
        stored=stored_values.by_python,
        stored_by_own=stored_values.own_as_prepared,
        empty_text=False,
        sqlite=None,
        from_url=None,
        view=None,
        column=str,
    ),
}

#: All that the expressions name, the encoders included.
IN_LINE_NAMES: dict[str, object] = {
    **{
        name: value
        for code in (*(rule.loaded for rule in RULES.values()), _NAIVE)
        for name, value in (code.names if code else {}).items()
    },
    **{rule.encode.__name__: rule.encode for rule in RULES.values()},
}


def source_of_loaded(kind: Kind) -> str:
    """The expression that encodes a value ``v`` that was loaded."""
    rule = RULES[kind]
    return _calling(rule.loaded, rule.encode.__name__)


def source_of_assigned(facts: AttributeFacts, rule: str) -> str:
    """The expression for a value ``v`` that may have been assigned; ``rule`` names the function
    for unusual values.
    """
    return _calling(RULES[facts.kind].assigned(facts), rule)


def _calling(code: InLine | None, rule: str) -> str:
    return f"{rule}(v)" if code is None else code.text.replace("RULE", rule)
