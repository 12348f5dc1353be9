"""Which tracked models a draft changes, and which of their names, by the plans alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from django.db.models import Model

from trackadmin.catalog import catalog, label_of
from trackadmin.compiler import CompiledModel, Snapshot
from trackadmin.compiler.plan import Aggregate, Node, Output
from trackadmin.document import Document, ModelEntry
from trackadmin.document.structure import (
    COUNT,
    DISTINCT,
    PERSONAL,
    UNDECLARED,
    AggregateEntry,
)
from trackadmin.texts import Text

#: What becomes of a name; ``changed`` where its value comes from elsewhere or goes out otherwise.
NameKind = Literal["new", "changed", "gone"]
#: Labels of models, each with the name of an attribute that an editor declared personal.
DeclaredPersonal: TypeAlias = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class PlannedName:
    """What one version says of an output name."""

    #: The object it comes from and what is read there: equal sources give equal values.
    source: tuple[Any, ...]
    pseudonymised: bool
    #: Whether the value says something about a person: it looks so, or was declared so.
    personal: bool

    @property
    def in_clear(self) -> bool:
        """Whether something about a person goes out as it is."""
        return self.personal and not self.pseudonymised


Plans: TypeAlias = Mapping[str, PlannedName]


@dataclass(frozen=True, slots=True)
class ChangedModel:
    """A tracked model whose objects give other names or values by the draft than by live."""

    prefix: str
    model: type[Model]
    draft: CompiledModel | None
    live: CompiledModel | None
    #: What each side says of its names.
    planned: Plans
    planned_live: Plans
    #: The names that differ: those of the draft in order, then those that are gone.
    kinds: Mapping[str, NameKind]


@dataclass(frozen=True, slots=True)
class UnofferedModel:
    """A tracked model that differs, and that the site's code does not offer."""

    prefix: str
    why_not: Text


def changed_models(
    draft: Snapshot, live: Snapshot | None, documents: Iterable[Document]
) -> list[ChangedModel]:
    """The tracked models that the draft changes, those with the most names that differ first.

    Whatever changes what their objects send counts, so a model may change by a child's entry.
    """
    personal = frozenset(_declared_personal(documents))
    sides = [draft, *([live] if live else [])]
    prefixes: dict[type[Model], str] = {}
    for side in sides:
        for prefix, compiled in side.by_prefix.items():
            prefixes.setdefault(compiled.model, prefix)
    found = [
        _compared(prefix, model, draft.find(model), live.find(model) if live else None, personal)
        for model, prefix in prefixes.items()
    ]
    return sorted((each for each in found if each.kinds), key=lambda each: -len(each.kinds))


def unoffered_models(draft: Document, live: Document) -> list[UnofferedModel]:
    """The tracked models that differ, and that the site's code does not offer."""
    found = []
    for prefix, entry in {**live.models, **draft.models}.items():
        same = draft.models.get(prefix) == live.models.get(prefix)
        if not same and (refusal := catalog().why_not(entry.model)):
            found.append(UnofferedModel(prefix, refusal.sentences))
    return found


def _compared(
    prefix: str,
    model: type[Model],
    draft: CompiledModel | None,
    live: CompiledModel | None,
    personal: DeclaredPersonal,
) -> ChangedModel:
    planned = dict(_planned(draft, personal)) if draft else {}
    planned_live = dict(_planned(live, personal)) if live else {}
    kinds = dict(_kinds(planned, planned_live))
    return ChangedModel(prefix, model, draft, live, planned, planned_live, kinds)


def _kinds(planned: Plans, planned_live: Plans) -> Iterator[tuple[str, NameKind]]:
    for name, given in planned.items():
        if name not in planned_live:
            yield name, "new"
        elif given.source != planned_live[name].source:
            yield name, "changed"
    for name in planned_live:
        if name not in planned:
            yield name, "gone"


def _planned(
    compiled: CompiledModel, personal: DeclaredPersonal
) -> Iterator[tuple[str, PlannedName]]:
    for node in compiled.node.walk():
        for output in node.outputs:
            yield output.name, _of_output(node, output, personal)
        for aggregate in node.aggregates:
            of_aggregate = _of_aggregate(node, aggregate, personal)
            yield from ((name, of_aggregate) for name in aggregate.names)


def place_of(node: Node) -> str:
    """The way from the object to a related one, whatever the object's prefix."""
    return node.path.partition(".")[2]


def _of_output(node: Node, output: Output, personal: DeclaredPersonal) -> PlannedName:
    facts = output.facts
    source = (place_of(node), node.model, facts.attname, output.pseudonymised)
    about_person = facts.personal or _is_declared(node.model, facts.attname, personal)
    return PlannedName(source, output.pseudonymised, about_person)


def _of_aggregate(node: Node, aggregate: Aggregate, personal: DeclaredPersonal) -> PlannedName:
    entry, collection = aggregate.matched.entry, aggregate.matched.collection
    said = replace(entry, privacy=UNDECLARED, description="", position=0)
    source = (place_of(node), node.model, said, aggregate.pseudonymised)
    about_person = aggregate.matched.personal or _is_declared(node.model, _read_by(entry), personal)
    if entry.function not in (COUNT, DISTINCT):  # its value is one object's own
        about_person |= _is_declared(collection.model, entry.field, personal)
    return PlannedName(source, aggregate.pseudonymised, about_person)


def _is_declared(model: type[Model], attribute: str, personal: DeclaredPersonal) -> bool:
    models = (cls for cls in model.__mro__ if issubclass(cls, Model) and cls is not Model)
    return any((label_of(cls), attribute) in personal for cls in models)


def _declared_personal(documents: Iterable[Document]) -> Iterator[tuple[str, str]]:
    """What any of the documents declares, also where it is not sent: a draft may drop it."""
    for document in documents:
        for entry in document.models.values():
            yield from ((entry.model, source) for source in _personal_sources(entry))


def _personal_sources(entry: ModelEntry) -> Iterator[str]:
    yield from (each.source for each in entry.attributes.values() if each.privacy in PERSONAL)
    yield from (_read_by(each) for each in entry.aggregates.values() if each.privacy in PERSONAL)


def _read_by(entry: AggregateEntry) -> str:
    return f"{entry.relation}.{entry.field}"
