"""Importing a map file on a page: each change is listed, and a person says which to take."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from trackadmin.document import Diff, DiffPart, MapFile, in_old_order, parts, with_parts
from trackadmin.editing.acceptance import refuse_document
from trackadmin.editing.building import build_document
from trackadmin.editing.drafting import replace_draft
from trackadmin.editing.people import Person
from trackadmin.models import TrackingMap
from trackadmin.texts import gettext as _


def import_parts(tracking_map: TrackingMap, file: MapFile) -> list[DiffPart]:
    """What the file would change in the draft, in parts. The order of what is there stays."""
    draft = build_document(tracking_map)
    return parts(draft, in_old_order(draft, file.document))


def take_parts(
    tracking_map: TrackingMap,
    file: MapFile,
    keys: Collection[str],
    *,
    expected: str,
    source: str,
    by: Person = None,
) -> Diff:
    """Write these parts of the file to the draft, in one edit; returns what that changes.

    ``expected`` is the digest of the draft for which they were listed, see ``draft_digest``.
    Raises :class:`InvalidMap` if the draft would have errors with them, :class:`DraftChanged`, and
    :class:`ManagedByCode`. Then nothing has changed.
    """
    draft = build_document(tracking_map)
    wanted = with_parts(draft, in_old_order(draft, file.document), keys)
    document = refuse_document(replace(file, document=wanted))
    comment = _("Imported from %(source)s.", source=source)
    return replace_draft(tracking_map, document, by=by, comment=comment, expected=expected)
