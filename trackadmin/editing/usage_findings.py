"""What usage says about a map: entries that nobody needs, and events that do not fit the map."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Q

from trackadmin.catalog import catalog
from trackadmin.catalog.words import words
from trackadmin.codes import Subject, UsageCode
from trackadmin.compiler.matching import Matching
from trackadmin.document import Document, ModelEntry
from trackadmin.document.structure import (
    DROPPED,
    PLANNED,
    TRACKED,
    AggregateEntry,
    AttributeEntry,
)
from trackadmin.editing.locking import AnyMap
from trackadmin.editing.usage import MONTH, Seen, Usage, usage_of

#: A name counts as always empty only if it was seen this often.
ENOUGH = 20
#: Up to so many prefixes the database looks for; with more, all names are read.
MOST_STARTS = 50


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
        *_of_names(usage, live, *live.models),
        *_of_lookups(usage, live, *live.models),
        *_of_actions(usage, live),
        *_in_disguise(usage, live),
    ]


def findings_of_model(tracking_map: AnyMap, live: Document, prefix: str) -> list[UsageFinding]:
    """What usage says about the entries of one tracked model of the live map. One query."""
    if prefix not in live.models:
        return []
    usage = usage_of(tracking_map, _about(live, prefix))
    if not usage.actions:
        return []
    return [*_of_names(usage, live, prefix), *_of_lookups(usage, live, prefix)]


def findings_of_actions(tracking_map: AnyMap, live: Document) -> list[UsageFinding]:
    """What usage says about the actions of the live map. One query."""
    usage = usage_of(tracking_map, Q(subject=Subject.ACTION))
    found = _of_actions(usage, live) if usage.actions else ()
    return [each for each in found if each.code is UsageCode.ACTION_NEVER_SEEN]


def _about(live: Document, prefix: str) -> Q:
    """The counts of the actions, and of all that may be a name or a reference of this model."""
    starts = _known_starts(live)[prefix]
    if len(starts) > MOST_STARTS:
        return Q()
    wanted = Q(subject=Subject.ACTION)
    for start in sorted(starts):
        wanted |= Q(name__contains=f"{start}_")
    return wanted


def usage_by_name(usage: Usage, live: Document, *prefixes: str) -> dict[str, list[Seen]]:
    """How each attribute, count and sum of these tracked models was seen, by ``Prefix.name``.

    An entry may go out under several prefixes, as children have their own. So it was seen when any
    name with its end was seen under any of them; the list has each of these names.
    """
    starts, ends = _known_starts(live), _by_end(usage)
    return {
        f"{prefix}.{name}": [
            seen for start, seen in ends.get(name, ()) if start.endswith(tuple(starts[prefix]))
        ]
        for prefix in prefixes
        for name in _outgoing(live.models[prefix])
    }


def _of_names(usage: Usage, live: Document, *prefixes: str) -> Iterator[UsageFinding]:
    """Attributes, counts and sums that no event had, or never with a value."""
    for place, seen in usage_by_name(usage, live, *prefixes).items():
        name = place.replace(".", "_", 1)
        if not seen:
            yield UsageFinding(UsageCode.NEVER_SEEN, place, name)
        elif sum(each.seen[MONTH] for each in seen) >= ENOUGH and not any(
            each.filled for each in seen
        ):
            yield UsageFinding(UsageCode.ALWAYS_EMPTY, place, name, seen[0])


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


def _of_lookups(usage: Usage, live: Document, *prefixes: str) -> Iterator[UsageFinding]:
    for prefix in prefixes:
        entry = live.models[prefix]
        for name in entry.lookups():
            known = (prefix, entry.former_prefix)
            if name != entry.key and not any(f"{p}__{name}" in usage.references for p in known):
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
