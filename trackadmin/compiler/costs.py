"""What may cost queries when the values of an object are read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from trackadmin.compiler.plan import Node
from trackadmin.compiler.query_tree import shape_of
from trackadmin.compiler.values.source import runs_code
from trackadmin.texts import gettext as _


class CostCode(StrEnum):
    """Why there may be a query, or a slow one."""

    COMPUTED = "computed"
    READ_BY_CODE = "read_by_code"
    NOT_LOADED = "not_loaded"
    COUNTED = "counted"
    NOT_INDEXED = "not_indexed"


@dataclass(frozen=True, slots=True)
class Cost:
    """One reason for queries, and the output name or the path of the child that it is about."""

    code: CostCode
    where: str

    def __str__(self) -> str:
        match self.code:
            case CostCode.COMPUTED:
                text = _("%(where)s is computed and may cost queries.", where=self.where)
            case CostCode.READ_BY_CODE:
                text = _(
                    "The site's code reads %(where)s, which may cost queries.", where=self.where
                )
            case CostCode.NOT_LOADED:
                text = _("%(where)s costs a query where it is not loaded yet.", where=self.where)
            case CostCode.COUNTED:
                text = _("The counts and sums of %(where)s cost a query.", where=self.where)
            case CostCode.NOT_INDEXED:
                text = _(
                    "%(where)s: no index finds the related objects of one object, so their whole "
                    "table is read.",
                    where=self.where,
                )
        return str(text)


def costs_of(top: Node, alias: str) -> Iterator[Cost]:
    """What the values of an object may cost, with those of its children."""
    yield from _computed(top)
    for child in top.children:
        if child.names():
            yield from _loading(child, alias)


def _loading(child: Node, alias: str) -> Iterator[Cost]:
    """The cost of a child that is not loaded; the same query gives what is joined to it."""
    yield Cost(CostCode.NOT_LOADED, child.path)
    for shape in shape_of(child, alias, instances=True).walk():
        yield from _computed(shape.node)
        for loaded in shape.loaded:
            yield from _loading(loaded.node, alias)


def _computed(node: Node) -> Iterator[Cost]:
    for output in dict.fromkeys(first for _output, first in node.reads()):
        if output.facts.computed:
            yield Cost(CostCode.COMPUTED, output.name)
        elif runs_code(node.model, output):
            yield Cost(CostCode.READ_BY_CODE, output.name)
    if node.aggregates:
        yield Cost(CostCode.COUNTED, node.path)
    for aggregate in node.aggregates:
        if not aggregate.matched.collection.indexed:
            yield from (Cost(CostCode.NOT_INDEXED, name) for name in aggregate.names)
