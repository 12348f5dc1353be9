"""A tracked model as a database view, so that a warehouse can compute its values."""

from __future__ import annotations

from dataclasses import dataclass
from sys import maxsize
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from trackadmin.compiler.host.managers import ManagerError, is_constant, rows_of
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.obstacles import Obstacle, lies_in, loading_obstacle, rows_obstacle
from trackadmin.compiler.sql.aggregate_columns import with_aggregates
from trackadmin.compiler.sql.row_columns import Column
from trackadmin.compiler.sql.view_cells import Cell, cells_of
from trackadmin.compiler.values.source import literal
from trackadmin.exceptions import ExportError
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A name that the view does not have, and why."""

    name: str
    why: Obstacle

    def __str__(self) -> str:
        """One line, whatever a type's name holds."""
        text = _("%(name)s is left out. %(reason)s", name=self.name, reason=self.why.text)
        return " ".join(str(text).split())


@dataclass(frozen=True, slots=True)
class View:
    """A view, and what it leaves out."""

    name: str
    #: What it shows.
    query: str
    left_out: tuple[LeftOut, ...]

    @property
    def sql(self) -> str:
        """The statement that makes the view if there is none."""
        lines = [f"-- {each}" for each in self.left_out]
        return "\n".join([*lines, f'CREATE VIEW "{self.name}" AS', f"{self.query};"])


def view_sql(compiled: CompiledModel, alias: str) -> View:
    """``CREATE VIEW "trackadmin_<prefix>"`` with the names and values that flatten gives.

    It shows the rows that the model's default manager shows. A value that the database would
    write differently is left out and listed. Raises :class:`ExportError` if the database is not
    PostgreSQL or has no such table, if a name is too long for it, and if no value remains.
    """
    connection: Any = connections[alias]
    if connection.vendor != "postgresql":
        raise ExportError(
            _(
                "Views need PostgreSQL, and '%(alias)s' is %(database)s. Give the alias of a "
                "PostgreSQL database, or use the backfill.",
                alias=alias,
                database=connection.display_name,
            )
        )
    if not lies_in(alias, compiled.model):
        raise ExportError(
            _(
                "The table of '%(prefix)s' is not in the database '%(alias)s'.",
                prefix=compiled.prefix,
                alias=alias,
            )
        )
    if not is_constant(compiled.model):
        raise ExportError(
            _(
                "The manager of %(model)s may give another query each time, and a view cannot. If "
                "it always gives the same query, list the model in CONSTANT_MANAGERS. Otherwise "
                "use the backfill.",
                model=compiled.model._meta.label,
            )
        )
    cells = list(cells_of(compiled.node, "", connection, loading_obstacle(compiled.model)))
    left_out = tuple(LeftOut(cell.name, cell.why) for cell in cells if cell.why)
    shown = [cell for cell in cells if not cell.why]
    if not shown:
        raise ExportError(_nothing(compiled.prefix, left_out))
    name = view_name(compiled.prefix)
    _refuse_long([name, *(cell.name for cell in shown)], connection)
    return View(name, _query(compiled, shown, connection), left_out)


def _nothing(prefix: str, left_out: tuple[LeftOut, ...]) -> Text:
    if not left_out:
        return _("'%(prefix)s' has no names, so it can have no view.", prefix=prefix)
    return _(
        "No value of '%(prefix)s' can be in a view. %(reasons)s",
        prefix=prefix,
        reasons=" ".join(map(str, left_out)),
    )


def view_name(prefix: str) -> str:
    """The name of a tracked model's view."""
    return f"trackadmin_{literal(prefix)[1:-1]}"


def _refuse_long(names: list[str], connection: BaseDatabaseWrapper) -> None:
    longest = connection.ops.max_name_length() or maxsize
    long = [name for name in names if len(name) > longest]
    if long:
        raise ExportError(
            _(
                "%(database)s cuts names after %(limit)s characters: %(names)s. Give the "
                "attribute, the child or the tracked model a shorter name.",
                database=connection.display_name,
                limit=longest,
                names=", ".join(map(repr, long)),
            )
        )


def _query(compiled: CompiledModel, shown: list[Cell], connection: BaseDatabaseWrapper) -> str:
    quote = connection.ops.quote_name
    columns = {column.path: column for cell in shown for column in cell.columns}
    named = {path: f"c{number}" for number, path in enumerate(columns)}
    values = [
        f"    {cell.expression(*(named[column.path] for column in cell.columns))}"
        f" AS {quote(literal(cell.name)[1:-1])}"
        for cell in shown
    ]
    lines = ["SELECT", ",\n".join(values)]
    rows = _rows_sql(compiled, [*columns.values()], connection)
    lines += [f"FROM ({rows}) AS r ({', '.join(named.values())})"]
    return "\n".join(lines)


def _rows_sql(
    compiled: CompiledModel, columns: list[Column], connection: BaseDatabaseWrapper
) -> str:
    """The ORM's own query, its parameters written out."""
    paths = [column.path for column in columns]
    label = compiled.model._meta.label
    try:
        rows = rows_of(compiled.model, using=connection.alias)
        if why := rows_obstacle(rows, paths):
            raise ExportError(
                _(
                    "No view can show what the manager of %(model)s does. %(reason)s",
                    model=label,
                    reason=why.text,
                )
            )
        # A slice keeps its order, which decides what is in it.
        ordered = rows if rows.query.is_sliced else rows.order_by()
        ordered = with_aggregates(ordered, columns)
        compiler = ordered.values_list(*paths).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
    except ManagerError as error:
        raise ExportError(error.text) from error
    except EmptyResultSet as error:
        raise ExportError(_("The manager of %(model)s shows no rows.", model=label)) from error
    ops: Any = connection.ops
    return str(ops.compose_sql(sql, tuple(parameters)))
