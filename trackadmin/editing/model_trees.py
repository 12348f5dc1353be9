"""The tree of one tracked model: which objects an event includes, and the names they give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trackadmin.catalog import catalog
from trackadmin.compiler.matching import MatchedModel, Matching
from trackadmin.compiler.plan import Node, plan
from trackadmin.compiler.plan_names import Grace
from trackadmin.document import AggregateEntry, AttributeEntry, Document, in_order
from trackadmin.editing.building import build_document
from trackadmin.editing.contents import readable_document
from trackadmin.editing.locking import AnyMap
from trackadmin.editing.versions import live_version


@dataclass(frozen=True, slots=True)
class TreeName:
    """A name that goes out, and the entry that makes it."""

    name: str
    #: The name of its attribute, or of its count or sum, in the tracked model of the object.
    entry: str
    is_aggregate: bool
    privacy: str
    description: str
    #: Whether the live version does not have it.
    new: bool
    #: Where the name is deprecated.
    grace: Grace | None


@dataclass(frozen=True, slots=True)
class TreeNode:
    """An object that is read, with the names that it gives itself."""

    #: From object to object: ``Order.buyer.user``.
    path: str
    #: How to get here from the object above; empty for the top.
    accessor: str
    #: The tracked model that it is an object of, and that model's label.
    prefix: str
    label: str
    #: Whether it comes without its own related objects.
    alone: bool
    names: tuple[TreeName, ...]
    children: tuple[TreeNode, ...]
    #: Its related objects in the map that do not come along at this place.
    left_out: tuple[str, ...]

    def nodes(self) -> Iterator[TreeNode]:
        """This node and all below it, outermost first."""
        yield self
        for child in self.children:
            yield from child.nodes()


@dataclass(frozen=True, slots=True)
class ModelTree:
    """The tree of the draft, and the names that only the live version has."""

    top: TreeNode
    gone: tuple[str, ...]


def model_tree(tracking_map: AnyMap, prefix: str) -> ModelTree | None:
    """The tree of a tracked model of the draft, as far as the draft can be compiled.

    ``None`` if the code no longer has the model, or the draft has no such tracked model.
    """
    draft, live = build_document(tracking_map), live_version(tracking_map)
    return tree_of(prefix, draft, readable_document(live)[0] if live else draft)


def tree_of(prefix: str, draft: Document, published: Document) -> ModelTree | None:
    """The tree by a document, compared with what is published."""
    matching = Matching(draft, catalog())
    matched = matching.get(prefix)
    if matched is None:
        return None
    before = Matching(published, catalog())
    live = before.get(prefix)
    known = plan(before, live).top.names() if live else ()
    top = plan(matching, matched).top
    names = set(top.names())
    grown = _Growing(matching, frozenset(known)).tree_node(top, matched)
    return ModelTree(grown, tuple(name for name in known if name not in names))


class _Growing:
    def __init__(self, matching: Matching, known: frozenset[str]) -> None:
        self.matching, self.known = matching, known

    def tree_node(self, node: Node, matched: MatchedModel, *, alone: bool = False) -> TreeNode:
        return TreeNode(
            path=node.path,
            accessor=node.accessor,
            prefix=matched.prefix,
            label=matched.facts.cased_label,
            alone=alone,
            names=tuple(self.names_given(node, matched)),
            children=tuple(self.children_taken(node, matched)),
            left_out=() if alone else tuple(_left_out(node, matched)),
        )

    def children_taken(self, node: Node, matched: MatchedModel) -> Iterator[TreeNode]:
        by_accessor = {each.accessor: each for each in matched.children}
        for child in node.children:
            found = by_accessor[child.accessor]
            if target := self.matching.get(found.tracked_as):
                yield self.tree_node(child, target, alone=found.alone)

    def names_given(self, node: Node, matched: MatchedModel) -> Iterator[TreeName]:
        for output in node.outputs:
            entry = output.path.rpartition(".")[2]
            yield self.name_given(output.name, entry, matched.entry.attributes[entry], output.grace)
        for aggregate in node.aggregates:
            entry = aggregate.path.rpartition(".")[2]
            for name, grace in aggregate.given:
                yield self.name_given(name, entry, matched.entry.aggregates[entry], grace)

    def name_given(
        self, name: str, entry: str, what: AttributeEntry | AggregateEntry, grace: Grace | None
    ) -> TreeName:
        return TreeName(
            name=name,
            entry=entry,
            is_aggregate=isinstance(what, AggregateEntry),
            privacy=what.privacy,
            description=what.description,
            new=name not in self.known,
            grace=grace,
        )


def _left_out(node: Node, matched: MatchedModel) -> Iterator[str]:
    """Children that the map names and the plan does not: a circle ends there, or a name is taken,
    or the code no longer has them.
    """
    there = {child.accessor for child in node.children}
    yield from (a for a, _child in in_order(matched.entry.children) if a not in there)
