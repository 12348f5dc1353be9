"""From the rows of a queryset to values, without any instance."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import chain, repeat
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from django.db import connections
from django.db.models import QuerySet

from trackadmin.compiler import query_tree
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.query_tree import Cut
from trackadmin.compiler.sql.conversions import Conversions
from trackadmin.compiler.sql.row_instances import Layout
from trackadmin.compiler.sql.row_readers import RowReader, columns, row_reader
from trackadmin.compiler.types import Fault, Values

Rows: TypeAlias = "QuerySet[Any, Any]"

#: The generated readers of each compiled model, by the database and how its columns convert.
_readers: WeakKeyDictionary[CompiledModel, dict[object, RowReader]] = WeakKeyDictionary()


def shape(compiled: CompiledModel, rows: Rows) -> Cut | str:
    """What the rows of a queryset's query give, and in which form; or why its objects must be
    loaded.
    """
    found = query_tree.cut(compiled.node, rows.db, spare=query_tree.own_tables(rows))
    return refusal(compiled, rows, found) or found


def refusal(compiled: CompiledModel, rows: Rows, found: Cut) -> str:
    """Why a queryset's objects must be loaded; "" where the rows of its query will do."""
    if compiled.model is not rows.model:
        return "its model is not the compiled one"
    paths = (column.path for column in columns(found))
    return query_tree.rows_refusal(rows, paths) or query_tree.stream_refusal(found, rows)


def stream(
    compiled: CompiledModel, rows: Rows, shape: Cut, fault: Fault, chunk_size: int
) -> Iterator[Values]:
    """The values of each row, which gives what :func:`shape` says, fetched in chunks."""
    found = columns(shape)
    connection = connections[rows.db]
    query = rows.prefetch_related(None).values_list(*(column.path for column in found)).query
    compiler = query.get_compiler(using=rows.db)
    in_chunks = not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")
    chunks = compiler.execute_sql(chunked_fetch=in_chunks, chunk_size=chunk_size)
    expressions = [select[0] for select in compiler.select[: compiler.col_count]]
    conversions = Conversions(found, expressions, connection)
    read = _reader(compiled, rows.db, shape, conversions).make(conversions.bound(connection)).read
    try:
        yield from map(read, chain.from_iterable(chunks), repeat(fault))
    finally:
        # Left early, the cursor is closed now and not whenever Python collects it.
        if isinstance(chunks, Generator):
            chunks.close()


def _reader(compiled: CompiledModel, alias: str, shape: Cut, conversions: Conversions) -> RowReader:
    key = (alias, shape.form, conversions.key)
    readers = _readers.setdefault(compiled, {})
    if key not in readers:
        found = columns(shape)
        title = f"{compiled.title}: rows of {compiled.prefix}"
        places = {column.path: number for number, column in enumerate(found)}
        layout = Layout(places, alias, compiled.pseudonym, title)
        readers[key] = row_reader(shape, found, conversions.fused, conversions.converted, layout)
    return readers[key]
