"""Compiled SQL: the ORM makes each query once, a request only binds values and executes.

So the model's manager, the field's converters and the database's dialect keep their meaning.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from django.db import connections
from django.db.models import Expression, QuerySet

from trackadmin.compiler.careful import Fault, Pseudonym, Values
from trackadmin.compiler.conversions import Conversions
from trackadmin.compiler.lookups import Lookup, Status
from trackadmin.compiler.plan import Node
from trackadmin.compiler.rows import Column, Read, Row, RowReader, columns, row_reader

#: Databases whose dialect the joined statement speaks and the tests prove.
VENDORS = frozenset({"sqlite", "postgresql"})

#: Where a thread's connection keeps the readers that are bound to its converters. They live and
#: die with the connection, which they refer to.
_READERS = "_trackadmin_readers"


#: A place for a value, behind any number of escaped percent signs.
_PLACE = re.compile(r"((?<!%)(?:%%)*)%s")


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
        found = columns(node)
        query = self._query(found)
        compiler = query.query.get_compiler(using=alias)
        sql, self.parameters = compiler.as_sql()
        self.counted = not self._is_single()
        self.sql: str = _counted(sql) if self.counted else sql
        expressions = [select[0] for select in compiler.select]
        self.width = len(expressions) + self.counted
        self._conversions = Conversions(found, expressions, connections[alias])
        self.reader: RowReader = row_reader(
            node, self._conversions.fused, self._conversions.converted, pseudonym, title
        )
        #: Without converters every connection reads alike.
        self._shared = None if self._conversions.converted else self.reader.make(())

    def bound(self, value: Any, connection: Any) -> Sequence[Any]:
        """The parameters of the query for a parsed value."""
        target: Any = self.lookup.facts.target
        prepared = target.get_db_prep_value(value, connection, prepared=False)
        if len(self.parameters) == 1:
            return (prepared,)
        return [prepared if isinstance(each, _Slot) else each for each in self.parameters]

    def read(self, connection: Any) -> Read:
        """The reader of rows, bound to the converters of this thread's connection."""
        if self._shared is not None:
            return self._shared
        readers = connection.__dict__.get(_READERS)
        if readers is None:
            readers = connection.__dict__[_READERS] = WeakKeyDictionary()
        read: Read | None = readers.get(self)
        if read is None:
            read = readers[self] = self.reader.make(self._conversions.bound(connection))
        return read

    def _query(self, found: Sequence[Column]) -> QuerySet[Any, Any]:
        model = self.lookup.model
        query = model._default_manager.using(self.alias).order_by()
        slot = _Slot(output_field=self.lookup.facts.field)
        rows = query.filter(**{self.lookup.source: slot})
        return rows.values_list(*(column.path for column in found))

    def _is_single(self) -> bool:
        """Whether the database itself sees to it that there is one row at most."""
        plain = self.lookup.model._default_manager.using(self.alias).query
        return self.lookup.facts.unique and not plain.where and not plain.alias_map


class Resolved(NamedTuple):
    """What came of one reference. A tuple, for it is made for every reference of every URL."""

    status: Status
    values: Values | None = None
    #: The object's key, to tell whether two references name the same one.
    pk: Any = None
    error: BaseException | None = None


_NONE, _MANY = Resolved("none"), Resolved("many")


class Statement:
    """One SQL statement that finds the rows of several references in one database."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = tuple(parts)
        self.alias = parts[0].alias
        self.sql = parts[0].sql if len(parts) == 1 else _joined(parts)
        self._names: tuple[str, ...] = ()
        if connections[self.alias].vendor == "sqlite":
            self.sql, self._names = _named(self.sql)
        ends = [sum(part.width for part in parts[: at + 1]) for at in range(len(parts))]
        self._slices = [slice(end - part.width, end) for end, part in zip(ends, parts, strict=True)]

    def run(self, connection: Any, values: Sequence[Any], fault: Fault) -> list[Resolved]:
        """Bind, execute and read. ``values`` are parsed ones, one for each part.

        Whatever the database or a converter raises comes through.
        """
        parameters: list[Any] = []
        for part, value in zip(self.parts, values, strict=True):
            parameters += part.bound(value, connection)
        with connection.cursor() as cursor:
            if self._names:
                cursor.execute(self.sql, dict(zip(self._names, parameters, strict=True)))
            else:
                cursor.execute(self.sql, parameters)
            row = cursor.fetchone()
        if row is None:
            return [_NONE] * len(self.parts)
        return [
            _resolved(part, row[piece], connection, fault)
            for part, piece in zip(self.parts, self._slices, strict=True)
        ]


def _resolved(part: Part, row: Row, connection: Any, fault: Fault) -> Resolved:
    pk = row[0]
    if pk is None:
        return _NONE
    if part.counted:
        *row, count = row
        if count > 1:
            return _MANY
    return Resolved("found", part.read(connection)(row, fault), pk)


def _named(sql: str) -> tuple[str, tuple[str, ...]]:
    """The statement with named places, and their names.

    For SQLite Django rewrites the places at every call, and named ones ten times faster: the
    others it looks for letter by letter.
    """
    names = [f"p{number}" for number in range(len(_PLACE.findall(sql)))]
    left = iter(names)
    return _PLACE.sub(lambda found: f"{found[1]}%({next(left)})s", sql), tuple(names)


def _joined(parts: Sequence[Part]) -> str:
    """The queries side by side in one row; one that finds nothing takes no other along."""
    shown = ", ".join(f"t{number}.*" for number in range(len(parts)))
    joins = " ".join(
        f"LEFT JOIN ({part.sql}) AS t{number} ON true" for number, part in enumerate(parts)
    )
    return f"SELECT {shown} FROM (SELECT 1 AS one) AS one {joins}"  # noqa: S608 the ORM's own text


def _counted(sql: str) -> str:
    """One row of the query at most, and how many there are: 1, or 2 for more."""
    inner = f"SELECT s.*, COUNT(*) OVER () AS n FROM ({sql} LIMIT 2) AS s"  # noqa: S608 as above
    return f"SELECT * FROM ({inner}) AS c LIMIT 1"  # noqa: S608 as above
