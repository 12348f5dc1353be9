"""Whether a query gives all rows of a table, so that what is known about the table is about it."""

from __future__ import annotations

from django.db.models.sql import Query
from django.db.models.sql.datastructures import BaseTable

from trackadmin.compiler.host.manager_proofs import overridden
from trackadmin.compiler.types import Rows


def whole_table(rows: Rows) -> str:
    """The table of which this query surely gives each row; "" if it may leave some out.

    A host's class of querysets may leave out rows in Python, so one that overrides anything of
    Django's is not trusted.
    """
    query = rows.query
    whole = (
        type(query) is Query
        and not query.where
        and not query.extra
        and not query.annotations
        and not query.combinator
        and not query.distinct
        and not query.is_sliced
        and not query.select_related
        and all(type(table) is BaseTable for table in query.alias_map.values())
        and not overridden(type(rows))
        and not rows.model._meta.all_parents
    )
    return str(rows.model._meta.db_table) if whole else ""
