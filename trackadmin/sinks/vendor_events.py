"""An event as the clients of vendors take it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from trackadmin.compiler import Scalar
from trackadmin.runtime import Event
from trackadmin.sinks.identity import person_of

#: What an event without an action is called there, as each vendor wants a name.
NO_ACTION = "event"


class VendorEvent(NamedTuple):
    """What every vendor asks for."""

    id: str
    name: str
    time: datetime
    #: ``None`` for an anonymous event: its own id then stands for the person.
    person: str | None
    properties: dict[str, Scalar]


def vendor_event(event: Event) -> VendorEvent:
    """The event with the names that vendors use."""
    name = "" if event.action is None else str(event.action)
    return VendorEvent(
        event.id,
        _harmless(name) or NO_ACTION,
        datetime.fromisoformat(event.time),
        person_of(event),
        {_harmless(key): value for key, value in event.values.items()},
    )


def _harmless(name: str) -> str:
    """A name that is no command. Anybody may send one, and ``$identify`` would merge two people."""
    return f"_{name}" if name.startswith("$") else name
