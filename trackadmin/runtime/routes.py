"""What is known about the names of a query, so that the next one of these names takes few steps.

A site's pages send a few kinds of URLs, over and over. Which of the names are references, which
statement answers them and where each text goes are the same for all of a kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trackadmin.compiler import SEPARATOR, Joint, Lookup, Snapshot
from trackadmin.conf import conf
from trackadmin.runtime.parameters import MAX_NAME, clean

#: How many references are answered whatever they cost: a site that tracks what takes many tables
#: wants it answered.
ALWAYS = 2

#: The most parameters of a kind that is kept.
MAX_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Route:
    """How queries of certain names in a certain order are answered by one statement."""

    #: Place and name of each parameter that passes through.
    passing: tuple[tuple[int, str], ...]
    #: The names of the parameters that the map reserves.
    reserved: tuple[str, ...]
    #: Place and lookup of each reference.
    references: tuple[tuple[int, Lookup], ...]
    #: The references' own names.
    names: tuple[str, ...]
    joint: Joint


def route(snapshot: Snapshot, names: Sequence[Any]) -> Route | None:
    """The way for a query of these names; ``None`` where its parameters are looked at one by one.

    That is so where a name comes twice or is not as it should be, and where a reference is not
    allowed or no statement answers all of them.
    """
    kind = tuple(names)
    found: Route | None = snapshot.routes.get(kind)
    if found is not None:
        return found
    try:
        found = _route(snapshot, kind)
    except Exception:  # noqa: BLE001 the host's routers, or its database: who asks is told
        return None
    if found is not None:
        snapshot.routes.put(kind, found, found.joint.weight + 2 * sum(map(len, kind)))
    return found


def _route(snapshot: Snapshot, names: tuple[Any, ...]) -> Route | None:
    if len(names) > MAX_LENGTH or len(set(names)) < len(names) or not all(map(_is_clean, names)):
        return None
    asked = [(at, snapshot.lookup(name)) for at, name in enumerate(names) if SEPARATOR in name]
    references = tuple((at, lookup) for at, lookup in asked if lookup is not None)
    if not references or len(references) < len(asked) or len(asked) > conf.MAX_REFERENCES:
        return None
    lookups = [lookup for _, lookup in references]
    if beyond(lookups):
        return None
    joint = snapshot.resolver.joint(lookups)
    others = [(at, name) for at, name in enumerate(names) if SEPARATOR not in name]
    reserved = tuple(name for _, name in others if name in snapshot.reserved)
    passing = tuple((at, name) for at, name in others if name not in reserved)
    own = tuple(lookup.reference for lookup in lookups)
    return None if joint is None else Route(passing, reserved, references, own, joint)


def beyond(lookups: Sequence[Lookup]) -> list[int]:
    """The places of the references that would read more tables than one URL may."""
    limit, tables, found = conf.MAX_TABLES, 0, []
    for at, lookup in enumerate(lookups):
        if at >= ALWAYS and tables + lookup.cost > limit:
            found.append(at)
        else:
            tables += lookup.cost
    return found


def _is_clean(name: str) -> bool:
    return 0 < len(name) <= MAX_NAME and clean(name) == name
