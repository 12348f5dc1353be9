"""What a tracked model yields: a tree of nodes, one per object that is read, with its names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Model

from trackadmin.catalog import AttributeFacts
from trackadmin.compiler.host.instances import cache_name
from trackadmin.compiler.matching import MatchedAttribute, MatchedChild, MatchedModel, Matching
from trackadmin.conf import conf
from trackadmin.document.names import camel_case
from trackadmin.document.structure import PSEUDONYMISED
from trackadmin.exceptions import Problem

#: How many objects may stand one behind the other. Far more than anyone reads, and few enough
#: for Python's own limit of 100 levels of indentation.
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Output:
    """One name that goes out, and where its value comes from."""

    name: str
    facts: AttributeFacts
    pseudonymised: bool
    #: The road to it, for people: ``Order.billing_address.street``.
    road: str


@dataclass(frozen=True, slots=True)
class Node:
    """One object that is read: its own names, and the children it leads to."""

    #: ``Order.billing_address``.
    road: str
    #: How to get there from the parent; "" for the top.
    accessor: str
    #: The relation's name in queries; "" for the top, or where the class shows something else.
    query_name: str
    model: type[Model]
    outputs: tuple[Output, ...]
    children: tuple[Node, ...]

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the order of their names."""
        yield self
        for child in self.children:
            yield from child.walk()

    def names(self) -> tuple[str, ...]:
        """Every name that comes of it, in order."""
        return tuple(output.name for node in self.walk() for output in node.outputs)

    def paths(self) -> Iterator[Path]:
        """The relations that ``select_related`` can load with the objects, outermost first."""
        for child in self.children:
            if child.query_name:
                yield Path(child.query_name, (child.model,))
                for path in child.paths():
                    yield Path(f"{child.query_name}__{path.name}", (child.model, *path.models))


@dataclass(frozen=True, slots=True)
class Path:
    """A relation, or several in a row, as queries name it, and the models it leads through."""

    name: str
    models: tuple[type[Model], ...]


@dataclass(frozen=True, slots=True)
class Collision:
    """Two roads that lead to the same name, or to names that start alike."""

    name: str
    first: str
    second: str


@dataclass(frozen=True, slots=True)
class Plan:
    """The tree of one tracked model, and what is wrong with it."""

    top: Node
    problems: tuple[Problem, ...]
    #: Those of the problems that are two roads to one name.
    collisions: tuple[Collision, ...] = ()


def plan(
    matching: Matching, matched: MatchedModel, *, model: type[Model] | None = None, prefix: str = ""
) -> Plan:
    """The plan of a tracked model.

    ``model`` is the class of the objects, where they are of a descendant of the tracked one.
    ``prefix`` takes the place of the tracked model's own, as a keyword of ``tracking_values``.
    """
    walk = _Walk(matching, matched)
    path = (matched.prefix, prefix) if prefix else (matched.prefix,)
    base = f"{prefix}_" if prefix else ""
    start = f"{prefix or matched.prefix}_"
    top = walk.node(matched, matched.prefix, _Names(start, base), path)
    top = replace(top, model=model) if model else top
    return Plan(top, tuple(walk.problems), tuple(walk.collisions))


def children_on(road: str, matching: Matching, top: MatchedModel) -> list[tuple[str, str]]:
    """The children that a road leads through, each as the prefix of its tracked model and its
    accessor. The last step of the road may be an attribute."""
    found: list[tuple[str, str]] = []
    matched: MatchedModel | None = top
    for accessor in road.split(".")[1:]:
        children = matched.children if matched else ()
        child = next((c for c in children if c.accessor == accessor), None)
        if matched is None or child is None:
            break
        found.append((matched.prefix, accessor))
        matched = matching.get(child.tracked_as)
    return found


@dataclass(frozen=True, slots=True)
class _Names:
    """How names are made at one node."""

    #: Before each name of the node itself, the underscore included.
    start: str
    #: What its children inherit.
    base: str

    def child(self, child: MatchedChild) -> _Names:
        start = f"{self.base}{child.prefix or child.tracked_as}_"
        return _Names(start, start if child.prefix else self.base)


class _Walk:
    """One walk over the tree. It stops at ``MAX_NAMES``, however many roads a map has."""

    def __init__(self, matching: Matching, top: MatchedModel) -> None:
        self.matching, self.top = matching, top
        self.limit = conf.MAX_NAMES
        self.problems: list[Problem] = []
        self.collisions: list[Collision] = []
        self.roads: dict[str, str] = {}
        self.entered: dict[str, str] = {}
        self.full = False

    def node(
        self,
        matched: MatchedModel,
        road: str,
        names: _Names,
        path: tuple[str, ...],
        *,
        alone: bool = False,
    ) -> Node:
        self.entered[names.start] = road
        outputs = tuple(self.outputs(matched, road, names))
        children = () if alone else tuple(self.children(matched, road, names, path))
        return Node(road, "", "", matched.facts.model, outputs, children)

    def outputs(self, matched: MatchedModel, road: str, names: _Names) -> Iterator[Output]:
        for attribute in matched.outputs():
            name, its_road = names.start + attribute.name, f"{road}.{attribute.name}"
            if name in self.roads:
                self.two_roads(name, self.roads[name], its_road)
            elif len(self.roads) >= self.limit:
                self.stop(road, f"yields more than {self.limit} names (MAX_NAMES)")
            else:
                self.roads[name] = its_road
                yield _output(name, attribute, its_road)

    def children(
        self, matched: MatchedModel, road: str, names: _Names, path: tuple[str, ...]
    ) -> Iterator[Node]:
        for child in matched.children:
            node = self.child(child, f"{road}.{child.accessor}", names.child(child), path)
            if node is not None:
                query_name = _query_name(matched.facts.model, child)
                yield replace(
                    node, accessor=child.accessor, query_name=query_name, model=child.model
                )

    def child(
        self, child: MatchedChild, road: str, names: _Names, path: tuple[str, ...]
    ) -> Node | None:
        segment = child.prefix or child.tracked_as
        target = self.matching.get(child.tracked_as)
        if target is None or self.full:
            return None
        if segment in path:
            if road.count(".") == 1 and segment == path[0]:
                fix = "Give the child a prefix of its own, or take it out."
                self.empty(road, f"leads back to {segment!r} itself", fix)
            return None
        if child.alone and not target.known:
            if road.count(".") == 1:
                fix = "Let its own children come along with it, or take it out."
                self.empty(road, "comes along by itself and tracks no attributes", fix)
            return None
        if names.start in self.entered:
            if target.known or target.children:
                self.two_roads(names.start, self.entered[names.start], road)
            return None
        if road.count(".") > MAX_DEPTH:
            self.too_much("model.too_deep", road, f"leads through more than {MAX_DEPTH} objects")
            return None
        if len(self.entered) >= self.limit:
            self.stop(road, f"leads to more than {self.limit} objects (MAX_NAMES)")
            return None
        # Both count as entered, so that a tree is the same under any prefix and a cycle ends.
        below = (*path, segment, child.tracked_as)
        return self.node(target, road, names, below, alone=child.alone)

    def two_roads(self, name: str, first: str, second: str) -> None:
        shown = f"Names that start with {name!r}" if name.endswith("_") else f"The name {name!r}"
        what = f"{shown} would come by two roads: {first} and {second}."
        fix = "Give one of the children a prefix of its own, or another name to the attribute."
        self.collisions.append(Collision(name, first, second))
        # Told where it can be put right: there it is put right for every model that leads there.
        for prefix, accessor in children_on(second, self.matching, self.top)[-1:]:
            own, second = self.own_prefix(prefix, accessor), f"{prefix}.{accessor}"
            fix = f"Give one of the children a prefix of its own, such as {own!r} to {second}."
        self.problems.append(Problem("name.two_roads", "error", second, what, fix))

    def own_prefix(self, prefix: str, accessor: str) -> str:
        """A prefix for a child that goes with those that are told for other children."""
        models, name = self.matching.document.models, camel_case(accessor)
        children = (entry.children for p, entry in models.items() if p != prefix)
        plain = name not in models and not any(accessor in each for each in children)
        return name if plain else f"{prefix}{name}"

    def empty(self, road: str, why: str, fix: str) -> None:
        what = f"The child {why}, so nothing comes of it."
        self.problems.append(Problem("child.empty", "warning", road, what, fix))

    def stop(self, road: str, why: str) -> None:
        self.full = True
        self.too_much("model.too_many_names", road, why)

    def too_much(self, code: str, road: str, why: str) -> None:
        if all(problem.code != code for problem in self.problems):
            what = f"With all its children the tracked model {why}."
            fix = (
                "Let children come along by themselves, without their own children, or take out "
                "children and attributes that nobody needs."
            )
            self.problems.append(Problem(code, "error", road, what, fix))


def _output(name: str, attribute: MatchedAttribute, road: str) -> Output:
    return Output(name, attribute.facts, attribute.entry.privacy == PSEUDONYMISED, road)


def _query_name(parent: type[Model], child: MatchedChild) -> str:
    if not cache_name(parent, child.accessor):
        return ""
    if child.relation.kind == "reverse one-to-one":
        field: Any = child.relation.field
        return str(field.related_query_name())
    return child.accessor
