"""The edit history in words: who changed what and when, and how to put one thing back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.db.models import QuerySet
from reversion.models import Revision, Version

from trackadmin import document as documents
from trackadmin.document import Change, Diff, Document, ModelEntry
from trackadmin.editing.drafting import restore_tracked_model
from trackadmin.editing.people import Person
from trackadmin.editing.stored import (
    StoredMap,
    StoredModel,
    newest_map,
    newest_models,
    read_maps,
    read_models,
    stored_versions,
)
from trackadmin.exceptions import UnknownRevision
from trackadmin.models import TrackedModel, TrackingMap


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One edit: what it changed, told from what was stored before and after it."""

    #: The number to give to ``undo``.
    revision: int
    when: datetime
    #: The user's name; empty for code, commands and users who are gone.
    who: str
    comment: str
    changes: Diff
    #: The prefixes of the tracked models that the edit wrote.
    prefixes: tuple[str, ...]
    #: Those among them that it deleted.
    deleted: tuple[str, ...]


def history(subject: TrackedModel | TrackingMap, *, limit: int | None = None) -> list[HistoryEntry]:
    """The edits of a tracked model or of a whole map, newest first; reads only.

    ``limit`` is how many of the newest to look at. Edits that changed nothing are left out.
    """
    revisions = _revisions(stored_versions(type(subject), subject.pk), limit)
    if isinstance(subject, TrackedModel):
        entries = _told(revisions, read_models(list(revisions), only=subject.pk), [], None)
    else:
        words = read_maps(list(revisions), subject)
        before = newest_map(subject, before=min(revisions)) if limit and revisions else None
        entries = _told(revisions, read_models(list(revisions)), words, before)
    return sorted(entries, key=lambda entry: -entry.revision)


def undo(
    subject: TrackedModel | TrackingMap, revision: int, *, prefix: str = "", by: Person = None
) -> TrackedModel:
    """Put one tracked model back as it was after an edit, or as it last was before a deletion.

    ``subject`` is the tracked model, or the map and ``prefix`` the one it had at that edit: so a
    deleted one comes back. Raises :class:`UnknownRevision`, and :class:`InvalidMap` if that state
    cannot be saved today.
    """
    stored = _find(subject, revision, prefix)
    tracking_map = subject.map if isinstance(subject, TrackedModel) else subject
    when = Revision.objects.values_list("date_created", flat=True).get(pk=revision)
    comment = f"Put back as it was on {when:%Y-%m-%d %H:%M} UTC (edit {revision})."
    return restore_tracked_model(
        tracking_map, stored.prefix, stored.entry, pk=stored.pk, by=by, comment=comment
    )


def _find(subject: TrackedModel | TrackingMap, revision: int, prefix: str) -> StoredModel:
    if isinstance(subject, TrackedModel):
        map_id, wanted = subject.map_id, subject.prefix
        kept = read_models([revision], only=subject.pk)
    else:
        map_id, wanted = subject.pk, prefix
        kept = [m for m in read_models([revision]) if m.prefix == prefix]
    for stored in kept:
        if stored.map == map_id:
            return stored
    raise UnknownRevision(wanted or "a tracked model without a prefix", revision)


def _revisions(versions: QuerySet[Version], limit: int | None) -> dict[int, Revision]:
    pks = versions.order_by("-revision_id").values_list("revision_id", flat=True)[:limit]
    rows = Revision.objects.filter(pk__in=list(pks)).select_related("user").order_by("pk")
    return {row.pk: row for row in rows}


def _told(
    revisions: dict[int, Revision],
    models: Sequence[StoredModel],
    words: Iterable[StoredMap],
    words_before: StoredMap | None,
) -> Iterator[HistoryEntry]:
    state = _before(revisions, models)
    words_at = {stored.revision: stored for stored in words}
    models_at = {r: list(group) for r, group in groupby(models, key=lambda m: m.revision)}
    for pk, revision in revisions.items():
        touched = models_at.get(pk, [])
        changes = [*_map_changes(words_before, words_at.get(pk)), *_changes(state, touched)]
        words_before = words_at.get(pk, words_before)
        state.update({m.pk: None if m.deleted else m for m in touched})
        if changes:
            yield _entry(revision, changes, touched)


def _before(
    revisions: dict[int, Revision], models: Iterable[StoredModel]
) -> dict[int, StoredModel | None]:
    """What stood before the first of these revisions."""
    pks = {m.pk for m in models}
    if not pks:
        return {}
    known = newest_models(pks, before=min(revisions))
    return {pk: None if m.deleted else m for pk, m in known.items()}


def _entry(
    revision: Revision, changes: Sequence[Change], touched: Sequence[StoredModel]
) -> HistoryEntry:
    return HistoryEntry(
        revision=revision.pk,
        when=revision.date_created,
        who=revision.user.get_username() if revision.user else "",
        comment=revision.comment,
        changes=Diff(changes=tuple(changes)),
        prefixes=tuple(m.prefix for m in touched),
        deleted=tuple(m.prefix for m in touched if m.deleted),
    )


def _changes(
    state: dict[int, StoredModel | None], touched: Iterable[StoredModel]
) -> Iterator[Change]:
    for now in touched:
        before = state.get(now.pk)
        if before and not now.deleted and before.prefix != now.prefix:
            yield Change("changed", "model", now.prefix, "prefix", before.prefix, now.prefix)
        # Under one prefix, so that a new prefix does not look like another tracked model.
        old = _alone(now.prefix, before.entry if before else None)
        new = _alone(now.prefix, None if now.deleted else now.entry)
        yield from documents.diff(old, new).changes


def _alone(prefix: str, entry: ModelEntry | None) -> Document:
    return Document(models={prefix: entry} if entry else {})


def _map_changes(before: StoredMap | None, after: StoredMap | None) -> Iterator[Change]:
    if before is None or after is None:
        return
    for name in ("name", "description"):
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            yield Change("changed", "map", "", name, old, new)
