"""The edit history: who changed what and when, and how to restore one tracked model."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain, groupby
from typing import Any, Literal

from django.db import router
from django.db.models import QuerySet
from reversion.models import Revision, Version

from trackadmin import document as documents
from trackadmin.document import Change, Diff, Document
from trackadmin.editing.earlier_edits import earlier_maps, earlier_states
from trackadmin.editing.locking import map_of
from trackadmin.editing.people import Person
from trackadmin.editing.revision_reader import (
    LARGEST_NUMBER,
    StoredEntry,
    StoredMap,
    newest_entries,
    newest_map,
    read_entries,
    read_heads,
    read_maps,
    read_some,
    rows_in,
    stored_versions,
    waived_in,
    waived_of,
)
from trackadmin.editing.saving import restore_entry
from trackadmin.editing.tables import ACTIONS, HEADS, MODELS, Head, HeadEntry, HeadTable, name_of
from trackadmin.editing.utc import in_utc
from trackadmin.exceptions import UnknownRevision
from trackadmin.models import TrackingMap
from trackadmin.texts import Text, english
from trackadmin.texts import gettext as _

_Changes = Callable[[int, Sequence[StoredEntry], Sequence[StoredEntry]], Iterator[Change]]


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
    #: The names of the actions that the edit wrote, and those among them that it deleted.
    actions: tuple[str, ...]
    deleted_actions: tuple[str, ...]
    #: Whether it was read what it changed. Of a long history only the newest edits are.
    was_read: bool = True
    #: How many tracked models and actions it wrote beside those that were read.
    unread: int = 0

    @property
    def comment(self) -> str:
        """The reason. Our own sentences are in the language that is active."""
        return str(self.reason)


def history(
    subject: Head | TrackingMap,
    *,
    limit: int | None = None,
    most_rows: int | None = None,
    only: Collection[int] | None = None,
) -> list[HistoryEntry]:
    """The edits of a tracked model, an action or a whole map, newest first; reads only.

    ``limit`` is how many of the newest to look at, ``only`` are the numbers of others, of one page.
    Edits that changed nothing are left out. A
    waiver changes no entry; it is among the edits of the map and of what it is about, and its
    reason says what was waived. With ``most_rows``, edits are read until so many rows of the
    history were; of those before, which may be imports of a whole map, only who made them, when
    and why.
    """
    waivers = waived_of(subject) if isinstance(subject, Head) else []
    every = (
        _revisions(stored_versions(type(subject), subject.pk), waivers, limit)
        if only is None
        else _revisions_of(only)
    )
    revisions = _affordable(every, most_rows)
    has_gaps = only is not None
    if isinstance(subject, Head):
        stored = _read_states(revisions, has_gaps, only=subject)
        reasons = {each.revision: each.reason for each in stored}
        reasons |= {each.revision: each.reason for each in read_maps(waivers, map_of(subject))}
        entries = _told(revisions, stored, reasons, _changes_of_entries, keep=waivers)
    else:
        known = {*revisions, *(earlier_maps(revisions, subject) if has_gaps else ())}
        maps = {each.revision: each for each in read_maps(known, subject)}
        before = newest_map(subject, before=min(known)) if known else None
        told = partial(_changes_of_map, maps={0: before, **maps})
        reasons = {revision: each.reason for revision, each in maps.items()}
        stored, keep = _read_states(revisions, has_gaps), waived_in(list(revisions))
        entries = _told(revisions, stored, reasons, told, keep=keep)
    left = {pk: each for pk, each in every.items() if pk not in revisions}
    entries = chain(entries, _untold(subject, left))
    return sorted(entries, key=lambda entry: -entry.revision)


def history_of_edit(tracking_map: TrackingMap, revision: int, *, most: int) -> HistoryEntry | None:
    """What one edit of a map changed, in the first ``most`` of the entries that it wrote.

    ``None`` if the map has no such edit.
    """
    versions = stored_versions(TrackingMap, tracking_map.pk).filter(revision_id=revision)
    revisions = _revisions(versions, (), 1)
    if not revisions:
        return None
    heads = read_heads(revision)
    maps = {each.revision: each for each in read_maps([revision], tracking_map)}
    told = partial(_changes_of_map, maps={0: newest_map(tracking_map, before=revision), **maps})
    stored = read_some(revision, heads[:most])
    reasons = {pk: each.reason for pk, each in maps.items()}
    (entry,) = _told(revisions, stored, reasons, told, keep=[revision])
    return replace(entry, unread=len(heads) - len(stored), **_names_written(heads))


def undo(
    subject: Head | TrackingMap,
    revision: int,
    *,
    prefix: str = "",
    action: str = "",
    seen: int | None = None,
    by: Person = None,
) -> Head:
    """Restore a tracked model or an action as it was after an edit, or as it last was before a
    deletion.

    ``subject`` is its row. For a deleted one, it is the map, and ``prefix`` or ``action`` is the
    name that it had at that edit. ``seen`` is the ``lock_version`` that the page showed, 0 for no
    row. Raises :class:`UnknownRevision`, :class:`StaleForm` if somebody saved, deleted or brought
    back the row since, and :class:`InvalidMap` if that state cannot be saved today.
    """
    stored = as_it_was(subject, revision, prefix=prefix, action=action)
    tracking_map = map_of(subject) if isinstance(subject, Head) else subject
    when = _all_revisions().values_list("date_created", flat=True).get(pk=revision)
    comment = _(
        "Restored as it was on %(when)s UTC (edit %(edit)s).",
        when=f"{in_utc(when):%Y-%m-%d %H:%M}",
        edit=str(revision),
    )
    return restore_entry(
        tracking_map,
        stored.name,
        stored.entry,
        pk=stored.pk,
        seen=seen,
        by=by,
        comment=comment,
    )


def as_it_was(
    subject: Head | TrackingMap, revision: int, *, prefix: str = "", action: str = ""
) -> StoredEntry:
    """What ``undo`` would restore: the state after an edit, or the last before a deletion.

    Raises :class:`UnknownRevision`.
    """
    if isinstance(subject, Head):
        map_id, wanted = subject.map_id, name_of(subject)
        kept = read_entries([revision], only=subject)
    else:
        table: HeadTable = ACTIONS if action else MODELS
        map_id, wanted = subject.pk, action or prefix
        found = read_entries([revision])
        kept = [each for each in found if each.table is table and each.name == wanted]
    for stored in kept:
        if stored.map == map_id:
            return stored
    raise UnknownRevision(wanted, revision)


def as_it_last_was(tracking_map: TrackingMap, head: type[Head], pk: int) -> HeadEntry | None:
    """The newest stored state of a row of this map that may be deleted; ``None`` if it has none."""
    table = next(each for each in HEADS if each.model is head)
    stored = newest_entries(table, [pk]).get(pk) if pk <= LARGEST_NUMBER else None
    return stored.entry if stored and stored.map == tracking_map.pk else None


def _read_states(
    revisions: Collection[int], has_gaps: bool, only: Head | None = None
) -> list[StoredEntry]:
    """What these edits stored; where others are between them, also what they found."""
    stored = read_entries(list(revisions), only=only)
    found = earlier_states(revisions, stored) if has_gaps else []
    return sorted([*found, *stored], key=lambda each: each.revision)


def _affordable(revisions: dict[int, Revision], most_rows: int | None) -> dict[int, Revision]:
    """The newest of these revisions that have so many rows together."""
    if most_rows is None:
        return revisions
    rows, newest, sum_of = rows_in(list(revisions)), sorted(revisions, reverse=True), 0
    found: list[int] = []
    for pk in newest:
        sum_of += rows.get(pk, 0)
        if sum_of > most_rows:
            break
        found.append(pk)
    return {pk: revisions[pk] for pk in reversed(found)}


def _untold(subject: Head | TrackingMap, revisions: dict[int, Revision]) -> Iterator[HistoryEntry]:
    """Edits without what they changed."""
    maps = read_maps(list(revisions), map_of(subject) if isinstance(subject, Head) else subject)
    reasons = {each.revision: each.reason for each in maps}
    for pk, revision in revisions.items():
        yield replace(_history_entry(revision, Diff(()), (), reasons.get(pk)), was_read=False)


def _revisions(
    versions: QuerySet[Version], more: Iterable[int], limit: int | None
) -> dict[int, Revision]:
    own = versions.order_by("-revision_id").values_list("revision_id", flat=True)[:limit]
    pks = sorted({*own, *more}, reverse=True)[:limit]
    return _revisions_of(pks)


def _revisions_of(pks: Iterable[int]) -> dict[int, Revision]:
    rows = _all_revisions().filter(pk__in=pks).select_related("user").order_by("pk")
    return {row.pk: row for row in rows}


def _all_revisions() -> QuerySet[Revision]:
    rows: QuerySet[Revision] = Revision.objects.using(router.db_for_write(Revision))
    return rows


def _told(
    revisions: dict[int, Revision],
    stored: Sequence[StoredEntry],
    reasons: Mapping[int, Text | None],
    changes: _Changes,
    *,
    keep: Container[int],
) -> Iterator[HistoryEntry]:
    """The edits that changed something, and those to ``keep``.

    ``stored`` may be of others, too.
    """
    stored_at = {r: list(group) for r, group in groupby(stored, key=lambda each: each.revision)}
    state = _before({**revisions, **stored_at}, stored)
    for pk in sorted({*revisions, *stored_at}):
        touched, revision = stored_at.get(pk, []), revisions.get(pk)
        before = [each for each in map(state.get, (t.whose for t in touched)) if each]
        after = [each for each in touched if not each.deleted]
        state.update({each.whose: None if each.deleted else each for each in touched})
        found = tuple(changes(pk, before, after)) if revision else ()
        if revision and (found or pk in keep):
            yield _history_entry(revision, Diff(found), touched, reasons.get(pk))


def _before(
    revisions: Collection[int], stored: Iterable[StoredEntry]
) -> dict[tuple[str, int], StoredEntry | None]:
    """The states before the first of these revisions."""
    found: dict[tuple[str, int], StoredEntry | None] = {}
    for head in HEADS:
        if pks := {each.pk for each in stored if each.table is head}:
            for each in newest_entries(head, pks, before=min(revisions)).values():
                found[each.whose] = None if each.deleted else each
    return found


def _history_entry(
    revision: Revision, changes: Diff, touched: Sequence[StoredEntry], reason: Text | None
) -> HistoryEntry:
    # A comment that somebody has changed since is shown as it is.
    ours = reason is not None and english(reason) == revision.comment
    return HistoryEntry(
        revision=revision.pk,
        when=revision.date_created,
        who=revision.user.get_username() if revision.user else "",
        reason=reason if reason and ours else revision.comment,
        changes=changes,
        **_names_written(touched),
    )


def _names_written(touched: Sequence[StoredEntry]) -> dict[str, Any]:
    """The names that an edit wrote, and those that it deleted."""
    deleted = [each for each in touched if each.deleted]
    return {
        "prefixes": _names_in(touched, MODELS),
        "deleted": _names_in(deleted, MODELS),
        "actions": _names_in(touched, ACTIONS),
        "deleted_actions": _names_in(deleted, ACTIONS),
    }


def _names_in(stored: Iterable[StoredEntry], table: HeadTable) -> tuple[str, ...]:
    return tuple(each.name for each in stored if each.table is table)


def _changes_of_map(
    revision: int,
    before: Sequence[StoredEntry],
    after: Sequence[StoredEntry],
    *,
    maps: dict[int, StoredMap | None],
) -> Iterator[Change]:
    new = maps.get(revision)
    old = maps[max(r for r in maps if r < revision)]
    for name, value in new.values.items() if old and new else ():
        if old and old.values[name] != value:
            yield Change("changed", "map", "", name, old.values[name], value)
    yield from _changes_of_entries(revision, before, after)


def _changes_of_entries(
    revision: int, before: Sequence[StoredEntry], after: Sequence[StoredEntry]
) -> Iterator[Change]:
    names = {each.whose: each.name for each in after if each.table is ACTIONS}
    renamed = {each.name: names[each.whose] for each in before if each.whose in names}
    old_document, new_document = _document_of(before), _document_of(after)
    changes = documents.diff(old_document, new_document, renamed_actions=renamed).changes
    if len(before) != 1 or len(after) != 1:
        yield from changes
        return
    # Among others a position is an order; alone it is a number.
    yield from (change for change in changes if change.subject != "map")
    old, new = before[0].entry.position, after[0].entry.position
    if old != new:
        subject: Literal["action", "model"] = "action" if after[0].table is ACTIONS else "model"
        yield Change("changed", subject, after[0].name, "position", old, new)


def _document_of(stored: Iterable[StoredEntry]) -> Document:
    found: dict[str, dict[str, Any]] = {head.listed: {} for head in HEADS}
    for each in stored:
        found[each.table.listed][each.name] = each.entry
    return Document(**found)  # type: ignore[arg-type] # one for each of its lists
