"""The edit history: who changed what and when, and how to restore one tracked model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby

from django.db import router
from django.db.models import QuerySet
from reversion.models import Revision, Version

from trackadmin import document as documents
from trackadmin.document import Change, Diff, Document
from trackadmin.editing.drafting import restore_tracked_model
from trackadmin.editing.locking import map_of
from trackadmin.editing.people import Person
from trackadmin.editing.revision_reader import (
    StoredMap,
    StoredModel,
    newest_map,
    newest_models,
    read_maps,
    read_models,
    stored_versions,
)
from trackadmin.editing.utc import in_utc
from trackadmin.exceptions import UnknownRevision
from trackadmin.models import TrackedModel, TrackingMap
from trackadmin.texts import Text, english
from trackadmin.texts import gettext as _

_Changes = Callable[[int, Sequence[StoredModel], Sequence[StoredModel]], Iterator[Change]]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One edit: what it changed, by comparing what was stored before and after it."""

    #: The number for ``undo``.
    revision: int
    when: datetime
    #: The user's name; empty for code, commands and deleted users.
    who: str
    #: Why: what the editor wrote, or a sentence of ours.
    reason: Text | str
    changes: Diff
    #: The prefixes of the tracked models that the edit wrote.
    prefixes: tuple[str, ...]
    #: Those among them that it deleted.
    deleted: tuple[str, ...]

    @property
    def comment(self) -> str:
        """The reason. Our own sentences are in the language that is active."""
        return str(self.reason)


def history(subject: TrackedModel | TrackingMap, *, limit: int | None = None) -> list[HistoryEntry]:
    """The edits of a tracked model or of a whole map, newest first; reads only.

    ``limit`` is how many of the newest to look at. Edits that changed nothing are left out.
    """
    revisions = _revisions(stored_versions(type(subject), subject.pk), limit)
    if isinstance(subject, TrackedModel):
        models = read_models(list(revisions), only=subject.pk)
        reasons = {stored.revision: stored.reason for stored in models}
        entries = _told(revisions, models, reasons, _changes_of_models)
    else:
        words = {stored.revision: stored for stored in read_maps(list(revisions), subject)}
        before = newest_map(subject, before=min(revisions)) if revisions else None
        told = partial(_changes_of_map, words={0: before, **words})
        reasons = {revision: stored.reason for revision, stored in words.items()}
        entries = _told(revisions, read_models(list(revisions)), reasons, told)
    return sorted(entries, key=lambda entry: -entry.revision)


def undo(
    subject: TrackedModel | TrackingMap,
    revision: int,
    *,
    prefix: str = "",
    seen: int | None = None,
    by: Person = None,
) -> TrackedModel:
    """Restore one tracked model as it was after an edit, or as it last was before a deletion.

    ``subject`` is the tracked model. For a deleted one, it is the map, and ``prefix`` is the prefix
    that it had at that edit. ``seen`` is the ``lock_version`` that the page showed, 0 for no row.
    Raises :class:`UnknownRevision`, :class:`StaleForm` if somebody saved, deleted or brought back
    the row since, and :class:`InvalidMap` if that state cannot be saved today.
    """
    stored = as_it_was(subject, revision, prefix=prefix)
    tracking_map = map_of(subject) if isinstance(subject, TrackedModel) else subject
    when = _all_revisions().values_list("date_created", flat=True).get(pk=revision)
    comment = _(
        "Restored as it was on %(when)s UTC (edit %(edit)s).",
        when=f"{in_utc(when):%Y-%m-%d %H:%M}",
        edit=str(revision),
    )
    saved = restore_tracked_model(
        tracking_map,
        stored.prefix,
        stored.entry,
        pk=stored.pk,
        seen=seen,
        by=by,
        comment=comment,
    )
    return saved.row


def as_it_was(
    subject: TrackedModel | TrackingMap, revision: int, *, prefix: str = ""
) -> StoredModel:
    """What ``undo`` would restore: the state after an edit, or the last before a deletion.

    Raises :class:`UnknownRevision`.
    """
    if isinstance(subject, TrackedModel):
        map_id, wanted = subject.map_id, subject.prefix
        kept = read_models([revision], only=subject.pk)
    else:
        map_id, wanted = subject.pk, prefix
        kept = [m for m in read_models([revision]) if m.prefix == prefix]
    for stored in kept:
        if stored.map == map_id:
            return stored
    raise UnknownRevision(wanted, revision)


def _revisions(versions: QuerySet[Version], limit: int | None) -> dict[int, Revision]:
    pks = versions.order_by("-revision_id").values_list("revision_id", flat=True)[:limit]
    rows = _all_revisions().filter(pk__in=list(pks)).select_related("user").order_by("pk")
    return {row.pk: row for row in rows}


def _all_revisions() -> QuerySet[Revision]:
    rows: QuerySet[Revision] = Revision.objects.using(router.db_for_write(Revision))
    return rows


def _told(
    revisions: dict[int, Revision],
    models: Sequence[StoredModel],
    reasons: Mapping[int, Text | None],
    changes: _Changes,
) -> Iterator[HistoryEntry]:
    state = _before(revisions, models)
    models_at = {r: list(group) for r, group in groupby(models, key=lambda m: m.revision)}
    for pk, revision in revisions.items():
        touched = models_at.get(pk, [])
        before = [m for m in map(state.get, (t.pk for t in touched)) if m]
        after = [m for m in touched if not m.deleted]
        state.update({m.pk: None if m.deleted else m for m in touched})
        if found := tuple(changes(pk, before, after)):
            yield _history_entry(revision, Diff(found), touched, reasons.get(pk))


def _before(
    revisions: dict[int, Revision], models: Iterable[StoredModel]
) -> dict[int, StoredModel | None]:
    """The states before the first of these revisions."""
    pks = {m.pk for m in models}
    if not pks:
        return {}
    known = newest_models(pks, before=min(revisions))
    return {pk: None if m.deleted else m for pk, m in known.items()}


def _history_entry(
    revision: Revision, changes: Diff, touched: Sequence[StoredModel], reason: Text | None
) -> HistoryEntry:
    # A comment that somebody has changed since is shown as it is.
    ours = reason is not None and english(reason) == revision.comment
    return HistoryEntry(
        revision=revision.pk,
        when=revision.date_created,
        who=revision.user.get_username() if revision.user else "",
        reason=reason if reason and ours else revision.comment,
        changes=changes,
        prefixes=tuple(m.prefix for m in touched),
        deleted=tuple(m.prefix for m in touched if m.deleted),
    )


def _changes_of_map(
    revision: int,
    before: Sequence[StoredModel],
    after: Sequence[StoredModel],
    *,
    words: dict[int, StoredMap | None],
) -> Iterator[Change]:
    new = words.get(revision)
    old = words[max(r for r in words if r < revision)]
    for name in ("name", "description"):
        if old and new and getattr(old, name) != getattr(new, name):
            yield Change("changed", "map", "", name, getattr(old, name), getattr(new, name))
    yield from _changes_of_models(revision, before, after)


def _changes_of_models(
    revision: int, before: Sequence[StoredModel], after: Sequence[StoredModel]
) -> Iterator[Change]:
    changes = documents.diff(_document_of(before), _document_of(after)).changes
    if len(before) != 1 or len(after) != 1:
        yield from changes
        return
    # Among others a position is an order; alone it is a number.
    yield from (change for change in changes if change.subject != "map")
    old, new = before[0].entry.position, after[0].entry.position
    if old != new:
        yield Change("changed", "model", after[0].prefix, "position", old, new)


def _document_of(models: Iterable[StoredModel]) -> Document:
    return Document(models={m.prefix: m.entry for m in models})
