"""Who an event is about, for receivers that keep the events of a person together."""

from __future__ import annotations

from trackadmin.conf import conf
from trackadmin.runtime import Event


def person_of(event: Event) -> str | None:
    """The person's id, by the setting ``IDENTITY``; ``None`` for an anonymous event.

    It is read from the values that the sink may have: where it may not have this one, the event is
    anonymous.
    """
    return person_in(event, conf.IDENTITY)


def person_in(event: Event, name: str | None) -> str | None:
    """As :func:`person_of`, for many events: the setting is read once, and given."""
    value = event.values.get(name) if name else None
    return None if value is None or value == "" else str(value)
