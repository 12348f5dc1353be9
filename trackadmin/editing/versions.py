"""Reads versions: the live one, one by its number, all, and the differences of two."""

from __future__ import annotations

from functools import lru_cache

from django.db.models import OuterRef, QuerySet, Subquery

from trackadmin import document as documents
from trackadmin.document import Diff, Document
from trackadmin.editing.locking import AnyMap, find_map, write_database
from trackadmin.exceptions import UnknownVersion
from trackadmin.models import MapVersion, TrackingMap

#: A version never changes, and the live one is read again and again.
_load = lru_cache(maxsize=2)(documents.load)


def versions(tracking_map: AnyMap) -> QuerySet[MapVersion]:
    """All versions, the live one first; raises :class:`UnknownMap`."""
    rows = MapVersion.objects.using(write_database()).filter(map=find_map(tracking_map))
    # With the author, who may not yet be on the replica that a page would read.
    return rows.select_related("author").order_by("-number")


def live_version(tracking_map: AnyMap) -> MapVersion | None:
    """The newest version, or ``None`` before the first publish."""
    return versions(tracking_map).first()


def live_versions() -> list[MapVersion]:
    """The newest version of each published map, with the map, in one query."""
    rows = MapVersion.objects.using(write_database())
    newest = rows.filter(map=OuterRef("map")).order_by("-number").values("number")[:1]
    found = rows.filter(number=Subquery(newest)).select_related("map", "author")
    return list(found.order_by("map__name", "map_id"))


def live_token(version: MapVersion | None) -> str:
    """Identifies the version that was live: give it as ``expected_live``."""
    return f"{version.number}:{version.digest}" if version else "0:"


def get_version(tracking_map: AnyMap, number: int) -> MapVersion:
    """The version of this number; raises :class:`UnknownVersion` for anything else."""
    current = find_map(tracking_map)
    # True and "3" are mistakes of the caller.
    found = versions(current).filter(number=number).first() if type(number) is int else None
    if found is None:
        raise _unknown_version(current, number)
    return found


def find_version(tracking_map: AnyMap, version: MapVersion | int) -> MapVersion:
    """The version, given as itself or by its number, if it belongs to this map."""
    if not isinstance(version, MapVersion):
        return get_version(tracking_map, version)
    current = find_map(tracking_map)
    if version.map_id != current.pk:
        raise _unknown_version(current, version.number, other=version.map.slug)
    return get_version(current, version.number)


def read_version(version: MapVersion) -> Document:
    """Its document; raises :class:`DocumentError` if this code cannot have published it."""
    return _load(version.document, version.digest)


def diff(old: MapVersion | Document | str, new: MapVersion | Document | str) -> Diff:
    """What changed from one to the other: versions, documents or canonical texts."""
    return documents.diff(_given_document(old), _given_document(new))


def _given_document(given: MapVersion | Document | str) -> Document:
    if isinstance(given, MapVersion):
        return read_version(given)
    return documents.parse(given) if isinstance(given, str) else given


def _unknown_version(tracking_map: TrackingMap, number: object, other: str = "") -> UnknownVersion:
    newest = live_version(tracking_map)
    return UnknownVersion(tracking_map.slug, number, newest.number if newest else 0, other=other)
