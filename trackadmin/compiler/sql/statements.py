"""Compiled SQL: the ORM writes each query, so managers, converters and dialects keep their meaning.

The query of a constant manager is written once, and a request only binds values and executes. Any
other manager is asked for its query on each request. Then only what follows from the text of its
SQL is kept, and never a parameter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from django.db import connections
from django.db.models import QuerySet

from trackadmin.codes import FastPath, Outcome
from trackadmin.compiler.driver.one_row import OneRow
from trackadmin.compiler.driver.psycopg_cursor import Datetimes
from trackadmin.compiler.fast_paths import left
from trackadmin.compiler.lookups import Lookup
from trackadmin.compiler.obstacles import lies_with
from trackadmin.compiler.plan import Node
from trackadmin.compiler.query_tree import MAX_COLUMNS, MAX_TABLES, Shape, own_tables, shape_of
from trackadmin.compiler.savepoints import contained
from trackadmin.compiler.slot import Slot
from trackadmin.compiler.sql import statement_text
from trackadmin.compiler.sql.aggregate_columns import with_aggregates
from trackadmin.compiler.sql.binding import binder
from trackadmin.compiler.sql.conversions import Conversions
from trackadmin.compiler.sql.row_columns import Column, columns
from trackadmin.compiler.sql.row_instances import Layout
from trackadmin.compiler.sql.row_readers import Readers, RowReader, row_reader
from trackadmin.compiler.types import Fault, Pseudonym, Row, Values

#: Databases whose dialect the joined statement speaks and the tests prove.
VENDORS = frozenset({"sqlite", "postgresql"})

#: Where a thread's connection keeps the readers that are bound to its converters. They live and
#: die with the connection, which they refer to.
_READERS = "_trackadmin_readers"


class Query(NamedTuple):
    """A query as the ORM has just written it, with a :class:`Slot` among its parameters."""

    sql: str
    parameters: tuple[Any, ...]
    #: Whether it may give more than one row.
    counted: bool
    #: What of the tree it gives, and in which form.
    shape: Shape
    compiler: Any

    @property
    def selected(self) -> list[Any]:
        """What is selected, column by column."""
        return [select[0] for select in self.compiler.select]

    def bound(self, value: Any) -> list[Any]:
        """The parameters, with the value in its place."""
        return [value if type(each) is Slot else each for each in self.parameters]


class LookupQuery:
    """How the row of one reference is asked for."""

    def __init__(self, lookup: Lookup, node: Node, pseudonym: Pseudonym, title: str) -> None:
        self.lookup, self.node = lookup, node
        self._pseudonym, self._title = pseudonym, title
        self._shapes: dict[tuple[str, int], Shape] = {}
        self._columns: dict[int, tuple[Shape, tuple[Column, ...]]] = {}
        self._readers: dict[object, RowReader] = {}

    def shape(self, rows: QuerySet[Any, Any]) -> Shape:
        """What of the tree the rows of a manager's query give."""
        key = (rows.db, own_tables(rows))
        found = self._shapes.get(key)
        if found is None:
            found = self._shapes[key] = shape_of(self.node, key[0], spare=key[1], counted=True)
        return found

    def columns(self, shape: Shape) -> tuple[Column, ...]:
        """The columns of a row of this shape."""
        kept = self._columns.get(id(shape))
        # An address may be another one's by now.
        if kept is None or kept[0] is not shape:
            kept = self._columns[id(shape)] = shape, columns(shape, _compared(self.lookup))
        return kept[1]

    def written(self, rows: QuerySet[Any, Any]) -> Query:
        """The query for the rows that a manager gave."""
        shape, counted = self.shape(rows), not self._is_single(rows)
        slot = Slot(output_field=self.lookup.facts.field)
        rows = rows.order_by().filter(**{self.lookup.source: slot})
        found = self.columns(shape)
        rows = with_aggregates(rows, found)
        query: Any = rows.values_list(*(column.path for column in found)).query
        compiler = query.get_compiler(using=rows.db)
        sql, parameters = compiler.as_sql()
        return Query(sql, tuple(parameters), counted, shape, compiler)

    def reader(self, shape: Shape, alias: str, conversions: Conversions) -> RowReader:
        """The code that reads the rows, made once for each way in which columns convert."""
        key = (alias, shape, conversions.key)
        if key not in self._readers:
            found = self.columns(shape)
            places = {column.path: number for number, column in enumerate(found)}
            layout = Layout(places, alias, self._pseudonym, self._title)
            self._readers[key] = row_reader(
                shape, found, conversions.fused, conversions.converted, layout
            )
        return self._readers[key]

    def _is_single(self, rows: QuerySet[Any, Any]) -> bool:
        """Whether the database itself sees to it that there is one row at most."""
        query = rows.query
        plain = not query.where and not query.alias_map and not query.combinator
        return self.lookup.facts.unique and plain


class LookupPart:
    """What finds one reference's row in one database; it follows from the text of its query."""

    def __init__(self, asked: LookupQuery, query: Query, alias: str, *, constant: bool) -> None:
        """``constant`` says that the manager's query, its parameters too, is always this one."""
        self.lookup, self.alias = asked.lookup, alias
        self.query = query._replace(compiler=None) if constant else None
        self.shape, self.counted = query.shape, query.counted
        self._joined = {
            (each.node.model, child.node.model)
            for each in self.shape.walk()
            for child in each.joined
        } | {
            (each.node.model, model)
            for each in self.shape.walk()
            for aggregate in each.aggregates
            for model in aggregate.matched.collection.models
        }
        plain = not self.counted and len(query.parameters) == 1
        self.subquery = statement_text.Subquery(
            statement_text.counted(query.sql) if self.counted else query.sql,
            statement_text.plain_join(query.compiler, query.sql) if plain else None,
        )
        expressions = query.selected
        self.width = len(expressions)
        #: How many tables it joins.
        self.tables = len(query.compiler.query.alias_map)
        #: How many queries of related objects are among its columns.
        self.inner = sum(len(each.aggregates) for each in self.shape.walk())
        self.names = asked.node.names()
        self._conversions = Conversions(asked.columns(self.shape), expressions, connections[alias])
        self.reader: RowReader = asked.reader(self.shape, alias, self._conversions)
        #: How its rows are read on any connection, if no converter belongs to one. An instance
        #: takes moments and not their texts, so its readers are never shared.
        alone = self._conversions.converted or self.reader.makes_instances
        self.shared = None if alone else self.reader.make(())
        #: ``bind(text, connection)``: what the place takes for a reference's text.
        self.bind = binder(asked.lookup, alias)

    def is_in_one_database(self) -> bool:
        """Whether all that is joined lies in one database, as the site's routers have it now."""
        return all(lies_with(parent, self.alias, child) for parent, child in self._joined)

    def readers(self, connection: Any) -> Readers:
        """How its rows are read, with the converters of this thread's connection."""
        if self.shared is not None:
            return self.shared
        kept = connection.__dict__.get(_READERS)
        if kept is None:
            kept = connection.__dict__[_READERS] = WeakKeyDictionary()
        readers: Readers | None = kept.get(self)
        if readers is None:
            readers = kept[self] = self.reader.make(self._conversions.bound(connection))
        return readers


def fitting(parts: Sequence[LookupPart]) -> Iterator[slice]:
    """The parts, cut into as few statements as the database allows, in their order."""
    start = tables = columns = 0
    for at, part in enumerate(parts):
        tables += part.tables
        columns += part.width + part.counted
        if at > start and (tables > MAX_TABLES or columns > MAX_COLUMNS):
            yield slice(start, at)
            start, tables, columns = at, part.tables, part.width + part.counted
    if parts:
        yield slice(start, len(parts))


def _compared(lookup: Lookup) -> str:
    """The field that a lookup compares, where no row that it finds can show ``NULL`` for it.

    "" where a field or a comparison of the host's own might.
    """
    field: Any = lookup.facts.field
    own = (type(field), field.get_lookup("exact"))
    return lookup.facts.attname if all(map(_is_djangos, own)) else ""


def _is_djangos(cls: type) -> bool:
    return cls.__module__.startswith("django.db.models.")


class Resolved(NamedTuple):
    """The result of one reference. A tuple because it is made for every reference of every URL."""

    status: Outcome
    values: Values | None = None
    error: BaseException | None = None


_NONE, _MANY = Resolved(Outcome.NONE), Resolved(Outcome.MANY)


class Span(NamedTuple):
    """Where a part's columns are in the statement's row."""

    part: LookupPart
    #: From the object's key on.
    cells: slice
    #: Where the number of rows is; ``None`` where there is one at most.
    rows: int | None


class Statement:
    """One SQL statement that finds the rows of several references in one database."""

    def __init__(self, parts: Sequence[LookupPart]) -> None:
        self.parts = tuple(parts)
        self._spans = tuple(_spans(parts))
        self._keys = [span.cells.start for span in self._spans]
        self._counts = [span.rows for span in self._spans if span.rows is not None]
        connection = connections[parts[0].alias]
        # A converter of the host takes a moment, not its text.
        datetimes: Datetimes = "texts" if all(part.shared for part in parts) else "objects"
        sql = statement_text.statement([part.subquery for part in parts])
        tables = sum(part.tables + part.inner for part in parts)
        self._one_row = OneRow(sql, connection, datetimes, tables=tables)
        every = [each for part in parts if part.query for each in part.query.parameters]
        #: The parameters, where all parts' queries are constant, and where among them the values
        #: of the references belong.
        self._parameters = every
        self._slots = [at for at, each in enumerate(every) if type(each) is Slot]
        #: Whether there are no others.
        self._only_values = len(self._slots) == len(every)
        names = [name for part in parts for name in part.names]
        #: Whether two parts may yield the same name.
        self.overlap = len(set(names)) < len(names)
        self._nulls: Values = dict.fromkeys(names)
        #: About how many bytes of memory it takes: its text in several forms, and its names.
        self.weight = 4 * len(sql) + 200 * len(names) + 2000

    def parameters(self, values: Sequence[Any]) -> Sequence[Any]:
        """The parameters, if all managers are constant; ``values`` has one for each part."""
        if self._only_values:
            return values
        parameters = self._parameters.copy()
        for at, value in zip(self._slots, values, strict=True):
            parameters[at] = value
        return parameters

    def fetch(self, connection: Any, parameters: Sequence[Any]) -> Row | None:
        """The one row that holds all parts' columns.

        Leaves a transaction of the host as it was. What the database raises comes through.
        """
        if connection.autocommit:
            return self._one_row.fetch(connection, parameters)
        with contained():
            return self._one_row.fetch(connection, parameters)

    def all_values(self, row: Row | None, connection: Any, fault: Fault) -> Values | None:
        """All values in one dict; ``None`` where something is not as usual: see :meth:`each`.

        Only where no names :attr:`overlap`.
        """
        if row is None:
            return None
        for at in self._keys:
            if row[at] is None:
                return None
        for at in self._counts:
            if row[at] > 1:
                return None
        values = self._nulls.copy()
        try:
            for part, cells, _ in self._spans:
                (part.shared or part.readers(connection)).fill(row[cells], values, fault)
        except Exception as error:  # noqa: BLE001 the host's converters may raise anything
            left(FastPath.ALL_VALUES, self.parts[0].alias, error)
            return None
        return values

    def each(self, row: Row | None, connection: Any, fault: Fault) -> list[Resolved]:
        """The result of each part."""
        if row is None:
            return [_NONE] * len(self.parts)
        return [_resolved(span, row, connection, fault) for span in self._spans]


def _spans(parts: Sequence[LookupPart]) -> Iterator[Span]:
    start = 0
    for part in parts:
        end = start + part.width
        yield Span(part, slice(start, end), end if part.counted else None)
        start = end + part.counted


def _resolved(span: Span, row: Row, connection: Any, fault: Fault) -> Resolved:
    part, cells, rows = span
    if row[cells.start] is None:
        return _NONE
    if rows is not None and row[rows] > 1:
        return _MANY
    read = part.readers(connection).read
    try:
        return Resolved(Outcome.FOUND, read(row[cells], fault))
    except Exception as error:  # noqa: BLE001 the model's own code, where an instance is made
        return Resolved(Outcome.FAILED, error=error)
