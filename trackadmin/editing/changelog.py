"""What changed from one version of a map to another, or to the draft, with who published what."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet

from trackadmin.document import Diff, Document
from trackadmin.editing.approvals import approvers
from trackadmin.editing.building import build_document
from trackadmin.editing.locking import AnyMap, find_map
from trackadmin.editing.versions import diff, find_version, versions
from trackadmin.models import MapVersion, TrackingMap

#: How many versions a changelog lists, the newest.
MOST_VERSIONS = 200


@dataclass(frozen=True, slots=True)
class Release:
    """A version that a changelog lists."""

    version: MapVersion
    #: The names of those who approved it.
    approved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Changelog:
    """What changed from one side to the other."""

    tracking_map: TrackingMap
    #: The two sides; ``None`` is the draft.
    old: MapVersion | None
    new: MapVersion | None
    difference: Diff
    #: The versions after the old side up to the new one, the newest first; none backwards.
    releases: tuple[Release, ...]
    #: How many older ones of them are not listed.
    more: int


def changelog(
    tracking_map: AnyMap, old: MapVersion | int | None, new: MapVersion | int | None
) -> Changelog:
    """What changed between two versions; ``None`` is the draft.

    Raises :class:`UnknownMap`, :class:`UnknownVersion`, and :class:`DocumentError` for a version
    that cannot be read.
    """
    row = find_map(tracking_map)
    old, new = (None if each is None else find_version(row, each) for each in (old, new))
    difference = diff(_content(row, old), _content(row, new))
    between = _between(row, old, new)
    listed, many = [*between[:MOST_VERSIONS]], between.count()
    approved = approvers(listed)
    releases = tuple(Release(each, tuple(approved.get(each.number, ()))) for each in listed)
    return Changelog(row, old, new, difference, releases, many - len(releases))


def _content(row: TrackingMap, side: MapVersion | None) -> MapVersion | Document:
    return build_document(row) if side is None else side


def _between(
    row: TrackingMap, old: MapVersion | None, new: MapVersion | None
) -> QuerySet[MapVersion]:
    every = versions(row).defer("document")
    if old is None:
        return every.none()
    after = every.filter(number__gt=old.number)
    return after.filter(number__lte=new.number) if new else after
