"""A document's entries, each matched with what the host offers for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from django.db.models import Model
from django.utils.functional import cached_property

from trackadmin.catalog import AttributeFacts, Catalog, ModelFacts, RelationFacts, model_of
from trackadmin.codes import ProblemCode
from trackadmin.compiler.aggregates import MatchedAggregate, matched_aggregates
from trackadmin.compiler.personal_names import PersonalNames
from trackadmin.document.structure import (
    DROPPED,
    TRACKED,
    AttributeEntry,
    Document,
    ModelEntry,
    in_order,
)
from trackadmin.exceptions import Problem
from trackadmin.texts import gettext as _

#: The problems of an entry that the host's code no longer has, or its settings no longer allow.
DRIFT = frozenset(
    {
        ProblemCode.MODEL_GONE,
        ProblemCode.MODEL_REFUSED,
        ProblemCode.ATTRIBUTE_GONE,
        ProblemCode.ATTRIBUTE_REFUSED,
        ProblemCode.CHILD_GONE,
        ProblemCode.CHILD_NOT_TRACKED,
        ProblemCode.KEY_NOT_UNIQUE,
        ProblemCode.LOOKUP_KIND,
        ProblemCode.AGGREGATE_GONE,
        ProblemCode.AGGREGATE_REFUSED,
        ProblemCode.AGGREGATE_FIELD_GONE,
        ProblemCode.AGGREGATE_KIND,
        ProblemCode.AGGREGATE_VALUE,
    }
)


@dataclass(frozen=True, slots=True)
class MatchedAttribute:
    """An attribute that goes out, with what is known about it."""

    name: str
    entry: AttributeEntry
    facts: AttributeFacts


@dataclass(frozen=True, slots=True)
class MatchedChild:
    """A child whose model is tracked too."""

    accessor: str
    #: Given in the map, or "" for the child's own.
    prefix: str
    relation: RelationFacts
    #: The class that the relation leads to; perhaps a descendant of the tracked one.
    model: type[Model]
    #: Under which prefix the map tracks it.
    tracked_as: str
    #: Whether it comes without its own children.
    alone: bool = False
    #: The prefix that it had before, and until when; its names go out under both.
    former_prefix: str = ""
    until: str = ""
    #: Its entry: ``Order.buyer``.
    place: str = ""


@dataclass(frozen=True, slots=True)
class MatchedModel:
    """One tracked model that the host offers; entries the host lacks are left out."""

    prefix: str
    entry: ModelEntry
    facts: ModelFacts
    #: All tracked attributes by name, even those that do not go out because of their privacy.
    known: dict[str, MatchedAttribute]
    children: tuple[MatchedChild, ...]
    problems: tuple[Problem, ...]
    #: All tracked counts and sums, even those that do not go out because of their privacy.
    aggregates: tuple[MatchedAggregate, ...] = ()

    @property
    def has_names(self) -> bool:
        """Whether the model itself tracks anything."""
        return bool(self.known or self.aggregates)

    def outputs(self) -> list[MatchedAttribute]:
        """The attributes that go out, in order."""
        return [each for each in self.known.values() if each.entry.privacy != DROPPED]

    def sent_aggregates(self) -> list[MatchedAggregate]:
        """The counts and sums that go out, in order."""
        return [each for each in self.aggregates if each.entry.privacy != DROPPED]


class Matching:
    """A document and a catalog; each model is matched when it is first needed."""

    def __init__(self, document: Document, catalog: Catalog) -> None:
        self.document = document
        self.catalog = catalog
        self._matched: dict[str, MatchedModel | None] = {}
        #: The names of the models that were compiled, and of the declared parameters.
        self.personal_names = PersonalNames(document)

    def get(self, prefix: str) -> MatchedModel | None:
        """The tracked model under this prefix; ``None`` where the host does not offer it."""
        if prefix not in self._matched:
            self._matched[prefix] = self._match(prefix)
        return self._matched[prefix]

    def with_entry(self, prefix: str, entry: ModelEntry) -> Matching:
        """The same matching with another entry for one tracked model."""
        found = Matching(
            replace(self.document, models={**self.document.models, prefix: entry}), self.catalog
        )
        found._matched = {p: each for p, each in self._matched.items() if p != prefix}
        return found

    def prefixes(self) -> list[str]:
        """The prefixes of all tracked models, in order."""
        return [prefix for prefix, _entry in in_order(self.document.models)]

    def offers(self, prefix: str) -> bool:
        """Whether the host offers the model; this does not look at its attributes."""
        return self.catalog.get(self.document.models[prefix].model) is not None

    def nearest(self, model: type) -> str:
        """The prefix that tracks this class: its own or its nearest ancestor's, else ""."""
        return next((self._prefixes[c] for c in model.__mro__ if c in self._prefixes), "")

    def tracked_as(self, label: str, accessor: str) -> str:
        """The prefix that tracks the objects of this relation of a model; "" where none does."""
        facts = self.catalog.get(label)
        relation = facts.relations.get(accessor) if facts else None
        model = model_of(relation.target) if relation else None
        found = self.nearest(model) if model else ""
        return found if found and self.offers(found) else ""

    def owner(self, prefix: str) -> str:
        """The tracked model that has this prefix, or had it before; "" for none."""
        return prefix if prefix in self.document.models else self._formers.get(prefix, "")

    def missing(self, prefix: str) -> Problem:
        """The problem of a tracked model that the host does not offer."""
        label = self.document.models[prefix].model
        known = model_of(label) is not None
        refusal = self.catalog.why_not(label)
        return Problem(
            ProblemCode.MODEL_REFUSED if known else ProblemCode.MODEL_GONE,
            "error",
            prefix,
            refusal.sentences if refusal else "",
            _(
                "Remove '%(prefix)s' from the map, or let a developer bring the model back.",
                prefix=prefix,
            ),
        )

    @cached_property
    def _formers(self) -> dict[str, str]:
        entries = self.document.models.items()
        return {entry.former_prefix: p for p, entry in entries if entry.former_prefix}

    @cached_property
    def _prefixes(self) -> dict[type[Model], str]:
        """The tracked classes; found by label, so that no model's fields are looked at."""
        found = ((model_of(entry.model), p) for p, entry in self.document.models.items())
        return {model: prefix for model, prefix in found if model is not None}

    def _match(self, prefix: str) -> MatchedModel | None:
        entry = self.document.models.get(prefix)
        facts = self.catalog.get(entry.model) if entry else None
        if entry is None or facts is None:
            return None
        problems: list[Problem] = []
        known = {a.name: a for a in _attributes(prefix, entry, facts, problems)}
        children = tuple(self._children(prefix, entry, facts, problems))
        aggregates = tuple(matched_aggregates(prefix, entry, facts, self.catalog, problems))
        return MatchedModel(prefix, entry, facts, known, children, tuple(problems), aggregates)

    def _children(
        self, prefix: str, entry: ModelEntry, facts: ModelFacts, problems: list[Problem]
    ) -> Iterator[MatchedChild]:
        for accessor, child in in_order(entry.children):
            relation = facts.relations.get(accessor)
            if relation is None:
                problems.append(_no_relation(f"{prefix}.{accessor}", accessor, facts))
                continue
            model = model_of(relation.target)
            tracked_as = self.tracked_as(entry.model, accessor)
            if model is None or not tracked_as:
                problems.append(_not_tracked(f"{prefix}.{accessor}", relation))
                continue
            yield MatchedChild(
                accessor,
                child.prefix,
                relation,
                model,
                tracked_as,
                child.alone,
                child.former_prefix,
                child.until,
                f"{prefix}.{accessor}",
            )


def _attributes(
    prefix: str, entry: ModelEntry, facts: ModelFacts, problems: list[Problem]
) -> Iterator[MatchedAttribute]:
    for name, attribute in in_order(entry.attributes):
        if attribute.decision != TRACKED:
            continue
        found = facts.attribute(attribute.source)
        if found is not None and not found.refused:
            yield MatchedAttribute(name, attribute, found)
        else:
            problems.append(_no_attribute(f"{prefix}.{name}", attribute.source, facts, found))


def _no_attribute(
    where: str, source: str, facts: ModelFacts, found: AttributeFacts | None
) -> Problem:
    name = f"{facts.cased_label}.{source}"
    remedy = _("Remove the attribute from the map, or let a developer bring it back.")
    if found is not None:
        what = _("%(name)s may not be tracked. %(reason)s", name=name, reason=found.refused)
        return Problem(ProblemCode.ATTRIBUTE_REFUSED, "error", where, what, remedy)
    what = _("%(model)s has no attribute '%(name)s'.", model=facts.cased_label, name=source)
    return Problem(ProblemCode.ATTRIBUTE_GONE, "error", where, what, remedy)


def _no_relation(where: str, accessor: str, facts: ModelFacts) -> Problem:
    what = _(
        "%(model)s has no relation '%(name)s' to a single object that may be used.",
        model=facts.cased_label,
        name=accessor,
    )
    if facts.relations:
        remedy = _(
            "Remove the child from the map, or choose one of these relations: %(relations)s.",
            relations=", ".join(facts.relations),
        )
    else:
        remedy = _("Remove the child from the map: the model has no relation that may be used.")
    return Problem(ProblemCode.CHILD_GONE, "error", where, what, remedy)


def _not_tracked(where: str, relation: RelationFacts) -> Problem:
    what = _(
        "The child's model '%(model)s' is not tracked in this map.",
        model=relation.target,
    )
    remedy = _("Add that model to the map first, or remove the child.")
    return Problem(ProblemCode.CHILD_NOT_TRACKED, "error", where, what, remedy)
