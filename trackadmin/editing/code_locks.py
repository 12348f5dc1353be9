"""What is managed by code: an import locks it, and every other edit of it is refused."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from trackadmin.editing.locking import AnyMap, locked, write_database
from trackadmin.exceptions import ManagedByCode
from trackadmin.models import CodeLock, TrackedModel, TrackingMap
from trackadmin.models.code_lock import SOURCE_LENGTH

#: The prefix that stands for the whole map.
WHOLE_MAP = ""


def code_locks(tracking_map: TrackingMap) -> Mapping[str, CodeLock]:
    """The locks of a map by prefix; the one of :data:`WHOLE_MAP` holds for all of it."""
    rows = CodeLock.objects.using(write_database()).filter(map=tracking_map)
    return {row.prefix: row for row in rows}


def lock_to_code(tracking_map: AnyMap, prefixes: Collection[str], *, source: str) -> None:
    """Lock these tracked models, or the whole map, in place of what was locked before."""
    with locked(tracking_map) as current:
        rows = CodeLock.objects.using(write_database())
        rows.filter(map=current).delete()
        rows.bulk_create(
            CodeLock(map=current, prefix=prefix, source=source[:SOURCE_LENGTH])
            for prefix in dict.fromkeys(prefixes)
        )


def unlock(tracking_map: AnyMap) -> int:
    """Take all locks of a map away; return how many there were."""
    with locked(tracking_map) as current:
        rows = CodeLock.objects.using(write_database()).filter(map=current)
        return int(rows.delete()[0])


@dataclass(frozen=True, slots=True)
class Held:
    """What was locked when an edit began. A tracked model is known by its row: an edit may rename
    it."""

    locks: Mapping[str, CodeLock]
    prefixes: Mapping[int, str]

    def refuse_edit(self, changed: Collection[tuple[int | None, str]], *, whole: bool) -> None:
        """Raise :class:`ManagedByCode` if one of these tracked models is locked, or the map is.

        They are given by key and prefix. ``whole`` says whether anything of the map has changed.
        """
        found = self.locks.get(WHOLE_MAP) if whole else None
        for pk, prefix in changed:
            found = found or self.locks.get(self.prefixes.get(pk or 0, prefix))
        if found is not None:
            raise ManagedByCode(found.prefix, found.map.slug, found.source)


def held(tracking_map: TrackingMap) -> Held:
    """What is locked now."""
    locks = code_locks(tracking_map)
    if not locks:
        return Held({}, {})
    rows = TrackedModel.objects.using(write_database()).filter(map=tracking_map, prefix__in=locks)
    return Held(locks, dict(rows.values_list("pk", "prefix")))
