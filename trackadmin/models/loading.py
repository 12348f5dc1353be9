"""What ``loaddata`` does in a database that has the map ``default`` or the same rows."""

from __future__ import annotations

from typing import Any

from django.db.models import Model, Q, QuerySet

from trackadmin.exceptions import DumpConflict, ImmutableVersion
from trackadmin.models.actions import TrackedAction, TrackedParameter
from trackadmin.models.draft import (
    TrackedAggregate,
    TrackedAttribute,
    TrackedChild,
    TrackedModel,
    TrackingMap,
)
from trackadmin.models.review_requests import Remark, ReviewRequest
from trackadmin.models.versions import MapVersion
from trackadmin.models.waivers import Waiver
from trackadmin.texts import gettext as _


def make_room(*, instance: Model, raw: bool, using: str, **kwargs: Any) -> None:
    """Receiver of ``pre_save``: reconcile a row of a dump with the rows of the database.

    Raises :class:`DumpConflict` where they have different keys, and :class:`ImmutableVersion` for
    another version of the same number.
    """
    if raw:
        MEETINGS[type(instance)](instance, using)


def _meet_map(row: TrackingMap, using: str) -> None:
    _keep_growing(row, using, "sequence", "lock_version")
    existing = _others(row, using).filter(slug=row.slug).first()
    if existing is None:
        return
    used = any(
        model._default_manager.using(using).filter(map=existing).exists()
        for model in (TrackedModel, TrackedAction, MapVersion, Waiver, ReviewRequest)
    )
    if used:
        what = _(
            "This database has the tracking map '%(slug)s' under the key %(key)s, and the dump has "
            "it under %(in_dump)s.",
            slug=row.slug,
            key=str(existing.pk),
            in_dump=str(row.pk),
        )
        raise DumpConflict(what, existing.pk, row.pk)
    # It is the map "default" that migrate made, and nobody has used it.
    existing.delete(using=using)


def _meet_model(row: TrackedModel, using: str) -> None:
    _keep_growing(row, using, "lock_version")
    same = Q(prefix=row.prefix) | Q(model_label=row.model_label)
    existing = _others(row, using).filter(same, map_id=row.map_id).first()
    if existing is not None:
        what = _(
            "This database has the tracked model '%(prefix)s' (%(model)s) under the key %(key)s, "
            "and the dump has it under %(in_dump)s.",
            prefix=existing.prefix,
            model=existing.model_label,
            key=str(existing.pk),
            in_dump=str(row.pk),
        )
        raise DumpConflict(what, existing.pk, row.pk)


def _meet_action(row: TrackedAction, using: str) -> None:
    _keep_growing(row, using, "lock_version")
    existing = _others(row, using).filter(name=row.name, map_id=row.map_id).first()
    if existing is not None:
        what = _(
            "This database has the action '%(name)s' under the key %(key)s, and the dump has it "
            "under %(in_dump)s.",
            name=existing.name,
            key=str(existing.pk),
            in_dump=str(row.pk),
        )
        raise DumpConflict(what, existing.pk, row.pk)


def _meet_entry(row: Any, using: str) -> None:
    """A row below a tracked model or an action, which its natural key names within that."""
    above, name = row.NATURAL_KEY[0].partition("__")[0], row.NATURAL_KEY[-1]
    same = {f"{above}_id": getattr(row, f"{above}_id"), name: getattr(row, name)}
    _take_key(row, _others(row, using).filter(**same))


def _meet_waiver(row: Waiver, using: str) -> None:
    same = {"map_id": row.map_id, "code": row.code, "place": row.place}
    _take_key(row, _others(row, using).filter(**same))


def _meet_request(row: ReviewRequest, using: str) -> None:
    _take_key(row, _others(row, using).filter(map_id=row.map_id, number=row.number))


def _meet_remark(row: Remark, using: str) -> None:
    _take_key(row, _others(row, using).filter(request_id=row.request_id, number=row.number))


def _meet_version(row: MapVersion, using: str) -> None:
    existing = _others(row, using).filter(map_id=row.map_id, number=row.number).first()
    if existing is None:
        return
    own = {field.attname for field in row._meta.concrete_fields if not field.primary_key}
    if not existing.says({name: getattr(row, name) for name in own}):
        raise ImmutableVersion
    row.pk = existing.pk


def _keep_growing(row: Model, using: str, *counters: str) -> None:
    """An older dump does not set a counter back: a form that saw a later one stays refused."""
    rows = type(row)._default_manager.using(using).filter(pk=row.pk)
    for known in rows.values(*counters):
        for name, number in known.items():
            setattr(row, name, max(number, getattr(row, name)))


def _take_key(row: Model, rows: QuerySet[Any]) -> None:
    """Nothing refers to such a row, so the existing one becomes what the dump says."""
    existing = rows.first()
    if existing is not None:
        row.pk = existing.pk


def _others(row: Any, using: str) -> QuerySet[Any]:
    rows: QuerySet[Any] = type(row)._default_manager.using(using)
    return rows.exclude(pk=row.pk)


MEETINGS: dict[type[Model], Any] = {
    TrackingMap: _meet_map,
    TrackedModel: _meet_model,
    TrackedAttribute: _meet_entry,
    TrackedChild: _meet_entry,
    TrackedAggregate: _meet_entry,
    TrackedAction: _meet_action,
    TrackedParameter: _meet_entry,
    MapVersion: _meet_version,
    Waiver: _meet_waiver,
    ReviewRequest: _meet_request,
    Remark: _meet_remark,
}
