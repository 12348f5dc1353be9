"""Counts and sums as columns of the query that reads an object."""

from __future__ import annotations

from collections.abc import Iterable

from trackadmin.compiler.aggregate_queries import value_beside
from trackadmin.compiler.host.related_rows import rows_to_join
from trackadmin.compiler.sql.row_columns import Column
from trackadmin.compiler.types import Rows


def with_aggregates(rows: Rows, columns: Iterable[Column]) -> Rows:
    """The rows with a value for each column that is a count or sum, by the managers as they are
    now. Raises :class:`ManagerError`.
    """
    values = {
        column.path: value_beside(
            rows_to_join(column.aggregate.matched.collection, rows.db),
            column.aggregate.matched,
            column.before,
        )
        for column in columns
        if column.aggregate is not None
    }
    return rows.annotate(**values) if values else rows
