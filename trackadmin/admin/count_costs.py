"""What counts and sums say and cost, for the preview of an object and the review of a draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trackadmin.catalog import catalog, in_words, label_of
from trackadmin.document import Document, in_order
from trackadmin.document.structure import TRACKED
from trackadmin.editing import Counted


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


def new_counts(draft: Document, live: Document) -> dict[str, list[CountInWords]]:
    """The counts and sums of the draft that are new or changed, by the prefix of their model."""
    found = {prefix: list(_new_of(prefix, draft, live)) for prefix, _ in in_order(draft.models)}
    return {prefix: counts for prefix, counts in found.items() if counts}


def _new_of(prefix: str, draft: Document, live: Document) -> Iterator[CountInWords]:
    entry, published = draft.models[prefix], live.models.get(prefix)
    facts = catalog().get(entry.model)
    for name, each in in_order(entry.aggregates):
        collection = facts.collection(each.relation) if facts else None
        known = published.aggregates.get(name) if published else None
        if each.decision == TRACKED and each != known and collection is not None:
            meaning = in_words(each, facts)
            yield CountInWords(f"{prefix}_{name}", meaning, collection.indexed)
