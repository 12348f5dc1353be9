"""The edits that replace the whole draft: the admin, the command and the API call the same."""

from __future__ import annotations

from trackadmin import document as documents
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.document import Diff, Document, MapFile
from trackadmin.editing.acceptance import refuse_document
from trackadmin.editing.building import build_document, document_of, head_rows
from trackadmin.editing.edits import edit, record_foreign_change
from trackadmin.editing.entry_rows import write_document
from trackadmin.editing.locking import AnyMap
from trackadmin.editing.people import Person
from trackadmin.editing.tables import entry_of, name_of, table_of
from trackadmin.editing.versions import find_version, read_version
from trackadmin.exceptions import DraftChanged, UnknownMap
from trackadmin.models import MapVersion
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


def import_document(
    tracking_map: AnyMap,
    document: Document | MapFile,
    *,
    by: Person = None,
    dry_run: bool = False,
    comment: Text | str = "",
    from_code: bool = False,
) -> Diff:
    """Replace the draft by the document; returns what that changes.

    What is managed by code is changed only ``from_code``: by the command, and not by a page.
    Raises :class:`InvalidMap` with every error, including what could not be read of a
    :class:`MapFile`. A dry run returns and raises the same and writes nothing, not even a counter.
    """
    document = refuse_document(document)
    if dry_run:
        return documents.diff(_draft_before(tracking_map), document)
    return replace_draft(
        tracking_map, document, by=by, comment=comment or _("Imported."), from_code=from_code
    )


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
    from_code: bool = False,
) -> Diff:
    """Make the draft equal to the document; returns what that changes, or raises DraftChanged."""
    with edit(tracking_map, by=by, comment=comment, from_code=from_code) as change:
        rows = head_rows(change.tracking_map)
        before = document_of(change.tracking_map, rows)
        standing = documents.digest(documents.dump(before))
        if expected is not None and expected != standing:
            raise DraftChanged(expected, standing)
        record_foreign_change(
            change,
            [
                row
                for row in rows
                if entry_of(row) != getattr(document, table_of(row).listed).get(name_of(row))
            ],
        )
        write_document(change, rows, document)
        return documents.diff(before, document)
