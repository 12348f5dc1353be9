"""The counts and sums of an instance: all of them by one query."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import Model
from django.db.models.expressions import DatabaseDefault

from trackadmin.catalog import CollectionFacts
from trackadmin.codes import FastPath, FaultCode
from trackadmin.compiler.aggregate_queries import groups_of, value_by_definition, values_of
from trackadmin.compiler.aggregates import MatchedAggregate
from trackadmin.compiler.failures import drop_broken, is_out_of_time
from trackadmin.compiler.fast_paths import left
from trackadmin.compiler.host.language import one_language
from trackadmin.compiler.host.managers import is_constant
from trackadmin.compiler.host.related_rows import (
    chosen,
    is_usual,
    rows_in,
    rows_of_all,
    rows_of_object,
    why_not_joined,
)
from trackadmin.compiler.plan import Aggregate, Node
from trackadmin.compiler.query_tree import MAX_TABLES
from trackadmin.compiler.savepoints import Reads
from trackadmin.compiler.slot import Slot
from trackadmin.compiler.types import Fault, Pseudonym, Rows, Scalar, Values
from trackadmin.compiler.values.aggregate_batches import KNOWN
from trackadmin.compiler.values.aggregate_values import converted, from_driver, result_encoder
from trackadmin.compiler.values.encoders import Encode
from trackadmin.document.structure import LATEST

#: Queries in one statement. The row to start from is one more table.
MOST_PARTS = MAX_TABLES - 1

#: Gives the values of an object's counts and sums. It never raises.
ReadAggregates: TypeAlias = Callable[[Any, Fault, Reads], Values]


@dataclass(frozen=True, slots=True)
class _Value:
    """One count or sum, and how its result goes out."""

    aggregate: Aggregate
    encode: Encode
    #: From what the driver gives, where the ORM has nothing to convert.
    from_driver: Encode | None

    @property
    def matched(self) -> MatchedAggregate:
        return self.aggregate.matched


@dataclass(frozen=True, slots=True)
class _Group:
    """Values that one look at the related objects gives together."""

    values: tuple[_Value, ...]
    collection: CollectionFacts
    #: Whether the manager of the related objects always gives the same query.
    constant: bool

    def matched(self) -> list[MatchedAggregate]:
        return [each.matched for each in self.values]


@dataclass(frozen=True, slots=True)
class _Part:
    """A group's query, as the ORM wrote it."""

    group: _Group
    sql: str
    #: With a :class:`Slot` for the object's key, where the query is kept.
    parameters: tuple[Any, ...]
    expressions: tuple[Any, ...]


def aggregates_reader(node: Node, pseudonym: Pseudonym) -> ReadAggregates:
    """A function that reads the counts and sums of a node's objects."""
    reader: list[_Reader] = []  # made on first use: the managers of the site are asked then

    def read(obj: Any, fault: Fault, reads: Reads) -> Values:
        if not reader:
            reader.append(_Reader(node))
        return {
            name: pseudonym(scalar) if aggregate.pseudonymised else scalar
            for aggregate, scalar in reader[0].read(obj, fault, reads)
            for name in aggregate.names
        }

    return read


class _Reader:
    def __init__(self, node: Node) -> None:
        by_name = {each.matched.name: each for each in node.aggregates}
        self._groups = [
            _Group(
                tuple(
                    _Value(by_name[each.name], result_encoder(each), from_driver(each))
                    for each in group
                ),
                group[0].collection,
                is_constant(group[0].collection.model) and is_usual(group[0].collection),
            )
            for group in groups_of([each.matched for each in node.aggregates])
        ]
        #: What the ORM wrote for constant managers; ``None`` where no query can be joined.
        self._kept: dict[tuple[int, str], _Part | None] = {}

    def read(self, obj: Any, fault: Fault, reads: Reads) -> Iterator[tuple[Aggregate, Scalar]]:
        """Each count or sum with its value."""
        found = self._already_told(obj)
        # An object that the database gives its key when it is saved has none before.
        if obj._is_pk_set() and not isinstance(obj.pk, DatabaseDefault):
            for alias, parts in self._parts(obj, found, fault, reads).items():
                for start in range(0, len(parts), MOST_PARTS):
                    some = parts[start : start + MOST_PARTS]
                    self._send(obj, alias, some, found, fault, reads)
        else:
            for value in self._each():
                found[value.matched.name] = value.encode(None)
        for value in self._each():
            yield value.aggregate, found.get(value.matched.name)

    def _already_told(self, obj: Any) -> dict[str, Scalar]:
        """What a stream has told the object, by the names of entries."""
        known = vars(obj).get(KNOWN)
        if known is None:
            return {}
        names = ((each.matched.name, each.aggregate.names[0]) for each in self._each())
        return {name: known[first] for name, first in names if first in known}

    def _each(self) -> Iterator[_Value]:
        return (value for group in self._groups for value in group.values)

    def _parts(
        self, obj: Any, found: dict[str, Scalar], fault: Fault, reads: Reads
    ) -> dict[str, list[_Part]]:
        """The queries to send, by database. What none of them gives is asked for at once."""
        parts: dict[str, list[_Part]] = {}
        for at, group in enumerate(self._groups):
            if group.values[0].matched.name in found:
                continue
            try:
                with reads, one_language():
                    alias, part, rows = self._query_of(at, group, obj)
                    if part is not None:
                        parts.setdefault(alias, []).append(part)
                        continue
                self._by_definition(group, rows, obj, found, fault, reads)
            except Exception as error:  # noqa: BLE001 the host's managers and routers
                _lost(group.values, fault, error)
        return parts

    def _query_of(self, at: int, group: _Group, obj: Any) -> tuple[str, _Part | None, Rows | None]:
        """The database, and the group's query for it, or the rows where it cannot be joined."""
        if not group.constant:
            rows = rows_of_object(obj, group.collection)
            if why_not_joined(rows) is not None:
                return rows.db, None, rows
            return rows.db, _part_of(group, rows), None
        alias = router.db_for_read(group.collection.model, instance=obj)
        if (at, alias) not in self._kept:
            rows = rows_in(rows_of_all(group.collection), alias)
            slot = Slot(output_field=group.collection.key_field)
            plain = why_not_joined(rows) is None
            self._kept[at, alias] = (
                _part_of(group, chosen(rows, group.collection, slot)) if plain else None
            )
        part = self._kept[at, alias]
        return alias, part, None if part else rows_of_object(obj, group.collection)

    def _send(
        self,
        obj: Any,
        alias: str,
        parts: Sequence[_Part],
        found: dict[str, Scalar],
        fault: Fault,
        reads: Reads,
    ) -> None:
        """Send the queries as one statement; if that fails, each value's by itself."""
        try:
            with reads:
                connection = connections[alias]
                row = _fetch(parts, obj, connection)
        except Exception as error:  # noqa: BLE001 the database, or a field of the host
            left(FastPath.AGGREGATES, alias, error)
            drop_broken(alias)
            values = [value for part in parts for value in part.group.values]
            if connections[alias].connection is None or is_out_of_time(error) or len(values) == 1:
                return _lost(values, fault, error)
            for part in parts:
                self._by_definition(part.group, None, obj, found, fault, reads)
            return None
        cells = iter(row)
        for part in parts:
            for value, expression in zip(part.group.values, part.expressions, strict=True):
                cell = next(cells)
                try:
                    read = value.from_driver or converted(value.matched, expression, connection)
                    found[value.matched.name] = read(cell)
                except Exception as error:  # noqa: BLE001 the host's converters may raise anything
                    _lost([value], fault, error)
        return None

    def _by_definition(
        self,
        group: _Group,
        rows: Rows | None,
        obj: Any,
        found: dict[str, Scalar],
        fault: Fault,
        reads: Reads,
    ) -> None:
        """Ask the related manager for each value, as the site's own code would.

        ``rows`` are what it shows, if it was asked already.
        """
        for value in group.values:
            try:
                with reads, one_language():
                    its = rows_of_object(obj, group.collection) if rows is None else rows
                    result = value_by_definition(its, value.matched)
                found[value.matched.name] = value.encode(result)
            except Exception as error:  # noqa: BLE001 the host's managers, or the database
                _lost([value], fault, error)


def _part_of(group: _Group, rows: Rows) -> _Part:
    compiler = values_of(rows, group.matched()).query.get_compiler(using=rows.db)
    try:
        sql, parameters = compiler.as_sql()
    except EmptyResultSet:
        # The manager shows nothing at all.
        nulls = ", ".join("NULL" for _ in group.values)
        return _Part(group, f"SELECT {nulls}", (), (None,) * len(group.values))
    return _Part(group, sql, tuple(parameters), tuple(each[0] for each in compiler.select))


def _fetch(parts: Sequence[_Part], obj: Model, connection: Any) -> Sequence[Any]:
    parameters = [
        _key_of(part.group.collection, obj, connection) if type(each) is Slot else each
        for part in parts
        for each in part.parameters
    ]
    first = parts[0].group.values[0].matched
    always_a_row = len(parts) == 1 and first.entry.function != LATEST
    sql = parts[0].sql if always_a_row else _joined(parts)
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        row: Sequence[Any] = cursor.fetchone()
        return row


def _joined(parts: Sequence[_Part]) -> str:
    """One row with the columns of all queries, each of which gives one row at most."""
    columns = ", ".join(f"a{at}.*" for at in range(len(parts)))
    joins = " ".join(f"LEFT JOIN ({part.sql}) AS a{at} ON true" for at, part in enumerate(parts))
    return f"SELECT {columns} FROM (SELECT 1 AS one) AS one {joins}"  # noqa: S608 the ORM's text


def _key_of(collection: CollectionFacts, obj: Model, connection: Any) -> Any:
    """What the column of the related objects holds for this object."""
    field: Any = collection.key_field
    return field.get_db_prep_value(getattr(obj, collection.key), connection, prepared=False)


def _lost(values: Sequence[_Value], fault: Fault, error: Exception) -> None:
    for value in values:
        fault(FaultCode.AGGREGATE_FAILED, value.aggregate.path, error)
