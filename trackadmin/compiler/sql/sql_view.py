"""A tracked model as a view of the database, so that a warehouse computes its values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections

from trackadmin.compiler.host.managers import ManagerError, is_constant, rows_of
from trackadmin.compiler.model import CompiledModel
from trackadmin.compiler.plan import Node, Output
from trackadmin.compiler.query_tree import (
    child_refusal,
    lies_in,
    loading_refusal,
    output_refusal,
    rows_refusal,
)
from trackadmin.compiler.values.rules import RULES
from trackadmin.compiler.values.source import literal
from trackadmin.exceptions import ExportError


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A name that the view does not have, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class View:
    """A view, and what it leaves out."""

    name: str
    #: What it shows.
    query: str
    left_out: tuple[LeftOut, ...]

    @property
    def sql(self) -> str:
        """The statement that makes it where there is none."""
        lines = [f"-- Without {each}" for each in self.missing()]
        return "\n".join([*lines, f'CREATE VIEW "{self.name}" AS', f"{self.query};"])

    def missing(self) -> Iterator[str]:
        """What the view is without, each name with the reason on one line."""
        return (f"{each.name}: {' '.join(each.why.split())}." for each in self.left_out)


def view_sql(compiled: CompiledModel, alias: str) -> View:
    """``CREATE VIEW "trackadmin_<prefix>"`` with the names and values that flatten gives.

    It shows the rows that the model's default manager shows. A value that the database would
    write differently is left out, and listed. Raises :class:`ExportError` where the database is
    not PostgreSQL or has no such table, where a name is too long for it, and where nothing
    remains.
    """
    connection: Any = connections[alias]
    if connection.vendor != "postgresql":
        raise ExportError(
            f"Views are made for PostgreSQL, and {alias!r} is {connection.display_name}. Give "
            "the alias of a PostgreSQL database, or use the backfill."
        )
    if not lies_in(alias, compiled.model):
        raise ExportError(f"{compiled.prefix!r} does not lie in the database {alias!r}.")
    if not is_constant(compiled.model):
        raise ExportError(
            f"The manager of {compiled.model._meta.label} must be asked each time, as its query "
            "may differ, and a view cannot do that. If it always gives the same query, list the "
            "model in CONSTANT_MANAGERS; otherwise use the backfill."
        )
    cells = list(_cells(compiled.node, "", connection, loading_refusal(compiled.model)))
    left_out = tuple(LeftOut(cell.output.name, cell.why) for cell in cells if cell.why)
    shown = [cell for cell in cells if not cell.why]
    if not shown:
        why = "; ".join(f"{each.name}: {each.why}" for each in left_out) or "it has no names"
        raise ExportError(f"Nothing of {compiled.prefix!r} can stand in a view ({why}).")
    name = view_name(compiled.prefix)
    _refuse_long([name, *(cell.output.name for cell in shown)], connection)
    return View(name, _query(compiled, shown, connection), left_out)


def view_name(prefix: str) -> str:
    """The name of a tracked model's view."""
    return f"trackadmin_{literal(prefix)[1:-1]}"


@dataclass(frozen=True, slots=True)
class _Cell:
    """A value: its column as queries name it, and why the view cannot have it, if so."""

    output: Output
    path: str
    why: str


def _cells(node: Node, before: str, connection: Any, why: str) -> Iterator[_Cell]:
    for output in node.outputs:
        path = before + output.facts.attname
        yield _Cell(output, path, why or _refusal(node, output, connection))
    for child in node.children:
        its = why or loading_refusal(child.model) or child_refusal(node, child, connection.alias)
        yield from _cells(child, f"{before}{child.query_name}__", connection, its)


def _refusal(node: Node, output: Output, connection: Any) -> str:
    facts = output.facts
    if why := output_refusal(node, output):
        return why
    if output.pseudonymised:
        return "pseudonyms are made with a secret key"
    if RULES[facts.kind].view is None:
        return f"the database writes {facts.type_label!r} differently"
    fields = [field for field in (facts.field, facts.target) if field is not None]
    if any(field.get_db_converters(connection) for field in fields):
        return "its field converts what is stored"
    return ""


def _refuse_long(names: list[str], connection: Any) -> None:
    longest = connection.ops.max_name_length()
    long = [name for name in names if len(name) > longest]
    if long:
        raise ExportError(
            f"{connection.display_name} would cut names after {longest} characters: "
            f"{', '.join(map(repr, long))}. Give the attribute, the child or the tracked model a "
            "shorter name."
        )


def _query(compiled: CompiledModel, shown: list[_Cell], connection: Any) -> str:
    quote = connection.ops.quote_name
    paths = list(dict.fromkeys(cell.path for cell in shown))
    values = [
        f"    {_expression(cell.output, f'c{paths.index(cell.path)}')}"
        f" AS {quote(literal(cell.output.name)[1:-1])}"
        for cell in shown
    ]
    lines = ["SELECT", ",\n".join(values)]
    columns = ", ".join(f"c{number}" for number in range(len(paths)))
    lines += [f"FROM ({_rows(compiled, paths, connection)}) AS r ({columns})"]
    return "\n".join(lines)


def _rows(compiled: CompiledModel, paths: list[str], connection: Any) -> str:
    """The ORM's own query, its parameters written out."""
    label = compiled.model._meta.label
    try:
        rows = rows_of(compiled.model, using=connection.alias)
        if why := rows_refusal(rows, paths):
            raise ExportError(f"No view can show what the manager of {label} does: {why}.")
        # A slice keeps its order, which says what is in it.
        ordered = rows if rows.query.is_sliced else rows.order_by()
        compiler = ordered.values_list(*paths).query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
    except ManagerError as error:
        raise ExportError(str(error)) from error
    except EmptyResultSet as error:
        raise ExportError(f"The manager of {label} shows no rows.") from error
    return str(connection.ops.compose_sql(sql, tuple(parameters)))


def _expression(output: Output, column: str) -> str:
    view = RULES[output.facts.kind].view
    assert view is not None, "left out above"  # noqa: S101
    return view(output.facts.target, column)
