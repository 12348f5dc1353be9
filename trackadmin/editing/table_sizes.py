"""How many objects there are, and what PostgreSQL itself believes of a whole table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, TypeAlias

from django.db import connections
from django.db.models import QuerySet

from trackadmin.catalog import ModelFacts
from trackadmin.compiler.host.whole_tables import whole_table

Rows: TypeAlias = "QuerySet[Any, Any]"

#: More objects than this are not counted one by one.
MOST_COUNTED = 100_000
#: Only of a plain table: a view, a partitioned table or one with children counts otherwise. Where
#: the database hides rows from this user, nothing is told about the whole table.
_TABLE = (
    "WITH t AS (SELECT c.relname, c.relnamespace, c.reltuples FROM pg_class c "
    "WHERE c.oid = to_regclass(%s) AND c.relkind = 'r' AND c.reltuples > 0 "
    "AND NOT c.relhassubclass AND NOT row_security_active(c.oid)) "
)
_SIZE = f"{_TABLE} SELECT t.reltuples::bigint FROM t"  # noqa: S608 only constants
#: Of the columns, ``pg_stats`` shows only those that this user may read.
_COLUMNS = _TABLE + (
    "SELECT s.attname, s.null_frac, "
    "CASE WHEN s.n_distinct < 0 THEN -s.n_distinct * t.reltuples ELSE s.n_distinct END "
    "FROM t JOIN pg_namespace n ON n.oid = t.relnamespace "
    "JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = t.relname AND NOT s.inherited"
)


class Exactness(Enum):
    """How well a number is known."""

    EXACT = "exact"
    #: PostgreSQL's estimate.
    ABOUT = "about"
    AT_LEAST = "at_least"


@dataclass(frozen=True, slots=True)
class TableSize:
    """How many objects there are."""

    count: int
    exactness: Exactness


@dataclass(frozen=True, slots=True)
class Estimate:
    """What PostgreSQL believes of a column, since it last analyzed the table. It has no values."""

    #: The share of rows that are not null, from 0 to 1. An empty text is not null.
    not_null: float
    distinct: int


def size_of(rows: Rows) -> TableSize:
    """How many objects ``rows`` has: estimated for a whole table, otherwise counted up to a limit.

    Only whole tables are estimated, because the estimate counts rows that somebody may not view.
    """
    counted = _planner_says(rows, _SIZE)
    if counted and counted[0][0] > MOST_COUNTED:
        return TableSize(counted[0][0], Exactness.ABOUT)
    count = rows.order_by()[: MOST_COUNTED + 1].count()
    if count > MOST_COUNTED:
        return TableSize(MOST_COUNTED, Exactness.AT_LEAST)
    return TableSize(count, Exactness.EXACT)


def estimates(rows: Rows, facts: ModelFacts) -> dict[str, Estimate]:
    """What the database believes of the attributes with a column; empty unless it is for sure
    about the very rows that somebody may view.
    """
    found = _planner_says(rows, _COLUMNS)
    believed = {column: Estimate(1 - null, round(distinct)) for column, null, distinct in found}
    columns = {
        name: each.field.column
        for name, each in facts.attributes.items()
        if each.field is not None and not each.computed
    }
    return {name: believed[column] for name, column in columns.items() if column in believed}


def _planner_says(rows: Rows, sql: str) -> list[Any]:
    connection = connections[rows.db]
    table = whole_table(rows) if connection.vendor == "postgresql" else ""
    if not table:
        return []
    with connection.cursor() as cursor:
        cursor.execute(sql, [connection.ops.quote_name(table)])
        return list(cursor.fetchall())
