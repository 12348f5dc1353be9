"""Writes entries to rows. A row that stays keeps its primary key, and so its history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from trackadmin.document import AttributeEntry, ChildEntry, Document, ModelEntry, plain_fields
from trackadmin.editing.building import entry_of
from trackadmin.editing.edits import Edit
from trackadmin.editing.locking import write_database
from trackadmin.editing.revision_writer import RowState
from trackadmin.models import TrackedAttribute, TrackedChild, TrackedModel

R = TypeVar("R", TrackedAttribute, TrackedChild)

#: The fields of each entry that are columns of its table; the label's has another name.
OF_MODEL = [field.name for field in plain_fields(ModelEntry) if field.name != "model"]
OF_ATTRIBUTE = [field.name for field in plain_fields(AttributeEntry)]
OF_CHILD = [field.name for field in plain_fields(ChildEntry)]


def write_document(change: Edit, rows: Sequence[TrackedModel], document: Document) -> None:
    """Make the draft with these ``rows`` equal to the document."""
    pairs = _matched(rows, document)
    stay = {id(pair.row) for pair in pairs if pair.row}
    change.delete([row for row in rows if id(row) not in stay])
    moved = [pair for pair in pairs if pair.row and not pair.keeps_its_names]
    _step_aside([pair.row for pair in moved if pair.row])
    for pair in pairs:
        if not pair.is_unchanged:
            write_entry(change, pair.row, pair.prefix, pair.entry)


def write_entry(
    change: Edit, row: TrackedModel | None, prefix: str, entry: ModelEntry, *, pk: int | None = None
) -> TrackedModel:
    """Write the entry to the row (``None`` for a new one).

    ``pk`` is the primary key for a new row that continues the history of a deleted one.
    """
    row = row or TrackedModel(map=change.tracking_map, pk=pk)
    row.prefix, row.model_label = prefix, entry.model
    for name in OF_MODEL:
        setattr(row, name, getattr(entry, name))
    row.lock_version += 1
    old_attributes, old_children = _rows_of(row)
    row.save(using=write_database(), force_insert=row._state.adding)
    attributes = _write_attributes(row, old_attributes, entry)
    children = _write_children(row, old_children, entry)
    _forget_prefetched(row)
    change.changed[row.pk] = RowState(row, attributes, children)
    return row


@dataclass(frozen=True, slots=True)
class _Pair:
    row: TrackedModel | None
    prefix: str
    entry: ModelEntry

    @property
    def is_unchanged(self) -> bool:
        row = self.row
        return row is not None and (row.prefix, entry_of(row)) == (self.prefix, self.entry)

    @property
    def keeps_its_names(self) -> bool:
        row = self.row
        return row is not None and (row.prefix, row.model_label) == (self.prefix, self.entry.model)


def _matched(rows: Iterable[TrackedModel], document: Document) -> list[_Pair]:
    """Each entry with the row that becomes it: of the same prefix, else of the same model."""
    by_prefix = {row.prefix: row for row in rows}
    left = {r.model_label: r for p, r in by_prefix.items() if p not in document.models}
    return [
        _Pair(by_prefix.get(prefix) or left.get(entry.model), prefix, entry)
        for prefix, entry in document.models.items()
    ]


def _step_aside(rows: Sequence[TrackedModel]) -> None:
    """Free the prefixes and labels of rows that change theirs, so that two rows can swap.

    Names in a map are identifiers, so none is ever equal to these.
    """
    for row in rows:
        here = TrackedModel.objects.using(write_database()).filter(pk=row.pk)
        here.update(prefix=f"-{row.pk}", model_label=f"-{row.pk}")


def _rows_of(row: TrackedModel) -> tuple[list[TrackedAttribute], list[TrackedChild]]:
    if row._state.adding:
        return [], []
    return list(row.attributes.all()), list(row.children.all())


def _forget_prefetched(row: TrackedModel) -> None:
    """What was read with the row is out of date."""
    vars(row).pop("_prefetched_objects_cache", None)


def _write_attributes(
    row: TrackedModel, old: list[TrackedAttribute], entry: ModelEntry
) -> list[TrackedAttribute]:
    by_name = {a.name: a for a in old}
    # A renamed attribute stays the same row.
    renamed = {a.source: a for a in old if a.name not in entry.attributes}
    kept, new = [], []
    for name, attribute in entry.attributes.items():
        found = by_name.get(name) or renamed.pop(attribute.source, None)
        values = {"name": name, **{n: getattr(attribute, n) for n in OF_ATTRIBUTE}}
        if found is None:
            new.append(TrackedAttribute(tracked_model=row, **values))
        else:
            kept.append((found, values))
    return _write_rows(TrackedAttribute, old, kept, new)


def _write_children(
    row: TrackedModel, old: list[TrackedChild], entry: ModelEntry
) -> list[TrackedChild]:
    by_accessor = {c.accessor: c for c in old}
    kept, new = [], []
    for accessor, child in entry.children.items():
        values = {"accessor": accessor, **{n: getattr(child, n) for n in OF_CHILD}}
        if accessor in by_accessor:
            kept.append((by_accessor[accessor], values))
        else:
            new.append(TrackedChild(tracked_model=row, **values))
    return _write_rows(TrackedChild, old, kept, new)


def _write_rows(
    model: type[R],
    old: Iterable[R],
    kept: Sequence[tuple[R, Mapping[str, Any]]],
    new: Sequence[R],
) -> list[R]:
    """Delete the old rows that are not kept, change the kept ones, then insert the new ones.

    Returns the rows that are there now.
    """
    rows: Any = model._default_manager.using(write_database())
    stay = {found.pk for found, _ in kept}
    if gone := [found.pk for found in old if found.pk not in stay]:
        rows.filter(pk__in=gone).delete()
    changed = []
    for found, values in kept:
        if any(getattr(found, name) != value for name, value in values.items()):
            changed.append(found)
            for name, value in values.items():
                setattr(found, name, value)
    if changed:
        rows.bulk_update(changed, list(kept[0][1]))
    rows.bulk_create(new)
    return [found for found, _ in kept] + list(new)
