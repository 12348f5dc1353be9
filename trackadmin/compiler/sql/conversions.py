"""From what a database's driver gives to what goes out: the ORM's converters, and shortcuts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Expression

from trackadmin.catalog import Kind, has_own_conversions
from trackadmin.compiler.sql.row_columns import Column
from trackadmin.compiler.types import Convert
from trackadmin.compiler.values.aggregate_values import from_driver
from trackadmin.compiler.values.rules import RULES
from trackadmin.compiler.values.sqlite_values import Converter
from trackadmin.compiler.values.stored_values import plain_or

if TYPE_CHECKING:
    from django.db.backends.sqlite3.base import DatabaseWrapper


class Conversions:
    """The conversions that each column of a query needs, for connections of one database."""

    def __init__(
        self,
        columns: Sequence[Column],
        expressions: Sequence[Expression],
        connection: BaseDatabaseWrapper,
    ) -> None:
        self._expressions = expressions
        #: The columns for which one function makes the final value at once.
        self.fused: dict[int, Convert] = {}
        #: The columns that need the ORM's converters.
        self.converted: list[int] = []
        #: Those of them whose field may make an object that is not the value to be sent.
        self._objects: set[int] = set()
        for at, (column, expression) in enumerate(zip(columns, expressions, strict=True)):
            kind = None if column.in_instance else column.kind
            if column.aggregate is not None:
                kind, make = column.aggregate.matched.kind, from_driver(column.aggregate.matched)
                if make is not None:
                    self.fused[at] = make
                    continue
            elif not column.kind and not column.in_instance:
                continue
            found = converters(expression, connection)
            if not found:
                continue
            make = _fused(kind, found, expression, connection) if kind else None
            if make is None:
                self.converted.append(at)
                if kind and has_own_conversions(expression.output_field):
                    self._objects.add(at)
            else:
                self.fused[at] = make

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for two queries with the same columns if the same code can read them.

        A query may have new functions of its own, so it is their code that counts.
        """
        fused = ((at, getattr(each, "__code__", each)) for at, each in self.fused.items())
        return (*fused, *self.converted)

    def bound(self, connection: BaseDatabaseWrapper) -> list[Convert]:
        """The converters of ``converted``, for this thread's connection."""
        return [self._convert(at, connection) for at in self.converted]

    def _convert(self, at: int, connection: BaseDatabaseWrapper) -> Convert:
        convert = _chain(self._expressions[at], connection)
        if at not in self._objects:
            return convert
        return lambda value: plain_or(value, convert(value))


def converters(expression: Expression, connection: BaseDatabaseWrapper) -> list[Converter]:
    """The ORM's converters of a selected expression, in the order they run."""
    backend = connection.ops.get_db_converters(expression)
    return [*backend, *expression.get_db_converters(connection)]


def _chain(expression: Expression, connection: BaseDatabaseWrapper) -> Convert:
    """The ORM's converters of a column as one function."""
    found = converters(expression, connection)
    if len(found) == 1:
        only = found[0]
        return lambda value: only(value, expression, connection)

    def convert(value: Any) -> Any:
        for converter in found:
            value = converter(value, expression, connection)
        return value

    return convert


def _fused(
    kind: Kind, found: list[Converter], expression: Expression, connection: BaseDatabaseWrapper
) -> Convert | None:
    """A function that does what SQLite's own converter and the encoder do, in one step."""
    shortcut = RULES[kind].sqlite
    if shortcut is None or connection.vendor != "sqlite" or len(found) != 1:
        return None
    return shortcut(expression, cast("DatabaseWrapper", connection), found[0])
