"""From what a database's driver gives to what goes out: the ORM's converters, and short cuts."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.db.models.expressions import Col
from django.utils.dateparse import parse_datetime

from trackadmin.catalog import Kind, has_own_conversions
from trackadmin.compiler.sql.row_instances import Convert
from trackadmin.compiler.sql.row_readers import Column
from trackadmin.compiler.values.encoders import as_decimal, encode
from trackadmin.compiler.values.stored_values import plain_or


class Conversions:
    """What each column of a query needs, on connections of one database."""

    def __init__(
        self, columns: Sequence[Column], expressions: Sequence[Any], connection: Any
    ) -> None:
        self._expressions = expressions
        #: The columns for which one function makes the final value at once.
        self.fused: dict[int, Convert] = {}
        #: The columns that need the ORM's converters.
        self.converted: list[int] = []
        #: Those of them whose field may make an object that is not the value to be sent.
        self._objects: set[int] = set()
        for at, (column, expression) in enumerate(zip(columns, expressions, strict=True)):
            if not column.kind and not column.in_instance:
                continue
            found = converters(expression, connection)
            if not found:
                continue
            make = None
            if column.kind and not column.in_instance:
                make = _fused(column.kind, found, expression, connection)
            if make is None:
                self.converted.append(at)
                if (
                    column.kind
                    and not column.in_instance
                    and has_own_conversions(expression.output_field)
                ):
                    self._objects.add(at)
            else:
                self.fused[at] = make

    @property
    def key(self) -> tuple[object, ...]:
        """What is equal for two queries with the same columns, if they are read by the same code.

        A function may be made anew for each query; the column says all else about it.
        """
        fused = ((at, getattr(each, "__code__", each)) for at, each in self.fused.items())
        return (*fused, *self.converted)

    def bound(self, connection: Any) -> list[Convert]:
        """The converters of ``converted``, for this thread's connection."""
        return [self._convert(at, connection) for at in self.converted]

    def _convert(self, at: int, connection: Any) -> Convert:
        convert = _chain(self._expressions[at], connection)
        if at not in self._objects:
            return convert
        return lambda value: plain_or(value, convert(value))


def converters(expression: Any, connection: Any) -> list[Callable[..., Any]]:
    """The ORM's converters of a selected expression, in the order they run."""
    backend = connection.ops.get_db_converters(expression)
    return [*backend, *expression.get_db_converters(connection)]


def _chain(expression: Any, connection: Any) -> Convert:
    """The ORM's converters of a column as one function."""
    found = converters(expression, connection)
    if len(found) == 1:
        only = found[0]
        return lambda value: only(value, expression, connection)

    def convert(value: Any) -> Any:
        for converter in found:
            value = converter(value, expression, connection)
        return value

    return convert


def _fused(kind: Kind, found: list[Any], expression: Any, connection: Any) -> Convert | None:
    """A function that does what SQLite's own converter and the encoder do, in one step."""
    if connection.vendor != "sqlite" or len(found) != 1:
        return None
    ops, converter = connection.ops, found[0]
    if kind is Kind.UUID and converter == ops.convert_uuidfield_value:
        return _sqlite_uuid
    if kind is Kind.BOOLEAN and converter == ops.convert_booleanfield_value:
        return _sqlite_boolean
    utc = settings.USE_TZ and connection.timezone is UTC
    if kind is Kind.DATETIME and utc and converter == ops.convert_datetimefield_value:
        return _sqlite_moment
    if kind is Kind.DECIMAL and isinstance(expression, Col):
        own = ops.get_decimalfield_converter(expression)
        if getattr(converter, "__code__", None) is own.__code__:
            return _sqlite_decimal(
                expression.output_field, partial(converter, expression=expression, connection=None)
            )
    return None


#: Hexadecimal digits of a UUID.
_HEX_DIGITS = 32
#: Digits that a float is good for, and the first number that has more.
_DIGITS, _MANY = 15, 10**15

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{6})?", re.ASCII)


def _sqlite_uuid(value: Any) -> Any:
    """SQLite holds 32 hexadecimal digits; anything else goes the long way."""
    if type(value) is str and len(value) == _HEX_DIGITS:
        try:
            digits = bytes.fromhex(value).hex("-", 2)  # eight groups of four, some joined below
        except ValueError:
            digits = ""
        if len(digits) == _HEX_DIGITS + 7:
            return f"{digits[:4]}{digits[5:29]}{digits[30:34]}{digits[35:]}"
    return None if value is None else encode(uuid.UUID(value))


def _sqlite_boolean(value: Any) -> Any:
    if value is True or value is False or value is None:
        return value
    return bool(value) if value in (0, 1) else encode(value)


def _sqlite_moment(value: Any) -> Any:
    """SQLite holds ``2026-01-31 12:00:00.000001`` in UTC; anything else goes the long way."""
    if type(value) is datetime and value.tzinfo is None:  # its driver knew the column's type
        return f"{value.isoformat()}+00:00"
    if type(value) is str and _MOMENT.fullmatch(value):
        return f"{value[:10]}T{value[11:]}+00:00"
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else parse_datetime(value)
    if moment is None:
        raise ValueError("The column holds a text that is no moment.")
    return encode(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment)


def _sqlite_decimal(field: Any, convert: Convert) -> Convert:
    """SQLite holds a number; ``convert`` is Django's way to a decimal, for any connection."""
    form = f"%.{field.decimal_places}f"
    # The text is what the decimal reads like, if it stands for this very number with no more
    # digits than a float is good for and the field has.
    longest = min(_DIGITS, field.max_digits)

    def text(value: Any) -> Any:
        if (type(value) is float or type(value) is int) and -_MANY < value < _MANY:
            shown = form % value
            if len(shown) <= longest and float(shown) == value:
                return shown
        return as_decimal(convert(value))

    return text
