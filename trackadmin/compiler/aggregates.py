"""Counts and sums of a document, each matched with what the host offers for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trackadmin.catalog import (
    AttributeFacts,
    Catalog,
    CollectionFacts,
    Kind,
    ModelFacts,
    condition_value,
    why_not_by,
    why_not_condition,
    why_not_for,
)
from trackadmin.codes import ProblemCode
from trackadmin.document.aggregate_rules import aggregate_problems
from trackadmin.document.structure import (
    COUNT,
    DISTINCT,
    LATEST,
    TRACKED,
    AggregateEntry,
    ModelEntry,
    in_order,
)
from trackadmin.exceptions import Problem
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


@dataclass(frozen=True, slots=True)
class MatchedAggregate:
    """A count or sum that the host offers, with what is known about it."""

    name: str
    entry: AggregateEntry
    collection: CollectionFacts
    #: The field that the function takes, and the one that finds the newest object.
    field: AttributeFacts | None
    by: AttributeFacts | None
    #: The conditions: columns, and values of their fields.
    where: tuple[tuple[str, object], ...]
    #: The facts of the fields that are compared.
    compared: tuple[AttributeFacts, ...]

    @property
    def kind(self) -> Kind:
        """The kind of the result."""
        counts = self.entry.function in (COUNT, DISTINCT)
        return Kind.INTEGER if counts or self.field is None else self.field.kind

    @property
    def personal(self) -> bool:
        """A guess that the result says something about a person: it is one object's value."""
        counts = self.entry.function in (COUNT, DISTINCT)
        return not counts and self.field is not None and self.field.personal


class _Wrong(Exception):
    """A count or sum cannot be used."""

    def __init__(self, code: ProblemCode, what: Text, remedy: Text) -> None:
        super().__init__(code, what, remedy)
        self.code, self.what, self.remedy = code, what, remedy


def matched_aggregates(
    prefix: str, entry: ModelEntry, facts: ModelFacts, catalog: Catalog, problems: list[Problem]
) -> Iterator[MatchedAggregate]:
    """The tracked counts and sums of a tracked model, in order; what is wrong is reported."""
    for name, aggregate in in_order(entry.aggregates):
        # What an entry lacks or has too much is a problem of the document alone.
        if aggregate.decision != TRACKED or any(aggregate_problems(name, aggregate, "")):
            continue
        try:
            yield _matched(name, aggregate, facts, catalog)
        except _Wrong as wrong:
            where = f"{prefix}.{name}"
            problems.append(Problem(wrong.code, "error", where, wrong.what, wrong.remedy))


def _matched(
    name: str, entry: AggregateEntry, facts: ModelFacts, catalog: Catalog
) -> MatchedAggregate:
    collection = _collection(entry.relation, facts)
    target = catalog.get(collection.target)
    if target is None:  # the collection would have been refused
        raise _gone(entry.relation, facts)
    function, field, by = entry.function, None, None
    if function != COUNT:
        field = _field_of(target, entry.field, lambda facts: why_not_for(function, facts))
    if function == LATEST:
        by = _field_of(target, entry.by, why_not_by)
    conditions = [
        (_field_of(target, source, why_not_condition), value)
        for source, value in entry.where.items()
    ]
    where = tuple((facts.attname, _as_held(facts, value)) for facts, value in conditions)
    compared = tuple(facts for facts, _value in conditions)
    return MatchedAggregate(name, entry, collection, field, by, where, compared)


def _collection(accessor: str, facts: ModelFacts) -> CollectionFacts:
    found = facts.collection(accessor)
    if found is None:
        raise _gone(accessor, facts)
    if found.refused is not None:
        name = f"{facts.cased_label}.{accessor}"
        what = _("%(name)s may not be used. %(reason)s", name=name, reason=found.refused)
        raise _Wrong(ProblemCode.AGGREGATE_REFUSED, what, _BRING_BACK)
    return found


def _gone(accessor: str, facts: ModelFacts) -> _Wrong:
    what = _(
        "%(model)s has no relation '%(name)s' that holds many objects.",
        model=facts.cased_label,
        name=accessor,
    )
    if not facts.collections:
        remedy = _("Remove the count or sum: the model has no relation that may be used.")
    else:
        remedy = _(
            "Remove the count or sum, or choose one of these relations: %(relations)s.",
            relations=", ".join(facts.collections),
        )
    return _Wrong(ProblemCode.AGGREGATE_GONE, what, remedy)


def _field_of(
    target: ModelFacts, source: str, why_not: Callable[[AttributeFacts], Text | None]
) -> AttributeFacts:
    """The facts of a field of the related model that can be used."""
    facts, name = target.attribute(source), f"{target.cased_label}.{source}"
    if facts is None:
        what = _("%(model)s has no field '%(name)s'.", model=target.cased_label, name=source)
        raise _Wrong(ProblemCode.AGGREGATE_FIELD_GONE, what, _choose(target, why_not))
    if facts.refused is not None:
        what = _("%(name)s may not be used. %(reason)s", name=name, reason=facts.refused)
        raise _Wrong(ProblemCode.AGGREGATE_REFUSED, what, _BRING_BACK)
    if (reason := why_not(facts)) is not None:
        what = _("%(name)s cannot be used. %(reason)s", name=name, reason=reason)
        raise _Wrong(ProblemCode.AGGREGATE_KIND, what, _choose(target, why_not))
    return facts


def _choose(target: ModelFacts, why_not: Callable[[AttributeFacts], Text | None]) -> Text:
    fitting = [each.name for each in target.attributes.values() if why_not(each) is None]
    if not fitting:
        return _("Remove the count or sum: no field of the related model can be used for it.")
    return _("Choose one of these fields: %(fields)s.", fields=", ".join(fitting))


def _as_held(facts: AttributeFacts, value: object) -> object:
    try:
        return condition_value(facts, value)
    except ValueError as error:
        what = _(
            "'%(name)s' cannot be compared with %(value)s.",
            name=facts.name,
            value=repr(value)[:50],
        )
        remedy = _takes(facts)
        raise _Wrong(ProblemCode.AGGREGATE_VALUE, what, remedy) from error


def _takes(facts: AttributeFacts) -> Text:
    match facts.kind:
        case Kind.BOOLEAN:
            return _("Give true or false.")
        case Kind.INTEGER:
            return _("Give a whole number that the column can hold.")
        case Kind.UUID:
            return _("Give a UUID as text, written 8-4-4-4-12.")
    return _("Give a text that the column can hold.")


_BRING_BACK = _("Remove the count or sum from the map, or let a developer bring it back.")
