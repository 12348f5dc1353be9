"""From what SQLite's driver gives to what goes out, in one step where Django takes two.

Each shortcut takes the selected expression, the connection and the one converter that Django would
use, and gives the function, or ``None`` where the converter is not Django's own. Whatever is
unusual is converted by Django and encoded as usual.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

from django.conf import settings
from django.db.models.expressions import Col, Expression
from django.utils.dateparse import parse_datetime

from trackadmin.compiler.types import Convert, Scalar
from trackadmin.compiler.values.encoders import as_decimal, encode

if TYPE_CHECKING:
    from django.db.backends.sqlite3.base import DatabaseWrapper

#: One of the ORM's converters: ``(value, expression, connection)``.
Converter: TypeAlias = Callable[..., Any]

Shortcut: TypeAlias = "Callable[[Expression, DatabaseWrapper, Converter], Convert | None]"


def uuid_text(
    expression: Expression, connection: DatabaseWrapper, converter: Converter
) -> Convert | None:
    """SQLite holds the digits of a UUID as text."""
    return _uuid if converter == connection.ops.convert_uuidfield_value else None


def boolean(
    expression: Expression, connection: DatabaseWrapper, converter: Converter
) -> Convert | None:
    """SQLite holds a truth value as 0 or 1."""
    return _boolean if converter == connection.ops.convert_booleanfield_value else None


def datetime_text(
    expression: Expression, connection: DatabaseWrapper, converter: Converter
) -> Convert | None:
    """SQLite holds a datetime as text, which is in UTC unless the settings say otherwise."""
    utc = settings.USE_TZ and connection.timezone is UTC
    own = connection.ops.convert_datetimefield_value
    return _datetime if utc and converter == own else None


def decimal(
    expression: Expression, connection: DatabaseWrapper, converter: Converter
) -> Convert | None:
    """SQLite holds a decimal number as a float."""
    if not isinstance(expression, Col):
        return None
    own = connection.ops.get_decimalfield_converter(expression)
    if getattr(converter, "__code__", None) is not own.__code__:
        return None
    convert = partial(converter, expression=expression, connection=None)
    return _decimal(expression.output_field, convert)


#: Hexadecimal digits of a UUID.
_HEX_DIGITS = 32
#: Digits that a float is good for, and the first number that has more.
_DIGITS, _MANY = 15, 10**15

_DATETIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{6})?", re.ASCII)


def _uuid(value: Any) -> Scalar:
    """SQLite holds 32 hexadecimal digits; anything else is converted by Django."""
    if type(value) is str and len(value) == _HEX_DIGITS:
        try:
            digits = bytes.fromhex(value).hex("-", 2)  # eight groups of four, some joined below
        except ValueError:
            digits = ""
        if len(digits) == _HEX_DIGITS + 7:
            return f"{digits[:4]}{digits[5:29]}{digits[30:34]}{digits[35:]}"
    return None if value is None else encode(uuid.UUID(value))


def _boolean(value: object) -> Scalar:
    if value is True or value is False or value is None:
        return value
    return bool(value) if value in (0, 1) else encode(value)


def _datetime(value: Any) -> Scalar:
    """SQLite holds ``2026-01-31 12:00:00.000001`` in UTC; anything else is converted by Django."""
    if type(value) is datetime and value.tzinfo is None:  # its driver knew the column's type
        return f"{value.isoformat()}+00:00"
    if type(value) is str and _DATETIME.fullmatch(value):
        return f"{value[:10]}T{value[11:]}+00:00"
    if value is None:
        return None
    found = value if isinstance(value, datetime) else parse_datetime(value)
    if found is None:
        raise ValueError("The column holds a text that is not a date and time.")
    return encode(found.replace(tzinfo=UTC) if found.tzinfo is None else found)


def _decimal(field: Any, convert: Convert) -> Convert:
    """SQLite holds a number; ``convert`` is Django's way to a decimal, for any connection."""
    form = f"%.{field.decimal_places}f"
    # The text is the decimal number if it means exactly this float, with no more digits than the
    # field has and a float can keep.
    longest = min(_DIGITS, field.max_digits)

    def text(value: object) -> Scalar:
        if (type(value) is float or type(value) is int) and -_MANY < value < _MANY:
            shown = form % value
            if len(shown) <= longest and float(shown) == value:
                return shown
        return as_decimal(convert(value))

    return text
