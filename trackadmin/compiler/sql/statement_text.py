"""Joins several of the ORM's queries into one statement, which gives one row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trackadmin.compiler.query_tree import MAX_TABLES

#: A row to start from, so that a query that finds nothing takes no other along.
_START = "(SELECT 1 AS one) AS one"


@dataclass(frozen=True, slots=True)
class PlainJoin:
    """A query that is nothing but a table with one condition, and others that are joined to it."""

    columns: str
    #: All joined from the left, the condition among them.
    joins: str
    #: The tables' aliases.
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Subquery:
    """One of the queries."""

    sql: str
    #: Shorter, and planned and run faster; ``None`` where the query is more than that.
    plain: PlainJoin | None


def statement(queries: Sequence[Subquery]) -> str:
    """One statement with the columns of all, in order; each gives one row at most."""
    if len(queries) == 1:
        return queries[0].sql
    tables = [query.plain for query in queries if query.plain is not None]
    names = [name for each in tables for name in each.names]
    # The row to start from is one more table.
    fit = len(set(names)) == len(names) and len(names) < MAX_TABLES
    if len(tables) == len(queries) and fit:
        columns = ", ".join(each.columns for each in tables)
        joins = " ".join(each.joins for each in tables)
        return f"SELECT {columns} FROM {_START} {joins}"  # noqa: S608 the ORM's own text
    columns = ", ".join(f"t{number}.*" for number in range(len(queries)))
    joins = " ".join(
        f"LEFT JOIN ({query.sql}) AS t{number} ON true" for number, query in enumerate(queries)
    )
    return f"SELECT {columns} FROM {_START} {joins}"  # noqa: S608 as above


def counted(sql: str) -> str:
    """One row of the query at most, and how many there are: 1, or 2 for more."""
    inner = f"SELECT s.*, COUNT(*) OVER () AS n FROM ({sql} LIMIT 2) AS s"  # noqa: S608 as above
    return f"SELECT * FROM ({inner}) AS c LIMIT 1"  # noqa: S608 as above


def plain_join(compiler: Any, sql: str) -> PlainJoin | None:
    """The tables of a query with one parameter that finds one row at most, whose text this is.

    ``None`` where they are not all that the text holds, where the parameter is not compared with
    a column of the first one, or where a row may lack the other that it is joined to.
    """
    cells = [
        f"{text} AS {compiler.connection.ops.quote_name(alias)}" if alias else text
        for _, (text, _), alias in compiler.select
    ]
    (first, *others), _ = compiler.get_from_clause()
    condition, _ = compiler.compile(compiler.where)
    columns, joined = ", ".join(cells), " ".join([first, *others])
    column, _, value = condition.partition(" = ")
    if (
        sql != f"SELECT {columns} FROM {joined} WHERE {condition}"  # noqa: S608 as above
        or not column.startswith(f"{first}.")
        or value not in ("%s", "(%s)")
        or not all(map(_is_held, compiler.query.alias_map.values()))
    ):
        return None
    left = [f"LEFT OUTER JOIN {first} ON ({condition})"]
    left += [other.replace("INNER JOIN", "LEFT OUTER JOIN", 1) for other in others]
    return PlainJoin(columns, " ".join(left), frozenset(compiler.query.alias_map))


def _is_held(table: Any) -> bool:
    """Whether a row of the query has its row in this table, if it is not the first one."""
    if table.join_type != "INNER JOIN":
        return True
    return bool(getattr(table.join_field, "db_constraint", False))
