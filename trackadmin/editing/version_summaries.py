"""What changed in each version, short; kept by the digests, since a version never changes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from django.db.models.functions import Length

from trackadmin.compiler.bounded_cache import BoundedCache
from trackadmin.document import Document, load
from trackadmin.document.differing import load_differing
from trackadmin.document.summaries import Summary, summary
from trackadmin.editing.versions import versions
from trackadmin.exceptions import DocumentError
from trackadmin.models import MapVersion, TrackingMap

#: How many characters of documents are read at once to say what changed.
READ_AT_ONCE = 4_000_000
#: How many bytes the summaries of a process may have, and about what one weighs, and each name.
KEPT_BYTES, WEIGHT, WEIGHT_OF_PART = 4_000_000, 500, 400

#: The digest that the first version is compared with.
NOTHING = ""
#: By both digests. ``None`` where one of the documents cannot be read.
_kept: BoundedCache[tuple[Summary | None]] = BoundedCache(KEPT_BYTES)

_Pair = tuple[MapVersion, MapVersion | None]


def summaries(
    tracking_map: TrackingMap, rows: Sequence[MapVersion], wanted: int | None = None
) -> dict[int, Summary | None]:
    """What changed in each of these versions since the next one in the list, by number.

    ``rows`` follow one another, the newest first; the last one is compared with nothing if it is
    the first version. Documents are read up to :data:`READ_AT_ONCE`, the newest first, and that of
    ``wanted`` in any case; versions beyond that are left out. What is ``None`` cannot be read.
    """
    pairs = [*pairwise(rows)] + ([(rows[-1], None)] if rows[-1].number == 1 else [])
    left = [pair for pair in pairs if _kept.get(_digests(pair)) is None]
    if left:
        left.sort(key=lambda pair: pair[0].number != wanted)
        _read_pairs(tracking_map, left[: _how_many(tracking_map, left[0][0])])
    known = ((pair[0].number, _kept.get(_digests(pair))) for pair in pairs)
    return {number: found[0] for number, found in known if found}


def _digests(pair: _Pair) -> tuple[str, str]:
    newer, older = pair
    return older.digest if older else NOTHING, newer.digest


def _how_many(tracking_map: TrackingMap, version: MapVersion) -> int:
    """Of how many versions of about this size the documents are read."""
    row = versions(tracking_map).filter(pk=version.pk)
    length: int = row.values_list(Length("document"), flat=True).get()
    return max(1, READ_AT_ONCE // max(1, length))


def _read_pairs(tracking_map: TrackingMap, pairs: Sequence[_Pair]) -> None:
    wanted = {row.pk for pair in pairs for row in pair if row}
    rows = versions(tracking_map).filter(pk__in=wanted).order_by()
    texts = dict(rows.values_list("pk", "document"))
    for newer, older in pairs:
        new = texts.get(newer.pk, ""), newer.digest
        found = _summary_of((texts.get(older.pk, ""), older.digest) if older else None, new)
        parts = sum(len(each.names) + len(each.rest) for each in found.heads) if found else 0
        _kept.put(_digests((newer, older)), (found,), WEIGHT + parts * WEIGHT_OF_PART)


def _summary_of(old: tuple[str, str] | None, new: tuple[str, str]) -> Summary | None:
    try:
        return summary(*(load_differing(old, new) if old else (Document(), load(*new))))
    except DocumentError:
        return None
