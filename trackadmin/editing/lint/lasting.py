"""The names of a document that go out and stay: what lint looks at."""

from __future__ import annotations

from collections.abc import Iterator

from trackadmin.document import (
    DROPPED,
    TRACKED,
    AggregateEntry,
    AttributeEntry,
    Document,
    ModelEntry,
    in_order,
)


def lasting_attributes(entry: ModelEntry) -> Iterator[tuple[str, AttributeEntry]]:
    """The attributes that go out, by output name; a deprecated one leaves, so it is left out."""
    for name, each in in_order(entry.attributes):
        if each.decision == TRACKED and each.privacy != DROPPED and not each.until:
            yield name, each


def lasting_aggregates(entry: ModelEntry) -> Iterator[tuple[str, AggregateEntry]]:
    """The counts and sums that go out, by output name."""
    for name, each in in_order(entry.aggregates):
        if each.decision == TRACKED and each.privacy != DROPPED:
            yield name, each


def lasting_names(
    prefix: str, entry: ModelEntry
) -> Iterator[tuple[str, str, AttributeEntry | AggregateEntry]]:
    """Every place of a model with its name and entry: attributes, then counts and sums."""
    for name, attribute in lasting_attributes(entry):
        yield f"{prefix}.{name}", name, attribute
    for name, aggregate in lasting_aggregates(entry):
        yield f"{prefix}.{name}", name, aggregate


def lasting_prefixes(document: Document) -> Iterator[tuple[str, str]]:
    """Every place with its prefix: of tracked models, and of children that have one."""
    for prefix, entry in in_order(document.models):
        yield prefix, prefix
        for accessor, child in in_order(entry.children):
            if child.prefix:
                yield f"{prefix}.{accessor}", child.prefix
