"""Reads the edit history: stored JSON as entries, whatever version of trackadmin wrote it.

Reading saves nothing, and old texts do not break it: fields that this code does not know are left
out, and fields that the text does not have are empty.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import starmap
from operator import or_
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models, router
from django.db.models import Count, Max, Q, QuerySet
from reversion.models import Version

from trackadmin.codes import LintCode
from trackadmin.document import Document, plain_fields
from trackadmin.document.action_rules import ACTIONS
from trackadmin.editing.locking import write_database
from trackadmin.editing.reasons import reason_of
from trackadmin.editing.tables import ACTIONS as ACTION_TABLE
from trackadmin.editing.tables import (
    HEADS,
    Head,
    HeadEntry,
    HeadTable,
    Table,
    name_of,
    table_of,
)
from trackadmin.models import TrackingMap, Waiver
from trackadmin.texts import Text

#: A key beside "pk" and "fields" in the stored JSON of a row that the revision deleted.
DELETED = "deleted"

#: Another one: the sentence of ours that is the revision's comment.
REASON = "reason"

#: Larger numbers come from an address that somebody typed; SQLite cannot look for them.
LARGEST_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """A tracked model or an action in one revision."""

    revision: int
    map: int
    table: HeadTable
    pk: int
    #: The prefix of a tracked model, the name of an action.
    name: str
    entry: HeadEntry
    deleted: bool
    #: The sentence of ours that the comment was written from.
    reason: Text | None

    @property
    def whose(self) -> tuple[str, int]:
        """Which row it is, in every revision."""
        return self.table.listed, self.pk


@dataclass(frozen=True, slots=True)
class StoredMap:
    """A map's name, description and settings in one revision."""

    revision: int
    values: Mapping[str, str]
    reason: Text | None

    @staticmethod
    def values_of(row: TrackingMap) -> dict[str, str]:
        """The same of the map's row as it is now."""
        return {name: getattr(row, name) for name in _OF_MAP}


#: What a map's page sets, with what an older text without it means.
_OF_MAP: dict[str, str] = {"name": "", "description": ""} | {
    each.name: each.default for each in plain_fields(Document)
}


def stored_versions(model: type[models.Model], *pks: int) -> QuerySet[Version]:
    """The stored JSON rows of these objects, in every revision."""
    rows: QuerySet[Version] = every_stored_version().filter(
        content_type=content_type_of(model),
        db=write_database(),
        object_id__in=[str(pk) for pk in pks],
    )
    return rows


def content_type_of(model: type[models.Model]) -> ContentType:
    """The model's content type in the database of the history."""
    there = ContentType.objects.db_manager(router.db_for_write(Version))
    return there.get_for_model(model)


def newest_entries(
    table: HeadTable, pks: Collection[int], *, before: int | None = None
) -> dict[int, StoredEntry]:
    """The last state of each of these rows of a table, or the last before a revision."""
    versions = stored_versions(table.model, *pks).order_by()
    if before is not None:
        versions = versions.filter(revision_id__lt=before)
    newest = versions.values("object_id").annotate(newest=Max("revision_id")).values("newest")
    # Oldest first, so the newest of each stays.
    return {each.pk: each for each in read_rows(newest, [table], only=pks) if each.pk in pks}


def newest_map(tracking_map: TrackingMap, *, before: int | None = None) -> StoredMap | None:
    """The map's newest name, description and settings, or the newest before a revision."""
    versions = stored_versions(TrackingMap, tracking_map.pk)
    if before is not None:
        versions = versions.filter(revision_id__lt=before)
    last = versions.order_by("-revision_id").values_list("revision_id", flat=True)[:1]
    kept = read_maps(list(last), tracking_map)
    return kept[0] if kept else None


def read_entries(revisions: Collection[int], *, only: Head | None = None) -> list[StoredEntry]:
    """The tracked models and actions in these revisions, oldest first; ``only`` this one."""
    known = [revision for revision in revisions if revision <= LARGEST_NUMBER]
    if only is None:
        return read_rows(known, HEADS)
    return read_rows(known, [table_of(only)], only=[only.pk])


def read_some(revision: int, heads: Iterable[StoredEntry]) -> list[StoredEntry]:
    """These tracked models and actions in a revision, whole."""
    wanted: dict[str, list[int]] = {}
    for each in heads:
        wanted.setdefault(each.table.listed, []).append(each.pk)
    return [
        entry
        for table in HEADS
        if table.listed in wanted
        for entry in read_rows([revision], [table], only=wanted[table.listed])
    ]


def read_heads(revision: int) -> list[StoredEntry]:
    """The tracked models and actions in a revision, without what is below them."""
    known = [revision] if revision <= LARGEST_NUMBER else []
    kept = {each.label: each for each in HEADS}
    return _assemble(_stored_rows(known, kept, None), kept)


def rows_in(revisions: Collection[int]) -> dict[int, int]:
    """How many rows each of these revisions has."""
    rows = every_stored_version().filter(revision_id__in=revisions, db=write_database()).order_by()
    return dict(
        rows.values("revision_id").annotate(many=Count("pk")).values_list("revision_id", "many")
    )


def read_maps(revisions: Collection[int], tracking_map: TrackingMap) -> list[StoredMap]:
    """The map's name, description and settings in these revisions, oldest first."""
    rows = stored_versions(TrackingMap, tracking_map.pk).filter(revision_id__in=revisions)
    texts = rows.order_by("revision_id").values_list("revision_id", "serialized_data")
    kept = [stored for stored in starmap(_stored, texts) if stored]
    return [
        StoredMap(
            s.revision,
            {name: _text_of(s.fields, name) or default for name, default in _OF_MAP.items()},
            s.reason,
        )
        for s in kept
    ]


def waived_in(revisions: Collection[int]) -> set[int]:
    """Those of these revisions in which somebody waived something, or took a waiver back."""
    found = _of_waivers().filter(revision_id__in=revisions)
    return set(found.order_by().values_list("revision_id", flat=True))


def waived_of(head: Head) -> list[int]:
    """The revisions in which somebody waived something of a tracked model or an action, or took
    that back, under whatever name it had then.
    """
    table = table_of(head)
    known = stored_versions(type(head), head.pk).order_by("revision_id")
    # What is called in a revision as it is called in the one before has no row there.
    named = list(known.values_list("revision_id", "object_repr"))
    names = {name for _revision, name in named} | {name_of(head)}
    told = reduce(or_, (Q(object_repr__contains=f" {_place_of(table, each)}") for each in names))
    rows = _of_waivers().filter(told).values_list("revision_id", "serialized_data")
    found = [stored for revision, text in rows if (stored := _stored(revision, text))]
    return [each.revision for each in found if _is_about(each, head, named)]


def _is_about(waiver: _Stored, head: Head, named: Sequence[tuple[int, str]]) -> bool:
    """Whether a waiver was of the tracked model or the action that had its name then."""
    earlier = [name for revision, name in named if revision <= waiver.revision]
    name = earlier[-1] if earlier else named[0][1] if named else name_of(head)
    place, fields = _place_of(table_of(head), name), waiver.fields
    if fields.get("map") != head.map_id or fields.get("code") == LintCode.NOT_TRACKED:
        return False
    return f"{_text_of(fields, 'place')}.".startswith(f"{place}.")


def _place_of(table: HeadTable, name: str) -> str:
    return f"{ACTIONS}.{name}" if table is ACTION_TABLE else name


def _of_waivers() -> QuerySet[Version]:
    # By name, so that a process that has just started does not ask for the content type.
    app, model = Waiver._meta.label_lower.split(".")
    return every_stored_version().filter(
        db=write_database(), content_type__app_label=app, content_type__model=model
    )


@dataclass(frozen=True, slots=True)
class _Stored:
    revision: int
    model: str
    pk: int
    fields: Mapping[str, Any]
    deleted: bool
    reason: Text | None


def read_rows(
    revisions: Any, tables: Sequence[HeadTable], *, only: Collection[int] | None = None
) -> list[StoredEntry]:
    """The entries in these revisions, all or ``only`` those of the rows with these keys."""
    kept: dict[str, Table] = {
        each.label: each for head in tables for each in (head, *head.below.values())
    }
    return _assemble(_stored_rows(revisions, kept, only), kept)


def _stored_rows(
    revisions: Any, kept: Mapping[str, Table], only: Collection[int] | None
) -> Iterator[_Stored]:
    # By name, so that a process that has just started does not ask for each content type.
    apps, models = zip(*(label.split(".") for label in kept), strict=True)
    rows = every_stored_version().filter(
        revision_id__in=revisions,
        db=write_database(),
        content_type__app_label__in=apps,
        content_type__model__in=models,
    )
    above = {each.above for each in kept.values() if not isinstance(each, HeadTable)}
    if only is not None and len(only) == 1:
        (pk,) = only
        # "17" is in "171" too; rows of another have no head here and drop out.
        contained = (Q(serialized_data__contains=f'"{name}": {pk}') for name in above)
        rows = rows.filter(reduce(or_, contained, Q(object_id=str(pk))))
    wanted = None if only is None else set(map(str, only))
    of = re.compile(f'"(?:{"|".join(sorted(above))})": (\\d+)')
    # An import has a row for each attribute of the map: without an instance for each, and without
    # reading those that nobody wants.
    columns = rows.order_by("revision_id", "pk").values_list(*_STORED)
    for revision, pk, text in columns:
        found = of.search(text) if wanted is not None and pk not in wanted else None
        is_wanted = wanted is None or pk in wanted or (found and found[1] in wanted)
        if is_wanted and (stored := _stored(revision, text)):
            yield stored


_STORED = ("revision_id", "object_id", "serialized_data")


def every_stored_version() -> QuerySet[Version]:
    """All rows of the history, from the database that they are written to, so that editors see
    their last edit.
    """
    rows: QuerySet[Version] = Version.objects.using(router.db_for_write(Version))
    return rows


def _stored(revision: int, text: str) -> _Stored | None:
    """One row of the history; ``None`` if no version of trackadmin can have written it."""
    try:
        data = json.loads(text)[0]
        return _Stored(
            revision=revision,
            model=data["model"],
            pk=int(data["pk"]),
            fields=dict(data["fields"]),
            deleted=bool(data.get(DELETED)),
            reason=reason_of(data.get(REASON)),
        )
    except (ValueError, TypeError, LookupError):
        return None


def _assemble(kept: Iterable[_Stored], tables: Mapping[str, Table]) -> list[StoredEntry]:
    heads: list[tuple[HeadTable, _Stored]] = []
    below: dict[tuple[int, str, int], dict[str, Any]] = {}
    for stored in kept:
        table = tables.get(stored.model)
        if isinstance(table, HeadTable):
            heads.append((table, stored))
        elif table is not None:
            name = _text_of(stored.fields, table.name) or _text_of(stored.fields, "source")
            whose = (stored.revision, table.label, _number(stored.fields, table.above))
            below.setdefault(whose, {})[name] = table.entry(**_values(table, stored.fields))
    return [
        StoredEntry(
            revision=head.revision,
            map=_number(head.fields, table.above),
            table=table,
            pk=head.pk,
            name=_text_of(head.fields, table.name),
            entry=table.entry(
                **_values(table, head.fields),
                **{
                    listed: below.get((head.revision, each.label, head.pk), {})
                    for listed, each in table.below.items()
                },
            ),
            deleted=head.deleted,
            reason=head.reason,
        )
        for table, head in heads
    ]


def _values(table: Table, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The plain fields of an entry; one that is not stored, or not of its type, is empty."""
    values, columns = {}, table.plain_columns
    for each in plain_fields(table.entry):
        stored = fields.get(columns[each.name])
        empty = each.kind() if each.default is None else each.default
        values[each.name] = stored if _fits(stored, each.kind) else empty
    return values


def _fits(stored: Any, kind: type) -> bool:
    if type(stored) is not kind or stored == "":
        return False
    values: Any = stored.values() if isinstance(stored, dict) else stored
    return kind not in (dict, list) or all(isinstance(each, str | int) for each in values)


def _text_of(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _number(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    return value if type(value) is int else 0
