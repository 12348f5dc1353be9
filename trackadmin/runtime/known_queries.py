"""What is known about the names of a query, so that the next query with these names is fast.

A site's pages send a few kinds of URLs, over and over. Which of the names are references, which
statement answers them and where each text goes are the same for all of a kind.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import finalize

from trackadmin.codes import FastPath
from trackadmin.compiler import SEPARATOR, KnownLookups, Lookup, Snapshot
from trackadmin.compiler.bounded_cache import BoundedCache
from trackadmin.compiler.fast_paths import left
from trackadmin.conf import conf
from trackadmin.document.structure import SENDER_PARAMETERS
from trackadmin.runtime.parameters import MAX_NAME, clean

#: How many references are answered whatever they cost. A site may track a model that takes many
#: tables, and expects an answer.
ALWAYS = 2

#: The most parameters of a kind that is kept.
MAX_LENGTH = 32

#: How much memory the known queries of one snapshot may take, in bytes.
MAX_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class KnownQuery:
    """How queries of certain names in a certain order are answered by one statement."""

    #: Place and name of each parameter that passes through.
    passing: tuple[tuple[int, str], ...]
    #: The names of the parameters that the map reserves.
    reserved: tuple[str, ...]
    #: The places of the references.
    places: tuple[int, ...]
    #: Their names.
    names: tuple[str, ...]
    #: Those of them that are old names.
    deprecated: tuple[str, ...]
    #: The prefixes of their tracked models.
    prefixes: tuple[str, ...]
    lookups: KnownLookups
    #: Place and name of each parameter that says something about the sender.
    sender: tuple[tuple[int, str], ...]
    #: Whether one of the references needs a signature.
    signed_only: bool
    #: Whether either of these has to be looked at.
    guarded: bool


#: The known queries of each snapshot by its ``id``, dropped with it. A dictionary of weak
#: references would take longer than everything else here.
_known: dict[int, BoundedCache[KnownQuery]] = {}


def known_query(snapshot: Snapshot, names: Sequence[Any]) -> KnownQuery | None:
    """How a query with these names is answered; ``None`` if each parameter must be looked at.

    That is the case if a name occurs twice or is invalid, if a reference is not allowed, or if no
    single statement answers all references.
    """
    cache, kind = queries_of(snapshot), tuple(names)
    found = cache.get(kind)
    if found is not None:
        return found
    try:
        found = _known_query(snapshot, kind)
    except Exception as error:  # noqa: BLE001 an error of the host's routers or database
        left(FastPath.KNOWN_QUERY, snapshot.slug, error)
        return None
    if found is not None:
        cache.put(kind, found, found.lookups.weight + 2 * sum(map(len, kind)))
    return found


def queries_of(snapshot: Snapshot) -> BoundedCache[KnownQuery]:
    """The known queries of a snapshot."""
    found = _known.get(id(snapshot))
    if found is None:
        found = _known.setdefault(id(snapshot), BoundedCache(MAX_BYTES))
        finalize(snapshot, _known.pop, id(snapshot), None)
    return found


def _known_query(snapshot: Snapshot, names: tuple[Any, ...]) -> KnownQuery | None:
    if len(names) > MAX_LENGTH or len(set(names)) < len(names) or not all(map(_is_clean, names)):
        return None
    asked = [(at, snapshot.lookup(name)) for at, name in enumerate(names) if SEPARATOR in name]
    references = [(at, lookup) for at, lookup in asked if lookup is not None]
    if not references or len(references) < len(asked) or len(asked) > conf.MAX_REFERENCES:
        return None
    lookups = [lookup for _, lookup in references]
    known = None if beyond(lookups) else snapshot.resolver.known(lookups)
    if known is None:
        return None
    sender = tuple((at, name) for at, name in enumerate(names) if name in SENDER_PARAMETERS)
    others = [(at, n) for at, n in enumerate(names) if SEPARATOR not in n and (at, n) not in sender]
    signed_only = any(lookup.signed_only for lookup in lookups)
    reserved = tuple(name for _, name in others if name in snapshot.reserved)
    return KnownQuery(
        passing=tuple((at, name) for at, name in others if name not in reserved),
        reserved=reserved,
        places=tuple(at for at, _ in references),
        names=tuple(lookup.reference for lookup in lookups),
        deprecated=tuple(lookup.reference for lookup in lookups if lookup.until),
        prefixes=tuple(dict.fromkeys(lookup.prefix for lookup in lookups)),
        lookups=known,
        sender=sender,
        signed_only=signed_only,
        guarded=bool(sender) or signed_only,
    )


def beyond(lookups: Sequence[Lookup]) -> list[int]:
    """The places of the references for which one URL would read too many tables."""
    limit, tables, found = conf.MAX_TABLES, 0, []
    for at, lookup in enumerate(lookups):
        if at >= ALWAYS and tables + lookup.cost > limit:
            found.append(at)
        else:
            tables += lookup.cost
    return found


def _is_clean(name: Any) -> bool:
    return type(name) is str and 0 < len(name) <= MAX_NAME and clean(name) == name
