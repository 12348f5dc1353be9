"""What a tracked model gives: a tree of nodes, one for each object that is read, with its names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Model

from trackadmin.catalog import AttributeFacts
from trackadmin.compiler import plan_problems
from trackadmin.compiler.aggregates import MatchedAggregate
from trackadmin.compiler.host.instances import cache_name
from trackadmin.compiler.matching import MatchedAttribute, MatchedChild, MatchedModel, Matching
from trackadmin.compiler.plan_names import (
    Grace,
    Names,
    grace_of,
    grace_of_attribute,
    prefixes_of,
    starts_of_top,
)
from trackadmin.conf import conf
from trackadmin.document.names import camel_case
from trackadmin.document.structure import PSEUDONYMISED, SENT, UNDECLARED
from trackadmin.exceptions import Problem

#: How many objects a path may have. Far more than anyone needs, and few enough for Python's limit
#: of 100 levels of indentation.
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Output:
    """One name that goes out, and where its value comes from."""

    name: str
    facts: AttributeFacts
    pseudonymised: bool
    #: From object to object, for people: ``Order.billing_address.street``.
    path: str
    #: Where the name is deprecated.
    grace: Grace | None = None
    #: Whether its value goes out as it is and may say something about a person.
    personal: bool = False


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A value that is computed from many related objects, and the names it goes out under."""

    matched: MatchedAggregate
    pseudonymised: bool
    #: For people: ``Person.orders_count``.
    path: str
    #: Each name, and its grace period where it is deprecated.
    given: tuple[tuple[str, Grace | None], ...]
    #: Whether its value goes out as it is and may say something about a person.
    personal: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """The names, today's first."""
        return tuple(name for name, _grace in self.given)


@dataclass(frozen=True, slots=True)
class Node:
    """One object that is read: its own names, and the children it leads to."""

    #: ``Order.billing_address``.
    path: str
    #: How to get there from the parent; "" for the top.
    accessor: str
    #: The relation's name in queries; "" for the top, or where the class shows something else.
    query_name: str
    model: type[Model]
    outputs: tuple[Output, ...]
    children: tuple[Node, ...]
    aggregates: tuple[Aggregate, ...] = ()

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the order of their names."""
        yield self
        for child in self.children:
            yield from child.walk()

    def reads(self) -> list[tuple[Output, Output]]:
        """Each output, and the one that reads its attribute: an attribute that goes out under
        several names is read once. Those that read come first, and read what is not pseudonymised.
        """
        first: dict[str, Output] = {}
        for output in sorted(self.outputs, key=lambda each: each.pseudonymised):
            first.setdefault(output.facts.attname, output)
        pairs = [(output, first[output.facts.attname]) for output in self.outputs]
        return sorted(pairs, key=lambda pair: pair[0] is not pair[1])

    def names(self) -> tuple[str, ...]:
        """Every name that it and its children give, in order."""
        return tuple(name for node in self.walk() for name in node.own_names())

    def graces(self) -> dict[str, Grace | None]:
        """Every name in the same order, and its grace period where it is deprecated."""
        found: dict[str, Grace | None] = {}
        for node in self.walk():
            found |= {output.name: output.grace for output in node.outputs}
            found |= {name: grace for each in node.aggregates for name, grace in each.given}
        return found

    def personal_names(self) -> Iterator[tuple[str, bool]]:
        """Every name, and whether its value goes out as it is and may be about a person."""
        for node in self.walk():
            yield from ((output.name, output.personal) for output in node.outputs)
            for aggregate in node.aggregates:
                yield from ((name, aggregate.personal) for name in aggregate.names)

    def own_names(self) -> Iterator[str]:
        """The names that the object itself gives."""
        yield from (output.name for output in self.outputs)
        yield from (name for aggregate in self.aggregates for name in aggregate.names)

    def related(self) -> Iterator[str]:
        """The relations that ``select_related`` can load with the objects, outermost first."""
        for child in self.children:
            if child.query_name:
                yield child.query_name
                for name in child.related():
                    yield f"{child.query_name}__{name}"


@dataclass(frozen=True, slots=True)
class Collision:
    """Two paths that lead to the same name, or to names that start alike."""

    name: str
    first: str
    second: str
    #: Whether one of the names has a former prefix.
    former: bool


@dataclass(frozen=True, slots=True)
class Plan:
    """The tree of one tracked model, and what is wrong with it."""

    top: Node
    problems: tuple[Problem, ...]
    #: Where two paths lead to one name; each is among the problems too.
    collisions: tuple[Collision, ...] = ()


def plan(
    matching: Matching, matched: MatchedModel, *, model: type[Model] | None = None, prefix: str = ""
) -> Plan:
    """The plan of a tracked model.

    ``model`` is the class of the objects, where they are of a descendant of the tracked one.
    ``prefix`` takes the place of the tracked model's own, as a keyword of ``tracking_values``.
    """
    walk = _Walk(matching, matched)
    entered = (matched.prefix, prefix) if prefix else (matched.prefix,)
    names = Names(starts_of_top(matched), {"": None})
    if prefix:
        names = Names({f"{prefix}_": None}, {f"{prefix}_": None})
    top = walk.node(matched, matched.prefix, names, entered)
    top = replace(top, model=model) if model else top
    return Plan(top, tuple(walk.problems), tuple(walk.collisions))


def children_on(path: str, matching: Matching, top: MatchedModel) -> list[tuple[str, str]]:
    """The children that a path leads through, each as the prefix of its tracked model and its
    accessor. The last step of the path may be an attribute.
    """
    found: list[tuple[str, str]] = []
    matched: MatchedModel | None = top
    for accessor in path.split(".")[1:]:
        children = matched.children if matched else ()
        child = next((c for c in children if c.accessor == accessor), None)
        if matched is None or child is None:
            break
        found.append((matched.prefix, accessor))
        matched = matching.get(child.tracked_as)
    return found


class _Walk:
    """One walk over the tree. It stops at ``MAX_NAMES``, however many paths a map has."""

    def __init__(self, matching: Matching, top: MatchedModel) -> None:
        self.matching, self.top = matching, top
        self.limit = conf.MAX_NAMES
        self.problems: list[Problem] = []
        self.collisions: list[Collision] = []
        #: The path to each name, and to the object whose names have each start.
        self.paths: dict[str, str] = {}
        self.starts: dict[str, str] = {}
        #: Names and starts that have a former prefix.
        self.former: set[str] = set()
        self.full = False

    def node(
        self,
        matched: MatchedModel,
        path: str,
        names: Names,
        entered: tuple[str, ...],
        *,
        alone: bool = False,
    ) -> Node:
        """``entered`` are the prefixes of the objects above, those their models have, and the
        children that led there.
        """
        self.starts |= dict.fromkeys(names.starts, path)
        self.former |= {start for start, grace in names.starts.items() if grace}
        outputs = tuple(self.outputs(matched, path, names))
        aggregates = tuple(self.aggregates(matched, path, names))
        children = () if alone else tuple(self.children(matched, path, names, entered))
        return Node(path, "", "", matched.facts.model, outputs, children, aggregates)

    def outputs(self, matched: MatchedModel, path: str, names: Names) -> Iterator[Output]:
        for start, grace in names.starts.items():
            for attribute in matched.outputs():
                name, its_path = start + attribute.name, f"{path}.{attribute.name}"
                if self.is_free(name, its_path, path, grace):
                    its_grace = grace_of_attribute(attribute, matched.prefix, names.today, grace)
                    yield _output(name, attribute, its_path, its_grace)

    def aggregates(self, matched: MatchedModel, path: str, names: Names) -> Iterator[Aggregate]:
        for each in matched.sent_aggregates():
            its_path = f"{path}.{each.name}"
            given = {
                start + each.name: grace_of(each.name, names.today, grace)
                for start, grace in names.starts.items()
                if self.is_free(start + each.name, its_path, path, grace)
            }
            if given:
                hidden = each.entry.privacy == PSEUDONYMISED
                personal = _is_personal(each.entry.privacy, looks=each.personal)
                yield Aggregate(each, hidden, its_path, tuple(given.items()), personal)

    def is_free(self, name: str, its_path: str, path: str, grace: Grace | None) -> bool:
        """Take the name for this path, if there is room and no other path leads to it."""
        if name in self.paths:
            self.collide(name, self.paths[name], its_path, former=bool(grace))
        elif len(self.paths) >= self.limit:
            self.stop(plan_problems.too_many_names(path, self.limit))
        else:
            self.paths[name] = its_path
            if grace:
                self.former.add(name)
            return True
        return False

    def children(
        self, matched: MatchedModel, path: str, names: Names, entered: tuple[str, ...]
    ) -> Iterator[Node]:
        for child in matched.children:
            node = self.child(child, f"{path}.{child.accessor}", names, entered)
            if node is not None:
                query_name = _query_name(matched.facts.model, child)
                yield replace(
                    node, accessor=child.accessor, query_name=query_name, model=child.model
                )

    def child(
        self, child: MatchedChild, path: str, names: Names, entered: tuple[str, ...]
    ) -> Node | None:
        prefix = child.prefix or child.tracked_as
        target = self.matching.get(child.tracked_as)
        if target is None or self.full:
            return None
        is_own = path.count(".") == 1
        if is_own and prefix == entered[0]:
            self.problems.append(plan_problems.leads_back(path, prefix))
        prefixes = prefixes_of(child, target, entered)
        if not prefixes:
            return None
        if child.alone and not target.has_names:
            if is_own:
                self.problems.append(plan_problems.nothing_alone(path))
            return None
        names = names.below(prefixes)
        taken = next((start for start in names.starts if start in self.starts), None)
        if taken is not None:
            if target.has_names or target.children:
                self.collide(taken, self.starts[taken], path, former=bool(names.starts[taken]))
            return None
        if path.count(".") > MAX_DEPTH:
            self.too_much(plan_problems.too_deep(path, MAX_DEPTH))
            return None
        if len(self.starts) >= self.limit:
            self.stop(plan_problems.too_many_objects(path, self.limit))
            return None
        # All count as entered, so that a tree is the same under any prefix and a cycle ends.
        below = (*entered, prefixes[0].text, child.tracked_as, child.place)
        return self.node(target, path, names, below, alone=child.alone)

    def collide(self, name: str, first: str, second: str, *, former: bool) -> None:
        former = former or name in self.former
        self.collisions.append(Collision(name, first, second, former))
        if former:
            self.problems.append(plan_problems.former_taken(name, first, second))
            return
        problem = plan_problems.two_paths(name, first, second)
        # Reported where it can be fixed: there it is fixed for every model that leads there.
        for prefix, accessor in children_on(second, self.matching, self.top)[-1:]:
            own = self.own_prefix(prefix, accessor)
            problem = plan_problems.two_paths(name, first, second, f"{prefix}.{accessor}", own)
        self.problems.append(problem)

    def own_prefix(self, prefix: str, accessor: str) -> str:
        """A prefix for a child; it suits the prefixes that are proposed for other children."""
        models, name = self.matching.document.models, camel_case(accessor)
        children = (entry.children for p, entry in models.items() if p != prefix)
        plain = name not in models and not any(accessor in each for each in children)
        return name if plain else f"{prefix}{name}"

    def stop(self, problem: Problem) -> None:
        self.full = True
        self.too_much(problem)

    def too_much(self, problem: Problem) -> None:
        """Report it, unless the model has a problem of this code already."""
        if all(each.code != problem.code for each in self.problems):
            self.problems.append(problem)


def _output(name: str, attribute: MatchedAttribute, path: str, grace: Grace | None) -> Output:
    hidden = attribute.entry.privacy == PSEUDONYMISED
    personal = _is_personal(attribute.entry.privacy, looks=attribute.facts.personal)
    return Output(name, attribute.facts, hidden, path, grace, personal)


def _is_personal(privacy: str, *, looks: bool) -> bool:
    """What the map says decides; where it says nothing, how the attribute looks."""
    return privacy == SENT or (privacy == UNDECLARED and looks)


def _query_name(parent: type[Model], child: MatchedChild) -> str:
    if not cache_name(parent, child.accessor):
        return ""
    if child.relation.kind == "reverse one-to-one":
        field: Any = child.relation.field
        return str(field.related_query_name())
    return child.accessor
