"""What is wrong with a map, as the host stands: before a publish, and ever after."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from django.db import router

from trackadmin.catalog import Catalog
from trackadmin.compiler import query_tree
from trackadmin.compiler.matching import DRIFT, MatchedAttribute, MatchedModel, Matching
from trackadmin.compiler.plan import Node, plan
from trackadmin.document import validate
from trackadmin.document.structure import UNDECLARED, Document, in_order
from trackadmin.exceptions import Problem


def check(document: Document, catalog: Catalog) -> list[Problem]:
    """Everything that is wrong with a map, by itself and on this host, model by model."""
    return [*validate(document), *_problems(Matching(document, catalog))]


def drift(document: Document, catalog: Catalog) -> list[Problem]:
    """Of a published map, what the host's code or settings no longer have or allow.

    These entries are left out when the map is compiled.
    """
    return drift_of(Matching(document, catalog))


def drift_of(matching: Matching) -> list[Problem]:
    """As :func:`drift`, for entries that are matched already. No model is planned for it."""
    return [problem for problem in host_problems(matching, _no_plan) if problem.code in DRIFT]


def _no_plan(matched: MatchedModel) -> Iterable[Problem]:
    return ()


def _problems(matching: Matching) -> Iterator[Problem]:
    def of_plan(matched: MatchedModel) -> Iterator[Problem]:
        made = plan(matching, matched)
        return chain(made.problems, too_wide(made.top))

    return host_problems(matching, of_plan)


def host_problems(
    matching: Matching, of_plan: Callable[[MatchedModel], Iterable[Problem]]
) -> Iterator[Problem]:
    """What takes the host to know; ``of_plan`` gives what is wrong with a model's plan.

    Two roads that one prefix would part are told once, however many models they begin at.
    """
    parted: set[str] = set()
    for prefix, _ in in_order(matching.document.models):
        matched = matching.get(prefix)
        if matched is None:
            yield matching.missing(prefix)
            continue
        yield from matched.problems
        yield from _taken_prefixes(matched, matching)
        yield from _lookups(matched)
        yield from _undeclared(matched)
        for problem in of_plan(matched):
            if problem.code != "name.two_roads":
                yield problem
            elif problem.where not in parted:
                parted.add(problem.where)
                yield problem


def too_wide(top: Node) -> Iterator[Problem]:
    """A warning where one query cannot give all that comes along."""
    tables = sum(query_tree.tables_of(node.model) for node in top.walk())
    columns = sum(len(node.model._meta.concrete_fields) + 1 for node in top.walk())
    if tables <= query_tree.MAX_TABLES and columns <= query_tree.MAX_COLUMNS:
        return
    try:
        found = query_tree.cut(top, router.db_for_read(top.model))
    except Exception:  # noqa: BLE001 the host's routers may raise anything
        return
    left = [
        each.node.road
        for joined in found.walk()
        for each in joined.loaded
        if each.why == query_tree.TOO_MANY
    ]
    if left:
        what = (
            f"It leads to {tables} tables, and one query joins {query_tree.MAX_TABLES} at most. "
            f"Each event takes more queries, for {', '.join(left)}."
        )
        fix = "Take out children that nobody needs."
        yield Problem("model.too_many_tables", "warning", top.road, what, fix)


def _taken_prefixes(matched: MatchedModel, matching: Matching) -> Iterator[Problem]:
    for child in matched.children:
        if child.prefix != child.tracked_as and child.prefix in matching.document.models:
            what = f"The prefix {child.prefix!r} of the child belongs to another tracked model."
            fix = "Give the child a prefix that nothing else has."
            where = f"{matched.prefix}.{child.accessor}"
            yield Problem("prefix.taken", "error", where, what, fix)


def _lookups(matched: MatchedModel) -> Iterator[Problem]:
    for name in matched.entry.lookups():
        attribute = matched.known.get(name)
        if attribute is not None:
            yield from _lookup(matched, attribute)


def _lookup(matched: MatchedModel, attribute: MatchedAttribute) -> Iterator[Problem]:
    where, is_key = f"{matched.prefix}.{attribute.name}", attribute.name == matched.entry.key
    facts = attribute.facts
    if facts.computed:
        what = "It is computed, and the database cannot look for it."
        yield Problem("lookup.computed", "error", where, what, _CHOOSE)
    elif not facts.lookupable:
        what = f"Its kind, {facts.type_label!r}, cannot be written in a URL and read back exactly."
        yield Problem("lookup.kind", "error", where, what, _CHOOSE)
    elif not facts.unique and is_key:
        what = f"The database does not prove that {facts.name!r} is unique, so it cannot be a key."
        fix = "Choose a unique attribute as the key, or let a developer make this one unique."
        yield Problem("key.not_unique", "error", where, what, fix)
    elif not facts.unique:
        what = f"Several objects may share one {facts.name!r}; then a URL finds none of them."
        yield Problem("lookup.not_unique", "warning", where, what, _CHOOSE)
        if not facts.indexed:
            what = f"{facts.name!r} has no index, so each URL that uses it reads the whole table."
            fix = "Ask a developer for an index, or choose another attribute as the lookup."
            yield Problem("lookup.no_index", "warning", where, what, fix)


def _undeclared(matched: MatchedModel) -> Iterator[Problem]:
    for name, attribute in matched.known.items():
        if attribute.facts.personal and attribute.entry.privacy == UNDECLARED:
            what = f"{attribute.facts.name!r} looks personal, and goes out as it is."
            fix = "Decide how it goes out: as it is, as a pseudonym, or not at all."
            where = f"{matched.prefix}.{name}"
            yield Problem("privacy.undeclared", "warning", where, what, fix)


_CHOOSE = "Choose a unique number, text or UUID as the lookup."
