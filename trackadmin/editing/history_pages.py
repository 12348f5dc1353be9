"""Which edits a page of the history lists: counted, filtered and cut by the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from functools import reduce
from operator import or_

from django.contrib.auth import get_user_model
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from reversion.models import Version

from trackadmin.editing.locking import map_of, write_database
from trackadmin.editing.revision_reader import (
    DELETED,
    content_type_of,
    every_stored_version,
    stored_versions,
    waived_of,
)
from trackadmin.editing.tables import HEADS, Head
from trackadmin.models import TrackedAction, TrackedModel, TrackingMap, Waiver


class EditKind(StrEnum):
    """What an edit did; it may be of several kinds."""

    MODELS = "models"
    ACTIONS = "actions"
    MAP = "map"
    WAIVERS = "waivers"
    DELETED = "deleted"
    RESTORED = "restored"
    IMPORTED = "imported"


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """Which edits are wanted; without anything, all of them."""

    #: The user name of who edited.
    who: str = ""
    #: Only what code and commands did.
    by_code: bool = False
    #: The prefix of a tracked model or the name of an action, of today or of then.
    name: str = ""
    kind: EditKind | None = None
    #: The first and the last day, in the time zone that is active.
    since: date | None = None
    until: date | None = None


#: The rows by which an edit is of a kind.
_ROWS: dict[EditKind, tuple[type[Model], ...]] = {
    EditKind.MODELS: (TrackedModel,),
    EditKind.ACTIONS: (TrackedAction,),
    EditKind.WAIVERS: (Waiver,),
}
#: How the comments of these edits begin in the database, where they are English.
_COMMENTS: dict[EditKind, tuple[str, ...]] = {
    EditKind.RESTORED: ("Restored ",),
    EditKind.IMPORTED: ("Imported", "Started "),
}


def find_edits(subject: Head | TrackingMap, wanted: HistoryFilter) -> QuerySet[Version, int]:
    """The numbers of these edits of a tracked model, an action or a map, the newest first.

    Nothing is read yet: a page counts them and takes some. :func:`history` tells what they did.
    """
    rows = _edits_of(subject).filter(_condition(wanted))
    return rows.order_by("-revision_id").values_list("revision_id", flat=True)


def _edits_of(subject: Head | TrackingMap) -> QuerySet[Version]:
    """One row for each edit: reversion has a row at most once in a revision."""
    if isinstance(subject, TrackingMap):
        return stored_versions(TrackingMap, subject.pk)
    own, waivers = stored_versions(type(subject), subject.pk), waived_of(subject)
    if not waivers:
        return own
    either = Q(revision_id__in=own.values("revision_id")) | Q(revision_id__in=waivers)
    return stored_versions(TrackingMap, map_of(subject).pk).filter(either)


def _condition(wanted: HistoryFilter) -> Q:
    found = Q()
    if wanted.who:
        found &= Q(**{f"revision__user__{get_user_model().USERNAME_FIELD}": wanted.who})
    if wanted.by_code:
        found &= Q(revision__user=None)
    if wanted.name:
        found &= Q(revision_id__in=_of_name(wanted.name))
    if wanted.kind is not None:
        found &= _of_kind(wanted.kind)
    if wanted.since:
        found &= Q(revision__date_created__gte=_start_of(wanted.since))
    if wanted.until:
        found &= Q(revision__date_created__lt=_start_of(wanted.until + timedelta(days=1)))
    return found


def _of_name(name: str) -> QuerySet[Version]:
    """The edits of the tracked models and actions that have or had this name."""
    conditions = []
    for head in HEADS:
        of_head = Q(content_type=content_type_of(head.model))
        pks = _some(of_head & Q(object_repr=name)).values("object_id")
        conditions.append(of_head & Q(object_id__in=pks))
    return _some(reduce(or_, conditions))


def _of_kind(kind: EditKind) -> Q:
    if comments := _COMMENTS.get(kind):
        starts = (Q(revision__comment__startswith=each) for each in comments)
        return reduce(or_, starts)
    if kind == EditKind.DELETED:
        mark = f'"{DELETED}": true'
        heads = [content_type_of(head.model) for head in HEADS]
        return Q(revision_id__in=_some(Q(content_type__in=heads, serialized_data__contains=mark)))
    if kind == EditKind.MAP:
        others = [content_type_of(each) for models in _ROWS.values() for each in models]
        return ~Q(revision_id__in=_some(Q(content_type__in=others)))
    types = [content_type_of(each) for each in _ROWS[kind]]
    return Q(revision_id__in=_some(Q(content_type__in=types)))


def _some(condition: Q) -> QuerySet[Version]:
    """The edits with such a row."""
    rows = every_stored_version().filter(condition, db=write_database())
    return rows.order_by().values("revision_id")


def _start_of(day: date) -> datetime:
    start = datetime.combine(day, time.min)
    return timezone.make_aware(start) if timezone.is_aware(timezone.now()) else start
