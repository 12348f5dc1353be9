"""The edits of the draft: the admin, the command and the API call the same functions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.db.models import Q

from trackadmin import document as documents
from trackadmin.codes import ProblemCode
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.document import Diff, Document, MapFile, ModelEntry
from trackadmin.editing.acceptance import refuse_document, refuse_entry
from trackadmin.editing.building import build_document, document_of, draft_row, draft_rows, entry_of
from trackadmin.editing.edits import Edit, edit, record_foreign_change
from trackadmin.editing.entry_rows import write_document, write_entry
from trackadmin.editing.locking import AnyMap, map_of, write_database
from trackadmin.editing.people import Person
from trackadmin.editing.versions import find_version, read_version
from trackadmin.exceptions import DraftChanged, InvalidMap, Problem, StaleForm, UnknownMap
from trackadmin.models import MapVersion, TrackedModel, TrackingMap
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


@dataclass(frozen=True, slots=True)
class Saved:
    """A tracked model's row as it is now, and what the save changed."""

    row: TrackedModel
    changes: Diff


def save_tracked_model(
    tracking_map: AnyMap,
    prefix: str,
    entry: ModelEntry,
    *,
    tracked_model: TrackedModel | None = None,
    seen: int | None = None,
    by: Person = None,
    comment: Text | str = "",
) -> Saved:
    """Write the entry to the row ``tracked_model``; ``None`` adds a tracked model.

    ``seen`` is the ``lock_version`` that the form showed. Raises :class:`StaleForm` if somebody
    saved or deleted the row since, and :class:`InvalidMap` with the errors of this entry, never
    with those of the rest of the map. A save that changes nothing leaves no trace.
    """
    with edit(tracking_map, by=by, comment=comment) as change:
        row = _find(change.tracking_map, tracked_model, seen) if tracked_model else None
        return _save(change, row, prefix, entry)


def restore_tracked_model(
    tracking_map: AnyMap,
    prefix: str,
    entry: ModelEntry,
    *,
    pk: int,
    seen: int | None = None,
    by: Person,
    comment: Text | str,
) -> Saved:
    """Write the entry to the tracked model with this key, also if it was deleted.

    ``seen`` is as in ``save_tracked_model``; 0 means that there was no row.
    """
    with edit(tracking_map, by=by, comment=comment) as change:
        row = draft_row(pk, change.tracking_map)
        current = row.lock_version if row else 0
        if seen is not None and seen != current:
            raise StaleForm(prefix, seen, current or None)
        return _save(change, row, prefix, entry, pk=pk)


def delete_tracked_model(
    tracked_model: TrackedModel,
    *,
    seen: int | None = None,
    by: Person = None,
    comment: Text | str = "",
) -> None:
    """Delete one tracked model; the history keeps its last state. May raise StaleForm."""
    comment = comment or _("Deleted %(prefix)s.", prefix=tracked_model.prefix)
    with edit(map_of(tracked_model), by=by, comment=comment) as change:
        row = _find(change.tracking_map, tracked_model, seen)
        record_foreign_change(change, [row])
        change.delete([row])


def order_tracked_models(
    tracking_map: AnyMap, prefixes: Sequence[str], *, by: Person = None
) -> None:
    """Put the tracked models into this order; ``prefixes`` names each of them once."""
    with edit(tracking_map, by=by, comment=_("Changed the order.")) as change:
        rows = {row.prefix: row for row in draft_rows(change.tracking_map)}
        if sorted(rows) != sorted(prefixes):
            raise InvalidMap(_("The order was not changed."), [_not_the_same(rows, prefixes)])
        moved = [(i, rows[p]) for i, p in enumerate(prefixes) if rows[p].position != i]
        record_foreign_change(change, [row for _, row in moved])
        for position, row in moved:
            write_entry(change, row, row.prefix, replace(entry_of(row), position=position))


def import_document(
    tracking_map: AnyMap,
    document: Document | MapFile,
    *,
    by: Person = None,
    dry_run: bool = False,
    comment: Text | str = "",
) -> Diff:
    """Replace the draft by the document; returns what that changes.

    Raises :class:`InvalidMap` with every error, including what could not be read of a
    :class:`MapFile`. A dry run returns and raises the same and writes nothing, not even a counter.
    """
    document = refuse_document(document)
    if dry_run:
        return documents.diff(_draft_before(tracking_map), document)
    return replace_draft(tracking_map, document, by=by, comment=comment or _("Imported."))


def _draft_before(tracking_map: AnyMap) -> Document:
    """The draft; empty for the map ``default`` before it exists."""
    try:
        return build_document(tracking_map)
    except UnknownMap:
        if tracking_map != DEFAULT_MAP:
            raise
        return Document()


def restore_draft(
    tracking_map: AnyMap,
    version: MapVersion | int,
    *,
    by: Person = None,
    expected: str | None = None,
) -> Diff:
    """Replace the draft by a version's document; returns what that changes.

    Works across drift. ``expected`` is the digest of the draft that may be replaced, see
    ``draft_digest``. Raises :class:`UnknownVersion`, :class:`DraftChanged`, and
    :class:`DocumentError` if the version is not what was published.
    """
    found_version = find_version(tracking_map, version)
    document = read_version(found_version)
    comment = _("Restored from version %(number)s.", number=str(found_version.number))
    return replace_draft(tracking_map, document, by=by, comment=comment, expected=expected)


def replace_draft(
    tracking_map: AnyMap,
    document: Document,
    *,
    by: Person,
    comment: Text | str,
    expected: str | None = None,
) -> Diff:
    """Make the draft equal to the document; returns what that changes, or raises DraftChanged."""
    with edit(tracking_map, by=by, comment=comment) as change:
        rows = list(draft_rows(change.tracking_map))
        before = document_of(rows)
        standing = documents.digest(documents.dump(before))
        if expected is not None and expected != standing:
            raise DraftChanged(expected, standing)
        record_foreign_change(
            change, [r for r in rows if before.models[r.prefix] != document.models.get(r.prefix)]
        )
        write_document(change, rows, document)
        return documents.diff(before, document)


def _save(
    change: Edit, row: TrackedModel | None, prefix: str, entry: ModelEntry, pk: int | None = None
) -> Saved:
    entry = replace(entry, model=entry.model.lower())
    before = entry_of(row) if row else None
    was = Document(models={row.prefix: before} if row and before else {})
    changes = documents.diff(was, Document(models={prefix: entry}))
    if row is not None and not changes:
        return Saved(row, changes)
    others = TrackedModel.objects.using(write_database()).filter(map=change.tracking_map)
    others = others.filter(Q(prefix=prefix) | Q(model_label=entry.model))
    standing = Document(models={prefix: before} if before else {})
    refuse_entry(prefix, entry, others.exclude(pk=row.pk if row else 0), standing)
    if row:
        record_foreign_change(change, [row])
    return Saved(write_entry(change, row, prefix, entry, pk=pk), changes)


def _find(tracking_map: TrackingMap, tracked_model: TrackedModel, seen: int | None) -> TrackedModel:
    row = draft_row(tracked_model.pk, tracking_map)
    if row is None:
        raise StaleForm(tracked_model.prefix, seen, None)
    if seen is not None and row.lock_version != seen:
        raise StaleForm(row.prefix, seen, row.lock_version)
    return row


def _not_the_same(rows: dict[str, TrackedModel], prefixes: Sequence[str]) -> Problem:
    where = ", ".join(sorted(set(rows) ^ set(prefixes))) or "…"
    what = _(
        "The order %(order)s does not name each of %(prefixes)s once.",
        order=repr(list(prefixes)),
        prefixes=repr(sorted(rows)),
    )
    remedy = _("Open the list again: somebody may have added or deleted a tracked model.")
    return Problem(ProblemCode.ORDER_MISMATCH, "error", where, what, remedy)
