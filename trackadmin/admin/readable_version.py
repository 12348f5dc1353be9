"""A version as people read it: models, names, types and how each value is sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.utils.translation import gettext as _

from trackadmin.admin.forms.rows import PRIVACY_WORDS
from trackadmin.catalog import catalog, in_words
from trackadmin.document import (
    ActionEntry,
    AggregateEntry,
    AttributeEntry,
    ChildEntry,
    ModelEntry,
    ParameterEntry,
)
from trackadmin.document.structure import ACCEPT, REQUIRED, TRACKED, UNDECLARED, in_order
from trackadmin.editing import Contents, Grace
from trackadmin.models.actions import PARAMETER_CHOICES, STATE_CHOICES
from trackadmin.models.draft import HANDLING_CHOICES


@dataclass(frozen=True, slots=True)
class ReadableAttribute:
    """One attribute with the name that analysts see."""

    name: str
    source: str
    type_label: str
    privacy: str
    roles: list[str]
    description: str
    #: Where the name is deprecated: the ISO date until which it stays, and the name to use.
    until: str = ""
    successor: str = ""


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
    #: Every name in an event with this model, including those of its children; deprecated ones
    #: with their grace period.
    names: Mapping[str, Grace | None] = field(default_factory=dict)


def readable(contents: Contents, prefixes: Iterable[str]) -> list[ReadableModel]:
    """These models of a version."""
    models = contents.document.models
    return [_model(prefix, models[prefix], contents.names_with(prefix)) for prefix in prefixes]


@dataclass(frozen=True, slots=True)
class ReadableAction:
    """One action with what an event about it brings."""

    name: str
    entry: ActionEntry
    #: A word of its state, and the state in the reader's language.
    state: tuple[str, str]
    #: Until when it stays; ``None`` where there is no date.
    until: date | None
    must_bring: list[str]
    may_bring: list[str]
    parameters: list[ReadableParameter]


@dataclass(frozen=True, slots=True)
class ReadableParameter:
    """One parameter of an action."""

    name: str
    kind: str
    required: bool
    choices: Sequence[str]
    privacy: str
    description: str


def readable_actions(contents: Contents) -> list[ReadableAction]:
    """The actions of a version in their order."""
    return [readable_action(name, entry) for name, entry in in_order(contents.document.actions)]


def readable_settings(contents: Contents) -> list[tuple[str, str]]:
    """What the map does with events that it does not know, and whether URLs must be signed; empty
    where all of it is as it is without a decision."""
    document, words = contents.document, dict(HANDLING_CHOICES)
    shown = [
        (_("Unknown actions"), document.unknown_actions),
        (_("Undeclared parameters"), document.undeclared_parameters),
    ]
    if all(value == ACCEPT for _name, value in shown) and not document.signed_only:
        return []
    signed = _("Yes") if document.signed_only else _("No")
    said = [(name, str(words.get(value, value))) for name, value in shown]
    return [*said, (_("Only signed URLs may name objects"), signed)]


def readable_action(name: str, entry: ActionEntry) -> ReadableAction:
    """One action as people read it."""
    brings = sorted(entry.brings.items())
    return ReadableAction(
        name=name,
        entry=entry,
        state=(entry.state, str(dict(STATE_CHOICES).get(entry.state, entry.state))),
        until=_date(entry.until),
        must_bring=[prefix for prefix, need in brings if need == REQUIRED],
        may_bring=[prefix for prefix, need in brings if need != REQUIRED],
        parameters=[
            ReadableParameter(
                name=parameter,
                kind=str(dict(PARAMETER_CHOICES).get(each.kind, each.kind)),
                required=each.required,
                choices=each.choices,
                privacy=_privacy(each),
                description=each.description,
            )
            for parameter, each in in_order(entry.parameters)
        ],
    )


def _date(until: str) -> date | None:
    try:
        return date.fromisoformat(until)
    except ValueError:
        return None


def _model(prefix: str, entry: ModelEntry, names: Mapping[str, Grace | None]) -> ReadableModel:
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
                until=attribute.until,
                successor=f"{prefix}_{attribute.successor}" if attribute.successor else "",
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


def _privacy(entry: AttributeEntry | AggregateEntry | ParameterEntry) -> str:
    return "" if entry.privacy == UNDECLARED else str(PRIVACY_WORDS[entry.privacy])


def _roles(name: str, attribute: AttributeEntry, entry: ModelEntry) -> list[str]:
    if name == entry.key:
        return [_("key")]
    return [_("lookup")] if attribute.lookup else []
