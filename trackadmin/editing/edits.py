"""One edit: a locked transaction that leaves one revision, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction
from django.db.models import Model

from trackadmin.editing.code_locks import held
from trackadmin.editing.locking import AnyMap, locked, write_database
from trackadmin.editing.moved_waivers import move_waivers
from trackadmin.editing.people import Person, author_id
from trackadmin.editing.revision_reader import StoredMap, newest_entries, newest_map
from trackadmin.editing.revision_writer import RowState, write_revision
from trackadmin.editing.tables import HEADS, Head, entry_of, name_of, table_of
from trackadmin.models import TrackedModel, TrackingMap, Waiver
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

#: The comment of a revision with rows that an edit found and that the history does not know: a
#: fixture, a migration or a shell wrote them.
FOUND = _("Found like this: no editor wrote it.")


@dataclass(slots=True)
class Edit:
    """The changes of an operation, which it notes while it makes them."""

    tracking_map: TrackingMap
    map_changed: bool = False
    #: Whether a setting of the map changed, which is part of the document.
    settings_changed: bool = False
    #: By table and primary key: a revision has each row once, however often the edit writes it.
    changed: dict[tuple[type, int], RowState] = field(default_factory=dict)
    gone: list[RowState] = field(default_factory=list)
    waived: list[Waiver] = field(default_factory=list)
    withdrawn: list[Waiver] = field(default_factory=list)
    #: The old and the new places of what got another name.
    moves: dict[str, str] = field(default_factory=dict)

    @property
    def touched_models(self) -> list[tuple[int | None, str]]:
        """The key and the prefix of each tracked model that was changed or deleted."""
        rows = [state.row for state in (*self.changed.values(), *self.gone)]
        return [(row.pk, row.prefix) for row in rows if isinstance(row, TrackedModel)]

    @property
    def changes_the_map(self) -> bool:
        """Whether anything changed that a publish would show: waivers are not part of it."""
        return self.map_changed or bool(self.changed) or bool(self.gone)

    def note(self, row: Head, below: Sequence[Model]) -> None:
        """Note a row that was written, with the rows that are below it now."""
        self.changed[type(row), row.pk] = RowState(row, below)

    def delete(self, rows: Sequence[Head]) -> None:
        """Delete these rows; the revision has them as they are in memory."""
        self.gone += map(RowState.of, rows)
        for row in rows:
            self.changed.pop((type(row), row.pk), None)
        for head in HEADS:
            pks = [row.pk for row in rows if isinstance(row, head.model)]
            if pks:
                head.model._default_manager.using(write_database()).filter(pk__in=pks).delete()

    def withdraw(self, row: Waiver) -> None:
        """Delete a waiver; the revision has it as it is in memory."""
        self.withdrawn.append(row)
        Waiver.objects.using(write_database()).filter(pk=row.pk).delete()


@contextmanager
def edit(
    tracking_map: AnyMap, *, by: Person, comment: Text | str, from_code: bool = False
) -> Iterator[Edit]:
    """Lock the map for one edit. If the edit changes nothing, not even a counter changes.

    Raises :class:`ManagedByCode` if it changes what is managed by code, unless it comes
    ``from_code``.
    """
    with locked(tracking_map) as current:
        change, locks = Edit(current), held(current)
        yield change
        if not from_code:
            locks.refuse_edit(change.touched_models, whole=change.changes_the_map)
        change.waived += move_waivers(current, change.moves)
        waivers = [*change.waived, *change.withdrawn]
        if change.settings_changed or change.changed or change.gone:
            _remember_editor(current, by)
        if change.map_changed or change.changed or change.gone or waivers:
            write_revision(
                current,
                rows=change.changed.values(),
                gone=change.gone,
                waived=change.waived,
                withdrawn=change.withdrawn,
                by=by,
                comment=comment,
            )
        else:
            transaction.set_rollback(True, using=write_database())


def _remember_editor(tracking_map: TrackingMap, by: Person) -> None:
    """Note who changed the draft last: they cannot approve it."""
    editor = author_id(by)
    if tracking_map.last_editor_id != editor:
        rows = TrackingMap.objects.using(write_database()).filter(pk=tracking_map.pk)
        rows.update(last_editor=editor)


def record_foreign_change(change: Edit, rows: Sequence[Head]) -> None:
    """Write a revision of the rows before the edit, where the history has them differently."""
    strange = [
        RowState.of(row)
        for head in HEADS
        for row in _not_in_the_history([row for row in rows if isinstance(row, head.model)])
    ]
    if strange:
        write_revision(change.tracking_map, rows=strange, comment=FOUND)


def record_foreign_map_change(change: Edit) -> None:
    """Like ``record_foreign_change``, for the map's own name, description and settings."""
    row, known = change.tracking_map, newest_map(change.tracking_map)
    if known is None or known.values != StoredMap.values_of(row):
        write_revision(row, comment=FOUND)


def _not_in_the_history(rows: Sequence[Head]) -> Iterator[Head]:
    """Those of these rows of one table that the history has differently, or not at all."""
    if not rows:
        return
    known = newest_entries(table_of(rows[0]), [row.pk for row in rows])
    for row in rows:
        stored = known.get(row.pk)
        if stored is None or (stored.name, stored.entry) != (name_of(row), entry_of(row)):
            yield row
