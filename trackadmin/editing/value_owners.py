"""Whose values an event has: which models of the host each of its names was read from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from django.db.models import Model

from trackadmin.catalog import ModelFacts, catalog
from trackadmin.document.structure import ACTION_PARAMETER
from trackadmin.editing.contents import readable_document
from trackadmin.editing.locking import AnyMap, find_map
from trackadmin.editing.name_sources import DocumentNames, NameSource, SourceKind
from trackadmin.editing.versions import versions

#: The models of a name; ``None`` if nobody can tell any more.
Owners = frozenset[type[Model]] | None


def value_owners(
    tracking_map: AnyMap, number: int, names: Iterable[str], action: str
) -> Mapping[str, Owners]:
    """For each name, the models whose objects its value came from, by the version of the event.

    That is the tracked model, each object on the way to it, and what is counted. A parameter has
    none. What the version does not say, or the host's code no longer has, is ``None``.
    """
    version = versions(find_map(tracking_map)).filter(number=number).first()
    document, unreadable = readable_document(version) if version else (None, "")
    if document is None or unreadable:
        return {name: _of_nobody(name) for name in names}
    made = DocumentNames(document)
    return {name: _owners(made, name, action) for name in names}


def _of_nobody(name: str) -> Owners:
    return frozenset() if name == ACTION_PARAMETER else None


def _owners(made: DocumentNames, name: str, action: str) -> Owners:
    found = [_models_on_the_way(source) for source in made.sources_of(name, action)]
    if not found or None in found:
        return _of_nobody(name)
    return frozenset().union(*filter(None, found))


def _models_on_the_way(source: NameSource) -> Owners:
    if source.kind is SourceKind.PARAMETER:
        return frozenset()
    facts = [*_facts_on(source.way)]
    models = {each.model for each in facts if each is not None}
    if len(models) < len({*facts}):
        return None
    if source.kind is SourceKind.AGGREGATE and facts[-1] is not None:
        counted = facts[-1].collections.get(source.source)
        return frozenset({*models, *counted.models}) if counted else None
    return frozenset(models)


def _facts_on(way: tuple[str, ...]) -> Iterator[ModelFacts | None]:
    """The facts of each model on the way; ``None`` from where it is lost."""
    label, *accessors = way
    facts = catalog().get(label)
    yield facts
    for accessor in accessors:
        relation = facts.relations.get(accessor) if facts else None
        facts = catalog().get(relation.target) if relation else None
        yield facts
