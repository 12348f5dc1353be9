"""Writes entries to rows. A row that stays keeps its primary key, and so its history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Model

from trackadmin.document import Document
from trackadmin.editing.building import SETTINGS
from trackadmin.editing.edits import Edit, record_foreign_map_change
from trackadmin.editing.locking import write_database
from trackadmin.editing.moved_waivers import moves_of
from trackadmin.editing.tables import (
    HEADS,
    Head,
    HeadEntry,
    HeadTable,
    Table,
    entry_of,
    name_of,
    table_of,
)


def write_document(change: Edit, rows: Sequence[Head], document: Document) -> None:
    """Make the draft with these ``rows`` equal to the document."""
    pairs = [pair for head in HEADS for pair in _matched(head, rows, document)]
    stay = {id(pair.row) for pair in pairs if pair.row}
    change.delete([row for row in rows if id(row) not in stay])
    moved = [pair for pair in pairs if pair.row and not pair.keeps_its_names]
    _step_aside([pair.row for pair in moved if pair.row])
    for pair in pairs:
        if not pair.is_unchanged:
            write_entry(change, pair.row, pair.name, pair.entry)
    write_settings(change, {name: getattr(document, name) for name in SETTINGS})


#: Columns of the map's row that no document has.
OUTSIDE_THE_DOCUMENT = {"name", "description"}


def write_settings(change: Edit, values: Mapping[str, Any]) -> None:
    """Write these columns of the map's row, if any of them differs."""
    row = change.tracking_map
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    if changed:
        record_foreign_map_change(change)
        for name in changed:
            setattr(row, name, values[name])
        row.lock_version += 1
        row.save(using=write_database(), update_fields=[*changed, "lock_version"])
        change.map_changed = True
        change.settings_changed |= not set(changed) <= OUTSIDE_THE_DOCUMENT


def write_entry(
    change: Edit, given: Head | None, name: str, entry: HeadEntry, *, pk: int | None = None
) -> Any:
    """Write the entry to the row (``None`` for a new one).

    ``pk`` is the primary key for a new row that continues the history of a deleted one.
    """
    table = table_of(entry)
    row: Any = given or table.model(map=change.tracking_map, pk=pk)
    if given is not None:
        change.moves.update(moves_of(name_of(given), entry_of(given), name, entry))
    setattr(row, table.name, name)
    for field, column in table.plain_columns.items():
        setattr(row, column, getattr(entry, field))
    row.lock_version += 1
    adding = row._state.adding
    old = {n: [] if adding else list(getattr(row, n).all()) for n in table.below}
    row.save(using=write_database(), force_insert=adding)
    below: list[Model] = []
    for listed, each in table.below.items():
        below += _write_below(row, each, old[listed], getattr(entry, listed))
    _forget_prefetched(row)
    change.note(row, below)
    return row


@dataclass(frozen=True, slots=True)
class _Pair:
    row: Head | None
    name: str
    entry: HeadEntry

    @property
    def is_unchanged(self) -> bool:
        row = self.row
        return row is not None and (name_of(row), entry_of(row)) == (self.name, self.entry)

    @property
    def keeps_its_names(self) -> bool:
        row, table = self.row, table_of(self.entry)
        if row is None or name_of(row) != self.name:
            return False
        return not table.same or getattr(row, table.same) == _same(table, self.entry)


def _matched(table: HeadTable, rows: Iterable[Head], document: Document) -> Iterator[_Pair]:
    """Each entry with the row that becomes it: of the same name, else of the same model."""
    entries: Mapping[str, HeadEntry] = getattr(document, table.listed)
    by_name = {name_of(row): row for row in rows if isinstance(row, table.model)}
    left = {
        getattr(row, table.same): row
        for name, row in by_name.items()
        if table.same and name not in entries
    }
    for name, entry in entries.items():
        yield _Pair(by_name.get(name) or left.get(_same(table, entry)), name, entry)


def _same(table: Table, entry: Any) -> Any:
    """What the column ``same`` has for this entry."""
    return next(
        (getattr(entry, f) for f, c in table.plain_columns.items() if c == table.same), None
    )


def _step_aside(rows: Sequence[Head]) -> None:
    """Free the names and labels of rows that change theirs, so that two rows can swap.

    Names in a map are identifiers, so none is ever equal to these.
    """
    for row in rows:
        table = table_of(row)
        here = table.model._default_manager.using(write_database()).filter(pk=row.pk)
        here.update(**{name: f"-{row.pk}" for name in (table.name, table.same) if name})


def _forget_prefetched(row: Head) -> None:
    """What was read with the row is out of date."""
    vars(row).pop("_prefetched_objects_cache", None)


def _write_below(
    row: Head, table: Table, old: Sequence[Model], entries: Mapping[str, Any]
) -> list[Model]:
    by_name = {getattr(each, table.name): each for each in old}
    # One that has only got another name stays the same row.
    renamed = {
        getattr(each, table.same): each
        for name, each in by_name.items()
        if table.same and name not in entries
    }
    kept, new = [], []
    for name, entry in entries.items():
        found = by_name.get(name) or renamed.pop(_same(table, entry), None)
        columns = {column: getattr(entry, field) for field, column in table.plain_columns.items()}
        values = {table.name: name, **columns}
        if found is None:
            new.append(table.model(**{table.above: row}, **values))
        else:
            kept.append((found, values))
    return _write_rows(table.model, old, kept, new)


def _write_rows(
    model: type[Model],
    old: Iterable[Model],
    kept: Sequence[tuple[Model, Mapping[str, Any]]],
    new: Sequence[Model],
) -> list[Model]:
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
