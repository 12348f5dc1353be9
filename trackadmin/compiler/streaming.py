"""From the rows of a queryset to values, without any instance."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from itertools import chain, repeat
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

from django.db import connections
from django.db.models import QuerySet

from trackadmin.compiler import joining
from trackadmin.compiler.careful import Fault, Values
from trackadmin.compiler.conversions import Conversions
from trackadmin.compiler.joining import Cut
from trackadmin.compiler.made import Layout
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.rows import RowReader, columns, row_reader

Rows: TypeAlias = "QuerySet[Any, Any]"

#: The generated readers of each compiled model, by the database and how its columns convert.
_readers: WeakKeyDictionary[CompiledModel, dict[object, RowReader]] = WeakKeyDictionary()


def shape(compiled: CompiledModel, rows: Rows) -> Cut | str:
    """What the rows of a queryset's query give, and in which form; or why its objects must be
    loaded.
    """
    found = joining.cut(compiled.node, rows.db, spare=joining.own_tables(rows))
    return refusal(compiled, rows, found) or found


def refusal(compiled: CompiledModel, rows: Rows, found: Cut) -> str:
    """Why a queryset's objects must be loaded; "" where the rows of its query will do."""
    query = rows.query
    if compiled.model is not rows.model:
        return "its model is not the compiled one"
    if has_own_ways(rows):
        return "the queryset has a way of its own to give rows"
    if query.combinator or query.extra or query.group_by is not None:
        return "its query joins several, groups rows or holds text of SQL"
    if query.annotations and query.distinct:
        return "what it annotates tells which rows are distinct"
    if query.annotations.keys() & {column.path for column in columns(found)}:
        return "it annotates a name that the map reads"
    if query.select_for_update:
        return "it locks the rows that it selects"
    return joining.stream_refusal(found, rows)


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


def has_own_ways(rows: Rows) -> bool:
    """Whether code of the host has a say in what the queryset's rows are."""
    cls: Any = type(rows)
    return (
        not joining.gives_instances(rows)
        or cls.iterator is not QuerySet.iterator
        or cls._iterator is not QuerySet._iterator  # type: ignore[attr-defined]
        or cls.values_list is not QuerySet.values_list
    )


def _reader(compiled: CompiledModel, alias: str, shape: Cut, conversions: Conversions) -> RowReader:
    key = (alias, shape, tuple(conversions.fused.items()), tuple(conversions.converted))
    readers = _readers.setdefault(compiled, {})
    if key not in readers:
        found = columns(shape)
        title = f"{compiled.title}: rows of {compiled.prefix}"
        places = {column.path: number for number, column in enumerate(found)}
        layout = Layout(places, alias, compiled.pseudonym, title)
        readers[key] = row_reader(shape, found, conversions.fused, conversions.converted, layout)
    return readers[key]
