"""The tree of one tracked model: which objects an event includes, and the names they give."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from trackadmin.catalog import catalog, in_words
from trackadmin.compiler.matching import MatchedModel, Matching
from trackadmin.compiler.plan import Node, plan
from trackadmin.compiler.plan_names import Grace
from trackadmin.document import AggregateEntry, AttributeEntry, Document, in_order
from trackadmin.editing.building import build_document
from trackadmin.editing.contents import readable_document
from trackadmin.editing.effect_plan import source_of
from trackadmin.editing.locking import AnyMap
from trackadmin.editing.map_pictures import PartState
from trackadmin.editing.versions import live_version


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a document says that a name stands for."""

    #: Equal sources give equal values.
    source: tuple[Any, ...]
    #: The same for people: ``Order.buyer.user.email``, or a count or sum in words.
    origin: str
    privacy: str


@dataclass(frozen=True, slots=True)
class TreeName:
    """A name that goes out, and the entry that makes it."""

    name: str
    #: The name of its attribute, or of its count or sum, in the tracked model of the object.
    entry: str
    is_aggregate: bool
    description: str
    meaning: Meaning
    #: What it means in the live version; ``None`` where that does not have it.
    before: Meaning | None
    #: Where the name is deprecated.
    grace: Grace | None

    @property
    def state(self) -> PartState:
        """How it differs from the live version."""
        if self.before is None:
            return PartState.NEW
        return PartState.CHANGED if self.moved or self.other_privacy else PartState.SAME

    @property
    def moved(self) -> bool:
        """Whether its value comes from elsewhere than in the live version, or as a pseudonym."""
        return self.before is not None and self.before.source != self.meaning.source

    @property
    def other_privacy(self) -> bool:
        """Whether the live version says something else about its privacy."""
        return self.before is not None and self.before.privacy != self.meaning.privacy


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
    known = _live_meanings(draft.models[prefix].model, published)
    top = plan(matching, matched).top
    names = set(top.names())
    grown = _Growing(matching, known).tree_node(top, matched)
    return ModelTree(grown, tuple(name for name in known if name not in names))


def _live_meanings(label: str, published: Document) -> dict[str, Meaning]:
    """What the names of the model mean in the live version, whatever its prefix is there."""
    matching = Matching(published, catalog())
    prefix = next((p for p, entry in published.models.items() if entry.model == label), "")
    live = matching.get(prefix)
    return dict(_meanings(matching, plan(matching, live).top, live)) if live else {}


def _meanings(
    matching: Matching, node: Node, matched: MatchedModel
) -> Iterator[tuple[str, Meaning]]:
    for given in _names_given(node, matched):
        yield given.name, given.meaning
    for child in _objects_below(matching, node, matched):
        yield from _meanings(matching, child.node, child.matched)


class _Given(NamedTuple):
    """A name that a node gives, with the entry that makes it."""

    name: str
    entry_name: str
    entry: AttributeEntry | AggregateEntry
    meaning: Meaning
    grace: Grace | None


def _names_given(node: Node, matched: MatchedModel) -> Iterator[_Given]:
    for output in node.outputs:
        name = output.path.rpartition(".")[2]
        entry, origin = matched.entry.attributes[name], f"{node.path}.{output.facts.attname}"
        meaning = Meaning(source_of(node, output), origin, entry.privacy)
        yield _Given(output.name, name, entry, meaning, output.grace)
    for aggregate in node.aggregates:
        name = aggregate.path.rpartition(".")[2]
        computed = matched.entry.aggregates[name]
        origin = in_words(computed, matched.facts)
        meaning = Meaning(source_of(node, aggregate), origin, computed.privacy)
        for given, grace in aggregate.given:
            yield _Given(given, name, computed, meaning, grace)


class _ChildNode(NamedTuple):
    node: Node
    matched: MatchedModel
    alone: bool


def _objects_below(matching: Matching, node: Node, matched: MatchedModel) -> Iterator[_ChildNode]:
    by_accessor = {each.accessor: each for each in matched.children}
    for child in node.children:
        found = by_accessor[child.accessor]
        if target := matching.get(found.tracked_as):
            yield _ChildNode(child, target, found.alone)


class _Growing:
    def __init__(self, matching: Matching, known: Mapping[str, Meaning]) -> None:
        self.matching, self.known = matching, known

    def tree_node(self, node: Node, matched: MatchedModel, *, alone: bool = False) -> TreeNode:
        below = _objects_below(self.matching, node, matched)
        return TreeNode(
            path=node.path,
            accessor=node.accessor,
            prefix=matched.prefix,
            label=matched.facts.cased_label,
            alone=alone,
            names=tuple(map(self.tree_name, _names_given(node, matched))),
            children=tuple(self.tree_node(c.node, c.matched, alone=c.alone) for c in below),
            left_out=() if alone else tuple(_left_out(node, matched)),
        )

    def tree_name(self, given: _Given) -> TreeName:
        return TreeName(
            name=given.name,
            entry=given.entry_name,
            is_aggregate=isinstance(given.entry, AggregateEntry),
            description=given.entry.description,
            meaning=given.meaning,
            before=self.known.get(given.name),
            grace=given.grace,
        )


def _left_out(node: Node, matched: MatchedModel) -> Iterator[str]:
    """Children that the map names and the plan does not: a circle ends there, or a name is taken,
    or the code no longer has them.
    """
    there = {child.accessor for child in node.children}
    yield from (a for a, _child in in_order(matched.entry.children) if a not in there)
