"""What counts and sums say and cost, for the preview of an object and the review of a draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trackadmin import editing
from trackadmin.admin.samples import Samples
from trackadmin.admin.viewer import Doing, HostFailed, Viewer, host_code
from trackadmin.catalog import catalog, in_words, label_of
from trackadmin.document import Document, in_order
from trackadmin.document.structure import TRACKED
from trackadmin.editing import Counted
from trackadmin.models import TrackingMap

#: For how many tracked models the review asks the database how long it takes.
MOST_TIMED = 3


@dataclass(frozen=True, slots=True)
class CountInWords:
    """One count or sum with its name, what it says, and whether an index helps."""

    name: str
    meaning: str
    indexed: bool


@dataclass(frozen=True, slots=True)
class CountedObject:
    """The counts and sums of one object of the preview, with what they took."""

    path: str
    counts: list[CountInWords]
    queries: int
    milliseconds: float


def counted_in_words(counted: Counted) -> CountedObject:
    """What the counts and sums of an object took."""
    facts = catalog().get(label_of(counted.model))
    counts = [
        CountInWords(name, in_words(each.matched.entry, facts), each.matched.collection.indexed)
        for each in counted.aggregates
        for name in each.names
    ]
    return CountedObject(counted.path, counts, counted.queries, counted.seconds * 1000)


@dataclass(frozen=True, slots=True)
class NewCounts:
    """The counts and sums of a tracked model that a review shows."""

    prefix: str
    counts: list[CountInWords]
    #: What all counts and sums of the model took for its newest object; ``None`` if nobody looked.
    newest: CountedObject | None = None


def new_counts(
    tracking_map: TrackingMap, draft: Document, live: Document, viewer: Viewer
) -> list[NewCounts]:
    """The counts and sums of the draft that are new or changed, and what they took just now."""
    found = [(prefix, list(_new_of(prefix, draft, live))) for prefix, _ in in_order(draft.models)]
    changed = [(prefix, counts) for prefix, counts in found if counts]
    return [
        NewCounts(
            prefix,
            counts,
            _on_newest(tracking_map, draft, prefix, viewer) if at < MOST_TIMED else None,
        )
        for at, (prefix, counts) in enumerate(changed)
    ]


def _on_newest(
    tracking_map: TrackingMap, draft: Document, prefix: str, viewer: Viewer
) -> CountedObject | None:
    """What the counts and sums took for the newest object that the user may view."""
    facts = catalog().get(draft.models[prefix].model)
    if facts is None:
        return None
    samples = Samples(facts, viewer)
    try:
        newest = [] if samples.why_not else samples.newest()
        obj = samples.by_key(newest[0].key) if newest else None
        if obj is None:
            return None
        with host_code(Doing.VALUES, facts.cased_label):
            preview = editing.preview(
                tracking_map,
                obj,
                document=draft,
                may_view=viewer.may_view,
                may_view_all=viewer.may_view_all,
            )
    except HostFailed:
        return None
    own = (each for each in preview.counted if each.path == prefix)
    return next(map(counted_in_words, own), None)


def _new_of(prefix: str, draft: Document, live: Document) -> Iterator[CountInWords]:
    entry, published = draft.models[prefix], live.models.get(prefix)
    facts = catalog().get(entry.model) if entry.aggregates else None
    for name, each in in_order(entry.aggregates):
        collection = facts.collection(each.relation) if facts else None
        known = published.aggregates.get(name) if published else None
        if each.decision == TRACKED and each != known and collection is not None:
            meaning = in_words(each, facts)
            yield CountInWords(f"{prefix}_{name}", meaning, collection.indexed)
