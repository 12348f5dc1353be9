"""How each sink stands: what waits, what it took, what it did not take, and how far it lags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    IntegerField,
    Max,
    Min,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Length, Replace
from django.utils import timezone

from trackadmin.models import AcceptedEvent, DeadLetter, Delivery
from trackadmin.models.events import events_database
from trackadmin.runtime.configured_sinks import configured_sinks

#: The time that a rate is of.
RECENT = timedelta(minutes=5)

#: What becomes of the events that are left in a delivery.
_DUE, _IN_WORK, _LATER, _DONE, _DEAD, _WAITING = (
    "due",
    "in_work",
    "later",
    "done",
    "dead",
    "waiting",
)


@dataclass(slots=True)
class SinkAccount:
    """The numbers of one remote sink, all of one moment. Every number but times counts events.

    ``offered`` is always ``delivered + refused + dead + discarded + left``, and ``left`` is
    ``due + in_work + later``. Deliveries that were pruned are in none of them.
    """

    #: Its name in ``SINKS``.
    sink: str
    #: Whether ``SINKS`` has it. What is left for a sink that was removed or renamed stays.
    configured: bool
    #: Accepted, and not yet in a delivery: the same number for each sink that is configured.
    waiting: int = 0
    #: In deliveries that a worker may take now.
    due: int = 0
    #: In deliveries that a worker has.
    in_work: int = 0
    #: In deliveries that failed and are tried again later.
    later: int = 0
    #: What the sink was to get, what it took, and what its settings do not want.
    offered: int = 0
    delivered: int = 0
    refused: int = 0
    #: Dead letters, and those that a person gave up.
    dead: int = 0
    discarded: int = 0
    #: What it took within the last five minutes (``RECENT``).
    recent: int = 0
    #: When the oldest event was received that it has still to get.
    oldest_at: datetime | None = None
    #: Why a delivery failed that is still open, and when that was; the newest.
    error: str = ""
    error_at: datetime | None = None
    #: The moment of these numbers.
    now: datetime = field(default_factory=timezone.now)

    @property
    def left(self) -> int:
        """What is in deliveries that are not done."""
        return self.due + self.in_work + self.later

    @property
    def queue(self) -> int:
        """What the sink has still to get."""
        return self.waiting + self.left

    @property
    def lag(self) -> timedelta:
        """How long the oldest event waits that it has still to get; nothing if none waits."""
        return self.now - self.oldest_at if self.oldest_at else timedelta()

    @property
    def rate(self) -> float:
        """Events delivered in a minute, on average of the last five."""
        return self.recent / (RECENT.total_seconds() / 60)


def accounts() -> list[SinkAccount]:
    """One account for each remote sink of ``SINKS``, then one for each other that has something.

    Takes five statements at most, whatever the number of sinks and events. The counts come by one
    of them, so they are of one moment and add up while workers go on.
    """
    using, now = events_database(), timezone.now()
    found = {sink.name: SinkAccount(sink.name, True, now=now) for sink in configured_sinks().remote}
    configured = [*found.values()]
    for sink, state, *numbers in _counts(using, now):
        if state == _WAITING:
            for account in configured:
                account.waiting = numbers[-1]
        elif numbers[-1] or state == _DONE:
            account = found.setdefault(sink, SinkAccount(sink, False, now=now))
            _count_in(account, state, numbers)
    _add_oldest(using, found, configured)
    return [*found.values()]


def _count_in(account: SinkAccount, state: str, numbers: list[int]) -> None:
    for name, number in zip(_SUMS, numbers[:-1], strict=True):
        setattr(account, name, getattr(account, name) + number)
    if state != _DONE:
        setattr(account, state, numbers[-1])


#: What is added up over deliveries.
_SUMS = ("offered", "delivered", "refused", "discarded", "recent")


def _counts(using: str, now: datetime) -> Iterable[tuple[Any, ...]]:
    """Rows of a sink, a state, the sums, and how many events are left in that state."""
    deliveries = (
        Delivery.objects.using(using)
        .order_by()
        .values("sink", state=_state_of(now))
        .annotate(
            _offered=Sum("offered"),
            _delivered=Sum("delivered"),
            _refused=Sum("refused"),
            _discarded=Sum("discarded"),
            _recent=Coalesce(Sum("delivered", filter=Q(changed_at__gte=now - RECENT)), 0),
            _left=Sum(_left()),
        )
        .values_list("sink", "state", *(f"_{name}" for name in _SUMS), "_left")
    )
    dead = DeadLetter.objects.using(using).order_by().values("sink")
    waiting = AcceptedEvent.objects.using(using).filter(waiting=True).order_by()
    nameless = waiting.values(sink=Value("", CharField()))
    counted = _counted(dead, _DEAD, "pk"), _counted(nameless, _WAITING, "number")
    # From Django 6.1 on a union has the order of its model again.
    return deliveries.union(*counted, all=True).order_by()


def _counted(rows: Any, state: str, counted: str) -> Any:
    """Rows as those of deliveries, with a count alone."""
    nothing = {f"_{name}": Value(0, IntegerField()) for name in _SUMS}
    counts = rows.annotate(state=Value(state, CharField()), **nothing, _left=Count(counted))
    return counts.values_list("sink", "state", *nothing, "_left")


def _state_of(now: datetime) -> Case:
    return Case(
        When(due_at__isnull=True, then=Value(_DONE)),
        When(taken_until__gte=now, then=Value(_IN_WORK)),
        When(due_at__lte=now, then=Value(_DUE)),
        default=Value(_LATER),
        output_field=CharField(),
    )


def _left() -> Case:
    """How many numbers are in the list of a delivery: one more than its commas, if any."""
    commas = Length("left") - Length(Replace("left", Value(","), Value("")))
    return Case(
        When(due_at__isnull=True, then=Value(0)), default=commas + 1, output_field=IntegerField()
    )


def _add_oldest(
    using: str, found: dict[str, SinkAccount], configured: Iterable[SinkAccount]
) -> None:
    """Add the time of the oldest event that each sink has still to get, and its last error."""
    is_open = Delivery.objects.using(using).filter(due_at__isnull=False).order_by()
    rows = is_open.values("sink").annotate(
        oldest=Min("first"), failed_at=Max("changed_at", filter=~Q(error=""))
    )
    oldest: dict[str, int] = {}
    for row in rows:
        account = found.setdefault(row["sink"], SinkAccount(row["sink"], False))
        oldest[account.sink], account.error_at = row["oldest"], row["failed_at"]
    _add_errors(is_open, [account for account in found.values() if account.error_at])
    events = AcceptedEvent.objects.using(using)
    times = dict(events.filter(number__in={*oldest.values()}).values_list("number", "received_at"))
    for name, number in oldest.items():
        found[name].oldest_at = times.get(number)
    first = events.filter(waiting=True).order_by("number").values_list("received_at", flat=True)
    since = first.first()
    for account in configured:
        account.oldest_at = min(filter(None, [account.oldest_at, since]), default=None)


def _add_errors(is_open: QuerySet[Delivery], failed: Sequence[SinkAccount]) -> None:
    """Add the texts of the errors, which are those of the last times."""
    if failed:
        last = (Q(sink=each.sink, changed_at=each.error_at) for each in failed)
        rows = is_open.filter(reduce(or_, last)).exclude(error="")
        errors = dict(rows.values_list("sink", "error"))
        for account in failed:
            account.error = errors.get(account.sink, "")
