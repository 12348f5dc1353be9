"""Which tracked models a draft changes, and which of their names, by the plans alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from django.db.models import Model

from trackadmin.catalog import catalog, label_of, model_of
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
#: The attributes that an editor declared personal, each with the labels of its models.
DeclaredPersonal: TypeAlias = Mapping[str, set[str]]


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


def changed_models(draft: Snapshot, live: Snapshot | None, drafted: Document) -> list[ChangedModel]:
    """The tracked models that the draft changes, those with the most names that differ first.

    Whatever changes what their objects send counts, so a model may change by a child's entry.
    ``drafted`` is the whole draft: its snapshot may lack what does not compile.
    """
    documents = (drafted, live.document if live else Document())
    personal, touched = _declared_personal(documents), _touched(*documents)
    found = [
        _compared(prefix, draft.find(model), live.find(model) if live else None, model, personal)
        for label, prefix in _offered(draft, live).items()
        if label in touched and (model := model_of(label))
    ]
    return sorted((each for each in found if each.kinds), key=lambda each: -len(each.kinds))


def _offered(draft: Snapshot, live: Snapshot | None) -> dict[str, str]:
    """The models that the site offers, by their labels; the draft's prefix comes first."""
    found: dict[str, str] = {}
    for side in (draft, *([live] if live else [])):
        for prefix in side.by_prefix:
            found.setdefault(side.document.models[prefix].model, prefix)
    return found


def _touched(drafted: Document, published: Document) -> set[str]:
    """The labels of models whose entries differ, or whose children lead to such a model.

    Only these are planned: a large map has thousands of models.
    """
    before, after = _by_label(published), _by_label(drafted)
    touched = {label for label in {*before, *after} if before.get(label) != after.get(label)}
    leading: dict[str, set[str]] = {}
    for entry in (*drafted.models.values(), *published.models.values()):
        for target in _targets(entry):
            leading.setdefault(target, set()).add(entry.model)
    new = set(touched)
    while new:
        new = {each for label in new for each in leading.get(label, ())} - touched
        touched |= new
    return touched


def _by_label(document: Document) -> dict[str, tuple[str, ModelEntry]]:
    return {entry.model: (prefix, entry) for prefix, entry in document.models.items()}


def _targets(entry: ModelEntry) -> Iterator[str]:
    """The labels of the models that its children may be tracked as."""
    facts = catalog().get(entry.model) if entry.children else None
    relations = facts.relations if facts else {}
    for accessor in entry.children:
        model = model_of(relations[accessor].target) if accessor in relations else None
        yield from _labels_above(model) if model else ()


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
    draft: CompiledModel | None,
    live: CompiledModel | None,
    model: type[Model],
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


def source_of(node: Node, given: Output | Aggregate) -> tuple[Any, ...]:
    """The object that a value comes from and what is read there: equal ones give equal values."""
    if isinstance(given, Output):
        return place_of(node), node.model, given.facts.attname, given.pseudonymised
    said = replace(given.matched.entry, privacy=UNDECLARED, description="", position=0)
    return place_of(node), node.model, said, given.pseudonymised


def _of_output(node: Node, output: Output, personal: DeclaredPersonal) -> PlannedName:
    facts = output.facts
    about_person = facts.personal or _is_declared(node.model, facts.attname, personal)
    return PlannedName(source_of(node, output), output.pseudonymised, about_person)


def _of_aggregate(node: Node, aggregate: Aggregate, personal: DeclaredPersonal) -> PlannedName:
    entry, collection = aggregate.matched.entry, aggregate.matched.collection
    about_person = aggregate.matched.personal or _is_declared(node.model, _read_by(entry), personal)
    if entry.function not in (COUNT, DISTINCT):  # its value is one object's own
        about_person |= _is_declared(collection.model, entry.field, personal)
    return PlannedName(source_of(node, aggregate), aggregate.pseudonymised, about_person)


def _is_declared(model: type[Model], attribute: str, personal: DeclaredPersonal) -> bool:
    return attribute in personal and not personal[attribute].isdisjoint(_labels_above(model))


def _labels_above(model: type[Model]) -> set[str]:
    """The labels of the model and of its ancestors."""
    models = (cls for cls in model.__mro__ if issubclass(cls, Model) and cls is not Model)
    return {label_of(cls) for cls in models}


def _declared_personal(documents: Iterable[Document]) -> DeclaredPersonal:
    """What any of the documents declares, also where it is not sent: a draft may drop it."""
    found: dict[str, set[str]] = {}
    for document in documents:
        for entry in document.models.values():
            for source in _personal_sources(entry):
                found.setdefault(source, set()).add(entry.model)
    return found


def _personal_sources(entry: ModelEntry) -> Iterator[str]:
    yield from (each.source for each in entry.attributes.values() if each.privacy in PERSONAL)
    yield from (_read_by(each) for each in entry.aggregates.values() if each.privacy in PERSONAL)


def _read_by(entry: AggregateEntry) -> str:
    return f"{entry.relation}.{entry.field}"
