"""The draft's rows as a document, and its problems."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from trackadmin import compiler
from trackadmin.document import Document, plain_fields
from trackadmin.editing.accepted import lint_errors
from trackadmin.editing.deadlines import due
from trackadmin.editing.kept_problems import digest_of, problems_by
from trackadmin.editing.locking import AnyMap, find_map, locked, write_database
from trackadmin.editing.tables import (
    ACTIONS,
    HEADS,
    MODELS,
    Head,
    HeadTable,
    Table,
    entry_of,
    name_of,
    table_of,
)
from trackadmin.exceptions import Problem
from trackadmin.models import TrackedAction, TrackedModel, TrackingMap

#: What a document says of the whole map; each is a column of the map's row.
SETTINGS = [each.name for each in plain_fields(Document)]

#: The tables are read one after the other. After an edit in between, all are read again.
READS_WITHOUT_LOCK = 5


def build_document(tracking_map: AnyMap) -> Document:
    """The draft as a document, as it was at one moment; raises :class:`UnknownMap`.

    Takes no lock unless somebody edits: at most eight queries, whatever the size of the map.
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
    """The draft in a query for each table; of one moment only where the caller holds the lock."""
    entries: Any = {head.listed: _entries(head, tracking_map) for head in HEADS}
    return Document(**entries, **settings_of(tracking_map))


def read_outline(tracking_map: TrackingMap) -> Document:
    """The tracked models of the draft with their children alone, in two queries."""
    return Document(models=_entries(MODELS, tracking_map, ["children"]))


def settings_of(tracking_map: TrackingMap) -> dict[str, Any]:
    """What the map's row says of the whole map."""
    return {name: getattr(tracking_map, name) for name in SETTINGS}


def draft_digest(tracking_map: AnyMap) -> str:
    """The digest of the draft's canonical text: give it to ``publish`` as ``expected``."""
    return digest_of(build_document(tracking_map))


def draft_problems(tracking_map: AnyMap) -> list[Problem]:
    """All problems of the draft. It cannot be published with an error among them."""
    return problems_of(tracking_map, build_document(tracking_map))


def problems_of(tracking_map: AnyMap, draft: Document) -> list[Problem]:
    """The problems of a draft, with the deprecated names whose date has come, and with what lint
    finds where the site makes it an error.
    """
    found = problems_by(compiler.check, draft)
    return [*found, *due(draft), *lint_errors(tracking_map, draft)]


def draft_rows(
    tracking_map: TrackingMap, prefixes: Collection[str] | None = None
) -> QuerySet[TrackedModel]:
    """The map's tracked models, all or those with these prefixes, with the rows below them."""
    rows = _with_rows_below(MODELS, tracking_map)
    return rows if prefixes is None else rows.filter(prefix__in=prefixes)


def action_rows(tracking_map: TrackingMap) -> QuerySet[TrackedAction]:
    """The map's actions with their parameters."""
    return _with_rows_below(ACTIONS, tracking_map)


def head_rows(tracking_map: TrackingMap, tables: Sequence[HeadTable] = HEADS) -> list[Any]:
    """All of the map's rows of these tables, with the rows below them."""
    return [row for table in tables for row in _with_rows_below(table, tracking_map)]


def _with_rows_below(table: HeadTable, tracking_map: TrackingMap) -> QuerySet[Any]:
    rows = table.model._default_manager.using(write_database()).filter(map_id=tracking_map.pk)
    return rows.prefetch_related(*table.below)


def draft_row(pk: int, tracking_map: TrackingMap | None = None) -> TrackedModel | None:
    """The tracked model with this primary key, with its map and the rows below it.

    ``None`` if there is none, or if it belongs to another map than this one.
    """
    row: TrackedModel | None = head_row(MODELS, pk, tracking_map)
    return row


def action_row(pk: int, tracking_map: TrackingMap | None = None) -> TrackedAction | None:
    """The action with this primary key, as in :func:`draft_row`."""
    row: TrackedAction | None = head_row(ACTIONS, pk, tracking_map)
    return row


def head_row(table: HeadTable, pk: int, tracking_map: TrackingMap | None = None) -> Any:
    """The tracked model or the action with this primary key, as in :func:`draft_row`."""
    rows = table.model._default_manager.using(write_database()).select_related("map")
    rows = rows.filter(map_id=tracking_map.pk) if tracking_map else rows
    return rows.prefetch_related(*table.below).filter(pk=pk).first()


def document_of(tracking_map: TrackingMap, rows: Iterable[Head]) -> Document:
    """The document that these rows make."""
    entries: Any = {head.listed: {} for head in HEADS}
    for row in rows:
        entries[table_of(row).listed][name_of(row)] = entry_of(row)
    return Document(**entries, **settings_of(tracking_map))


# Without an instance for each row: a large map has tens of thousands.


def _entries(
    head: HeadTable, tracking_map: TrackingMap, only: Collection[str] | None = None
) -> Mapping[str, Any]:
    """The entries of a table's rows of this map, by name, with all rows below or ``only`` these."""
    rows = head.model._default_manager.using(write_database()).filter(map_id=tracking_map.pk)
    found = list(rows.values_list("pk", head.name, *head.plain_columns.values()))
    below = {
        listed: _by_head(table, tracking_map) if found else {}
        for listed, table in head.below.items()
        if only is None or listed in only
    }
    return {
        name: head.entry(
            **dict(zip(head.plain_columns, values, strict=True)),
            **{listed: entries.get(pk, {}) for listed, entries in below.items()},
        )
        for pk, name, *values in found
    }


def _by_head(table: Table, tracking_map: TrackingMap) -> Mapping[int, Mapping[str, Any]]:
    """The entries of a table's rows of this map by name, by the key of the row above."""
    rows = table.model._default_manager.using(write_database())
    rows = rows.filter(**{f"{table.above}__map": tracking_map})
    found: dict[int, dict[str, Any]] = {}
    # The columns are in the order of the entry's fields.
    columns = table.plain_columns.values()
    known, made = _read_last.get(table.entry, {}), dict[tuple[Any, ...], Any]()
    for row in rows.values_list(f"{table.above}_id", table.name, *columns):
        said = row[2:]
        try:
            entry = made.get(said)
            if entry is None:
                entry = made[said] = known.get(said) or table.entry(*said)
        except TypeError:  # it says a list or a mapping
            entry = table.entry(*said)
        found.setdefault(row[0], {})[row[1]] = entry
    _read_last[table.entry] = made
    return found


#: The entries of the rows that were read last, by all that they say. Most rows of the next read say
#: the same, and an entry is never changed: to make it takes five times as long as to find it, and
#: what is the same entry need not be compared.
_read_last: dict[type, dict[tuple[Any, ...], Any]] = {}
