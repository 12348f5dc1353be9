"""Reads the newest accepted events for people: some at a time, as far as a filter lets through."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from trackadmin.models import AcceptedEvent
from trackadmin.models.events import events_database
from trackadmin.runtime import Event
from trackadmin.runtime.configured_sinks import ConfiguredSink
from trackadmin.runtime.values import TRUSTS

#: How many events are looked at for one page. Most filters have no index, so the work is bounded.
LOOKED_AT = 5000
#: How many events a page has at most.
AT_ONCE = 50
#: How an event's JSON says that nothing is wrong with it. No value of an event contains this text:
#: within a value, each quotation mark has a backslash before it.
_NOTHING_WRONG = '"wrong":[],"trust":'


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events of a map are looked for; what is empty lets all through."""

    map: str
    action: str = ""
    #: The prefix of a tracked model that the event brought.
    prefix: str = ""
    #: An outcome that one of its references had.
    outcome: str = ""
    #: How far the sender is trusted: any of these.
    trusts: tuple[str, ...] = TRUSTS
    #: Only events with something wrong.
    only_wrong: bool = False
    #: Only what the settings of this sink ask for.
    sink: ConfiguredSink | None = None

    def lets_through(self, event: Event) -> bool:
        """Whether the event fits. The database is asked first, and finds a few too many."""
        return (
            (not self.prefix or _brings(event, self.prefix))
            and (not self.outcome or any(came == self.outcome for _, came in event.references))
            and (not self.only_wrong or bool(event.wrong))
            and (self.sink is None or self.sink.wants(event))
        )


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An accepted event, read."""

    number: int
    received_at: datetime
    #: Whether no worker has put it into deliveries yet.
    waiting: bool
    event: Event

    @classmethod
    def from_row(cls, row: AcceptedEvent) -> StoredEvent:
        """The event of a row."""
        event = Event.from_json(row.body, json.loads(row.personal))
        return cls(row.number, row.received_at, row.waiting, event)


@dataclass(frozen=True, slots=True)
class FoundEvents:
    """Some events, the newest first."""

    events: list[StoredEvent]
    #: Look for what is older than this number; ``None`` if there is nothing older.
    older_than: int | None
    #: Whether the search ended because it had looked at :data:`LOOKED_AT` events.
    ended_early: bool


def find_events(wanted: EventFilter, *, older_than: int | None = None) -> FoundEvents:
    """The newest events that fit, below a number if one is given."""
    rows = AcceptedEvent.objects.using(events_database()).order_by("-number")
    if older_than is not None:
        rows = rows.filter(number__lt=older_than)
    last = rows.values_list("number", flat=True)[LOOKED_AT - 1 : LOOKED_AT].first()
    if last is not None:
        rows = rows.filter(number__gte=last)
    found = [StoredEvent.from_row(row) for row in _narrowed(rows, wanted)[: AT_ONCE + 1]]
    shown = [each for each in found[:AT_ONCE] if wanted.lets_through(each.event)]
    if len(found) > AT_ONCE:
        return FoundEvents(shown, found[AT_ONCE - 1].number, ended_early=False)
    return FoundEvents(shown, last, ended_early=last is not None)


def find_event(map: str, number: int) -> StoredEvent | None:
    """The event of this map with this number; ``None`` if it is not there, or not any more."""
    rows = AcceptedEvent.objects.using(events_database()).filter(map=map, number=number)
    row = rows.first()
    return StoredEvent.from_row(row) if row else None


def _narrowed(rows: QuerySet[AcceptedEvent], wanted: EventFilter) -> QuerySet[AcceptedEvent]:
    """The rows that the database alone can tell from others that do not fit."""
    rows = rows.filter(map=wanted.map, **dict(_columns(wanted)))
    if wanted.prefix:
        rows = rows.filter(body__contains=f'"{wanted.prefix}_')
    if wanted.outcome:
        rows = rows.filter(body__contains=f'"outcome":"{wanted.outcome}"}}')
    if wanted.only_wrong:
        rows = rows.exclude(body__contains=_NOTHING_WRONG)
    return rows


def _columns(wanted: EventFilter) -> Iterator[tuple[str, object]]:
    if wanted.action:
        yield "action", wanted.action
    if {*wanted.trusts} != {*TRUSTS}:
        yield "trust__in", wanted.trusts
    if wanted.sink is not None and wanted.sink.actions is not None:
        yield "action__in", sorted(wanted.sink.actions)


def _brings(event: Event, prefix: str) -> bool:
    """Whether the event has values, or was asked for an object, under this prefix."""
    return any(name.startswith(f"{prefix}_") for name in event.values) or any(
        name.startswith(f"{prefix}__") for name, _outcome in event.references
    )
