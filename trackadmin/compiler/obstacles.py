"""Why the rows of a query do not give all values, so that objects are loaded in their place."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import router
from django.db.models import Model
from django.db.models.query import ModelIterable
from django.db.models.sql import Query

from trackadmin.compiler.aggregates import MatchedAggregate
from trackadmin.compiler.host.instances import is_plain
from trackadmin.compiler.host.loading_code import declared, loading_code
from trackadmin.compiler.host.manager_proofs import is_plain_manager, overridden
from trackadmin.compiler.host.managers import ManagerError, is_constant
from trackadmin.compiler.host.related_rows import is_usual, rows_to_join
from trackadmin.compiler.host.usual_relations import is_usual_relation
from trackadmin.compiler.plan import Node, Output
from trackadmin.compiler.types import Rows
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


class ObstacleCode(StrEnum):
    """The kinds of obstacles."""

    #: Code of the host may change an instance when it is loaded.
    LOADING_CODE = "loading_code"
    #: Code of the host computes a value or reads a related object.
    HOST_CODE = "host_code"
    #: A related object may be hidden, missing or elsewhere, so a join could give another one.
    CHILD_MANAGER = "child.manager"
    CHILD_CONSTRAINT = "child.constraint"
    CHILD_DATABASE = "child.database"
    #: One query cannot join all tables.
    TOO_MANY_TABLES = "too_many_tables"
    #: The queryset does something that its rows do not show.
    QUERYSET = "queryset"
    #: The manager or a router raises, or makes a query that cannot be used.
    MANAGER = "manager"
    #: The database refuses to give a sum that is too large for it, and all other values with it.
    SUM = "sum"
    #: What SQL alone cannot write in a view.
    VIEW = "view"
    #: The statement was never tried on this database.
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why rows will not do, in whole sentences for people."""

    code: ObstacleCode
    text: Text

    def __str__(self) -> str:
        return str(self.text)


def loading_obstacle(model: type[Model], harmless: frozenset[str] | None = None) -> Obstacle | None:
    """Why an instance may hold other values than its row; ``None`` where it does not.

    ``harmless`` is what :func:`declared` gives, where it is known already.
    """
    code = loading_code(model, declared() if harmless is None else harmless)
    if not code:
        return None
    text = _("The model runs code of its own when it is loaded (%(code)s).", code=code)
    return Obstacle(ObstacleCode.LOADING_CODE, text)


def output_obstacle(node: Node, output: Output) -> Obstacle | None:
    """Why a value is not what a column holds; ``None`` where it is."""
    if not output.facts.computed and is_plain(node.model, output.facts.attname):
        return None
    text = _("The site's code computes %(name)s.", name=output.facts.attname)
    return Obstacle(ObstacleCode.HOST_CODE, text)


def child_obstacle(node: Node, child: Node, alias: str) -> Obstacle | None:
    """Why a join does not give what the child's accessor gives; ``None`` where it does."""
    if not child.query_name:
        return Obstacle(ObstacleCode.HOST_CODE, _("The site's code reads it."))
    if not is_plain_manager(child.model._base_manager):
        return Obstacle(ObstacleCode.CHILD_MANAGER, _("Its manager may hide objects."))
    if not is_usual_relation(_field(node.model, child)):
        return Obstacle(ObstacleCode.HOST_CODE, _("The site's code reads its relation."))
    if not _is_held(node.model, child):
        text = _("No constraint guarantees that its object exists.")
        return Obstacle(ObstacleCode.CHILD_CONSTRAINT, text)
    if not lies_with(node.model, alias, child.model):
        return Obstacle(ObstacleCode.CHILD_DATABASE, _("It is in another database."))
    return None


def aggregate_obstacle(
    model: type[Model], matched: MatchedAggregate, alias: str
) -> Obstacle | None:
    """Why no query that reads an object gives a count or sum of its related objects, too; ``None``
    where it does. A manager that is not constant is only asked when the query is made.
    """
    collection = matched.collection
    if not is_usual(collection):
        text = _("The site's code finds the related objects.")
        return Obstacle(ObstacleCode.HOST_CODE, text)
    if not all(lies_with(model, alias, each) for each in collection.models):
        text = _("The related objects are in another database.")
        return Obstacle(ObstacleCode.CHILD_DATABASE, text)
    if not is_constant(collection.model):
        return None
    try:
        rows_to_join(collection, alias)
    except ManagerError as error:
        return Obstacle(ObstacleCode.MANAGER, error.text)
    return None


def lies_in(alias: str, model: type[Model]) -> bool:
    """Whether this database has the model's table, according to the site's routers."""
    return router.db_for_read(model) == alias or router.allow_migrate_model(alias, model)


def lies_with(parent: type[Model], alias: str, model: type[Model]) -> bool:
    """Whether a parent's row and its child's row are in the same database.

    The site's routers are asked now, because they may send each tenant to a database of its own.
    A replica counts as the same database: both rows are written to the same place.
    """
    if not router.routers or router.db_for_read(model) == alias:
        return True
    return router.db_for_write(model) == router.db_for_write(parent) and lies_in(alias, model)


def rows_obstacle(rows: Rows, paths: Iterable[str]) -> Obstacle | None:
    """Why a queryset's objects are not what the rows of its query hold; ``None`` where they are.

    ``paths`` are the columns that are read.
    """
    text = _why_not_rows(rows, paths)
    return None if text is None else Obstacle(ObstacleCode.QUERYSET, text)


def _why_not_rows(rows: Rows, paths: Iterable[str]) -> Text | None:
    query = rows.query
    if not gives_instances(rows) or overridden(type(rows)) & _READS:
        return _("The queryset overrides how rows are fetched.")
    if query.combinator or query.extra or query.group_by is not None:
        return _("The query is a union, groups rows or contains raw SQL.")
    if query.annotations and query.distinct:
        return _("The query's annotations decide which rows are distinct.")
    if not query.annotations.keys().isdisjoint(paths):
        return _("The query annotates a name that the map reads.")
    if query.select_for_update:
        return _("The query locks the rows that it selects.")
    return None


#: The methods by which a queryset gives its rows. Whatever else its class overrides, we call.
_READS = frozenset({"__getitem__", "__iter__", "__len__", "_fetch_all", "_iterator", "_values"}) | {
    *("iterator", "values_list"),
}


def gives_instances(rows: Rows) -> bool:
    """Whether a queryset makes its objects as Django does."""
    return rows._iterable_class is ModelIterable and type(rows.query) is Query


def _is_held(parent: type[Model], child: Node) -> bool:
    """Whether a foreign key that is set always leads to a row: a join may rely on it."""
    # A relation over several columns has no constraint.
    return bool(getattr(_field(parent, child), "db_constraint", False))


def _field(parent: type[Model], child: Node) -> Any:
    """The foreign key that holds the column of a relation, on either side."""
    relation: Any = parent._meta.get_field(child.query_name)
    return getattr(relation, "field", relation)
