"""Whether the same SQL is made of a query each time."""

from __future__ import annotations

import datetime
import decimal
import uuid
from typing import Any

from django.db.models.expressions import Col
from django.db.models.lookups import Lookup
from django.db.models.sql import Query
from django.db.models.sql.datastructures import BaseTable, Join
from django.db.models.sql.where import WhereNode

#: Types whose values never change.
_FIXED = (
    *(type(None), bool, bytes, float, int, str, decimal.Decimal, uuid.UUID),
    *(datetime.date, datetime.datetime, datetime.time, datetime.timedelta),
)


def is_simple(query: Query) -> bool:
    """Whether only Django's own classes make the query's SQL, from fixed values.

    A field, a lookup or a relation of another package may write other SQL for each request. So do
    Django's own parts of dates (``day__year=2026``), which depend on the active time zone.
    """
    return (
        type(query) is Query
        and not query.annotations
        and not query.extra
        and not query.combinator
        and not query.is_sliced
        and not query.select_for_update
        and all(map(_is_usual_table, query.alias_map.values()))
        and _is_usual(query.where)
    )


def _is_usual_table(table: object) -> bool:
    if type(table) is BaseTable:
        return True
    return type(table) is Join and not table.filtered_relation and _is_djangos(table.join_field)


def _is_usual(each: object) -> bool:
    if type(each) is WhereNode:
        return all(map(_is_usual, each.children))
    return (
        isinstance(each, Lookup)
        and _is_djangos(each)
        and type(each.lhs) is Col
        and _is_djangos(each.lhs.target)
        and not each.bilateral_transforms
        and _is_fixed(each.rhs)
    )


def _is_fixed(value: Any) -> bool:
    if type(value) in (list, tuple, set, frozenset):
        return all(map(_is_fixed, value))
    return type(value) in _FIXED


def _is_djangos(thing: object) -> bool:
    return type(thing).__module__.startswith("django.db.models.")
