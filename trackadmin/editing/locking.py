"""The lock of a map: every write to it is one transaction that begins with its row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import router, transaction
from django.db.models import F, QuerySet

from trackadmin.default_map import DEFAULT_MAP
from trackadmin.exceptions import UnknownMap
from trackadmin.models import TrackedAction, TrackedModel, TrackingMap
from trackadmin.models.draft import DEFAULT_WORDS

#: The map of an operation: its row or its slug.
AnyMap = TrackingMap | str


def write_database() -> str:
    """The alias of the database of the maps. Editors read there too: a replica that lags must not
    hide what they just saved."""
    return router.db_for_write(TrackingMap)


def find_map(tracking_map: AnyMap) -> TrackingMap:
    """The map's row as it is now; raises :class:`UnknownMap`."""
    found = _map_rows(tracking_map).first()
    if found is None:
        raise _unknown_map(tracking_map)
    return found


def map_of(row: TrackedModel | TrackedAction) -> TrackingMap:
    """The map of a tracked model or an action, from the database that it was written to."""
    known = row._state.fields_cache.get("map")
    return known or TrackingMap.objects.using(write_database()).get(pk=row.map_id)


@contextmanager
def locked(tracking_map: AnyMap) -> Iterator[TrackingMap]:
    """One transaction in which nobody else edits or publishes the map; yields its row.

    Its first statement is an UPDATE and not a SELECT. On SQLite that takes the write lock while
    waiting is still possible; on PostgreSQL it is a row lock. Readers never wait.
    """
    with transaction.atomic(using=write_database()):
        if not _lock(tracking_map):
            if tracking_map != DEFAULT_MAP:
                raise _unknown_map(tracking_map)
            add_default_map()
            _lock(tracking_map)
        yield _map_rows(tracking_map).get()


def add_default_map() -> None:
    """Add the map ``default``: a data migration runs before ``post_migrate`` adds it."""
    rows = TrackingMap.objects.using(write_database())
    rows.get_or_create(slug=DEFAULT_MAP, defaults=DEFAULT_WORDS)


def _lock(tracking_map: AnyMap) -> int:
    return _map_rows(tracking_map).update(sequence=F("sequence") + 1)


def _map_rows(tracking_map: AnyMap) -> QuerySet[TrackingMap]:
    rows = TrackingMap.objects.using(write_database())
    if isinstance(tracking_map, str):
        return rows.filter(slug=tracking_map)
    return rows.filter(pk=tracking_map.pk)


def _unknown_map(tracking_map: AnyMap) -> UnknownMap:
    slug = tracking_map if isinstance(tracking_map, str) else tracking_map.slug
    known = TrackingMap.objects.using(write_database()).values_list("slug", flat=True)
    return UnknownMap(slug, known)
