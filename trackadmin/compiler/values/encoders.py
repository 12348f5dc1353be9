"""From a Python value to a JSON scalar: by its own type, or as its kind of field says."""

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
from typing import Any, TypeAlias

from django.core.files import File
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.duration import duration_iso_string
from django.utils.functional import LazyObject, Promise

from trackadmin.compiler.host.instances import unwrapped
from trackadmin.compiler.types import Scalar
from trackadmin.exceptions import Portable
from trackadmin.texts import gettext as _

#: Gives the scalar of any value, or raises what the value's own code raises.
Encode: TypeAlias = Callable[[Any], Scalar]

_AS_IT_IS = frozenset({str, int, bool, NoneType})
#: The digits of a 64-bit integer. Longer texts stay texts.
_INTEGER = re.compile(r"-?[0-9]{1,19}", re.ASCII)
#: The texts and numbers that Django's BooleanField accepts as yes and no.
_BOOLEANS: dict[Scalar, bool] = {
    **dict.fromkeys((1, "t", "True", "1"), True),
    **dict.fromkeys((0, "f", "False", "0"), False),
}


class Unencodable(Portable, TypeError):
    """The value has no useful text, e.g. a function or a list of rows."""

    def __init__(self, value: object) -> None:
        super().__init__(
            _(
                "A value of type %(type)s cannot be sent. Give a text, a number, a truth value, a "
                "date or something else that the field can store.",
                type=type(value).__name__,
            )
        )


def encode(value: object) -> Scalar:
    """The value as a JSON scalar, exactly of type str, int, float or bool, or ``None``.

    Raises :class:`Unencodable` if the type has no text of its own, and whatever the value's own
    code raises.
    """
    cls = type(value)
    if cls in _AS_IT_IS:
        return value  # type: ignore[return-value]
    for base, convert in _CONVERSIONS:
        if issubclass(cls, base):
            return convert(value)
    text_of: object = cls.__str__
    if text_of is object.__str__:
        raise Unencodable(value)
    return _exact(str(value))


def as_text(value: object) -> Scalar:
    """A text, whatever type of value was assigned."""
    scalar = encode(value)
    return scalar if scalar is None or type(scalar) is str else str(scalar)


def as_integer(value: object) -> Scalar:
    """A whole number. A value that is not exactly one is encoded by the general rule."""
    scalar = encode(value)
    if type(scalar) is str and _INTEGER.fullmatch(scalar):
        return int(scalar)
    if type(scalar) is float and scalar.is_integer():
        return int(scalar)
    return int(scalar) if type(scalar) is bool else scalar


def as_float(value: object) -> Scalar:
    """A finite number, or ``None`` for NaN and infinity. Another text stays as it is."""
    scalar = encode(value)
    try:
        return scalar if scalar is None else _finite(float(scalar))
    except (ValueError, OverflowError):
        return scalar


def as_boolean(value: object) -> Scalar:
    """A truth value, from the same values that Django's own field accepts."""
    scalar = encode(value)
    return _BOOLEANS.get(scalar, scalar)


def as_decimal(value: object) -> Scalar:
    """A decimal number as text, never with an exponent."""
    scalar = encode(value)
    if type(scalar) is float:
        return f"{Decimal(repr(scalar)):f}"
    return scalar if scalar is None or type(scalar) is str else str(scalar)


def as_uuid(value: object) -> Scalar:
    """A UUID in its usual spelling, even if another one was assigned."""
    scalar = as_text(value)
    try:
        return str(uuid.UUID(scalar)) if type(scalar) is str else None
    except ValueError:
        return scalar


def as_file(value: object) -> Scalar:
    """The name under which a file is stored."""
    return as_text(value)


def as_json(value: object) -> Scalar:
    """Compact JSON text with sorted keys; ``ValueError`` or ``TypeError`` if there is none."""
    if value is None:
        return None
    text = _json_text(value)
    return _json_text(_without_exponents(value)) if "e+" in text else text


def _json_text(value: object) -> str:
    return json.dumps(
        value,
        cls=DjangoJSONEncoder,
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    )


def _without_exponents(value: object) -> object:
    """Large floats as whole numbers: PostgreSQL stores 1e+16 in JSON as 10000000000000000."""
    if isinstance(value, float):
        return int(Decimal(repr(value))) if "e+" in repr(value) else value
    if isinstance(value, dict):
        return {key: _without_exponents(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_exponents(each) for each in value]
    return value


def _exact(text: str) -> str:
    """The same text without the subclass: a SafeString, a member of TextChoices."""
    return str.__str__(text)


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None


def _datetime(value: datetime) -> str:
    return (value if value.utcoffset() is None else value.astimezone(UTC)).isoformat()


#: The order matters: a member of an enumeration may also be a text, and a datetime is a date.
_CONVERSIONS: tuple[tuple[type | tuple[type, ...], Encode], ...] = (
    (LazyObject, lambda value: encode(unwrapped(value))),
    (Enum, lambda value: encode(value.value)),
    (str, _exact),
    (int, int.__int__),
    (float, lambda value: _finite(float.__float__(value))),
    (Promise, lambda value: _exact(str(value))),
    (uuid.UUID, lambda value: _exact(str(value))),
    (Decimal, lambda value: f"{value:f}" if value.is_finite() else None),
    (datetime, _datetime),
    ((date, time), lambda value: value.isoformat()),
    (timedelta, duration_iso_string),
    (File, lambda value: as_text(value.name)),
    ((dict, list, tuple), as_json),
    ((bytes, bytearray, memoryview), lambda value: None),
    (models.Model, lambda value: encode(value.pk)),
)
