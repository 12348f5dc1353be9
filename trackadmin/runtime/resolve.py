"""From a query, or one reference, to objects and their values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from itertools import repeat
from typing import Any, TypeAlias

from trackadmin.codes import FAULTS, FaultCode, Outcome
from trackadmin.compiler import (
    SEPARATOR,
    Lookup,
    ManagerError,
    Resolved,
    Scalar,
    Snapshot,
    encode,
)
from trackadmin.conf import conf
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.document.structure import SENDER_PARAMETERS
from trackadmin.runtime.current import current_map
from trackadmin.runtime.faults import UNKNOWN_MAP, report
from trackadmin.runtime.known_queries import KnownQuery, beyond, known_query
from trackadmin.runtime.merging import join
from trackadmin.runtime.parameters import (
    MAX_TEXT,
    Parameters,
    Query,
    clean,
    exact,
    judged,
    pass_through,
    read,
)
from trackadmin.runtime.sender import judge_sender
from trackadmin.runtime.sending import complete, deprecated, reserve
from trackadmin.runtime.values import SIGNED, Reference, Values

#: Makes a reference from a tuple, without the cost of calling the class.
_reference: Callable[[tuple[str, str, Outcome]], Reference] = partial(tuple.__new__, Reference)
#: The name and the text of a reference.
_Pair: TypeAlias = tuple[str, str]
#: The outcomes of references whose objects give values.
_TAKEN = (Outcome.FOUND, Outcome.CONFLICT)
_ALL_FOUND: Iterable[Outcome] = repeat(Outcome.FOUND)


def values_from_query(query: Query, *, map: str = DEFAULT_MAP) -> Values:
    """The values of the objects that the query names, and its other parameters as they are.

    ``query`` is a query string, a ``QueryDict`` or another mapping (values may be lists). A
    parameter whose name contains ``__`` is a reference and never passes through; ``.references``
    has the outcome of each. If another parameter occurs twice, the last value counts. A value of an
    object wins over a parameter with the same name. The result can always be written as JSON.

    If strict, raises :class:`NotPublished` or :class:`UnknownMap` for the map. Nothing in the query
    raises.
    """
    return resolve(current_map(map), query)


def get_model(reference: str, value: Any, *, map: str = DEFAULT_MAP) -> Any:
    """The instance that ``get_model("BuyerProfile__uuid", "6fa4…")`` names, or ``None``.

    ``None`` if the map has no such lookup, if the value is malformed, or unless exactly one row has
    it. If strict, raises :class:`NotPublished` or :class:`UnknownMap` for the map. Nothing in the
    reference or the value raises.
    """
    snapshot, name = current_map(map), exact(reference)
    lookup = snapshot.lookup(name)
    if lookup is None:
        _refuse(snapshot, name, too_many=False)
        return None
    found = lookup.fetch(reference_text(value))
    if found.status is not Outcome.FOUND:
        _report(snapshot, lookup, found.status, found.error)
    return found.obj


def resolve(snapshot: Snapshot, *queries: Query) -> Values:
    """What :func:`values_from_query` gives by this snapshot, for several queries read as one."""
    given = read(*queries)
    known = known_query(snapshot, given.names)
    if known is None:
        return one_by_one(snapshot, given)
    return _by_known_query(snapshot, known, given)


def _by_known_query(snapshot: Snapshot, known: KnownQuery, given: Parameters) -> Values:
    """Answer a query whose names are known."""
    values = Values(map=snapshot.slug, version=snapshot.number)
    for name in known.reserved:
        reserve(snapshot, name, values)
    pass_through({name: given.values[at] for at, name in known.passing}, values)
    texts = [reference_text(given.values[at]) for at in known.places]
    if known.guarded:
        pairs = [*zip(known.names, texts, strict=True)]
        judge_sender(snapshot, values, {name: given.values[at] for at, name in known.sender}, pairs)
        if known.signed_only and values.trust != SIGNED:
            asked = dict(zip(pairs, known.lookups.lookups, strict=True))
            return _looked_up(snapshot, values, dict[_Pair, Lookup | None](asked))
    values.wrong += map(deprecated, known.deprecated)
    answer = snapshot.resolver.answer(known.lookups, texts, report)
    if answer.values is not None:
        found_all = zip(known.names, texts, _ALL_FOUND)  # noqa: B905 one of them never ends
        values.references = [*map(_reference, found_all)]
        return complete(snapshot, values, answer.values, known.prefixes)
    found: dict[str, Scalar] = {}
    for lookup, text, each in zip(known.lookups.lookups, texts, answer.each or (), strict=True):
        outcome = _take(snapshot, lookup, each, found)
        values.references.append(Reference(lookup.reference, clean(text), outcome))
    return _with_objects(snapshot, values, found)


def one_by_one(snapshot: Snapshot, given: Parameters) -> Values:
    """Look at each parameter, and look up the references that the map allows together."""
    values = Values(map=snapshot.slug, version=snapshot.number)
    limit, reserved = conf.MAX_REFERENCES, snapshot.reserved
    passing: dict[str, Any] = {}
    sender: dict[str, Any] = {}
    # As keys, because a reference that occurs twice is one reference.
    asked: dict[_Pair, Lookup | None] = {}
    for name, value in judged(given):
        if SEPARATOR not in name:
            if name in SENDER_PARAMETERS:
                sender[name] = value
            elif name in reserved:
                reserve(snapshot, name, values)
            else:
                passing[name] = value
        elif len(asked) < limit:
            asked[name, reference_text(value)] = snapshot.lookup(name)
        else:
            asked.setdefault((name, reference_text(value)), None)
    pass_through(passing, values)
    if sender:
        judge_sender(snapshot, values, sender, asked)
    return _looked_up(snapshot, values, asked)


def _looked_up(snapshot: Snapshot, values: Values, asked: dict[_Pair, Lookup | None]) -> Values:
    """Look up the references, those that have a lookup, and add what they name to the values."""
    refused = dict.fromkeys(asked, Outcome.NOT_ALLOWED)
    if values.trust != SIGNED:
        unsigned = [pair for pair, lookup in asked.items() if lookup and lookup.signed_only]
        refused |= dict.fromkeys(unsigned, Outcome.NOT_SIGNED)
        asked |= dict.fromkeys(unsigned)
    limit = conf.MAX_REFERENCES
    allowed = [(key, lookup) for key, lookup in asked.items() if lookup is not None]
    costly = {allowed[at][0] for at in beyond([lookup for _, lookup in allowed])}
    asked |= dict.fromkeys(costly)
    wanted = [(lookup, text) for (_, text), lookup in asked.items() if lookup is not None]
    results = iter(snapshot.resolver.resolve(wanted, report) if wanted else ())
    old = (lookup.reference for _, lookup in allowed if lookup.until)
    values.wrong += map(deprecated, dict.fromkeys(old))
    found: dict[str, Scalar] = {}
    for place, ((name, text), lookup) in enumerate(asked.items()):
        if lookup is not None:
            outcome = _take(snapshot, lookup, next(results), found)
        elif refused[name, text] is Outcome.NOT_SIGNED:
            outcome = _not_signed(snapshot, name)
        else:
            outcome = _refuse(snapshot, name, too_many=place >= limit or (name, text) in costly)
        values.references.append(Reference(name, clean(text), outcome))
    return _with_objects(snapshot, values, found)


def _with_objects(snapshot: Snapshot, values: Values, found: dict[str, Scalar]) -> Values:
    """The parameters with the values of the objects, and with what is wrong with both."""
    if snapshot.checks is None:
        values.update(found)
        return values
    taken = [snapshot.lookup(name) for name, _, outcome in values.references if outcome in _TAKEN]
    return complete(snapshot, values, found, dict.fromkeys(each.prefix for each in taken if each))


def _take(
    snapshot: Snapshot, lookup: Lookup, found: Resolved, values: dict[str, Scalar]
) -> Outcome:
    """Add what was found to the values, and return the outcome. The first of two values wins."""
    outcome = found.status
    if found.values is not None and join(values, found.values):
        outcome = Outcome.CONFLICT
    if outcome is not Outcome.FOUND:
        _report(snapshot, lookup, outcome, found.error)
    return outcome


def _refuse(snapshot: Snapshot, reference: str, too_many: bool) -> Outcome:
    # The name comes from outside, so only a prefix that the map has is logged.
    prefix = reference.partition(SEPARATOR)[0]
    known = prefix if prefix in snapshot.by_prefix else "an unknown prefix"
    where = snapshot.slug if snapshot.digest else UNKNOWN_MAP
    if too_many:
        report(FaultCode.REFERENCE_TOO_MANY, where)
    else:
        report(FaultCode.REFERENCE_NOT_ALLOWED, f"{where}: {known}")
    return Outcome.NOT_ALLOWED


def _not_signed(snapshot: Snapshot, reference: str) -> Outcome:
    report(FaultCode.REFERENCE_NOT_SIGNED, f"{snapshot.slug}: {reference}")
    return Outcome.NOT_SIGNED


def _report(
    snapshot: Snapshot, lookup: Lookup, outcome: Outcome, error: BaseException | None
) -> None:
    if isinstance(error, ManagerError):
        # Only the type of the cause, as its text may contain values of the manager's query.
        report(FaultCode.MANAGER_RAISED, f"{snapshot.slug}: {error.label} ({error.cause})", error)
    report(FAULTS[outcome], f"{snapshot.slug}: {lookup.reference}", error)


def reference_text(value: Any) -> str:
    """A reference's value as text; empty, which names nothing, if no URL could contain it."""
    if type(value) is str:
        return value if len(value) <= MAX_TEXT else ""
    try:
        encoded = encode(value)
    except Exception:  # noqa: BLE001 a value's own code may raise anything
        return ""
    if type(encoded) is int and encoded.bit_length() <= 64:
        return str(encoded)
    return encoded if type(encoded) is str and len(encoded) <= MAX_TEXT else ""
