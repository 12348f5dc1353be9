"""The values of a view: the columns that each is made of, and what prevents it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from trackadmin.catalog import AttributeFacts, Kind, converting_field
from trackadmin.compiler.host.managers import is_constant
from trackadmin.compiler.obstacles import (
    Obstacle,
    ObstacleCode,
    aggregate_obstacle,
    child_obstacle,
    loading_obstacle,
    output_obstacle,
)
from trackadmin.compiler.plan import Aggregate, Node, Output
from trackadmin.compiler.sql.row_columns import Column, path_of
from trackadmin.compiler.sql.row_instances import key_of
from trackadmin.compiler.values.rules import RULES
from trackadmin.document.structure import COUNT, DISTINCT, SUM
from trackadmin.texts import gettext as _


@dataclass(frozen=True, slots=True)
class Cell:
    """A value of a view."""

    name: str
    columns: tuple[Column, ...]
    #: Takes the names that the columns have in the view's query.
    expression: Callable[..., str]
    #: Why the view cannot have it.
    why: Obstacle | None


def cells_of(
    node: Node, before: str, connection: BaseDatabaseWrapper, why: Obstacle | None
) -> Iterator[Cell]:
    """The values of a tree, in the order of their names."""
    for output in node.outputs:
        column = Column(before + output.facts.attname, output.facts.kind)
        its = why or output_obstacle(node, output) or _obstacle(output, output.facts, connection)
        yield Cell(output.name, (column,), partial(_of_field, output.facts), its)
    for aggregate in node.aggregates:
        its = why or _not_counted(node, aggregate, connection)
        columns = [Column(path_of(aggregate, before), None, aggregate=aggregate, before=before)]
        if before:
            columns.append(Column(key_of(node.model, before), None))
        for name in aggregate.names:
            yield Cell(name, tuple(columns), partial(_of_many, aggregate), its)
    for child in node.children:
        its = why or loading_obstacle(child.model) or child_obstacle(node, child, connection.alias)
        yield from cells_of(child, f"{before}{child.query_name}__", connection, its)


def _obstacle(
    output: Output | Aggregate, facts: AttributeFacts, connection: BaseDatabaseWrapper
) -> Obstacle | None:
    if output.pseudonymised:
        return Obstacle(ObstacleCode.VIEW, _("Pseudonyms need a secret key."))
    if RULES[facts.kind].view is None:
        text = _("The database writes the type '%(type)s' differently.", type=facts.type_label)
        return Obstacle(ObstacleCode.VIEW, text)
    fields = [field for field in (facts.field, facts.target) if field is not None]
    if any(converting_field(field).get_db_converters(connection) for field in fields):
        return Obstacle(ObstacleCode.VIEW, _("Its field converts what is stored."))
    return None


def _not_counted(
    node: Node, aggregate: Aggregate, connection: BaseDatabaseWrapper
) -> Obstacle | None:
    matched = aggregate.matched
    if not is_constant(matched.collection.model):
        text = _(
            "The manager of %(model)s may give another query each time.",
            model=matched.collection.model._meta.label,
        )
        return Obstacle(ObstacleCode.VIEW, text)
    if why := aggregate_obstacle(node.model, matched, connection.alias):
        return why
    if matched.field is not None and matched.entry.function != DISTINCT:
        return _obstacle(aggregate, matched.field, connection)
    if aggregate.pseudonymised:
        return Obstacle(ObstacleCode.VIEW, _("Pseudonyms need a secret key."))
    return None


def _of_field(facts: AttributeFacts, column: str) -> str:
    view, field = RULES[facts.kind].view, facts.target
    if view is None or field is None:
        raise TypeError(f"No expression gives {facts.name}, so it should have been left out.")
    return view(field, column)


def _of_many(aggregate: Aggregate, column: str, key: str = "") -> str:
    """The value; null where there is no object, which shows by its key."""
    matched = aggregate.matched
    if matched.entry.function in (COUNT, DISTINCT) or matched.field is None:
        value = column
    else:
        total = matched.entry.function == SUM
        value = _of_field(matched.field, _total(matched.field, column) if total else column)
    return f"CASE WHEN {key} IS NOT NULL THEN {value} END" if key else value


def _total(facts: AttributeFacts, column: str) -> str:
    """The sum of nothing is 0; that of decimals has the places of its field."""
    if facts.kind == Kind.DURATION:
        return f"COALESCE({column}, INTERVAL '0')"
    field: Any = facts.target
    if isinstance(field, models.GeneratedField):
        field = field.output_field
    total = f"COALESCE({column}, 0)"
    return f"ROUND({total}, {int(field.decimal_places)})" if facts.kind == Kind.DECIMAL else total
