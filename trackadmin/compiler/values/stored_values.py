"""What a value in an instance is once it is saved and loaded again, by the rules of its field.

An instance holds what was assigned to it: a datetime in a date field, the text of a number, an
``F()`` expression. The same row, found by a URL, holds what the field has stored. Both must give
the same event, so what is not of the field's usual type goes through the field first.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from datetime import date, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import Enum
from math import isfinite
from typing import Any, TypeAlias
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import connections, models, router
from django.utils import timezone
from django.utils.functional import LazyObject, Promise

from trackadmin.catalog import AttributeFacts, Kind, has_own_conversions
from trackadmin.compiler.host.instances import unwrapped
from trackadmin.compiler.host.language import one_language
from trackadmin.compiler.types import Scalar
from trackadmin.compiler.values.encoders import ENCODERS, Unencodable, encode
from trackadmin.exceptions import Portable

#: Gives what a load would give for a value that was assigned. Raises what the field raises.
Loaded: TypeAlias = Callable[[Any], Any]

#: Types whose values are sent as they are; of anything else a field rather sends what it stores.
PLAIN = (str, int, float, Decimal, date, time, timedelta, UUID, dict, list, tuple, Enum)


class Unsaved(Portable, ValueError):
    """The value is computed by the database when the object is saved, so nobody knows it yet."""

    def __init__(self) -> None:
        super().__init__("The database computes the value when the object is saved. Reload it.")


def encoder(facts: AttributeFacts) -> Callable[[Any], Scalar]:
    """The rule for a value that an instance holds: as the field would load it, then encoded."""
    convert = ENCODERS.get(facts.kind, encode)
    field = facts.target
    if facts.computed or field is None:
        return convert
    if facts.kind is Kind.FILE:
        return _file(field, convert)
    loaded = loader(field, facts.kind)

    def rule(value: Any) -> Scalar:
        try:
            return None if value is None else convert(loaded(_settled(value)))
        except _REFUSALS as error:
            raise Unencodable(value) from error

    return rule


#: What fields raise for a value that they cannot store.
_REFUSALS = (TypeError, ValueError, ArithmeticError, AttributeError, ValidationError)


def _file(field: Any, convert: Callable[[Any], Scalar]) -> Callable[[Any], Scalar]:
    """No file is stored as an empty text, also where ``None`` was assigned."""
    nothing = None if field.null else ""

    def rule(value: Any) -> Scalar:
        name = convert(value)
        return nothing if name is None else name

    return rule


def loader(field: Any, kind: Kind) -> Loaded:
    """What a field gives back for a value after a save and a load."""
    if isinstance(field, models.GeneratedField):
        field = field.output_field
    if has_own_conversions(field):
        own = _by_its_own_conversions(field, kind)
        return _rounded_after(own, field) if kind is Kind.DECIMAL else own
    if kind is Kind.JSON:
        return _json(field)
    if kind is Kind.DATETIME:
        return _datetime(field)
    if kind is Kind.DECIMAL:
        return _decimal(field)
    if kind is Kind.OTHER:
        return lambda value: field.get_prep_value(value)
    if field.get_internal_type() == "GenericIPAddressField":  # an empty one is stored as NULL
        return lambda value: field.get_prep_value(value) or None
    return lambda value: field.to_python(field.get_prep_value(value))


def plain_or(stored: Any, loaded: Any) -> Any:
    """What a field loads, if it is plain; where it is an object, what the field stores instead."""
    return loaded if loaded is None or isinstance(loaded, PLAIN) else stored


def _settled(value: Any) -> Any:
    """The value behind lazy objects and lazy texts; raises :class:`Unsaved` for an expression."""
    if issubclass(type(value), LazyObject):
        value = unwrapped(value)
    if hasattr(type(value), "resolve_expression"):
        raise Unsaved
    if isinstance(value, Promise):
        with one_language():
            return str(value)
    return value


def _by_its_own_conversions(field: Any, kind: Kind) -> Loaded:
    from_db: Any = getattr(field, "from_db_value", None)
    # The database's own representation of the others is not what a field gets back from it.
    as_saved = from_db is not None and kind in (Kind.TEXT, Kind.INTEGER, Kind.JSON, Kind.OTHER)

    def loaded(value: Any) -> Any:
        if as_saved:
            connection = connections[router.db_for_write(field.model)]
            stored = field.get_db_prep_save(value, connection)
        else:
            stored = field.get_prep_value(value)
        if from_db is None:
            return plain_or(stored, field.to_python(stored))
        connection = connections[router.db_for_read(field.model)]
        return plain_or(stored, from_db(stored, None, connection))

    return loaded


def _json(field: Any) -> Loaded:
    base = getattr(field, "base_field", None)
    if base is not None:  # an array
        item = loader(base, Kind.JSON if getattr(base, "base_field", None) else Kind.OTHER)
        return lambda value: (
            [None if each is None else item(each) for each in value]
            if isinstance(value, (list, tuple))
            else value
        )
    if not isinstance(field, models.JSONField):
        return lambda value: field.get_prep_value(value)
    return lambda value: json.loads(json.dumps(value, cls=field.encoder), cls=field.decoder)


def _datetime(field: Any) -> Loaded:
    def loaded(value: Any) -> Any:
        with warnings.catch_warnings():
            # That a naive value is stored as local time is the host's business, not this page's.
            warnings.simplefilter("ignore", RuntimeWarning)
            moment = field.to_python(value)
        local = timezone.get_default_timezone()
        if settings.USE_TZ and timezone.is_naive(moment):
            return timezone.make_aware(moment, local)
        if not settings.USE_TZ and timezone.is_aware(moment):
            return timezone.make_naive(moment, local)
        return moment

    return loaded


def _decimal(field: Any) -> Loaded:
    as_column = _column(field)

    def loaded(value: Any) -> Any:
        if isinstance(value, (float, Decimal)) and not isfinite(value):
            return value
        return as_column(field.to_python(value))

    return loaded


def _rounded_after(own: Loaded, field: Any) -> Loaded:
    """A field that changes values, such as one of money, has a column of decimals all the same."""
    as_column = _column(field)

    def loaded(value: Any) -> Any:
        number = own(value)
        finite = isinstance(number, Decimal) and isfinite(number)
        return as_column(number) if finite else number

    return loaded


def _column(field: Any) -> Loaded:
    """Gives a number as many places as the column of a ``DecimalField`` keeps."""
    step = Decimal(1).scaleb(-field.decimal_places)

    def as_column(number: Decimal) -> Decimal:
        with localcontext() as context:
            context.prec = max(field.max_digits, 1)
            # PostgreSQL rounds by itself, halves away from zero; for SQLite Django rounds.
            if connections[router.db_for_write(field.model)].vendor == "postgresql":
                context.rounding = ROUND_HALF_UP
            return number.quantize(step, context=context)

    return as_column
