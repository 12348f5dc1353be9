"""From a query, or one reference, to objects and their values."""

from __future__ import annotations

from itertools import islice
from typing import Any, TypeAlias

from django.db.models import Model

from trackadmin.compiler import Scalar, Snapshot, encode
from trackadmin.conf import conf
from trackadmin.runtime.current import DEFAULT_MAP, current_map
from trackadmin.runtime.faults import report
from trackadmin.runtime.merging import Given, join
from trackadmin.runtime.parameters import MAX_TEXT, Query, clean, parameters, scalar
from trackadmin.runtime.values import Reference, ReferenceOutcome, Values

#: What separates a prefix from an attribute in a reference.
SEPARATOR = "__"

_Found: TypeAlias = tuple[ReferenceOutcome, Any]


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
    return _find(current_map(map), reference, value)[1]


def resolve(snapshot: Snapshot, *queries: Query) -> Values:
    """What :func:`values_from_query` gives, by this snapshot, for queries behind each other."""
    pairs = parameters(*queries)
    values = Values(
        ((name, scalar(value)) for name, value in pairs if SEPARATOR not in name),
        map=snapshot.slug,
        version=snapshot.number,
    )
    # A reference that is said twice is one reference.
    asked = dict.fromkeys((n, _text(value)) for n, value in pairs if SEPARATOR in n)
    resolved = _References(snapshot)
    limit = conf.MAX_REFERENCES
    for name, text in islice(asked, limit):
        values.references.append(resolved.take(name, text))
    for name, text in islice(asked, limit, None):
        report("reference.too_many", snapshot.slug)
        values.references.append(_reference(name, text, "not_allowed"))
    values.update(resolved.values)
    return values


class _References:
    """The references of one query, taken in turn: the first that names an object wins."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.values: dict[str, Scalar] = {}
        self.given: list[Given] = []

    def take(self, name: str, text: str | None) -> Reference:
        """Find the object and add its values."""
        outcome, obj = _find(self.snapshot, name, text)
        if outcome == "found" and not self._add(obj):
            report("reference.conflict", f"{self.snapshot.slug}: {name}")
            outcome = "conflict"
        return _reference(name, text, outcome)

    def _add(self, obj: Model) -> bool:
        model = self.snapshot.find(obj)
        if model is None:
            return True
        part = model.flatten(obj, report)
        differing = join(self.values, part, (model.prefix, obj), self.given)
        self.given.append((model.prefix, obj))
        return not differing


def _find(snapshot: Snapshot, reference: str, value: Any) -> _Found:
    """The outcome, and the object where it was found. Whatever is amiss is reported."""
    lookup = snapshot.lookup(reference)
    text = _text(value)
    if lookup is None:
        # The name comes from outside: only what the map knows of it is logged.
        prefix = reference.partition(SEPARATOR)[0]
        known = prefix if prefix in snapshot.by_prefix else "a prefix that is not tracked"
        report("reference.not_allowed", f"{snapshot.slug}: {known}")
        return "not_allowed", None
    outcome: ReferenceOutcome
    try:
        found = lookup.fetch(lookup.parse(text or ""))
    except ValueError:
        outcome, obj, error = "malformed", None, None
    else:
        outcome, obj, error = found.status, found.obj, found.error
    if outcome != "found":
        report(f"reference.{outcome}", f"{snapshot.slug}: {reference}", error)
    return outcome, obj


def _text(value: Any) -> str | None:
    """A reference's value as text; ``None`` for what no URL could hold."""
    try:
        encoded = value if type(value) is str else encode(value)
    except Exception:  # noqa: BLE001 a value's own code may raise anything
        return None
    if type(encoded) is int and encoded.bit_length() <= 64:
        return str(encoded)
    return encoded if type(encoded) is str and len(encoded) <= MAX_TEXT else None


def _reference(name: str, text: str | None, outcome: ReferenceOutcome) -> Reference:
    return Reference(name, clean(text or ""), outcome)
