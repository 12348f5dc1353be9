"""The draft's rows as a document, and its problems."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from django.db import transaction
from django.db.models import Model, QuerySet

from trackadmin import compiler, document
from trackadmin.catalog import catalog
from trackadmin.document import AttributeEntry, ChildEntry, Document, ModelEntry, plain_fields
from trackadmin.editing.locking import AnyMap, find_map, locked, write_database
from trackadmin.exceptions import Problem
from trackadmin.models import TrackedAttribute, TrackedChild, TrackedModel, TrackingMap

E = TypeVar("E", AttributeEntry, ChildEntry)

#: The fields of an entry, which are columns of its table.
_COLUMNS: dict[type, list[str]] = {
    entry: [field.name for field in plain_fields(entry)] for entry in (AttributeEntry, ChildEntry)
}
#: The label is a column of another name.
_OF_MODEL = [field.name for field in plain_fields(ModelEntry) if field.name != "model"]

#: The tables are read one after the other. After an edit in between, all are read again.
READS_WITHOUT_LOCK = 5


def build_document(tracking_map: AnyMap) -> Document:
    """The draft as a document, as it was at one moment; raises :class:`UnknownMap`.

    Takes no lock unless somebody edits: five queries, whatever the size of the map.
    """
    for _ in range(READS_WITHOUT_LOCK):
        before = find_map(tracking_map)
        built = read_draft(before)
        if find_map(before).sequence == before.sequence:
            return built
    with locked(tracking_map) as current:
        built = read_draft(current)
        transaction.set_rollback(True, using=write_database())
    return built


def read_draft(tracking_map: TrackingMap) -> Document:
    """The draft in three queries; of one moment only where the caller holds the map's lock."""
    rows = list(TrackedModel.objects.using(write_database()).filter(map_id=tracking_map.pk))
    attributes = _by_model(TrackedAttribute, "name", AttributeEntry, tracking_map)
    children = _by_model(TrackedChild, "accessor", ChildEntry, tracking_map)
    return Document(
        models={
            row.prefix: _model_entry(row, attributes.get(row.pk, {}), children.get(row.pk, {}))
            for row in rows
        }
    )


def draft_digest(tracking_map: AnyMap) -> str:
    """The digest of the draft's canonical text: give it to ``publish`` as ``expected``."""
    return document.digest(document.dump(build_document(tracking_map)))


def draft_problems(tracking_map: AnyMap) -> list[Problem]:
    """All problems of the draft. It cannot be published with an error among them."""
    return compiler.check(build_document(tracking_map), catalog())


def draft_rows(tracking_map: TrackingMap) -> QuerySet[TrackedModel]:
    """The map's tracked models with their attributes and children: three queries."""
    rows = TrackedModel.objects.using(write_database()).filter(map_id=tracking_map.pk)
    return rows.prefetch_related("attributes", "children")


def draft_row(pk: int, tracking_map: TrackingMap | None = None) -> TrackedModel | None:
    """The tracked model with this primary key, its attributes, children and map: three queries.

    ``None`` if there is none, or if it belongs to another map than this one.
    """
    rows = TrackedModel.objects.using(write_database()).select_related("map")
    rows = rows.filter(map_id=tracking_map.pk) if tracking_map else rows
    return rows.prefetch_related("attributes", "children").filter(pk=pk).first()


def document_of(rows: Iterable[TrackedModel]) -> Document:
    """The document that these rows make."""
    return Document(models={row.prefix: entry_of(row) for row in rows})


def entry_of(row: TrackedModel) -> ModelEntry:
    """One tracked model's row, with its attributes and children, as an entry."""
    return _model_entry(
        row,
        {each.name: _entry_of(each, AttributeEntry) for each in row.attributes.all()},
        {each.accessor: _entry_of(each, ChildEntry) for each in row.children.all()},
    )


def _by_model(
    table: type[Model], name: str, entry: type[E], tracking_map: TrackingMap
) -> Mapping[int, Mapping[str, E]]:
    """The entries of a table's rows of this map by name, by their tracked model's primary key.

    Without an instance for each: a large map has tens of thousands.
    """
    rows = table._default_manager.using(write_database()).filter(tracked_model__map=tracking_map)
    found: dict[int, dict[str, E]] = {}
    for pk, key, *values in rows.values_list("tracked_model_id", name, *_COLUMNS[entry]):
        found.setdefault(pk, {})[key] = entry(*values)
    return found


def _model_entry(
    row: TrackedModel, attributes: Mapping[str, AttributeEntry], children: Mapping[str, ChildEntry]
) -> ModelEntry:
    columns = {name: getattr(row, name) for name in _OF_MODEL}
    return ModelEntry(row.model_label, **columns, attributes=attributes, children=children)


def _entry_of(row: Model, entry: type[E]) -> E:
    return entry(**{column: getattr(row, column) for column in _COLUMNS[entry]})
