"""The mechanical fixes of a map: changes that need no decision by a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, count, islice

from trackadmin.catalog import Catalog
from trackadmin.codes import ProblemCode
from trackadmin.compiler.fix_list import Child, Fix, differences
from trackadmin.compiler.matching import MatchedChild, MatchedModel, Matching
from trackadmin.compiler.plan import Collision, Plan, children_on, plan
from trackadmin.document.names import LONGEST, camel_case, why_not_a_name
from trackadmin.document.structure import ChildEntry, Document, ModelEntry

#: The problems of a tracked model with too many names or objects. A child that comes alone, without
#: its own children, brings fewer.
TOO_MUCH = frozenset({ProblemCode.MODEL_TOO_MANY_NAMES, ProblemCode.MODEL_TOO_DEEP})
#: The problems that may have a fix here.
FIXABLE = TOO_MUCH | {
    ProblemCode.NAME_TWO_ROADS,
    ProblemCode.CHILD_PREFIX_TAKEN,
    ProblemCode.CHILD_NOT_TRACKED,
    ProblemCode.CHILD_GONE,
}

#: How often prefixes are given and checked again; a handful of rounds is usual.
MOST_ROUNDS = 100


def fix(
    document: Document,
    catalog: Catalog,
    *,
    live: Document | None = None,
    adopt: bool = False,
) -> tuple[Document, list[Fix]]:
    """The document with all mechanical fixes, and the list of these fixes.

    Children that lead to a name that is taken get a prefix: the accessor in camel case. A child
    whose model is not in the map gives nothing and is removed. In a tracked model that would
    give more than ``MAX_NAMES`` names, some children come alone. Names that go out now, by the
    ``live`` document, stay the same where possible. The same document always gives the same
    fixes, and a fixed document gives none.

    ``adopt`` is for a file that is imported again without its last fixes: what it does not say
    about a child is taken from the live document.
    """
    alone: set[Child] = set()
    while True:
        work = _Work(document, catalog, live or Document(), alone)
        if adopt and work.has_errors():
            work.adopt()
        work.give_prefixes()
        more = set(work.too_much())
        if not more:
            return work.document, list(differences(document, work.document, work.renamed))
        # There are fewer names now, and perhaps fewer prefixes are needed: start again.
        alone |= more


class _Work:
    """A document while it is being fixed."""

    def __init__(
        self, document: Document, catalog: Catalog, live: Document, alone: set[Child]
    ) -> None:
        self.matching, self._live = Matching(document, catalog), live
        #: Children that were named by their column, and the accessors of their relations.
        self.renamed: dict[Child, str] = {}
        #: How many candidates for a child's prefix were tried.
        self._tried: dict[Child, int] = {}
        self._use_the_relations()
        self._take_out_untracked()
        for child in alone:
            self._change(child, alone=True)

    @property
    def document(self) -> Document:
        """The document as fixed so far."""
        return self.matching.document

    def has_errors(self) -> bool:
        """Whether anything is left to fix."""
        plans = (plan(self.matching, matched) for matched in _models(self.matching))
        return bool(self._taken()) or any(p.collisions or _is_too_much(p) for p in plans)

    def adopt(self) -> None:
        """Treat children as the live document does, where this document says nothing."""
        for prefix, entry in self.document.models.items():
            live = self._live.models.get(prefix, entry).children
            children = {a: _adopted(child, live.get(a)) for a, child in entry.children.items()}
            if children != entry.children:
                self._replace(prefix, replace(entry, children=children))

    def give_prefixes(self) -> None:
        """Give prefixes until no two paths lead to one name, as far as that is possible."""
        for _round in range(MOST_ROUNDS):
            wrong = self._taken() | self._colliding()
            if not wrong:
                return
            for child in sorted(wrong, key=self._place):
                self._invent(child)

    def too_much(self) -> Iterator[Child]:
        """The children that should come alone, so that each tracked model fits its limits."""
        matching = self.matching
        over = [m.prefix for m in _models(matching) if _is_too_much(plan(matching, m))]
        # A model that leads to others with too much may fit once the others do.
        for prefix in sorted(over, key=lambda prefix: self._leads_to(matching, prefix, over)):
            yield from self._reduce(prefix)

    def _reduce(self, prefix: str) -> Iterator[Child]:
        while True:
            matching = self.matching
            top = matching.get(prefix)
            if top is None or not _is_too_much(plan(matching, top)):
                return
            child = self._largest(matching, top)
            if child is None:
                return
            self._change(child, alone=True)
            yield child

    # Prefixes ---------------------------------------------------------------------------------

    def _taken(self) -> set[Child]:
        models = self.document.models
        return {
            (matched.prefix, child.accessor)
            for matched in _models(self.matching)
            for child in matched.children
            if child.prefix != child.tracked_as and child.prefix in models
        }

    def _colliding(self) -> set[Child]:
        """The children to rename now: those nearest to a tracked model whose names collide.

        A prefix there may also separate paths that meet further down.
        """
        matching = self.matching
        candidates = [
            (depth, child)
            for matched in _models(matching)
            for collision in plan(matching, matched).collisions
            if not collision.former
            for depth, child in self._to_rename(matching, matched, collision)
        ]
        nearest = min((depth for depth, _child in candidates), default=0)
        return {child for depth, child in candidates if depth == nearest}

    def _to_rename(
        self, matching: Matching, top: MatchedModel, collision: Collision
    ) -> list[tuple[int, Child]]:
        """The children that get a prefix to separate the two paths, and their depths.

        They are the last ones of each path that are not on the other. Children that name a role
        (``billing_address``, ``author``) get it as their prefix. Both of them do, so that the
        result does not depend on their order. A child that repeats the model's name (``address``,
        ``user``) keeps the plain names. Otherwise one of the top's own children gets the prefix,
        or the child of the second path.
        """
        paths = [children_on(path, matching, top) for path in (collision.second, collision.first)]
        ends = [
            end
            for path, other in (paths, reversed(paths))
            if (end := self._end([(n, c) for n, c in enumerate(path) if c not in other]))
        ]
        roles = [end for end in ends if not any(self._objections(end)[:3])]
        return roles or sorted(ends, key=self._objections)[:1]

    def _end(self, steps: list[tuple[int, Child]]) -> tuple[int, Child] | None:
        """The last of these children whose names do not go out now, or else the last one."""
        last = steps[-1] if steps else None
        return next((end for end in reversed(steps) if not self._goes_out(end[1])), last)

    def _objections(self, end: tuple[int, Child]) -> tuple[bool, bool, bool, bool]:
        """The reasons against giving the child another prefix, the strongest first."""
        depth, child = end
        has = bool(self._entry(child).prefix)
        given = has and child not in self._tried
        says_the_model = camel_case(child[1]) in self.document.models
        return given, self._goes_out(child), has or says_the_model, depth > 0

    def _goes_out(self, child: Child) -> bool:
        """Whether the child is live under its model's own prefix, and so under plain names."""
        return not self._entry(child).prefix and self._live_prefix(child) == ""

    def _live_prefix(self, child: Child) -> str | None:
        """The child's prefix in the live document; ``None`` where it is not in it."""
        entry = self._live.models.get(child[0])
        found = entry.children.get(child[1]) if entry else None
        return None if found is None else found.prefix

    def _invent(self, child: Child) -> None:
        tried = self._tried.get(child, 0)
        candidates = chain([self._live_prefix(child) or ""], _candidates(child))
        for number, name in islice(enumerate(candidates, 1), tried, None):
            self._tried[child] = number
            if not why_not_a_name(name) and name not in self.document.models:
                self._change(child, prefix=name)
                return

    # Too much ---------------------------------------------------------------------------------

    def _largest(self, matching: Matching, top: MatchedModel) -> Child | None:
        """The top's own child that brings most; ``None`` where each brings only itself."""
        more = {child.accessor: _below(matching, top, child) for child in top.children}
        largest = max(more, key=lambda accessor: more[accessor], default="")
        return (top.prefix, largest) if more.get(largest) else None

    def _leads_to(self, matching: Matching, prefix: str, over: list[str]) -> int:
        """How many children lead to another of these models."""
        top = matching.get(prefix)
        others = {*over} - {prefix}
        return sum(c.tracked_as in others for c in top.children if not c.alone) if top else 0

    # The document -----------------------------------------------------------------------------

    def _take_out_untracked(self) -> None:
        matching = self.matching
        if not all(entry.model for entry in self.document.models.values()):
            return  # a model that was not found may be the one that is missing
        for prefix, entry in self.document.models.items():
            matched = matching.get(prefix)
            wrong = matched.problems if matched else ()
            gone = {
                p.where.partition(".")[2] for p in wrong if p.code == ProblemCode.CHILD_NOT_TRACKED
            }
            if gone:
                children = {a: c for a, c in entry.children.items() if a not in gone}
                self._replace(prefix, replace(entry, children=children))

    def _use_the_relations(self) -> None:
        """A child that is named by its column (``buyer_id``) is the relation ``buyer``."""
        for prefix, entry in self.document.models.items():
            facts = self.matching.catalog.get(entry.model)
            columns = {
                getattr(r.field, "attname", ""): accessor
                for accessor, r in (facts.relations if facts else {}).items()
                if r.kind != "reverse one-to-one" and accessor not in entry.children
            }
            wrong = [a for a in entry.children if facts and a not in facts.relations]
            for accessor in (a for a in wrong if a in columns):
                self.renamed[prefix, accessor] = columns[accessor]
            if any(accessor in columns for accessor in wrong):
                children = {columns.get(a, a): child for a, child in entry.children.items()}
                self._replace(prefix, replace(entry, children=children))

    def _entry(self, child: Child) -> ChildEntry:
        return self.document.models[child[0]].children[child[1]]

    def _place(self, child: Child) -> tuple[int, str, int, str]:
        entry = self.document.models[child[0]]
        return entry.position, child[0], self._entry(child).position, child[1]

    def _change(self, child: Child, **fields: object) -> None:
        entry = self.document.models[child[0]]
        changed = replace(self._entry(child), **fields)  # type: ignore[arg-type]
        self._replace(child[0], replace(entry, children={**entry.children, child[1]: changed}))

    def _replace(self, prefix: str, entry: ModelEntry) -> None:
        self.matching = self.matching.with_entry(prefix, entry)


def _adopted(child: ChildEntry, live: ChildEntry | None) -> ChildEntry:
    if live is None:
        return child
    return replace(child, prefix=child.prefix or live.prefix, alone=child.alone or live.alone)


def _models(matching: Matching) -> list[MatchedModel]:
    found = (matching.get(prefix) for prefix in matching.prefixes())
    return [matched for matched in found if matched is not None]


def _candidates(child: Child) -> Iterator[str]:
    """The prefixes that a child could have, the best first."""
    prefix, name = child[0], camel_case(child[1])
    numbered = (f"{(prefix + name)[: LONGEST - len(str(n))]}{n}" for n in count(2))
    return chain([name, prefix + name], numbered)


def _is_too_much(planned: Plan) -> bool:
    return any(problem.code in TOO_MUCH for problem in planned.problems)


def _below(matching: Matching, top: MatchedModel, child: MatchedChild) -> int:
    """How many names and objects this child's own children bring."""
    planned = plan(matching, replace(top, known={}, aggregates=(), children=(child,))).top
    return sum(
        len(grandchild.names()) + len([*grandchild.walk()])
        for node in planned.children
        for grandchild in node.children
    )
