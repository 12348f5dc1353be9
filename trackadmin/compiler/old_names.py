"""Every name that a map gives, and how long the deprecated ones stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from trackadmin.catalog import Catalog
from trackadmin.compiler.lookups import SEPARATOR
from trackadmin.compiler.matching import MatchedModel, Matching
from trackadmin.compiler.plan import plan
from trackadmin.compiler.plan_names import Grace
from trackadmin.document.action_rules import ACTIONS
from trackadmin.document.structure import Document


class Name(NamedTuple):
    """A name that goes out, that a URL may have, or that is an action."""

    #: The label of the tracked model whose objects give it; "" for an action.
    model: str
    text: str


def names_of(document: Document, catalog: Catalog) -> dict[Name, Grace | None]:
    """Every name of the map on this host; the deprecated ones with their grace period."""
    matching, found = Matching(document, catalog), dict[Name, Grace | None]()
    for prefix in matching.prefixes():
        matched = matching.get(prefix)
        if matched is None:
            continue
        outputs = plan(matching, matched).top.graces()
        graces = {**outputs, **dict(_references(matched, outputs))}
        found |= {Name(matched.entry.model, name): grace for name, grace in graces.items()}
    for name, action in document.actions.items():
        place = f"{ACTIONS}.{name}"
        grace = Grace(action.until, place, action.successor) if action.until else None
        found[Name("", name)] = grace
    return found


def _references(
    matched: MatchedModel, outputs: dict[str, Grace | None]
) -> Iterator[tuple[str, Grace | None]]:
    """The references by which a URL may name an object: each has the date of its output."""
    for prefix in filter(None, (matched.prefix, matched.entry.former_prefix)):
        for name in matched.entry.lookups():
            if f"{prefix}_{name}" in outputs:
                grace = outputs[f"{prefix}_{name}"]
                yield f"{prefix}{SEPARATOR}{name}", grace and _of_reference(grace, matched)


def _of_reference(grace: Grace, matched: MatchedModel) -> Grace:
    successor = grace.successor.removeprefix(f"{matched.prefix}_")
    in_urls = successor in matched.entry.lookups()
    return replace(grace, successor=f"{matched.prefix}{SEPARATOR}{successor}" if in_urls else "")
