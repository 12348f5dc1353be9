"""Adding a map, changing its name, description and settings, deleting it."""

from __future__ import annotations

from django.db import transaction

from trackadmin.document import digest, dump
from trackadmin.editing.acceptance import refuse_settings
from trackadmin.editing.building import head_rows, read_draft
from trackadmin.editing.code_locks import held
from trackadmin.editing.edits import edit
from trackadmin.editing.entry_rows import write_settings
from trackadmin.editing.locking import AnyMap, locked, write_database
from trackadmin.editing.people import Person
from trackadmin.editing.revision_writer import RowState, write_revision
from trackadmin.exceptions import DraftChanged, StaleForm
from trackadmin.models import TrackingMap
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


def add_map(slug: str, *, name: str, description: str = "", by: Person = None) -> TrackingMap:
    """Add an empty map; raises IntegrityError if the slug is taken."""
    with transaction.atomic(using=write_database()):
        added = TrackingMap(slug=slug, name=name, description=description, lock_version=1)
        added.save(using=write_database(), force_insert=True)
        write_revision(added, by=by, comment=_("Added."))
        return added


def save_map(
    tracking_map: AnyMap,
    *,
    name: str,
    description: str,
    unknown_actions: str | None = None,
    undeclared_parameters: str | None = None,
    signed_only: bool | None = None,
    seen: int | None = None,
    by: Person = None,
    comment: Text | str = "",
) -> TrackingMap:
    """Set the name, the description, what happens to events that the map does not know, and
    whether URLs must be signed.

    What is ``None`` stays as it is. ``seen``, StaleForm and InvalidMap are as in
    ``save_tracked_model``.
    """
    settings = {
        "unknown_actions": unknown_actions,
        "undeclared_parameters": undeclared_parameters,
        "signed_only": signed_only,
    }
    given = {name: value for name, value in settings.items() if value is not None}
    refuse_settings(given)
    with edit(tracking_map, by=by, comment=comment) as change:
        row = change.tracking_map
        if seen is not None and seen != row.lock_version:
            raise StaleForm(str(row), seen, row.lock_version)
        write_settings(change, {"name": name, "description": description, **given})
        return row


def delete_map(tracking_map: AnyMap, *, expected: str | None = None, by: Person = None) -> None:
    """Delete a map and its draft; raises ``ProtectedError`` if it was ever published.

    ``expected`` is the digest of the draft that may be deleted, see ``draft_digest``; another one
    raises :class:`DraftChanged`. Raises :class:`ManagedByCode` if any of it is managed by code.
    """
    with locked(tracking_map) as current:
        locks = held(current)
        locks.refuse_edit([(None, prefix) for prefix in locks.locks], whole=True)
        standing = digest(dump(read_draft(current)))
        if expected is not None and expected != standing:
            raise DraftChanged(expected, standing)
        write_revision(
            current, gone=map(RowState.of, head_rows(current)), by=by, comment=_("Deleted.")
        )
        current.delete(using=write_database())
