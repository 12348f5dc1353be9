"""From a Python value to a JSON scalar: one rule per kind of field, and one for everything."""

from __future__ import annotations

import json
import math
import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from types import NoneType
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.duration import duration_iso_string
from django.utils.functional import LazyObject, Promise

from trackadmin.catalog import Kind
from trackadmin.compiler.host.instances import unwrapped
from trackadmin.compiler.types import Scalar
from trackadmin.exceptions import Portable

_AS_IT_IS = frozenset({str, int, bool, NoneType})
#: Digits of a 64-bit integer; longer texts are left alone, whatever they hold.
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
#: The texts and numbers that Django's BooleanField takes for yes and no.
_BOOLEANS: dict[Scalar, bool] = {
    **dict.fromkeys((1, "t", "True", "1"), True),
    **dict.fromkeys((0, "f", "False", "0"), False),
}


class Unencodable(Portable, TypeError):
    """The value has no useful text, e.g. a function or a list of rows."""

    def __init__(self, value: object) -> None:
        super().__init__(
            f"A value of type {type(value).__name__} cannot be sent. Give a text, a number, "
            "a truth value, a date or something else that the field can store."
        )


def encode(value: Any) -> Scalar:
    """The value as a JSON scalar, exactly of type str, int, float or bool, or ``None``.

    Raises :class:`Unencodable` where the type has no text of its own, and whatever the value's
    own code raises.
    """
    cls = type(value)
    if cls in _AS_IT_IS:
        return value  # type: ignore[no-any-return]
    for base, convert in _CONVERSIONS:
        if issubclass(cls, base):
            return convert(value)
    text_of: object = cls.__str__
    if text_of is object.__str__:
        raise Unencodable(value)
    return _exact(str(value))


def as_text(value: Any) -> Scalar:
    """A text, whatever was put in its place."""
    scalar = encode(value)
    return scalar if scalar is None or type(scalar) is str else str(scalar)


def as_integer(value: Any) -> Scalar:
    """A whole number; what cannot be told as one without loss goes out by the general rule."""
    scalar = encode(value)
    if type(scalar) is str and _INTEGER.fullmatch(scalar):
        return int(scalar)
    if type(scalar) is float and scalar.is_integer():
        return int(scalar)
    return int(scalar) if type(scalar) is bool else scalar


def as_float(value: Any) -> Scalar:
    """A finite number; ``None`` for NaN and infinity, a text that is no number as it is."""
    scalar = encode(value)
    try:
        return scalar if scalar is None else _finite(float(scalar))
    except (ValueError, OverflowError):
        return scalar


def as_boolean(value: Any) -> Scalar:
    """A truth value, from what Django's own field would take for one too."""
    scalar = encode(value)
    return _BOOLEANS.get(scalar, scalar)


def as_decimal(value: Any) -> Scalar:
    """A decimal number as text, never with an exponent."""
    scalar = encode(value)
    if type(scalar) is float:
        return f"{Decimal(repr(scalar)):f}"
    return scalar if scalar is None or type(scalar) is str else str(scalar)


def as_uuid(value: Any) -> Scalar:
    """A UUID as its usual text, also where it was assigned in another spelling."""
    scalar = as_text(value)
    try:
        return str(uuid.UUID(scalar)) if type(scalar) is str else None
    except ValueError:
        return scalar


def as_file(value: Any) -> Scalar:
    """The name under which a file is stored."""
    return as_text(value)


def as_json(value: Any) -> Scalar:
    """Compact JSON text with sorted keys; ``ValueError`` or ``TypeError`` where there is none."""
    if value is None:
        return None
    return json.dumps(
        value,
        cls=DjangoJSONEncoder,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


#: The rule for each kind of field.
ENCODERS: dict[Kind, Callable[[Any], Scalar]] = {
    Kind.TEXT: as_text,
    Kind.INTEGER: as_integer,
    Kind.FLOAT: as_float,
    Kind.BOOLEAN: as_boolean,
    Kind.DECIMAL: as_decimal,
    Kind.UUID: as_uuid,
    Kind.FILE: as_file,
    Kind.JSON: as_json,
}

#: The same rules as expressions over a local ``v``: the usual case in line, else ``RULE``.
_USUAL: dict[Kind, str] = {
    Kind.TEXT: "v if type(v) is str or v is None else RULE(v)",
    Kind.INTEGER: "v if type(v) is int or v is None else RULE(v)",
    Kind.FLOAT: "v if type(v) is float and -inf < v < inf or v is None else RULE(v)",
    Kind.BOOLEAN: "v if type(v) is bool or v is None else RULE(v)",
    Kind.DECIMAL: "f'{v:f}' if type(v) is Decimal and v.is_finite() else RULE(v)",
    # What str() gives, in less time: eight groups of four digits, some joined.
    Kind.UUID: 'f\'{(v := v.int.to_bytes(16).hex("-", 2))[part_1]}'
    "{v[part_2]}{v[part_3]}{v[part_4]}' "
    "if type(v) is UUID else RULE(v)",
    Kind.DATE: "v.isoformat() if type(v) is date else RULE(v)",
    Kind.TIME: "v.isoformat() if type(v) is time and v.tzinfo is None else RULE(v)",
    # In two halves, which Python writes faster than one moment with its offset.
    Kind.DATETIME: "f'{date.isoformat(v)}T{v.time().isoformat()}+00:00' "
    "if type(v) is datetime and v.tzinfo is UTC else RULE(v)",
    Kind.FILE: "v if type(v) is str or v is None else RULE(v)",
    Kind.JSON: "None if v is None else RULE(v)",
}
#: A decimal number with as many places as its field has: what a load would give.
_WITH_PLACES = "t if type(v) is Decimal and (t := f'{v:f}')[POINT] == '.' else RULE(v)"
_NAIVE = "v.isoformat() if type(v) is datetime and v.tzinfo is None else RULE(v)"


def inline(kind: Kind) -> str:
    """The expression for a value that was loaded."""
    return _USUAL.get(kind, "RULE(v)").replace("RULE", ENCODERS.get(kind, encode).__name__)


def inline_assigned(kind: Kind, rule: str, *, places: int = 0) -> str:
    """The expression for a value that may have been assigned; ``rule`` names what converts it.

    ``places`` is how many a decimal field has.
    """
    usual = _USUAL.get(kind, "RULE(v)")
    if kind is Kind.DECIMAL:
        point = f"-{places + 1}:-{places}"
        usual = _WITH_PLACES.replace("POINT", point) if places else "RULE(v)"
    elif kind is Kind.DATETIME and not settings.USE_TZ:
        usual = _NAIVE
    return usual.replace("RULE", rule)


#: What the expressions name. Python finds a name sooner here than among its built-ins, and a slice
#: sooner than it makes one.
INLINE_NAMES: dict[str, object] = {
    "type": type,
    "str": str,
    "int": int,
    "float": float,
    "bool": bool,
    "part_1": slice(4),
    "part_2": slice(5, 29),
    "part_3": slice(30, 34),
    "part_4": slice(35, None),
    "encode": encode,
    "inf": math.inf,
    "Decimal": Decimal,
    "UUID": uuid.UUID,
    "date": date,
    "time": time,
    "datetime": datetime,
    "UTC": UTC,
    **{rule.__name__: rule for rule in ENCODERS.values()},
}


def _exact(text: str) -> str:
    """The same text without the subclass: a SafeString, a member of TextChoices."""
    return str.__str__(text)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _moment(value: datetime) -> str:
    return (value if value.utcoffset() is None else value.astimezone(UTC)).isoformat()


#: In this order: a member of an enumeration may be a text too, and a datetime is a date.
_CONVERSIONS: tuple[tuple[type | tuple[type, ...], Callable[[Any], Scalar]], ...] = (
    (LazyObject, lambda value: encode(unwrapped(value))),
    (Enum, lambda value: encode(value.value)),
    (str, _exact),
    (int, int.__int__),
    (float, lambda value: _finite(float.__float__(value))),
    (Promise, lambda value: _exact(str(value))),
    (uuid.UUID, lambda value: _exact(str(value))),
    (Decimal, lambda value: f"{value:f}" if value.is_finite() else None),
    (datetime, _moment),
    ((date, time), lambda value: value.isoformat()),
    (timedelta, duration_iso_string),
    (File, lambda value: as_text(value.name)),
    ((dict, list, tuple), as_json),
    ((bytes, bytearray, memoryview), lambda value: None),
    (models.Model, lambda value: encode(value.pk)),
)
