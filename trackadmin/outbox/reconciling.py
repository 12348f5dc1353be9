"""What was accepted on a day beside what each sink holds of it, by action and version."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol, TypeAlias

from django.db.models import Count, QuerySet

from trackadmin.models import AcceptedEvent, DeadLetter, Delivery, DiscardedEvent
from trackadmin.models.events import events_database
from trackadmin.runtime.accepting import as_stored
from trackadmin.runtime.configured_sinks import ConfiguredSink, configured_sinks

#: The action of events, empty for none, and the version of the map that named their values.
Kind: TypeAlias = tuple[str, int]
#: Why a sink has no counts.
NOT_COUNTABLE = "not_countable"
#: How many numbers of events one statement names.
_AT_ONCE = 1000


class CountableSink(Protocol):
    """A remote sink that can say what it holds."""

    def held_on(self, day: date) -> Mapping[Kind, int]:
        """How many different events of a day (UTC) it holds, by action and version."""


@dataclass(frozen=True, slots=True)
class KindCount:
    """The events of one kind that a sink was to get on the day."""

    action: str
    version: int
    accepted: int
    held: int
    #: Those that are still on their way, and those that became dead letters.
    waiting: int
    dead: int
    #: Dead letters that a person gave up.
    discarded: int

    @property
    def unexplained(self) -> int:
        """How many are missing without a reason; less than 0 if the sink holds more."""
        return self.accepted - self.held - self.waiting - self.dead - self.discarded


@dataclass(frozen=True, slots=True)
class Reconciled:
    """One sink, reconciled."""

    sink: str
    #: None of a sink that cannot be counted.
    kinds: tuple[KindCount, ...] = ()
    #: Why nothing is told: it cannot be counted, or the error's type when it was asked.
    uncounted: str = ""

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing; True for a sink that can never be counted."""
        asked = self.uncounted in ("", NOT_COUNTABLE)
        return asked and not any(each.unexplained for each in self.kinds)


def reconcile(day: date) -> Iterator[Reconciled]:
    """Compare a day (UTC) for each remote sink. Events that were pruned are not known any more."""
    accepted = _kinds(_events_of(day))
    for sink in configured_sinks().remote:
        yield _reconciled(sink, day, accepted)


def _reconciled(sink: ConfiguredSink, day: date, accepted: Mapping[Kind, int]) -> Reconciled:
    try:
        counts = getattr(sink.make(), "held_on", None)
        held = None if counts is None else counts(day)
    except Exception as error:  # noqa: BLE001 a sink may raise anything
        return Reconciled(sink.name, uncounted=type(error).__name__)
    if held is None:
        return Reconciled(sink.name, uncounted=NOT_COUNTABLE)
    wanted = {kind: n for kind, n in accepted.items() if _is_wanted(sink, kind)}
    waiting = _waiting(sink, day)
    dead, discarded = _not_held(DeadLetter, sink, day), _not_held(DiscardedEvent, sink, day)
    kinds = sorted({*wanted, *held})
    return Reconciled(
        sink.name,
        tuple(
            KindCount(
                action,
                version,
                wanted.get((action, version), 0),
                held.get((action, version), 0),
                waiting[action, version],
                dead[action, version],
                discarded[action, version],
            )
            for action, version in kinds
        ),
    )


def _is_wanted(sink: ConfiguredSink, kind: Kind) -> bool:
    return sink.actions is None or kind[0] in sink.actions


def _events_of(day: date) -> QuerySet[AcceptedEvent]:
    start = as_stored(datetime.combine(day, time(), UTC))
    rows = AcceptedEvent.objects.using(events_database()).order_by()
    return rows.filter(received_at__gte=start, received_at__lt=start + timedelta(days=1))


def _kinds(events: QuerySet[AcceptedEvent]) -> Counter[Kind]:
    found = events.values_list("action", "version").annotate(n=Count("number"))
    return Counter({(action, version): n for action, version, n in found})


def _waiting(sink: ConfiguredSink, day: date) -> Counter[Kind]:
    """Accepted and not in a delivery yet, or left in an open one."""
    open_ones = Delivery.objects.using(events_database()).filter(
        sink=sink.name, due_at__isnull=False
    )
    found = _kinds(_events_of(day).filter(waiting=True))
    for left in open_ones.values_list("left", flat=True).iterator():
        found += _numbered(json.loads(left), day)
    return Counter({kind: n for kind, n in found.items() if _is_wanted(sink, kind)})


def _not_held(
    table: type[DeadLetter | DiscardedEvent], sink: ConfiguredSink, day: date
) -> Counter[Kind]:
    """Those that the sink does not have, for the reason that the table stands for."""
    rows = table._default_manager.using(events_database()).filter(sink=sink.name)
    numbers = rows.order_by("pk").values_list("event_id", flat=True)
    return _numbered(numbers.iterator(), day)


def _numbered(numbers: Iterable[int], day: date) -> Counter[Kind]:
    found: Counter[Kind] = Counter()
    rest = [*numbers]
    while rest:
        part, rest = rest[:_AT_ONCE], rest[_AT_ONCE:]
        found += _kinds(_events_of(day).filter(number__in=part))
    return found
