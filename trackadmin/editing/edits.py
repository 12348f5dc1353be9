"""One edit: a locked transaction that leaves one revision, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import transaction

from trackadmin.editing.building import entry_of
from trackadmin.editing.locking import AnyMap, locked, write_database
from trackadmin.editing.people import Person
from trackadmin.editing.revision_reader import newest_map, newest_models
from trackadmin.editing.revision_writer import RowState, write_revision
from trackadmin.models import TrackedModel, TrackingMap
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
    #: By primary key: a revision has each row once, however often the edit writes it.
    changed: dict[int, RowState] = field(default_factory=dict)
    gone: list[RowState] = field(default_factory=list)

    def delete(self, rows: Sequence[TrackedModel]) -> None:
        """Delete these rows; the revision has them as they are in memory."""
        pks = [row.pk for row in rows]
        self.gone += map(RowState.of, rows)
        for pk in pks:
            self.changed.pop(pk, None)
        TrackedModel.objects.using(write_database()).filter(pk__in=pks).delete()


@contextmanager
def edit(tracking_map: AnyMap, *, by: Person, comment: Text | str) -> Iterator[Edit]:
    """Lock the map for one edit. If the edit changes nothing, not even a counter changes."""
    with locked(tracking_map) as current:
        change = Edit(current)
        yield change
        if change.map_changed or change.changed or change.gone:
            rows = change.changed.values()
            write_revision(current, rows=rows, gone=change.gone, by=by, comment=comment)
        else:
            transaction.set_rollback(True, using=write_database())


def record_foreign_change(change: Edit, rows: Sequence[TrackedModel]) -> None:
    """Write a revision of the rows before the edit, where the history has them differently."""
    known = newest_models([row.pk for row in rows])
    strange = [
        RowState.of(row)
        for row in rows
        if row.pk not in known or (known[row.pk].prefix, known[row.pk].entry) != _state(row)
    ]
    if strange:
        write_revision(change.tracking_map, rows=strange, comment=FOUND)


def record_foreign_map_change(change: Edit) -> None:
    """Like ``record_foreign_change``, for the map's own name and description."""
    row, known = change.tracking_map, newest_map(change.tracking_map)
    if known is None or (known.name, known.description) != (row.name, row.description):
        write_revision(row, comment=FOUND)


def _state(row: TrackedModel) -> tuple[str, object]:
    return row.prefix, entry_of(row)
