"""From a query, or one reference, to objects and their values."""

from __future__ import annotations

from typing import Any

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
    return _find(current_map(map), reference, _text(value))[1]


def resolve(snapshot: Snapshot, *queries: Query) -> Values:
    """What :func:`values_from_query` gives, by this snapshot, for queries behind each other."""
    pairs = parameters(*queries)
    values = Values(
        ((name, scalar(value)) for name, value in pairs if SEPARATOR not in name),
        map=snapshot.slug,
        version=snapshot.number,
    )
    # A reference that is said twice is one reference.
    asked = list(dict.fromkeys((n, _text(value)) for n, value in pairs if SEPARATOR in n))
    found = _References(snapshot)
    for number, (name, text) in enumerate(asked):
        if number < conf.MAX_REFERENCES:
            outcome = found.take(name, text)
        else:
            outcome = "not_allowed"
            report("reference.too_many", snapshot.slug)
        values.references.append(Reference(name, clean(text), outcome))
    values.update(found.values)
    return values


class _References:
    """The references of one query, taken in turn: the first that names an object wins."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.values: dict[str, Scalar] = {}
        self.given: list[Given] = []

    def take(self, name: str, text: str) -> ReferenceOutcome:
        """Find the object and add its values; what came of it."""
        outcome, obj = _find(self.snapshot, name, text)
        if outcome == "found" and not self._add(obj):
            report("reference.conflict", f"{self.snapshot.slug}: {name}")
            return "conflict"
        return outcome

    def _add(self, obj: Model) -> bool:
        model = self.snapshot.find(obj)
        if model is None:
            return True
        part = model.flatten(obj, report)
        new = (model.prefix, obj.pk)
        differing = join(self.values, part, new, self.given)
        self.given.append(new)
        return not differing


def _find(snapshot: Snapshot, reference: str, text: str) -> tuple[ReferenceOutcome, Any]:
    """The outcome, and the object where it was found. Whatever is amiss is reported."""
    lookup = snapshot.lookup(reference)
    if lookup is None:
        # The name comes from outside: only what the map knows of it is logged.
        prefix = reference.partition(SEPARATOR)[0]
        known = prefix if prefix in snapshot.by_prefix else "an unknown prefix"
        report("reference.not_allowed", f"{snapshot.slug}: {known}")
        return "not_allowed", None
    found = lookup.fetch(text)
    if found.status != "found":
        report(f"reference.{found.status}", f"{snapshot.slug}: {reference}", found.error)
    return found.status, found.obj


def _text(value: Any) -> str:
    """A reference's value as text; one that names nothing where no URL could hold it."""
    try:
        encoded = value if type(value) is str else encode(value)
    except Exception:  # noqa: BLE001 a value's own code may raise anything
        return ""
    if type(encoded) is int and encoded.bit_length() <= 64:
        return str(encoded)
    return encoded if type(encoded) is str and len(encoded) <= MAX_TEXT else ""
