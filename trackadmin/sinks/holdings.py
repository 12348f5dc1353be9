"""Counts what a sink holds of a day, for ``manage.py trackadmin reconcile``."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from trackadmin.models.events import ACTION_LENGTH


class Held(NamedTuple):
    """What is counted of one event."""

    id: str
    time: datetime
    action: object
    version: int


def held_in_lines(lines: Iterable[str | bytes]) -> Iterator[Held]:
    """The events of lines of JSON. A line that is being written is left out."""
    for line in lines:
        try:
            event: dict[str, Any] = json.loads(line)
        except ValueError:
            continue
        time = datetime.fromisoformat(event["time"])
        yield Held(event["id"], time, event["action"], event["version"])


def counts_of(events: Iterable[Held], day: date) -> Counter[tuple[str, int]]:
    """How many different events of the day (UTC), by action and version."""
    found: dict[str, tuple[str, int]] = {}
    for event in events:
        if event.time.astimezone(UTC).date() == day:
            action = event.action[:ACTION_LENGTH] if isinstance(event.action, str) else ""
            found[event.id] = action, event.version
    return Counter(found.values())
