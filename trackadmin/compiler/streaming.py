"""From the rows of a queryset to values, without any instance."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import chain, repeat
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from django.db import connections
from django.db.models import QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql import Query

from trackadmin.compiler import joining
from trackadmin.compiler.careful import Fault, Values
from trackadmin.compiler.conversions import Conversions
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.rows import RowReader, columns, row_reader

Rows: TypeAlias = "QuerySet[Any, Any]"

#: The generated readers of each compiled model, by the database and how its columns convert.
_readers: WeakKeyDictionary[CompiledModel, dict[object, RowReader]] = WeakKeyDictionary()


def refusal(compiled: CompiledModel, rows: Rows) -> str:
    """Why a queryset's objects must be loaded; "" where the rows of its query will do."""
    query = rows.query
    if compiled.model is not rows.model:
        return "its model is not the compiled one"
    if _has_own_ways(rows):
        return "the queryset has a way of its own to give rows"
    if query.combinator or query.extra or query.group_by is not None:
        return "its query joins several, groups rows or holds text of SQL"
    if query.annotations and query.distinct:
        return "what it annotates tells which rows are distinct"
    if query.annotations.keys() & {column.path for column in columns(compiled.node)}:
        return "it annotates a name that the map reads"
    if query.select_for_update:
        return "it locks the rows that it selects"
    return joining.refusal(compiled.node, rows.db)


def stream(compiled: CompiledModel, rows: Rows, fault: Fault, chunk_size: int) -> Iterator[Values]:
    """The values of each row, fetched in chunks; only where :func:`refusal` gives ""."""
    found = columns(compiled.node)
    connection = connections[rows.db]
    query = rows.prefetch_related(None).values_list(*(column.path for column in found)).query
    compiler = query.get_compiler(using=rows.db)
    in_chunks = not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")
    chunks = compiler.execute_sql(chunked_fetch=in_chunks, chunk_size=chunk_size)
    expressions = [select[0] for select in compiler.select[: compiler.col_count]]
    conversions = Conversions(found, expressions, connection)
    read = _reader(compiled, rows.db, conversions).make(conversions.bound(connection)).read
    try:
        yield from map(read, chain.from_iterable(chunks), repeat(fault))
    finally:
        # Left early, the cursor is closed now and not whenever Python collects it.
        if isinstance(chunks, Generator):
            chunks.close()


def _has_own_ways(rows: Rows) -> bool:
    cls: Any = type(rows)
    return (
        rows._iterable_class is not ModelIterable
        or type(rows.query) is not Query
        or cls.iterator is not QuerySet.iterator
        or cls._iterator is not QuerySet._iterator  # type: ignore[attr-defined]
        or cls.values_list is not QuerySet.values_list
    )


def _reader(compiled: CompiledModel, alias: str, conversions: Conversions) -> RowReader:
    key = (alias, tuple(conversions.fused.items()), tuple(conversions.converted))
    readers = _readers.setdefault(compiled, {})
    if key not in readers:
        readers[key] = row_reader(
            compiled.node,
            columns(compiled.node),
            conversions.fused,
            conversions.converted,
            compiled.pseudonym,
            f"{compiled.title}: rows of {compiled.prefix}",
        )
    return readers[key]
