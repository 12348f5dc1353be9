"""What is wrong with a map on this host, before a publish and after it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from functools import partial
from itertools import chain

from django.db import router

from trackadmin.catalog import AttributeFacts, Catalog
from trackadmin.codes import ProblemCode
from trackadmin.compiler import query_tree
from trackadmin.compiler.matching import DRIFT, MatchedAttribute, MatchedModel, Matching
from trackadmin.compiler.plan import Node, plan
from trackadmin.compiler.reserved import ReservedNames, reserved_parameters
from trackadmin.document import entry_problems, rule_problems
from trackadmin.document.action_rules import action_name_problems
from trackadmin.document.structure import UNDECLARED, Document, ModelEntry, in_order
from trackadmin.exceptions import Problem
from trackadmin.texts import gettext as _


def check(document: Document, catalog: Catalog) -> list[Problem]:
    """Every problem of a map, by itself and on this host, model by model."""
    return Checked(document, catalog).problems


class Checked:
    """A document that was checked, with what was found of each tracked model.

    ``before`` is another document that was checked, with the same catalog. What only depends on
    entries that are the same in both is taken from there; ``changed`` are the other prefixes.
    """

    def __init__(
        self,
        document: Document,
        catalog: Catalog,
        before: Checked | None = None,
        changed: Collection[str] = (),
    ) -> None:
        self.document = document
        matching = Matching(document, catalog)
        known = before if before and _same_outline(before.document, document, changed) else None
        again = _leading_to(changed, matching) if known else set[str]()
        of_plan = _of_plan(matching)
        self._names: dict[str, tuple[Problem, ...]] = {}
        self._host: dict[str, tuple[Problem, ...]] = {}
        for prefix, entry in in_order(document.models):
            self._names[prefix] = (
                known._names[prefix]
                if known and prefix not in changed
                else tuple(entry_problems(prefix, entry))
            )
            self._host[prefix] = (
                known._host[prefix]
                if known and prefix not in again
                else tuple(_host_problems_of(prefix, matching, of_plan))
            )
        reserved = ReservedNames(document, partial(_names_of, matching))
        #: What ``validate`` gives.
        self.validated = [
            *chain.from_iterable(self._names.values()),
            *action_name_problems(document),
            *rule_problems(document),
        ]
        self.problems = [
            *self.validated,
            *_told_once(chain.from_iterable(self._host.values())),
            *reserved_parameters(document, reserved),
        ]


def _names_of(matching: Matching, prefix: str) -> tuple[str, ...]:
    matched = matching.get(prefix)
    return plan(matching, matched).top.names() if matched is not None else ()


def _same_outline(one: Document, other: Document, changed: Collection[str]) -> bool:
    """Whether both track the same models under the same prefixes, with the same children."""
    return one.models.keys() == other.models.keys() and all(
        _outline(one.models[prefix]) == _outline(other.models[prefix]) for prefix in changed
    )


def _outline(entry: ModelEntry) -> tuple[object, ...]:
    return entry.model, entry.former_prefix, entry.until, entry.children


def _leading_to(changed: Collection[str], matching: Matching) -> set[str]:
    """The tracked models whose plans these are part of."""
    above: dict[str, set[str]] = {}
    for prefix, entry in matching.document.models.items():
        for accessor in entry.children:
            above.setdefault(matching.tracked_as(entry.model, accessor), set()).add(prefix)
    found, ahead = set[str](), [*changed]
    while ahead:
        prefix = ahead.pop()
        if prefix not in found:
            found.add(prefix)
            ahead += above.get(prefix, ())
    return found


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


def _of_plan(matching: Matching) -> Callable[[MatchedModel], Iterable[Problem]]:
    def of_plan(matched: MatchedModel) -> Iterator[Problem]:
        made = plan(matching, matched)
        return chain(made.problems, too_wide(made.top))

    return of_plan


def host_problems(
    matching: Matching, of_plan: Callable[[MatchedModel], Iterable[Problem]]
) -> Iterator[Problem]:
    """The problems that depend on the host; ``of_plan`` gives those of a model's plan.

    Where one prefix would keep two paths apart, they are reported once, however many models they
    start from.
    """
    found = (_host_problems_of(prefix, matching, of_plan) for prefix in matching.prefixes())
    return _told_once(chain.from_iterable(found))


def _host_problems_of(
    prefix: str, matching: Matching, of_plan: Callable[[MatchedModel], Iterable[Problem]]
) -> Iterator[Problem]:
    matched = matching.get(prefix)
    if matched is None:
        yield matching.missing(prefix)
        return
    yield from matched.problems
    yield from _taken_prefixes(matched, matching)
    yield from _lookups(matched)
    yield from _undeclared(matched)
    yield from of_plan(matched)


def _told_once(problems: Iterable[Problem]) -> Iterator[Problem]:
    reported: set[str] = set()
    for problem in problems:
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
