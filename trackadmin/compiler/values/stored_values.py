"""What fields give back for a value after a save and a load, by kind of field.

Each function takes the field and gives the function from a value to what a load would give. That
raises what the field raises.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from enum import Enum
from functools import partial
from math import isfinite
from typing import Any, TypeAlias
from uuid import UUID

from django.conf import settings
from django.db import connections, models, router
from django.utils import timezone

from trackadmin.catalog import AnyField, has_own_conversions

#: Gives what a load would give for a value that was assigned. Raises what the field raises.
Loaded: TypeAlias = Callable[[object], object]
#: Takes the field. Each kind of field has attributes of its own, so it has no common type.
Loader: TypeAlias = Callable[[Any], Loaded]

#: Types whose values are sent as they are. For any other type a field sends what it stores.
PLAIN = (str, int, float, Decimal, date, time, timedelta, UUID, dict, list, tuple, Enum)


def plain_or(stored: object, loaded: object) -> object:
    """What a field loads if that is plain; if it is an object, what the field stores."""
    return loaded if loaded is None or isinstance(loaded, PLAIN) else stored


# ── One of Django's own fields ─────────────────────────────────────────────────────────────────


def as_it_is(field: AnyField) -> Loaded:
    """The value, which the field does not change."""
    return lambda value: value


def prepared(field: AnyField) -> Loaded:
    """What the field gives to the database."""
    return lambda value: field.get_prep_value(value)


def by_python(field: AnyField) -> Loaded:
    """What the field makes of what it gives to the database."""
    return lambda value: field.to_python(field.get_prep_value(value))


def ip_address(field: AnyField) -> Loaded:
    """One spelling of an address; an empty one is stored as NULL."""
    return lambda value: field.get_prep_value(value) or None


def json_value(field: Any) -> Loaded:
    """What is read from the JSON of the value; the items of an array, each by its field."""
    if (items := getattr(field, "base_field", None)) is not None:
        item = _item(items)
        return lambda value: (
            [None if each is None else item(each) for each in value]
            if isinstance(value, (list, tuple))
            else value
        )
    if not isinstance(field, models.JSONField):
        return prepared(field)
    return lambda value: json.loads(json.dumps(value, cls=field.encoder), cls=field.decoder)


def _item(field: Any) -> Loaded:
    if has_own_conversions(field):
        return own_as_saved(field)
    return json_value(field) if getattr(field, "base_field", None) else prepared(field)


def datetime_value(field: Any) -> Loaded:
    """A datetime, aware if the site's datetimes are."""

    def loaded(value: object) -> datetime | None:
        with warnings.catch_warnings():
            # Django warns of naive values; that is up to the host, and not to this code.
            warnings.simplefilter("ignore", RuntimeWarning)
            found: datetime = field.to_python(value)
        local = timezone.get_default_timezone()
        if settings.USE_TZ and timezone.is_naive(found):
            return timezone.make_aware(found, local)
        if not settings.USE_TZ and timezone.is_aware(found):
            return timezone.make_naive(found, local)
        return found

    return loaded


def decimal(field: Any) -> Loaded:
    """A decimal number with the places of its column."""
    as_column = _column(field)

    def loaded(value: object) -> object:
        if isinstance(value, (float, Decimal)) and not isfinite(value):
            return value
        return as_column(field.to_python(value))

    return loaded


def _column(field: Any) -> Callable[[Decimal], Decimal]:
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


# ── A field with conversions of its own ────────────────────────────────────────────────────────


def own_as_saved(field: Any) -> Loaded:
    """Where the database gives back what it was given: the field's whole way there and back."""
    if getattr(field, "from_db_value", None) is None:
        return own_as_prepared(field)

    def loaded(value: object) -> object:
        stored = field.get_db_prep_save(value, connections[router.db_for_write(field.model)])
        return plain_or(stored, _from_db(field, stored))

    return loaded


def own_as_prepared(field: AnyField) -> Loaded:
    """Where the database has a representation of its own, which the field never gets back."""
    if getattr(field, "from_db_value", None) is None:
        read = field.to_python
    else:
        read = partial(_from_db, field)

    def loaded(value: object) -> object:
        stored = field.get_prep_value(value)
        return plain_or(stored, read(stored))

    return loaded


def own_decimal(field: Any) -> Loaded:
    """A field that changes values, such as one of money, still has a column of decimals."""
    own, as_column = own_as_prepared(field), _column(field)

    def loaded(value: object) -> object:
        number = own(value)
        return as_column(number) if isinstance(number, Decimal) and isfinite(number) else number

    return loaded


def _from_db(field: Any, stored: object) -> object:
    return field.from_db_value(stored, None, connections[router.db_for_read(field.model)])
