"""From the rows of a queryset to values, without making instances."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from itertools import chain, repeat
from typing import NamedTuple
from weakref import WeakKeyDictionary

from django.db import connections

from trackadmin.compiler import query_tree
from trackadmin.compiler.host.managers import asking
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.obstacles import Obstacle, ObstacleCode, rows_obstacle
from trackadmin.compiler.query_tree import Shape
from trackadmin.compiler.sql.aggregate_columns import with_aggregates
from trackadmin.compiler.sql.conversions import Conversions
from trackadmin.compiler.sql.related_values import RelatedValues, apart_of
from trackadmin.compiler.sql.row_columns import Column, columns
from trackadmin.compiler.sql.row_instances import Layout
from trackadmin.compiler.sql.row_readers import RowReader, row_reader
from trackadmin.compiler.types import Fault, Rows, Values
from trackadmin.compiler.values.aggregate_batches import has_exact_key
from trackadmin.compiler.values.aggregate_values import may_fail
from trackadmin.texts import gettext as _

#: The generated readers of each compiled model, by database and conversions.
_readers: WeakKeyDictionary[CompiledModel, dict[object, RowReader]] = WeakKeyDictionary()


def shape(compiled: CompiledModel, rows: Rows) -> Shape | Obstacle:
    """What the rows of a queryset's query give, and in which form; or why its objects must be
    loaded.
    """
    found = query_tree.shape_of(
        compiled.node, rows.db, spare=query_tree.own_tables(rows), counted=True
    )
    return obstacle(compiled, rows, found) or found


def obstacle(compiled: CompiledModel, rows: Rows, shape: Shape) -> Obstacle | None:
    """Why a queryset's objects must be loaded; ``None`` where the rows of its query will do."""
    if compiled.model is not rows.model:
        text = _("The queryset's model is not the tracked one.")
        return Obstacle(ObstacleCode.QUERYSET, text)
    paths = (column.path for column in columns(shape))
    return (
        rows_obstacle(rows, paths)
        or query_tree.stream_obstacle(shape, rows)
        or _sum_obstacle(shape)
    )


def _sum_obstacle(shape: Shape) -> Obstacle | None:
    """Why no sum may be a column of the rows: one that is too large would end the stream.

    What one query gives for many rows is asked for again, without the sum that failed.
    """
    for each in (aggregate for its in shape.walk() for aggregate in its.aggregates):
        if may_fail(each.matched) and not has_exact_key(each):
            text = _("A sum may be larger than the database can bear (%(name)s).", name=each.path)
            return Obstacle(ObstacleCode.SUM, text)
    return None


def stream(
    compiled: CompiledModel, rows: Rows, shape: Shape, fault: Fault, chunk_size: int
) -> Iterator[Values]:
    """The values of each row, which gives what :func:`shape` says, fetched in chunks.

    The managers of related objects are asked at once. Raises :class:`ManagerError`.
    """
    apart = apart_of(shape)
    read_columns = columns(shape, apart={path for each in apart for path in each.paths})
    places = {column.path: number for number, column in enumerate(read_columns)}
    related = RelatedValues(apart, places, rows.db, compiled.pseudonym) if apart else None
    with asking(compiled.model):
        rows = with_aggregates(rows.prefetch_related(None), read_columns)
    return _values(compiled, rows, _Read(shape, read_columns, related), fault, chunk_size)


class _Read(NamedTuple):
    """What is read of the rows."""

    shape: Shape
    columns: Sequence[Column]
    #: What further queries give.
    related: RelatedValues | None


def _values(
    compiled: CompiledModel, rows: Rows, what: _Read, fault: Fault, chunk_size: int
) -> Iterator[Values]:
    connection = connections[rows.db]
    query = rows.values_list(*(column.path for column in what.columns)).query
    compiler = query.get_compiler(using=rows.db)
    in_chunks = not connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS")
    chunks = compiler.execute_sql(chunked_fetch=in_chunks, chunk_size=chunk_size)
    expressions = [select[0] for select in compiler.select[: compiler.col_count]]
    conversions = Conversions(what.columns, expressions, connection)
    read = _reader(compiled, rows.db, what, conversions).make(conversions.bound(connection)).read
    try:
        if what.related is None:
            yield from map(read, chain.from_iterable(chunks), repeat(fault))
        else:
            for chunk in chunks:
                yield from what.related.completed(chunk, [read(row, fault) for row in chunk], fault)
    finally:
        # If the stream is left early, close the cursor now and not when Python collects it.
        if isinstance(chunks, Generator):
            chunks.close()


def _reader(
    compiled: CompiledModel, alias: str, what: _Read, conversions: Conversions
) -> RowReader:
    paths = tuple(column.path for column in what.columns)
    key = (alias, what.shape.form, paths, conversions.key)
    readers = _readers.setdefault(compiled, {})
    if key not in readers:
        title = f"{compiled.title}: rows of {compiled.prefix}"
        places = {path: number for number, path in enumerate(paths)}
        layout = Layout(places, alias, compiled.pseudonym, title)
        readers[key] = row_reader(
            what.shape, what.columns, conversions.fused, conversions.converted, layout
        )
    return readers[key]
