"""Reads the edit history: stored JSON as entries, whatever version of trackadmin wrote it.

Reading saves nothing, and old texts do not break it: fields that this code does not know are left
out, and fields that the text does not have are empty.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db import models, router
from django.db.models import Max, Q, QuerySet
from reversion.models import Version

from trackadmin.document import AttributeEntry, ChildEntry, ModelEntry, plain_fields
from trackadmin.editing.locking import write_database
from trackadmin.editing.reasons import reason_of
from trackadmin.models import TrackedAttribute, TrackedChild, TrackedModel, TrackingMap
from trackadmin.texts import Text

#: A key beside "pk" and "fields" in the stored JSON of a row that the revision deleted.
DELETED = "deleted"

#: Another one: the sentence of ours that is the revision's comment.
REASON = "reason"

#: Larger numbers come from an address that somebody typed; SQLite cannot look for them.
LARGEST_NUMBER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class StoredModel:
    """A tracked model in one revision."""

    revision: int
    map: int
    pk: int
    prefix: str
    entry: ModelEntry
    deleted: bool
    #: The sentence of ours that the comment was written from.
    reason: Text | None


@dataclass(frozen=True, slots=True)
class StoredMap:
    """A map's name and description in one revision."""

    revision: int
    name: str
    description: str
    reason: Text | None


def stored_versions(model: type[models.Model], *pks: int) -> QuerySet[Version]:
    """The stored JSON rows of these objects, in every revision."""
    rows: QuerySet[Version] = _versions().filter(
        content_type=content_type_of(model),
        db=write_database(),
        object_id__in=[str(pk) for pk in pks],
    )
    return rows


def content_type_of(model: type[models.Model]) -> ContentType:
    """The model's content type in the database of the history."""
    there = ContentType.objects.db_manager(router.db_for_write(Version))
    return there.get_for_model(model)


def newest_models(pks: Collection[int], *, before: int | None = None) -> dict[int, StoredModel]:
    """The last state of each of these tracked models, or the last before a revision."""
    versions = stored_versions(TrackedModel, *pks).order_by()
    if before is not None:
        versions = versions.filter(revision_id__lt=before)
    newest = versions.values("object_id").annotate(newest=Max("revision_id"))
    revisions = {int(row["object_id"]): row["newest"] for row in newest}
    only = next(iter(pks)) if len(pks) == 1 else None
    kept = read_models(set(revisions.values()), only=only)
    return {m.pk: m for m in kept if revisions.get(m.pk) == m.revision}


def newest_map(tracking_map: TrackingMap, *, before: int | None = None) -> StoredMap | None:
    """The map's newest name and description, or the newest before a revision."""
    versions = stored_versions(TrackingMap, tracking_map.pk)
    if before is not None:
        versions = versions.filter(revision_id__lt=before)
    last = versions.order_by("-revision_id").values_list("revision_id", flat=True)[:1]
    kept = read_maps(list(last), tracking_map)
    return kept[0] if kept else None


def read_models(revisions: Collection[int], *, only: int | None = None) -> list[StoredModel]:
    """The tracked models in these revisions, oldest first; ``only`` the one with this key."""
    known = [revision for revision in revisions if revision <= LARGEST_NUMBER]
    versions = _versions().filter(revision_id__in=known, db=write_database())
    rows = versions.filter(content_type__in=[content_type_of(m) for m in _KEPT])
    if only is not None:
        # "17" is in "171" too; rows of another tracked model have no head here and drop out.
        rows = rows.filter(
            Q(object_id=str(only)) | Q(serialized_data__contains=f'"tracked_model": {only}')
        )
    kept = [stored for stored in map(_stored, rows.order_by("revision_id", "pk")) if stored]
    return _assemble(kept)


def read_maps(revisions: Collection[int], tracking_map: TrackingMap) -> list[StoredMap]:
    """The map's names and descriptions in these revisions, oldest first."""
    rows = stored_versions(TrackingMap, tracking_map.pk).filter(revision_id__in=revisions)
    kept = [stored for stored in map(_stored, rows.order_by("revision_id")) if stored]
    return [
        StoredMap(
            s.revision, _text_of(s.fields, "name"), _text_of(s.fields, "description"), s.reason
        )
        for s in kept
    ]


@dataclass(frozen=True, slots=True)
class _Stored:
    revision: int
    model: str
    pk: int
    fields: Mapping[str, Any]
    deleted: bool
    reason: Text | None


_KEPT = (TrackedModel, TrackedAttribute, TrackedChild)


def _versions() -> QuerySet[Version]:
    """From the database that they are written to, so that editors see their last edit."""
    rows: QuerySet[Version] = Version.objects.using(router.db_for_write(Version))
    return rows


def _stored(version: Version) -> _Stored | None:
    """One row of the history; ``None`` if no version of trackadmin can have written it."""
    try:
        data = json.loads(version.serialized_data)[0]
        return _Stored(
            revision=version.revision_id,
            model=data["model"],
            pk=int(data["pk"]),
            fields=dict(data["fields"]),
            deleted=bool(data.get(DELETED)),
            reason=reason_of(data.get(REASON)),
        )
    except (ValueError, TypeError, LookupError):
        return None


def _assemble(kept: Iterable[_Stored]) -> list[StoredModel]:
    heads: list[_Stored] = []
    attributes: dict[tuple[int, Any], dict[str, AttributeEntry]] = {}
    children: dict[tuple[int, Any], dict[str, ChildEntry]] = {}
    for stored in kept:
        whose = (stored.revision, stored.fields.get("tracked_model"))
        if stored.model == TrackedModel._meta.label_lower:
            heads.append(stored)
        elif stored.model == TrackedAttribute._meta.label_lower:
            name = _text_of(stored.fields, "name") or _text_of(stored.fields, "source")
            attributes.setdefault(whose, {})[name] = AttributeEntry(
                **_values(AttributeEntry, stored.fields)
            )
        else:
            accessor = _text_of(stored.fields, "accessor")
            children.setdefault(whose, {})[accessor] = ChildEntry(
                **_values(ChildEntry, stored.fields)
            )
    return [
        _stored_model(
            head,
            attributes.get((head.revision, head.pk), {}),
            children.get((head.revision, head.pk), {}),
        )
        for head in heads
    ]


def _stored_model(
    head: _Stored, attributes: Mapping[str, AttributeEntry], children: Mapping[str, ChildEntry]
) -> StoredModel:
    label = _text_of(head.fields, "model_label")
    values = _values(ModelEntry, head.fields) | {"model": label}
    entry = ModelEntry(**values, attributes=attributes, children=children)
    return StoredModel(
        revision=head.revision,
        map=_number(head.fields, "map"),
        pk=head.pk,
        prefix=_text_of(head.fields, "prefix"),
        entry=entry,
        deleted=head.deleted,
        reason=head.reason,
    )


def _values(entry: type, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The plain fields of an entry; one that is not stored, or not of its type, is empty."""
    return {
        each.name: fields[each.name]
        if type(fields.get(each.name)) is each.kind and fields[each.name] != ""
        else (each.kind() if each.default is None else each.default)
        for each in plain_fields(entry)
    }


def _text_of(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _number(fields: Mapping[str, Any], name: str) -> int:
    value = fields.get(name)
    return value if type(value) is int else 0
