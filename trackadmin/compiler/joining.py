"""What one query may read along, and why the rest must be loaded as objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db import router
from django.db.models import Manager, Model
from django.db.models.signals import post_init, pre_init

from trackadmin.compiler.instances import is_plain
from trackadmin.compiler.plan import Node, Output, Path


def refusal(top: Node, alias: str) -> str:
    """Why the objects must be loaded to be flattened; "" where rows of a query will do."""
    return next(_refusals(top, alias), "")


def _refusals(top: Node, alias: str) -> Iterator[str]:
    for node in top.walk():
        if why := loading_refusal(node.model):
            yield f"{node.road}: {why}"
        for output in node.outputs:
            if why := output_refusal(node, output):
                yield f"{output.road}: {why}"
        for child in node.children:
            if why := child_refusal(node, child, alias):
                yield f"{child.road}: {why}"


def loading_refusal(model: type[Model]) -> str:
    """Why what an instance holds may differ from what the row holds; "" where it does not."""
    if (
        model.__init__ is not Model.__init__
        or model.from_db.__func__ is not Model.from_db.__func__  # type: ignore[attr-defined]
        or pre_init.has_listeners(model)
        or post_init.has_listeners(model)
    ):
        return "the model runs code of its own when it is loaded"
    if getattr(model._meta, "is_composite_pk", False):
        return "its key is made of several columns"
    return ""


def output_refusal(node: Node, output: Output) -> str:
    """Why a value is not what a column holds; "" where it is."""
    if output.facts.computed or not is_plain(node.model, output.facts.attname):
        return "computed by code of the host"
    return ""


def child_refusal(node: Node, child: Node, alias: str) -> str:
    """Why a join does not give what the child's accessor gives; "" where it does."""
    if not child.query_name:
        return "read by code of the host"
    if type(child.model._base_manager) is not Manager:
        return "behind a manager that may hide objects"
    if not _is_held(node.model, child):
        return "no constraint holds its object in place"
    return "" if lies_in(alias, child.model) else "it lies in another database"


def related(top: Node, alias: str) -> list[str]:
    """The relations that ``select_related`` may load along in this database."""
    return [path.name for path in top.paths() if together(alias, path)]


def together(alias: str, path: Path) -> bool:
    """Whether one query may join these: all in this database, none behind a manager that hides."""
    return all(
        type(model._base_manager) is Manager and lies_in(alias, model) for model in path.models
    )


def lies_in(alias: str, model: type[Model]) -> bool:
    """Whether this database has the model's table, as far as the site's routers know."""
    return router.db_for_read(model) == alias or router.allow_migrate_model(alias, model)


def _is_held(parent: type[Model], child: Node) -> bool:
    """Whether a foreign key that is set always leads to a row: a join may rely on it."""
    relation: Any = parent._meta.get_field(child.query_name)
    field = relation if relation.concrete else relation.field
    return bool(field.db_constraint)
