"""A tracked model as a database view, so that a warehouse can compute its values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from sys import maxsize
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from trackadmin.compiler.host.managers import ManagerError, is_constant, rows_of
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.obstacles import (
    Obstacle,
    ObstacleCode,
    child_obstacle,
    lies_in,
    loading_obstacle,
    output_obstacle,
    rows_obstacle,
)
from trackadmin.compiler.plan import Node, Output
from trackadmin.compiler.values.rules import RULES
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
    cells = list(_cells(compiled.node, "", connection, loading_obstacle(compiled.model)))
    left_out = tuple(LeftOut(cell.output.name, cell.why) for cell in cells if cell.why)
    shown = [cell for cell in cells if not cell.why]
    if not shown:
        raise ExportError(_nothing(compiled.prefix, left_out))
    name = view_name(compiled.prefix)
    _refuse_long([name, *(cell.output.name for cell in shown)], connection)
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


@dataclass(frozen=True, slots=True)
class _Cell:
    """A value: its column as queries name it, and why the view cannot have it, if so."""

    output: Output
    path: str
    why: Obstacle | None


def _cells(
    node: Node, before: str, connection: BaseDatabaseWrapper, why: Obstacle | None
) -> Iterator[_Cell]:
    for output in node.outputs:
        path = before + output.facts.attname
        yield _Cell(output, path, why or _obstacle(node, output, connection))
    for child in node.children:
        its = why or loading_obstacle(child.model) or child_obstacle(node, child, connection.alias)
        yield from _cells(child, f"{before}{child.query_name}__", connection, its)


def _obstacle(node: Node, output: Output, connection: BaseDatabaseWrapper) -> Obstacle | None:
    facts = output.facts
    if why := output_obstacle(node, output):
        return why
    if output.pseudonymised:
        return Obstacle(ObstacleCode.VIEW, _("Pseudonyms need a secret key."))
    if RULES[facts.kind].view is None:
        text = _("The database writes the type '%(type)s' differently.", type=facts.type_label)
        return Obstacle(ObstacleCode.VIEW, text)
    fields = [field for field in (facts.field, facts.target) if field is not None]
    if any(field.get_db_converters(connection) for field in fields):
        return Obstacle(ObstacleCode.VIEW, _("Its field converts what is stored."))
    return None


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


def _query(compiled: CompiledModel, shown: list[_Cell], connection: BaseDatabaseWrapper) -> str:
    quote = connection.ops.quote_name
    paths = list(dict.fromkeys(cell.path for cell in shown))
    values = [
        f"    {_expression(cell.output, f'c{paths.index(cell.path)}')}"
        f" AS {quote(literal(cell.output.name)[1:-1])}"
        for cell in shown
    ]
    lines = ["SELECT", ",\n".join(values)]
    columns = ", ".join(f"c{number}" for number in range(len(paths)))
    lines += [f"FROM ({_rows_sql(compiled, paths, connection)}) AS r ({columns})"]
    return "\n".join(lines)


def _rows_sql(compiled: CompiledModel, paths: list[str], connection: BaseDatabaseWrapper) -> str:
    """The ORM's own query, its parameters written out."""
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
        compiler = ordered.values_list(*paths).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
    except ManagerError as error:
        raise ExportError(error.text) from error
    except EmptyResultSet as error:
        raise ExportError(_("The manager of %(model)s shows no rows.", model=label)) from error
    ops: Any = connection.ops
    return str(ops.compose_sql(sql, tuple(parameters)))


def _expression(output: Output, column: str) -> str:
    view, field = RULES[output.facts.kind].view, output.facts.target
    if view is None or field is None:
        raise TypeError(f"No expression gives {output.name}, so it should have been left out.")
    return view(field, column)
