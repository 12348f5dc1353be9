"""From a query, or one reference, to objects and their values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from trackadmin.compiler import Lookup, Resolved, Scalar, Snapshot, encode
from trackadmin.conf import conf
from trackadmin.runtime.current import DEFAULT_MAP, current_map
from trackadmin.runtime.faults import report
from trackadmin.runtime.merging import join
from trackadmin.runtime.parameters import MAX_TEXT, Query, clean, parameters, scalar
from trackadmin.runtime.values import Reference, ReferenceOutcome, Values

#: What separates a prefix from an attribute in a reference.
SEPARATOR = "__"


def values_from_query(query: Query, *, map: str = DEFAULT_MAP) -> Values:
    """The values of the objects that the query names, and its other parameters as they are.

    ``query`` is a query string, a ``QueryDict`` or another mapping (values may be lists). A
    parameter whose name holds ``__`` is a reference and never passes through; ``.references`` says
    what came of each. Of other parameters the last value counts, and what an object yields wins
    over a parameter of its name. The result can always be written as JSON.

    Raises :class:`NotPublished` or :class:`UnknownMap` for the map where strict. Nothing in the
    query raises.
    """
    return resolve(current_map(map), query)


def get_model(reference: str, value: Any, *, map: str = DEFAULT_MAP) -> Any:
    """The instance that ``get_model("BuyerProfile__uuid", "6fa4…")`` names, or ``None``.

    ``None`` where the map has no such lookup, the value is malformed, or not exactly one row has
    it. Raises :class:`NotPublished` or :class:`UnknownMap` for the map where strict.
    """
    snapshot = current_map(map)
    lookup = _allowed(snapshot, reference)
    if lookup is None:
        return None
    found = lookup.fetch(_text(value))
    if found.status != "found":
        _report(snapshot, lookup, found.status, found.error)
    return found.obj


def resolve(snapshot: Snapshot, *queries: Query) -> Values:
    """What :func:`values_from_query` gives, by this snapshot, for queries behind each other."""
    values = Values(map=snapshot.slug, version=snapshot.number)
    # As keys, for a reference that is said twice is one reference.
    asked: dict[tuple[str, str], None] = {}
    for name, value in parameters(*queries):
        if SEPARATOR in name:
            asked[name, _text(value)] = None
        else:
            values[name] = scalar(value)
    if asked:
        found, outcomes = _look_up(snapshot, asked)
        values.update(found)
        for (name, text), outcome in zip(asked, outcomes, strict=True):
            values.references.append(Reference(name, clean(text), outcome))
    return values


def _look_up(
    snapshot: Snapshot, asked: Iterable[tuple[str, str]]
) -> tuple[dict[str, Scalar], list[ReferenceOutcome]]:
    """The values of all that is found, and what came of each name and text.

    Those that the map allows are looked up together. Of two that contradict each other the first
    wins.
    """
    limit = conf.MAX_REFERENCES
    wanted: list[tuple[Lookup, str]] = []
    outcomes: list[ReferenceOutcome] = []
    places: list[int] = []
    for place, (name, text) in enumerate(asked):
        outcomes.append("not_allowed")
        lookup = _allowed(snapshot, name) if place < limit else _one_too_many(snapshot)
        if lookup is not None:
            wanted.append((lookup, text))
            places.append(place)
    values: dict[str, Scalar] = {}
    for place, (lookup, _), found in zip(
        places, wanted, snapshot.resolver.resolve(wanted, report), strict=True
    ):
        outcomes[place] = _take(snapshot, lookup, found, values)
    return values, outcomes


def _take(
    snapshot: Snapshot, lookup: Lookup, found: Resolved, values: dict[str, Scalar]
) -> ReferenceOutcome:
    """Add what was found to the values; what came of it."""
    outcome: ReferenceOutcome = found.status
    if found.values is not None and join(values, found.values):
        outcome = "conflict"
    if outcome != "found":
        _report(snapshot, lookup, outcome, found.error)
    return outcome


def _allowed(snapshot: Snapshot, reference: str) -> Lookup | None:
    lookup = snapshot.lookup(reference)
    if lookup is None:
        # The name comes from outside: only what the map knows of it is logged.
        prefix = reference.partition(SEPARATOR)[0]
        known = prefix if prefix in snapshot.by_prefix else "an unknown prefix"
        report("reference.not_allowed", f"{snapshot.slug}: {known}")
    return lookup


def _one_too_many(snapshot: Snapshot) -> Lookup | None:
    report("reference.too_many", snapshot.slug)
    return None


def _report(
    snapshot: Snapshot, lookup: Lookup, outcome: ReferenceOutcome, error: BaseException | None
) -> None:
    report(f"reference.{outcome}", f"{snapshot.slug}: {lookup.reference}", error)


def _text(value: Any) -> str:
    """A reference's value as text; one that names nothing where no URL could hold it."""
    try:
        encoded = value if type(value) is str else encode(value)
    except Exception:  # noqa: BLE001 a value's own code may raise anything
        return ""
    if type(encoded) is int and encoded.bit_length() <= 64:
        return str(encoded)
    return encoded if type(encoded) is str and len(encoded) <= MAX_TEXT else ""
