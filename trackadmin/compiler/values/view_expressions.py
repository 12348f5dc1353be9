"""What PostgreSQL computes to the same text as the encoders write, for the views of the database.

Each function takes the field that holds the values and the column's name in the query.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from django.conf import settings

from trackadmin.catalog import AnyField
from trackadmin.compiler.values.clean_text import CUT
from trackadmin.conf import conf

Expression: TypeAlias = Callable[[AnyField, str], str]


def as_it_is(field: AnyField, column: str) -> str:
    """The column itself: a whole number, a truth value."""
    return column


def short_text(field: AnyField, column: str) -> str:
    """The column as a text, which is short."""
    return f"{column}::text"


def bounded_text(field: AnyField, column: str) -> str:
    """The column as a text, bounded as a backfill bounds it."""
    text, longest = f"{column}::text", conf.MAX_TEXT_LENGTH
    holds = getattr(field, "max_length", None)
    if holds is not None and holds <= longest:
        return text
    start = f"LEFT({text}, {longest - 1}) || '{CUT}'"
    return f"CASE WHEN LENGTH({text}) > {longest} THEN {start} ELSE {text} END"


def host(field: AnyField, column: str) -> str:
    """An IP address without the length of its network."""
    return f"HOST({column})"


def finite(field: AnyField, column: str) -> str:
    """A number; null where it is infinite or NaN."""
    return f"{_unless_finite(column)}{column} END"


def finite_text(field: AnyField, column: str) -> str:
    """A decimal number as a text; null where it is infinite or NaN."""
    return f"{_unless_finite(column)}{column}::text END"


def _unless_finite(column: str) -> str:
    return f"CASE WHEN {column}::text IN ('NaN', 'Infinity', '-Infinity') THEN NULL ELSE "


def date(field: AnyField, column: str) -> str:
    """ISO 8601."""
    return f"TO_CHAR({column}, 'YYYY-MM-DD')"


def time(field: AnyField, column: str) -> str:
    """ISO 8601 as Python writes it: without a fraction where it is zero."""
    return f"REPLACE(TO_CHAR({column}, 'HH24:MI:SS.US'), '.000000', '')"


def datetime(field: AnyField, column: str) -> str:
    """ISO 8601 as Python writes it: without a fraction where it is zero."""
    zone = "UTC" if settings.USE_TZ else settings.TIME_ZONE
    shown = f"TO_CHAR({column} AT TIME ZONE '{zone}', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')"
    text = f"REPLACE({shown}, '.000000', '')"
    return f"{text} || '+00:00'" if settings.USE_TZ else text


def duration(field: AnyField, column: str) -> str:
    """ISO 8601 as Django writes it, in days, hours, minutes and seconds."""
    seconds = f"ABS(EXTRACT(EPOCH FROM {column})::numeric)"
    return (
        f"CASE WHEN {column} < INTERVAL '0' THEN '-' ELSE '' END"
        f" || 'P' || DIV({seconds}, 86400) || 'DT' || REPLACE(TO_CHAR("
        f"MAKE_INTERVAL(secs => MOD({seconds}, 86400)::double precision),"
        " 'HH24\"H\"MI\"M\"SS.US\"S\"'), '.000000S', 'S')"
    )
