"""What usage says about a map: entries that nobody needs, and events that do not fit the map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from trackadmin.catalog import catalog
from trackadmin.catalog.words import words
from trackadmin.codes import UsageCode
from trackadmin.compiler.matching import Matching
from trackadmin.document import Document, ModelEntry
from trackadmin.document.structure import (
    DROPPED,
    PLANNED,
    TRACKED,
    AggregateEntry,
    AttributeEntry,
)
from trackadmin.editing.usage import MONTH, Seen, Usage

#: A name counts as always empty only if it was seen this often.
ENOUGH = 20


@dataclass(frozen=True, slots=True)
class UsageFinding:
    """One thing that usage says."""

    code: UsageCode
    #: The entry that it is about, as problems name it: ``Order.total``, ``actions.signup``; for
    #: what no entry has, the entry that would take it, or "".
    place: str
    #: The name, action, reference or parameter.
    name: str
    #: How it was seen; ``None`` where it was not.
    seen: Seen | None = None


def usage_findings(usage: Usage, live: Document) -> list[UsageFinding]:
    """What the usage of 30 days says about the live map. None before the first event is counted."""
    if not usage.actions:
        return []
    return [
        *_of_names(usage, live),
        *_of_lookups(usage, live),
        *_of_actions(usage, live),
        *_in_disguise(usage, live),
    ]


def _of_names(usage: Usage, live: Document) -> Iterator[UsageFinding]:
    """Attributes, counts and sums that no event had, or never with a value.

    An entry may go out under several prefixes, as children have their own. So it counts as seen
    when any name of its end was seen under any of them.
    """
    starts, ends = _known_starts(live), _by_end(usage)
    for prefix, entry in live.models.items():
        for name in _outgoing(entry):
            seen = [
                each
                for start, each in ends.get(name, ())
                if any(start.endswith(known) for known in starts[prefix])
            ]
            place = f"{prefix}.{name}"
            if not seen:
                yield UsageFinding(UsageCode.NEVER_SEEN, place, f"{prefix}_{name}")
            elif sum(each.seen[MONTH] for each in seen) >= ENOUGH and not any(
                each.filled for each in seen
            ):
                yield UsageFinding(UsageCode.ALWAYS_EMPTY, place, f"{prefix}_{name}", seen[0])


def _outgoing(entry: ModelEntry) -> Iterator[str]:
    entries: Mapping[str, AttributeEntry | AggregateEntry]
    for entries in (entry.attributes, entry.aggregates):
        for name, each in entries.items():
            if each.decision == TRACKED and each.privacy != DROPPED:
                yield name


def _known_starts(document: Document) -> dict[str, set[str]]:
    """What the names of each tracked model may start with, or have before their own part."""
    found = {
        prefix: {prefix, *filter(None, [entry.former_prefix])}
        for prefix, entry in document.models.items()
    }
    matching = Matching(document, catalog())
    for entry in document.models.values():
        for accessor, child in entry.children.items():
            target = matching.tracked_as(entry.model, accessor)
            if target:
                found[target].update(filter(None, [child.prefix, child.former_prefix]))
    return found


def _by_end(usage: Usage) -> dict[str, list[tuple[str, Seen]]]:
    """Each seen name, cut at each underscore: what is before it, by what is after it."""
    found: dict[str, list[tuple[str, Seen]]] = defaultdict(list)
    for name, seen in usage.names.items():
        at = name.find("_")
        while at > 0:
            found[name[at + 1 :]].append((name[:at], seen))
            at = name.find("_", at + 1)
    return found


def _of_lookups(usage: Usage, live: Document) -> Iterator[UsageFinding]:
    for prefix, entry in live.models.items():
        for name in entry.lookups():
            prefixes = (prefix, entry.former_prefix)
            if name != entry.key and not any(f"{p}__{name}" in usage.references for p in prefixes):
                yield UsageFinding(UsageCode.LOOKUP_UNUSED, f"{prefix}.{name}", f"{prefix}__{name}")


def _of_actions(usage: Usage, live: Document) -> Iterator[UsageFinding]:
    for name, entry in live.actions.items():
        if entry.state != PLANNED and name not in usage.actions:
            yield UsageFinding(UsageCode.ACTION_NEVER_SEEN, f"actions.{name}", name)
    for name, seen in usage.actions.items():
        if name and live.actions and name not in live.actions:
            yield UsageFinding(UsageCode.ACTION_UNDECLARED, "", name, seen)


def _in_disguise(usage: Usage, live: Document) -> Iterator[UsageFinding]:
    """Parameters that nobody declared and that are called like an attribute: ``mfr_id``."""
    declared = {name for action in live.actions.values() for name in action.parameters}
    known = {
        words(f"{prefix}_{name}"): f"{prefix}.{name}"
        for prefix, entry in live.models.items()
        for name in entry.attributes
    }
    for name, seen in usage.parameters.items():
        place = known.get(words(name)) if name not in declared else None
        if place:
            yield UsageFinding(UsageCode.PARAMETER_DISGUISED, place, name, seen)
