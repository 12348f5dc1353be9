"""Compiled SQL: the ORM makes each query once, a request only binds values and executes.

So the model's manager, the field's converters and the database's dialect keep their meaning.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from django.db import connections
from django.db.models import Expression, QuerySet

from trackadmin.compiler import beside
from trackadmin.compiler.binding import binder
from trackadmin.compiler.careful import Fault, Pseudonym, Values
from trackadmin.compiler.conversions import Conversions
from trackadmin.compiler.executing import OneRow
from trackadmin.compiler.joining import MAX_COLUMNS, MAX_TABLES, cut, own_tables
from trackadmin.compiler.libpq import Moments
from trackadmin.compiler.lookups import Lookup, Status
from trackadmin.compiler.made import Layout, Row
from trackadmin.compiler.plan import Node
from trackadmin.compiler.rows import Column, Readers, RowReader, columns, row_reader
from trackadmin.compiler.savepoints import contained

#: Databases whose dialect the joined statement speaks and the tests prove.
VENDORS = frozenset({"sqlite", "postgresql"})

#: Where a thread's connection keeps the readers that are bound to its converters. They live and
#: die with the connection, which they refer to.
_READERS = "_trackadmin_readers"


class _Slot(Expression):
    """Stands in a query where the value of a request will be bound."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        return "%s", [self]


class Part:
    """What finds one reference's row in one database: a query with a place for the value."""

    def __init__(
        self, lookup: Lookup, node: Node, alias: str, pseudonym: Pseudonym, title: str
    ) -> None:
        self.lookup, self.alias = lookup, alias
        #: What of the tree the query gives, and in which form.
        self.cut = cut(node, alias, spare=own_tables(self._rows()))
        found = columns(self.cut, _compared(lookup))
        query = self._query(found)
        compiler = query.query.get_compiler(using=alias)
        sql, self.parameters = compiler.as_sql()
        self.counted = not self._is_single()
        plain = not self.counted and len(self.parameters) == 1
        self.side = beside.Side(
            beside.counted(sql) if self.counted else sql,
            beside.tables(compiler, sql) if plain else None,
        )
        expressions = [select[0] for select in compiler.select]
        self.width = len(expressions)
        #: How many tables it joins.
        self.tables = len(compiler.query.alias_map)
        self.names = node.names()
        self._conversions = Conversions(found, expressions, connections[alias])
        layout = Layout({c.path: n for n, c in enumerate(found)}, alias, pseudonym, title)
        self.reader: RowReader = row_reader(
            self.cut, found, self._conversions.fused, self._conversions.converted, layout
        )
        #: How its rows are read on any connection, if no converter belongs to one. An instance
        #: takes moments and not their texts, so its readers are never shared.
        alone = self._conversions.converted or self.reader.makes_instances
        self.shared = None if alone else self.reader.make(())
        #: ``bind(text, connection)``: what the place takes for a reference's text.
        self.bind = binder(lookup, alias)

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

    def _query(self, found: Sequence[Column]) -> QuerySet[Any, Any]:
        slot = _Slot(output_field=self.lookup.facts.field)
        rows = self._rows().order_by().filter(**{self.lookup.source: slot})
        return rows.values_list(*(column.path for column in found))

    def _rows(self) -> QuerySet[Any, Any]:
        return self.lookup.model._default_manager.using(self.alias)

    def _is_single(self) -> bool:
        """Whether the database itself sees to it that there is one row at most."""
        plain = self._rows().query
        return self.lookup.facts.unique and not plain.where and not plain.alias_map


def fitting(parts: Sequence[Part]) -> Iterator[slice]:
    """The parts, cut into as few statements as a database can bear, in their order."""
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
    """What came of one reference. A tuple, for it is made for every reference of every URL."""

    status: Status
    values: Values | None = None
    error: BaseException | None = None


_NONE, _MANY = Resolved("none"), Resolved("many")


class Piece(NamedTuple):
    """Where a part's columns stand in the statement's row."""

    part: Part
    #: From the object's key on.
    cells: slice
    #: Where it stands how many rows there are; ``None`` where there is one at most.
    rows: int | None


class Statement:
    """One SQL statement that finds the rows of several references in one database."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        self._pieces = tuple(_pieces(parts))
        self._keys = [piece.cells.start for piece in self._pieces]
        self._counts = [piece.rows for piece in self._pieces if piece.rows is not None]
        connection = connections[parts[0].alias]
        # A converter of the host takes a moment, not its text.
        moments: Moments = "texts" if all(part.shared for part in parts) else "moments"
        sql = beside.statement([part.side for part in parts])
        self._one_row = OneRow(sql, connection, moments)
        #: The parameters in order: for each the part whose value it is, or a constant of a query.
        self._places = tuple(_places(parts))
        self._only_values = [at for at, _ in self._places] == [*range(len(parts))]
        names = [name for part in parts for name in part.names]
        #: Whether two parts may yield the same name.
        self.overlap = len(set(names)) < len(names)
        self._nulls: Values = dict.fromkeys(names)

    def fetch(self, connection: Any, bound: Sequence[Any]) -> Row | None:
        """The one row that holds all parts' columns; ``bound`` is what each part's place takes.

        Leaves a transaction of the host as it was. What the database raises comes through.
        """
        if not self._only_values:
            bound = [constant if at is None else bound[at] for at, constant in self._places]
        if connection.autocommit:
            return self._one_row.fetch(connection, bound)
        with contained():
            return self._one_row.fetch(connection, bound)

    def together(self, row: Row | None, connection: Any, fault: Fault) -> Values | None:
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
            for part, cells, _ in self._pieces:
                (part.shared or part.readers(connection)).fill(row[cells], values, fault)
        except Exception:  # noqa: BLE001 the host's converters may raise anything
            return None
        return values

    def each(self, row: Row | None, connection: Any, fault: Fault) -> list[Resolved]:
        """What came of each part."""
        if row is None:
            return [_NONE] * len(self.parts)
        return [_resolved(piece, row, connection, fault) for piece in self._pieces]


def _pieces(parts: Sequence[Part]) -> Iterator[Piece]:
    start = 0
    for part in parts:
        end = start + part.width
        yield Piece(part, slice(start, end), end if part.counted else None)
        start = end + part.counted


def _places(parts: Sequence[Part]) -> Iterator[tuple[int | None, Any]]:
    for at, part in enumerate(parts):
        for each in part.parameters:
            yield (at, None) if isinstance(each, _Slot) else (None, each)


def _resolved(piece: Piece, row: Row, connection: Any, fault: Fault) -> Resolved:
    part, cells, rows = piece
    if row[cells.start] is None:
        return _NONE
    if rows is not None and row[rows] > 1:
        return _MANY
    return Resolved("found", part.readers(connection).read(row[cells], fault))
