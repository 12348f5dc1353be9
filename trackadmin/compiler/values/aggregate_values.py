"""What goes out for a count or sum: of no objects, with a decimal's places, from the driver."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Context, Decimal
from functools import cache
from typing import Any

from django.db import models

from trackadmin.catalog import Kind, has_own_conversions
from trackadmin.compiler.aggregates import MatchedAggregate
from trackadmin.compiler.types import Scalar
from trackadmin.compiler.values.build import build
from trackadmin.compiler.values.encoders import Encode
from trackadmin.compiler.values.rules import IN_LINE_NAMES, RULES, source_of_loaded
from trackadmin.compiler.values.stored_values import plain_or
from trackadmin.document.structure import COUNT, DISTINCT, LATEST, SUM

#: Enough for the sum of any column of decimals.
_EXACT = Context(prec=2000)
#: What a float is good for, as Django's own converter has it.
_DIGITS = Context(prec=15)
_NOTHING: dict[Kind, object] = {
    Kind.INTEGER: 0,
    Kind.FLOAT: 0.0,
    Kind.DECIMAL: Decimal(0),
    Kind.DURATION: timedelta(0),
}


def result_encoder(matched: MatchedAggregate) -> Encode:
    """A function that encodes what the ORM gives for the value; ``None`` is for no objects."""
    if matched.entry.function in (COUNT, DISTINCT):
        return _count
    encode: Encode = RULES[matched.kind].encode
    nothing = _NOTHING.get(matched.kind) if matched.entry.function == SUM else None
    if matched.kind == Kind.DECIMAL:
        encode = _decimal(matched)

    def encode_result(value: Any) -> Scalar:
        value = nothing if value is None else value
        return None if value is None else encode(value)

    return encode_result


def may_fail(matched: MatchedAggregate) -> bool:
    """Whether the database may refuse the value: a sum of whole numbers or lengths of time."""
    return matched.entry.function == SUM and matched.kind in (Kind.INTEGER, Kind.DURATION)


def from_driver(matched: MatchedAggregate) -> Encode | None:
    """A function that encodes what a database's driver gives for a number, in one step; ``None``
    where the ORM has to convert it first.
    """
    converts = matched.field is not None and has_own_conversions(matched.field.target)
    latest_key = matched.entry.function == LATEST and converts
    if latest_key or matched.kind not in (Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL):
        return None
    encode = result_encoder(matched)
    if matched.kind != Kind.INTEGER:
        return encode

    def integer(value: Any) -> Scalar:
        return value if type(value) is int else encode(None if value is None else int(value))

    return integer


def converted(matched: MatchedAggregate, expression: Any, connection: Any) -> Encode:
    """A function that encodes what the driver gives for a selected expression; for none, nothing
    is all that it gives.
    """
    if direct := from_driver(matched):
        return direct
    encode = result_encoder(matched)
    if expression is None:
        return encode
    if matched.entry.function != SUM:
        encode = _usual(matched.kind)
    own = has_own_conversions(expression.output_field)
    shortcut = RULES[matched.kind].sqlite if connection.vendor == "sqlite" else None
    converters = [
        *connection.ops.get_db_converters(expression),
        *expression.get_db_converters(connection),
    ]
    if not converters:
        return encode
    if shortcut is not None and len(converters) == 1 and not own:
        direct = shortcut(expression, connection, converters[0])
        if direct is not None:
            return direct

    def read(cell: Any) -> Scalar:
        value = cell
        for converter in converters:
            value = converter(value, expression, connection)
        return encode(plain_or(cell, value) if own else value)

    return read


@cache
def _usual(kind: Kind) -> Encode:
    """The encoder of a kind, by the code that the readers of rows have in line."""
    text = f"def usual(v):\n    return {source_of_loaded(kind)}\n"
    encode: Encode = build(text, "usual", IN_LINE_NAMES, f"values of the kind {kind}")
    return encode


def _count(value: Any) -> Scalar:
    return value if type(value) is int else int(value or 0)


def _decimal(matched: MatchedAggregate) -> Callable[[Any], Scalar]:
    field: Any = matched.field.target if matched.field else None
    if isinstance(field, models.GeneratedField):
        field = field.output_field
    places = getattr(field, "decimal_places", None)
    if places is None:
        return RULES[Kind.DECIMAL].encode
    step = Decimal(1).scaleb(-places)
    if has_own_conversions(field):
        return _with_places(places, step)

    form, point = f"%.{places}f", slice(-places - 1, -places)

    def encode(value: Any) -> Scalar:
        if type(value) is Decimal:
            text = f"{value:f}"
            if places and text[point] == ".":
                return text
        elif type(value) is float:
            text = form % value
            # The float means exactly this number, and has no more digits than it is good for.
            if len(text) <= _DIGITS.prec and float(text) == value:
                return text
            value = _DIGITS.create_decimal_from_float(value)
        elif type(value) is not Decimal:
            value = Decimal(value)
        return f"{value.quantize(step, context=_EXACT):f}" if value.is_finite() else None

    return encode


def _with_places(places: int, step: Decimal) -> Encode:
    """The site's field may give more places than it stores, and SQLite may give fewer."""
    plain = RULES[Kind.DECIMAL].encode

    def encode(value: Any) -> Scalar:
        if type(value) is Decimal and value.is_finite() and value == round(value, places):
            value = value.quantize(step, context=_EXACT)
        return plain(value)

    return encode
