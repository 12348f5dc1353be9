"""What a tracked model yields: a tree of nodes, one per object that is read, with its names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Model

from trackadmin.catalog import AttributeFacts
from trackadmin.codes import ProblemCode
from trackadmin.compiler.host.instances import cache_name
from trackadmin.compiler.matching import MatchedAttribute, MatchedChild, MatchedModel, Matching
from trackadmin.conf import conf
from trackadmin.document.names import camel_case
from trackadmin.document.structure import PSEUDONYMISED
from trackadmin.exceptions import Problem
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

#: How many objects may stand one behind the other. Far more than anyone reads, and few enough
#: for Python's own limit of 100 levels of indentation.
MAX_DEPTH = 20


@dataclass(frozen=True, slots=True)
class Output:
    """One name that goes out, and where its value comes from."""

    name: str
    facts: AttributeFacts
    pseudonymised: bool
    #: From object to object, for people: ``Order.billing_address.street``.
    path: str


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

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the order of their names."""
        yield self
        for child in self.children:
            yield from child.walk()

    def names(self) -> tuple[str, ...]:
        """Every name that it and its children give, in order."""
        return tuple(output.name for node in self.walk() for output in node.outputs)

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
    base = f"{prefix}_" if prefix else ""
    start = f"{prefix or matched.prefix}_"
    top = walk.node(matched, matched.prefix, _Names(start, base), entered)
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
    """One walk over the tree. It stops at ``MAX_NAMES``, however many paths a map has."""

    def __init__(self, matching: Matching, top: MatchedModel) -> None:
        self.matching, self.top = matching, top
        self.limit = conf.MAX_NAMES
        self.problems: list[Problem] = []
        self.collisions: list[Collision] = []
        #: The path to each name, and to the object whose names have each start.
        self.paths: dict[str, str] = {}
        self.starts: dict[str, str] = {}
        self.full = False

    def node(
        self,
        matched: MatchedModel,
        path: str,
        names: _Names,
        entered: tuple[str, ...],
        *,
        alone: bool = False,
    ) -> Node:
        """``entered`` are the prefixes of the objects above, and those their models have."""
        self.starts[names.start] = path
        outputs = tuple(self.outputs(matched, path, names))
        children = () if alone else tuple(self.children(matched, path, names, entered))
        return Node(path, "", "", matched.facts.model, outputs, children)

    def outputs(self, matched: MatchedModel, path: str, names: _Names) -> Iterator[Output]:
        for attribute in matched.outputs():
            name, its_path = names.start + attribute.name, f"{path}.{attribute.name}"
            if name in self.paths:
                self.collide(name, self.paths[name], its_path)
            elif len(self.paths) >= self.limit:
                what = _(
                    "With all its children, the tracked model gives more than %(limit)s names "
                    "(MAX_NAMES).",
                    limit=self.limit,
                )
                self.stop(path, what)
            else:
                self.paths[name] = its_path
                yield _output(name, attribute, its_path)

    def children(
        self, matched: MatchedModel, path: str, names: _Names, entered: tuple[str, ...]
    ) -> Iterator[Node]:
        for child in matched.children:
            node = self.child(child, f"{path}.{child.accessor}", names.child(child), entered)
            if node is not None:
                query_name = _query_name(matched.facts.model, child)
                yield replace(
                    node, accessor=child.accessor, query_name=query_name, model=child.model
                )

    def child(
        self, child: MatchedChild, path: str, names: _Names, entered: tuple[str, ...]
    ) -> Node | None:
        prefix = child.prefix or child.tracked_as
        target = self.matching.get(child.tracked_as)
        if target is None or self.full:
            return None
        is_own = path.count(".") == 1
        if prefix in entered:
            if is_own and prefix == entered[0]:
                self.problems.append(_leads_back(path, prefix))
            return None
        if child.alone and not target.known:
            if is_own:
                self.problems.append(_nothing_alone(path))
            return None
        if names.start in self.starts:
            if target.known or target.children:
                self.collide(names.start, self.starts[names.start], path)
            return None
        if path.count(".") > MAX_DEPTH:
            what = _(
                "With all its children, the tracked model leads through more than %(limit)s "
                "objects, one behind the other.",
                limit=MAX_DEPTH,
            )
            self.too_much(ProblemCode.MODEL_TOO_DEEP, path, what)
            return None
        if len(self.starts) >= self.limit:
            what = _(
                "With all its children, the tracked model leads to more than %(limit)s objects "
                "(MAX_NAMES).",
                limit=self.limit,
            )
            self.stop(path, what)
            return None
        # Both count as entered, so that a tree is the same under any prefix and a cycle ends.
        below = (*entered, prefix, child.tracked_as)
        return self.node(target, path, names, below, alone=child.alone)

    def collide(self, name: str, first: str, second: str) -> None:
        self.collisions.append(Collision(name, first, second))
        where = second
        remedy = _(
            "Give one of the children a prefix of its own, or give the attribute another name."
        )
        # Reported where it can be fixed: there it is fixed for every model that leads there.
        for prefix, accessor in children_on(second, self.matching, self.top)[-1:]:
            where = f"{prefix}.{accessor}"
            remedy = _(
                "Give one of the children a prefix of its own, for example '%(prefix)s' for "
                "%(child)s.",
                prefix=self.own_prefix(prefix, accessor),
                child=where,
            )
        self.problems.append(
            Problem(ProblemCode.NAME_TWO_ROADS, "error", where, _two(name, first, second), remedy)
        )

    def own_prefix(self, prefix: str, accessor: str) -> str:
        """A prefix for a child; it suits the prefixes that are proposed for other children."""
        models, name = self.matching.document.models, camel_case(accessor)
        children = (entry.children for p, entry in models.items() if p != prefix)
        plain = name not in models and not any(accessor in each for each in children)
        return name if plain else f"{prefix}{name}"

    def stop(self, path: str, what: Text) -> None:
        self.full = True
        self.too_much(ProblemCode.MODEL_TOO_MANY_NAMES, path, what)

    def too_much(self, code: ProblemCode, path: str, what: Text) -> None:
        if all(problem.code != code for problem in self.problems):
            remedy = _(
                "Let children come without their own children, or take out children and "
                "attributes that nobody needs."
            )
            self.problems.append(Problem(code, "error", path, what, remedy))


def _leads_back(path: str, prefix: str) -> Problem:
    return Problem(
        ProblemCode.CHILD_EMPTY,
        "warning",
        path,
        _("The child leads back to '%(prefix)s' itself, so it gives no values.", prefix=prefix),
        _("Give the child a prefix of its own, or take it out."),
    )


def _nothing_alone(path: str) -> Problem:
    return Problem(
        ProblemCode.CHILD_EMPTY,
        "warning",
        path,
        _(
            "The child comes without its own children and its model tracks no attributes, so it "
            "gives no values."
        ),
        _("Let its own children come with it, or take it out."),
    )


def _two(name: str, first: str, second: str) -> Text:
    if name.endswith("_"):
        return _(
            "Two paths lead to names that start with '%(name)s': %(first)s and %(second)s.",
            name=name,
            first=first,
            second=second,
        )
    return _(
        "Two paths lead to the name '%(name)s': %(first)s and %(second)s.",
        name=name,
        first=first,
        second=second,
    )


def _output(name: str, attribute: MatchedAttribute, path: str) -> Output:
    return Output(name, attribute.facts, attribute.entry.privacy == PSEUDONYMISED, path)


def _query_name(parent: type[Model], child: MatchedChild) -> str:
    if not cache_name(parent, child.accessor):
        return ""
    if child.relation.kind == "reverse one-to-one":
        field: Any = child.relation.field
        return str(field.related_query_name())
    return child.accessor
