"""The one way of an event: from values, over what is wrong with them, to the sinks."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from trackadmin.codes import EventCode, FaultCode
from trackadmin.compiler import Finding, Scalar, Snapshot
from trackadmin.document.structure import ACTION_PARAMETER
from trackadmin.runtime.delivery import deliver
from trackadmin.runtime.event import Event
from trackadmin.runtime.event_counts import count_event
from trackadmin.runtime.faults import report
from trackadmin.runtime.usage_counts import count_usage
from trackadmin.runtime.values import Values

#: How many parameters of one event are listed for each fault of their names. The rest are counted.
MAX_LISTED = 20


def send(snapshot: Snapshot, values: Values) -> None:
    """Count the event and what is wrong with it. The sinks get it, unless the map refuses it."""
    count_event(snapshot, values)
    count_usage(snapshot, values)
    for finding in values.wrong:
        if finding.code not in _NOT_NOW:
            report(finding.code, _place(snapshot, values))
    if values.refused:
        report(FaultCode.EVENT_REFUSED, _place(snapshot, values))
    else:
        deliver(Event.of(values, snapshot.personal_names.among(values)))


#: An old name is no fault before its date. A reserved one is reported where it is left out.
_NOT_NOW = frozenset({EventCode.NAME_DEPRECATED, EventCode.PARAMETER_RESERVED})


def complete(
    snapshot: Snapshot,
    values: Values,
    found: Mapping[str, Scalar],
    brought: Collection[str],
    *,
    from_url: bool = True,
) -> Values:
    """Add the objects' values to the parameters, and note what is wrong with the event.

    ``found`` are the values of the objects, and ``brought`` the prefixes of those that were named.
    """
    checks = snapshot.checks
    if checks is not None:
        wrong = checks.check(values, brought, found, from_url=from_url)
        if wrong:
            # First what the map asks for, as an event has room for some only.
            values.wrong[:0] = wrong
            values.refused = checks.refuses(wrong)
    values.update(found)
    return values


def reserve(snapshot: Snapshot, name: str, values: Values) -> None:
    """Note a parameter that is left out because its name belongs to the map."""
    report(EventCode.PARAMETER_RESERVED, snapshot.slug)
    if name not in values.reserved and len(values.reserved) < MAX_LISTED:
        values.wrong.append(Finding(EventCode.PARAMETER_RESERVED, name))


def deprecated(reference: str) -> Finding:
    """The finding that an event has a reference by an old name."""
    return Finding(EventCode.NAME_DEPRECATED, reference)


def _place(snapshot: Snapshot, values: Values) -> str:
    """The map, and the action if the map declares it: the names of others come from anybody."""
    action = values.get(ACTION_PARAMETER)
    return f"{snapshot.slug}: {action}" if action in snapshot.document.actions else snapshot.slug
