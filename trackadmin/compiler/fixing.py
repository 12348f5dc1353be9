"""What can be put right in a map without asking anybody: each mechanical fix, and what it does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain, count, islice

from trackadmin.catalog import Catalog
from trackadmin.compiler.matching import MatchedChild, MatchedModel, Matching
from trackadmin.compiler.plan import Collision, Plan, children_on, plan
from trackadmin.document.names import LONGEST, camel_case, why_not_a_name
from trackadmin.document.structure import ChildEntry, Document, ModelEntry, in_order

#: The problems of a tracked model that brings too much; a child that comes by itself brings less.
TOO_MUCH = frozenset({"model.too_many_names", "model.too_deep"})
#: What may have a fix here.
FIXABLE = TOO_MUCH | {"name.two_roads", "prefix.taken", "child.not_tracked", "child.gone"}

#: How often prefixes are given and looked at again; a handful is usual.
MOST_ROUNDS = 100

#: A child in the map: the prefix of its tracked model, and its accessor.
Child = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing that was put right: what, where, and in words what is different now."""

    #: ``child.prefix``, ``child.alone``, ``child.removed`` or ``child.renamed``.
    code: str
    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message} [{self.code}]"


def fix(
    document: Document,
    catalog: Catalog,
    *,
    live: Document | None = None,
    adopt: bool = False,
) -> tuple[Document, list[Fix]]:
    """The document with everything mechanical put right, and what that was.

    Children that lead to a name that is taken get a prefix: the accessor in camel case. A child
    whose model is not in the map brings nothing and is taken out. In a tracked model that would
    bring more than ``MAX_NAMES`` some children come by themselves. Names that go out now, by the
    ``live`` document, stay as they are where that can be. The same document always gives the same
    fixes, and a document that was fixed gives none.

    ``adopt`` is for a file that is imported again without the fixes of the last time: what it does
    not say of a child is taken from the live document.
    """
    alone: set[Child] = set()
    while True:
        work = _Work(document, catalog, live or Document(), alone)
        if adopt and work.is_wrong():
            work.adopt()
        work.give_prefixes()
        more = set(work.too_much())
        if not more:
            return work.document, list(_told(document, work))
        # Fewer names come now, so perhaps fewer prefixes are needed: these are given anew.
        alone |= more


class _Work:
    """A document while it is put right."""

    def __init__(
        self, document: Document, catalog: Catalog, live: Document, alone: set[Child]
    ) -> None:
        self.matching, self._live = Matching(document, catalog), live
        #: Children that were named by their column, and the relations they are.
        self.renamed: dict[Child, str] = {}
        #: How many of the names that a child could have were tried.
        self._tried: dict[Child, int] = {}
        self._use_the_relations()
        self._take_out_untracked()
        for child in alone:
            self._change(child, alone=True)

    @property
    def document(self) -> Document:
        """The document as it is by now."""
        return self.matching.document

    def is_wrong(self) -> bool:
        """Whether anything is left to be put right."""
        plans = (plan(self.matching, matched) for matched in _models(self.matching))
        return bool(self._taken()) or any(p.collisions or _is_too_much(p) for p in plans)

    def adopt(self) -> None:
        """Let children be as they are live, where the document says nothing else."""
        for prefix, entry in self.document.models.items():
            live = self._live.models.get(prefix, entry).children
            children = {a: _adopted(child, live.get(a)) for a, child in entry.children.items()}
            if children != entry.children:
                self._replace(prefix, replace(entry, children=children))

    def give_prefixes(self) -> None:
        """Give prefixes until no two roads lead to one name, as far as that can be done."""
        for _ in range(MOST_ROUNDS):
            wrong = self._taken() | self._colliding()
            if not wrong:
                return
            for child in sorted(wrong, key=self._place):
                self._invent(child)

    def too_much(self) -> Iterator[Child]:
        """The children that should come by themselves, so that each tracked model fits."""
        matching = self.matching
        over = [m.prefix for m in _models(matching) if _is_too_much(plan(matching, m))]
        # Those that lead to others which are too much may fit once these do.
        for prefix in sorted(over, key=lambda prefix: self._leads_to(matching, prefix, over)):
            yield from self._cut(prefix)

    def _cut(self, prefix: str) -> Iterator[Child]:
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
        """The children to rename now: those that stand nearest to a tracked model whose names
        collide. A prefix there may part the roads that meet further down."""
        matching = self.matching
        found = [
            (depth, child)
            for matched in _models(matching)
            for collision in plan(matching, matched).collisions
            for depth, child in self._to_rename(matching, matched, collision)
        ]
        nearest = min((depth for depth, _ in found), default=0)
        return {child for depth, child in found if depth == nearest}

    def _to_rename(
        self, matching: Matching, top: MatchedModel, collision: Collision
    ) -> list[tuple[int, Child]]:
        """The children that get a prefix, so that the two roads part, and how far down they are.

        They are the last ones of each road that are not on the other. Those that say a role
        (``billing_address``, ``author``) get it as their prefix, both of them, so that it does not
        depend on their order which one keeps the plain names. One that says the model once more
        (``address``, ``user``) keeps them. Else it is one of the top's own, or the second's.
        """
        roads = [children_on(road, matching, top) for road in (collision.second, collision.first)]
        found = [
            end
            for road, other in (roads, reversed(roads))
            if (end := self._end([(n, c) for n, c in enumerate(road) if c not in other]))
        ]
        roles = [end for end in found if not any(self._dislike(end)[:3])]
        return roles or sorted(found, key=self._dislike)[:1]

    def _end(self, parting: list[tuple[int, Child]]) -> tuple[int, Child] | None:
        """The last of these children, or the last whose names do not go out now."""
        last = parting[-1] if parting else None
        return next((end for end in reversed(parting) if not self._goes_out(end[1])), last)

    def _dislike(self, end: tuple[int, Child]) -> tuple[bool, bool, bool, bool]:
        """What speaks against giving the child another prefix, the gravest first."""
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
        """Of the top's own children the one that brings most; ``None`` where none brings more
        than itself."""
        more = {child.accessor: _below(matching, top, child) for child in top.children}
        largest = max(more, key=lambda accessor: more[accessor], default="")
        return (top.prefix, largest) if more.get(largest) else None

    def _leads_to(self, matching: Matching, prefix: str, over: list[str]) -> int:
        """How many children lead to other models of these."""
        top = matching.get(prefix)
        others = {*over} - {prefix}
        return sum(c.tracked_as in others for c in top.children if not c.alone) if top else 0

    # The document -----------------------------------------------------------------------------

    def _take_out_untracked(self) -> None:
        matching = self.matching
        if not all(entry.model for entry in self.document.models.values()):
            return  # a model of a file that was not found may be the one that is missing
        for prefix, entry in self.document.models.items():
            matched = matching.get(prefix)
            wrong = matched.problems if matched else ()
            gone = {p.where.partition(".")[2] for p in wrong if p.code == "child.not_tracked"}
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


def _is_too_much(made: Plan) -> bool:
    return any(problem.code in TOO_MUCH for problem in made.problems)


def _below(matching: Matching, top: MatchedModel, child: MatchedChild) -> int:
    """How many names and objects come along with this child, without the child's own."""
    made = plan(matching, replace(top, known={}, children=(child,))).top
    return sum(
        len(node.names()) + sum(1 for _ in node.walk())
        for brought in made.children
        for node in brought.children
    )


def _told(before: Document, work: _Work) -> Iterator[Fix]:
    """What is different, in the order of the map."""
    for prefix, entry in in_order(before.models):
        for written, old in in_order(entry.children):
            accessor = work.renamed.get((prefix, written), written)
            where = f"{prefix}.{accessor}"
            new = work.document.models[prefix].children.get(accessor)
            if accessor != written:
                what = f"It is named by its relation in place of its column, {written!r}."
                yield Fix("child.renamed", where, what)
            if new is None:
                yield Fix("child.removed", where, "It is taken out: its model is not in the map.")
                continue
            if new.prefix != old.prefix:
                instead = f" in place of {old.prefix!r}" if old.prefix else ""
                what = f"It gets the prefix {new.prefix!r}{instead}."
                yield Fix("child.prefix", where, what)
            if new.alone != old.alone:
                what = "It comes by itself, without its own children: with them it is too much."
                yield Fix("child.alone", where, what)
