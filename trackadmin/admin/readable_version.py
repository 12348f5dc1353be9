"""A version as people read it: models, names, types and how each value is sent."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from trackadmin.admin.forms.rows import PRIVACY_WORDS
from trackadmin.catalog import catalog, in_words
from trackadmin.document import AggregateEntry, AttributeEntry, ChildEntry, ModelEntry
from trackadmin.document.structure import TRACKED, UNDECLARED, in_order
from trackadmin.editing import Contents


@dataclass(frozen=True, slots=True)
class ReadableAttribute:
    """One attribute with the name that analysts see."""

    name: str
    source: str
    type_label: str
    privacy: str
    roles: list[str]
    description: str


@dataclass(frozen=True, slots=True)
class ReadableAggregate:
    """One count or sum with the name that analysts see, and what it says in words."""

    name: str
    meaning: str
    privacy: str
    description: str


@dataclass(frozen=True, slots=True)
class ReadableModel:
    """One tracked model with the names it gives."""

    prefix: str
    label: str
    entry: ModelEntry
    attributes: list[ReadableAttribute] = field(default_factory=list)
    aggregates: list[ReadableAggregate] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    children: list[tuple[str, ChildEntry]] = field(default_factory=list)
    #: Every name in an event with this model, including those of its children.
    names: tuple[str, ...] = ()


def readable(contents: Contents) -> list[ReadableModel]:
    """The models of a version in their order."""
    models = in_order(contents.document.models)
    return [_model(prefix, entry, contents.names.get(prefix, ())) for prefix, entry in models]


def _model(prefix: str, entry: ModelEntry, names: tuple[str, ...]) -> ReadableModel:
    facts = catalog().get(entry.model)
    label = facts.cased_label if facts else entry.model
    shown = ReadableModel(prefix, label, entry, names=names)
    for name, attribute in in_order(entry.attributes):
        if attribute.decision != TRACKED:
            shown.ignored.append(name)
            continue
        found = facts.attribute(attribute.source) if facts else None
        shown.attributes.append(
            ReadableAttribute(
                name=f"{prefix}_{name}",
                source=attribute.source,
                type_label=found.type_label if found else _("no longer in the code"),
                privacy=_privacy(attribute),
                roles=_roles(name, attribute, entry),
                description=attribute.description,
            )
        )
    for name, aggregate in in_order(entry.aggregates):
        if aggregate.decision != TRACKED:
            shown.ignored.append(name)
            continue
        shown.aggregates.append(
            ReadableAggregate(
                name=f"{prefix}_{name}",
                meaning=in_words(aggregate, facts),
                privacy=_privacy(aggregate),
                description=aggregate.description,
            )
        )
    shown.children.extend(in_order(entry.children))
    return shown


def _privacy(entry: AttributeEntry | AggregateEntry) -> str:
    return "" if entry.privacy == UNDECLARED else str(PRIVACY_WORDS[entry.privacy])


def _roles(name: str, attribute: AttributeEntry, entry: ModelEntry) -> list[str]:
    if name == entry.key:
        return [_("key")]
    return [_("lookup")] if attribute.lookup else []
