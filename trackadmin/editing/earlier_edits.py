"""The edits before some edits: a page of the history that is filtered has gaps."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.db.models import Model, OuterRef, Subquery

from trackadmin.editing.locking import write_database
from trackadmin.editing.revision_reader import (
    StoredEntry,
    content_type_of,
    every_stored_version,
    read_rows,
)
from trackadmin.editing.tables import HEADS
from trackadmin.models import TrackingMap


def earlier_states(edits: Collection[int], stored: Iterable[StoredEntry]) -> list[StoredEntry]:
    """What was stored last of each of these entries before the edit that it is from.

    ``edits`` are the edits that ``stored`` is from. States that are from one of them are left out.
    """
    found: list[StoredEntry] = []
    for head in HEADS:
        pks = {each.pk for each in stored if each.table is head}
        before = _edits_before(edits, head.model, pks) - {*edits} if pks else ()
        found += read_rows(sorted(before), [head], only=pks) if before else ()
    return [each for each in found if each.revision not in edits]


def earlier_maps(edits: Collection[int], tracking_map: TrackingMap) -> set[int]:
    """The edits in which the map itself was stored last before each of these."""
    return _edits_before(edits, TrackingMap, [tracking_map.pk])


def _edits_before(edits: Collection[int], model: type[Model], pks: Iterable[int]) -> set[int]:
    of_model = every_stored_version().filter(
        content_type=content_type_of(model), db=write_database()
    )
    before = of_model.filter(
        object_id=OuterRef("object_id"), revision_id__lt=OuterRef("revision_id")
    )
    last = before.order_by("-revision_id").values("revision_id")[:1]
    rows = of_model.filter(revision_id__in=edits, object_id__in=map(str, pks))
    found = rows.order_by().annotate(before=Subquery(last)).values_list("before", flat=True)
    return {pk for pk in found.distinct() if pk is not None}
