"""The draft's rows as a document, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet

from trackadmin import compiler, document
from trackadmin.catalog import catalog
from trackadmin.document import AttributeEntry, ChildEntry, Document, ModelEntry
from trackadmin.editing.locking import AnyMap, find_map, locked, write_database
from trackadmin.exceptions import Problem
from trackadmin.models import TrackedAttribute, TrackedChild, TrackedModel, TrackingMap

#: The tables are read one after the other, so an edit may fall between; then all is read again.
READS_WITHOUT_LOCK = 5


def build_document(tracking_map: AnyMap) -> Document:
    """The draft as a document, as it stood at one moment; raises :class:`UnknownMap`.

    Takes no lock while nobody edits: five queries, whatever the size of the map.
    """
    for _ in range(READS_WITHOUT_LOCK):
        before = find_map(tracking_map)
        built = _build(before)
        if find_map(before).sequence == before.sequence:
            return built
    with locked(tracking_map) as current:
        built = build_locked(current)
        transaction.set_rollback(True, using=write_database())
    return built


def build_locked(tracking_map: TrackingMap) -> Document:
    """The draft of a map whose lock the caller holds, in three queries."""
    return _build(tracking_map)


def draft_digest(tracking_map: AnyMap) -> str:
    """The digest of the draft's canonical text: give it to ``publish`` as ``expected``."""
    return document.digest(document.dump(build_document(tracking_map)))


def draft_problems(tracking_map: AnyMap) -> list[Problem]:
    """Everything that is wrong with the draft; with an error among it, it cannot be published."""
    return compiler.check(build_document(tracking_map), catalog())


def draft_rows(tracking_map: TrackingMap) -> QuerySet[TrackedModel]:
    """The map's tracked models with their attributes and children: three queries."""
    rows = TrackedModel.objects.using(write_database()).filter(map_id=tracking_map.pk)
    return rows.prefetch_related("attributes", "children")


def build_rows(rows: Iterable[TrackedModel]) -> Document:
    """The document that these rows make."""
    return Document(models={row.prefix: entry_of(row) for row in rows})


def entry_of(row: TrackedModel) -> ModelEntry:
    """One tracked model's row, with its attributes and children, as an entry."""
    return _entry(row, row.attributes.all(), row.children.all())


def _build(tracking_map: TrackingMap) -> Document:
    # Without instances of the attributes, of which a large map has tens of thousands.
    rows = list(TrackedModel.objects.using(write_database()).filter(map_id=tracking_map.pk))
    attributes = _by_model(TrackedAttribute, tracking_map)
    children = _by_model(TrackedChild, tracking_map)
    return Document(
        models={
            row.prefix: _entry(row, attributes.get(row.pk, ()), children.get(row.pk, ()))
            for row in rows
        }
    )


def _by_model(table: type[Model], tracking_map: TrackingMap) -> Mapping[int, Sequence[Any]]:
    """A table's rows of this map as named tuples, by the primary key of their tracked model."""
    rows = table._default_manager.using(write_database()).filter(tracked_model__map=tracking_map)
    names = [field.attname for field in table._meta.concrete_fields]
    found: dict[int, list[Any]] = {}
    for row in rows.values_list(*names, named=True):
        found.setdefault(row.tracked_model_id, []).append(row)
    return found


def _entry(row: TrackedModel, attributes: Iterable[Any], children: Iterable[Any]) -> ModelEntry:
    """Attributes and children are rows of their tables, as instances or as named tuples."""
    return ModelEntry(
        model=row.model_label,
        key=row.key,
        owner=row.owner,
        description=row.description,
        position=row.position,
        attributes={
            each.name: AttributeEntry(
                each.source,
                each.decision,
                each.lookup,
                each.privacy,
                each.description,
                each.position,
            )
            for each in attributes
        },
        children={each.accessor: ChildEntry(each.prefix, each.position) for each in children},
    )
