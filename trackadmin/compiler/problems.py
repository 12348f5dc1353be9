"""What is wrong with a map on this host, before a publish and after it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain

from django.db import router

from trackadmin.catalog import AttributeFacts, Catalog
from trackadmin.codes import ProblemCode
from trackadmin.compiler import query_tree
from trackadmin.compiler.matching import DRIFT, MatchedAttribute, MatchedModel, Matching
from trackadmin.compiler.plan import Node, plan
from trackadmin.compiler.reserved import ReservedNames, reserved_parameters
from trackadmin.document import validate
from trackadmin.document.structure import UNDECLARED, Document
from trackadmin.exceptions import Problem
from trackadmin.texts import gettext as _


def check(document: Document, catalog: Catalog) -> list[Problem]:
    """Every problem of a map, by itself and on this host, model by model."""
    matching = Matching(document, catalog)
    reserved = ReservedNames(document, partial(_names_of, matching))
    return [
        *validate(document),
        *_problems(matching),
        *reserved_parameters(document, reserved),
    ]


def _names_of(matching: Matching, prefix: str) -> tuple[str, ...]:
    matched = matching.get(prefix)
    return plan(matching, matched).top.names() if matched is not None else ()


def drift(document: Document, catalog: Catalog) -> list[Problem]:
    """The entries of a published map that the host's code or settings no longer have or allow.

    They are left out when the map is compiled.
    """
    return drift_of(Matching(document, catalog))


def drift_of(matching: Matching) -> list[Problem]:
    """As :func:`drift`, for entries that are matched already. This plans no model."""
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
    """The problems that depend on the host; ``of_plan`` gives those of a model's plan.

    Where one prefix would keep two paths apart, they are reported once, however many models they
    start from.
    """
    reported: set[str] = set()
    for prefix in matching.prefixes():
        matched = matching.get(prefix)
        if matched is None:
            yield matching.missing(prefix)
            continue
        yield from matched.problems
        yield from _taken_prefixes(matched, matching)
        yield from _lookups(matched)
        yield from _undeclared(matched)
        for problem in of_plan(matched):
            if problem.code != ProblemCode.NAME_TWO_ROADS:
                yield problem
            elif problem.where not in reported:
                reported.add(problem.where)
                yield problem


def too_wide(top: Node) -> Iterator[Problem]:
    """A warning if one query cannot give all children."""
    tables = sum(query_tree.tables_of(node.model) for node in top.walk())
    columns = sum(len(node.model._meta.concrete_fields) + 1 for node in top.walk())
    if tables <= query_tree.MAX_TABLES and columns <= query_tree.MAX_COLUMNS:
        return
    try:
        found = query_tree.shape_of(top, router.db_for_read(top.model))
    except Exception:  # noqa: BLE001 the host's routers may raise anything
        return
    left = [
        each.node.path for joined in found.walk() for each in joined.loaded if each.too_many_tables
    ]
    if left:
        what = _(
            "It leads to %(tables)s tables, and one query joins at most %(limit)s. Each event "
            "takes more queries, for %(children)s.",
            tables=tables,
            limit=query_tree.MAX_TABLES,
            children=", ".join(left),
        )
        remedy = _("Remove children that nobody needs.")
        yield Problem(ProblemCode.MODEL_TOO_MANY_TABLES, "warning", top.path, what, remedy)


def _taken_prefixes(matched: MatchedModel, matching: Matching) -> Iterator[Problem]:
    for child in matched.children:
        for prefix in (child.prefix, child.former_prefix):
            if matching.owner(prefix) in ("", child.tracked_as):
                continue
            what = _(
                "The prefix '%(prefix)s' of the child belongs to another tracked model.",
                prefix=prefix,
            )
            remedy = _("Give the child a prefix that nothing else has.")
            where = f"{matched.prefix}.{child.accessor}"
            yield Problem(ProblemCode.CHILD_PREFIX_TAKEN, "error", where, what, remedy)


def _lookups(matched: MatchedModel) -> Iterator[Problem]:
    for name in matched.entry.lookups():
        attribute = matched.known.get(name)
        if attribute is not None:
            yield from _lookup(matched, attribute)


def _lookup(matched: MatchedModel, attribute: MatchedAttribute) -> Iterator[Problem]:
    where, is_key = f"{matched.prefix}.{attribute.name}", attribute.name == matched.entry.key
    facts = attribute.facts
    if facts.computed:
        what = _("The attribute is computed, so the database cannot search by it.")
        yield Problem(ProblemCode.LOOKUP_COMPUTED, "error", where, what, _CHOOSE)
    elif not facts.lookupable:
        what = _(
            "A value of the type '%(type)s' cannot be written in a URL and read back exactly.",
            type=facts.type_label,
        )
        yield Problem(ProblemCode.LOOKUP_KIND, "error", where, what, _CHOOSE)
    elif not facts.unique and is_key:
        what = _(
            "The database does not guarantee that '%(name)s' is unique, so it cannot be a key.",
            name=facts.name,
        )
        remedy = _("Choose a unique attribute as the key, or let a developer make this one unique.")
        yield Problem(ProblemCode.KEY_NOT_UNIQUE, "error", where, what, remedy)
    elif not facts.unique:
        yield from _not_unique(where, facts)


def _not_unique(where: str, facts: AttributeFacts) -> Iterator[Problem]:
    what = _(
        "Several objects may have the same '%(name)s'. A URL with it finds none of them then.",
        name=facts.name,
    )
    yield Problem(ProblemCode.LOOKUP_NOT_UNIQUE, "warning", where, what, _CHOOSE)
    if not facts.indexed:
        what = _(
            "'%(name)s' has no index, so each URL that uses it reads the whole table.",
            name=facts.name,
        )
        remedy = _("Ask a developer for an index, or choose another attribute as the lookup.")
        yield Problem(ProblemCode.LOOKUP_NO_INDEX, "warning", where, what, remedy)


def _undeclared(matched: MatchedModel) -> Iterator[Problem]:
    for name, attribute in matched.known.items():
        if attribute.facts.personal and attribute.entry.privacy == UNDECLARED:
            what = _("'%(name)s' looks personal and is sent unchanged.", name=attribute.facts.name)
            remedy = _("Decide how it is sent: unchanged, as a pseudonym, or not at all.")
            where = f"{matched.prefix}.{name}"
            yield Problem(ProblemCode.PRIVACY_UNDECLARED, "warning", where, what, remedy)
    for aggregate in matched.aggregates:
        if aggregate.personal and aggregate.entry.privacy == UNDECLARED:
            what = _("'%(name)s' looks personal and is sent unchanged.", name=aggregate.name)
            remedy = _("Decide how it is sent: unchanged, as a pseudonym, or not at all.")
            where = f"{matched.prefix}.{aggregate.name}"
            yield Problem(ProblemCode.PRIVACY_UNDECLARED, "warning", where, what, remedy)


_CHOOSE = _("Choose a unique number, text or UUID as the lookup.")
