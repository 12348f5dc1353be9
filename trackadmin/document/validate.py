"""The problems of a document that can be found without the host's models."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from trackadmin.codes import ProblemCode
from trackadmin.document.action_rules import action_name_problems, action_problems
from trackadmin.document.aggregate_rules import aggregate_problems
from trackadmin.document.grace import grace_problems, sent_names
from trackadmin.document.names import is_label
from trackadmin.document.reading import at, shown
from trackadmin.document.structure import (
    DROPPED,
    PSEUDONYMISED,
    TRACKED,
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    in_order,
)
from trackadmin.document.value_rules import (
    decision_problem,
    name_problem,
    one_of,
    owner_problem,
    position_problem,
    privacy_problem,
    text_problem,
)
from trackadmin.exceptions import Problem
from trackadmin.texts import gettext as _


def validate(document: Document) -> list[Problem]:
    """Every problem that can be found without the host's models."""
    return name_problems(document) + rule_problems(document)


def rule_problems(document: Document) -> list[Problem]:
    """The problems of :func:`validate` that :func:`name_problems` does not give."""
    problems: list[Problem] = []
    for prefix, entry in in_order(document.models):
        problems += _lookup_problems(prefix, entry)
    problems += _models_twice(document)
    problems += _names_twice(document)
    problems += action_problems(document)
    problems += grace_problems(document)
    return problems


def name_problems(document: Document) -> list[Problem]:
    """Names and values that no map may have. A document with one of them is not loaded."""
    return [
        problem
        for prefix, entry in in_order(document.models)
        for problem in entry_problems(prefix, entry)
    ] + [*action_name_problems(document)]


def entry_problems(prefix: str, entry: ModelEntry) -> Iterator[Problem]:
    """Names and values of one tracked model that no map may have."""
    where = at("", prefix)
    yield from name_problem("prefix", prefix, where)
    if not is_label(entry.model):
        what = _("%(model)s is not the label of a model.", model=shown(entry.model))
        remedy = _('Give its app and its class in lower case, such as "shop.order".')
        yield Problem(ProblemCode.MODEL_INVALID, "error", where, what, remedy)
    yield from owner_problem(entry.owner, where)
    if entry.key:
        yield from name_problem("key", entry.key, where)
    if entry.former_prefix:
        yield from name_problem("prefix", entry.former_prefix, where)
    yield from position_problem(entry.position, where)
    yield from text_problem(entry.owner + entry.description, where)
    for name, attribute in in_order(entry.attributes):
        yield from _attribute(name, attribute, at(where, name))
    for accessor, child in in_order(entry.children):
        yield from _child(accessor, child, at(where, accessor))
    for name, aggregate in in_order(entry.aggregates):
        yield from aggregate_problems(name, aggregate, at(where, name))


def _attribute(name: str, attribute: AttributeEntry, where: str) -> Iterator[Problem]:
    yield from name_problem("attribute", name, where)
    if attribute.source != name:
        yield from name_problem("source", attribute.source, where)
    yield from decision_problem(attribute.decision, where)
    yield from privacy_problem(attribute.privacy, where)
    yield from position_problem(attribute.position, where)
    yield from text_problem(attribute.description, where)


def _child(accessor: str, child: ChildEntry, where: str) -> Iterator[Problem]:
    yield from name_problem("child", accessor, where)
    for prefix in (child.prefix, child.former_prefix):
        if prefix:
            yield from name_problem("prefix", prefix, where)
    yield from position_problem(child.position, where)


def _lookup_problems(prefix: str, entry: ModelEntry) -> Iterator[Problem]:
    where = at("", prefix)
    if entry.key and entry.key not in entry.attributes:
        what = _("The key %(name)s is not one of its attributes.", name=shown(entry.key))
        names = _trackable(entry)
        remedy = one_of(names) if names else _("Add an attribute first, then choose it.")
        yield Problem(ProblemCode.KEY_UNKNOWN, "error", where, what, remedy)
    used = {n: a for n, a in entry.attributes.items() if a.lookup or n == entry.key}
    for name, attribute in in_order(used):
        if name == entry.key:
            yield from _key_in_clear(name, attribute, where)
        else:
            yield from _lookup_in_clear(name, attribute, at(where, name))
    if not (entry.attributes or entry.children or entry.aggregates):
        what = _("It tracks nothing.")
        remedy = _("Add an attribute, a child or a count, or remove it.")
        yield Problem(ProblemCode.MODEL_EMPTY, "warning", where, what, remedy)


def _trackable(entry: ModelEntry) -> list[str]:
    return [name for name, a in in_order(entry.attributes) if a.decision == TRACKED]


def _key_in_clear(name: str, attribute: AttributeEntry, where: str) -> Iterator[Problem]:
    if attribute.decision != TRACKED:
        what = _("The key %(name)s is ignored, so no URL can use it.", name=shown(name))
        remedy = _("Track the attribute, or remove the key.")
        yield Problem(ProblemCode.KEY_IGNORED, "error", where, what, remedy)
    if attribute.privacy in _KEY_IN_CLEAR:
        what = replace(_KEY_IN_CLEAR[attribute.privacy], values={"name": shown(name)})
        yield Problem(ProblemCode.KEY_PERSONAL, "error", where, what, _SEND_OR_CHOOSE)


def _lookup_in_clear(name: str, attribute: AttributeEntry, where: str) -> Iterator[Problem]:
    if attribute.decision != TRACKED:
        what = _("The lookup %(name)s is ignored, so no URL can use it.", name=shown(name))
        remedy = _("Track the attribute, or remove the lookup.")
        yield Problem(ProblemCode.LOOKUP_IGNORED, "error", where, what, remedy)
    if attribute.privacy in _LOOKUP_IN_CLEAR:
        what = replace(_LOOKUP_IN_CLEAR[attribute.privacy], values={"name": shown(name)})
        yield Problem(ProblemCode.LOOKUP_PERSONAL, "error", where, what, _SEND_OR_CHOOSE)


#: By privacy.
_KEY_IN_CLEAR = {
    PSEUDONYMISED: _("The key %(name)s is pseudonymised, but URLs show it in clear."),
    DROPPED: _("The key %(name)s is dropped, but URLs show it in clear."),
}
_LOOKUP_IN_CLEAR = {
    PSEUDONYMISED: _("The lookup %(name)s is pseudonymised, but URLs show it in clear."),
    DROPPED: _("The lookup %(name)s is dropped, but URLs show it in clear."),
}
_SEND_OR_CHOOSE = _("Send it as it is, or choose another attribute.")


def _models_twice(document: Document) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for prefix, entry in in_order(document.models):
        other = first.setdefault(entry.model, prefix)
        if other != prefix:
            what = _(
                "The model %(model)s is already tracked as %(prefix)s.",
                model=shown(entry.model),
                prefix=shown(other),
            )
            remedy = _("Track a model once in a map; a second map can track it differently.")
            yield Problem(ProblemCode.MODEL_TWICE, "error", at("", prefix), what, remedy)


def _starts_of_others(prefixes: Collection[str]) -> set[str]:
    """The prefixes that can make one name with different attributes: ``Big`` and ``Big_box``."""
    found: set[str] = set()
    for prefix in prefixes:
        ends = (end for end, letter in enumerate(prefix) if letter == "_")
        starts = {prefix[:end] for end in ends if prefix[:end] in prefixes}
        if starts:
            found |= {prefix, *starts}
    return found


def _names_twice(document: Document) -> Iterator[Problem]:
    places: dict[str, tuple[str, str]] = {}
    alike = _starts_of_others(document.models)
    for prefix, entry in in_order(document.models):
        for name in sent_names(entry) if prefix in alike else ():
            first = places.setdefault(f"{prefix}_{name}", (prefix, name))
            if first != (prefix, name):
                one, other = at(at("", first[0]), first[1]), at(at("", prefix), name)
                what = _(
                    "%(one)s and %(other)s both give the name %(name)s.",
                    one=one,
                    other=other,
                    name=shown(f"{prefix}_{name}"),
                )
                remedy = _("Change one of the prefixes, or the name of one of the attributes.")
                yield Problem(ProblemCode.NAME_TWICE, "error", other, what, remedy)
        for name in entry.aggregates.keys() & entry.attributes.keys():
            what = _("%(name)s is an attribute and a count or sum.", name=shown(name))
            remedy = _("Give one of the two another name.")
            yield Problem(ProblemCode.NAME_TWICE, "error", at(at("", prefix), name), what, remedy)
