"""What arrived: how often each name, action and reference of a map was seen lately."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db.models import Max, Min, Q, QuerySet, Sum

from trackadmin.codes import Subject
from trackadmin.document.structure import ACTION_PARAMETER
from trackadmin.editing.locking import AnyMap, find_map
from trackadmin.models import UsageCount
from trackadmin.models.events import events_database

#: The periods that are told, in days; each ends today. Days are those of UTC.
PERIODS = DAY, WEEK, MONTH = (1, 7, 30)
#: How many actions have a chart of their days; the others are added up.
MOST_CHARTS = 20


@dataclass(frozen=True, slots=True)
class Seen:
    """How often something was seen, and how often of these it had no value, by period."""

    name: str
    seen: Mapping[int, int]
    empty: Mapping[int, int]
    last_at: datetime

    @property
    def counts(self) -> list[int]:
        """How often it was seen, in the order of :data:`PERIODS`."""
        return [self.seen[days] for days in PERIODS]

    @property
    def filled(self) -> int:
        """In how many percent of the longest period's events it had a value, rounded down.

        100 only if none was empty, 0 only if all were.
        """
        seen, empty = self.seen[MONTH], self.empty[MONTH]
        if not seen or empty == seen:
            return 0
        return max(1, (seen - empty) * 100 // seen)


@dataclass(frozen=True, slots=True)
class Usage:
    """What was seen of one map in the last 30 days."""

    #: The first day of all counts of the map, also older ones; ``None`` before the first.
    since: date | None
    names: Mapping[str, Seen]
    actions: Mapping[str, Seen]
    #: References that name an object, ``Order__uuid``.
    references: Mapping[str, Seen]
    #: All other parameters, those that nobody declared among them.
    parameters: Mapping[str, Seen]

    @property
    def last_at(self) -> datetime | None:
        """When the last event was counted; ``None`` before the first of these days."""
        return max((each.last_at for each in self.actions.values()), default=None)


def usage(tracking_map: AnyMap) -> Usage:
    """What was seen of a map; raises :class:`UnknownMap`. Two queries.

    Each process writes its counts after a while (the setting ``USAGE_SECONDS``), so the last minute
    may be missing.
    """
    rows = _counts_of(tracking_map)
    return _usage_of(rows, rows.aggregate(since=Min("day"))["since"])


def usage_of(tracking_map: AnyMap, wanted: Q) -> Usage:
    """What was seen of the counts that this condition takes, without the first day. One query."""
    return _usage_of(_counts_of(tracking_map).filter(wanted), None)


def _usage_of(rows: QuerySet[UsageCount], since: date | None) -> Usage:
    found: dict[str, dict[str, Seen]] = {subject.value: {} for subject in Subject}
    for row in _summed(rows.filter(day__gt=_day_before(MONTH))):
        found[row["subject"]][row["name"]] = _seen(row)
    found[Subject.PARAMETER].pop(ACTION_PARAMETER, None)
    return Usage(
        since,
        found[Subject.NAME],
        found[Subject.ACTION],
        found[Subject.REFERENCE],
        found[Subject.PARAMETER],
    )


def events_by_day(tracking_map: AnyMap) -> dict[str | None, list[int]]:
    """How many events of each action there were on each of the last 30 days, the oldest day first.

    Those of the actions with the most events; under ``None`` those of all actions. One query.
    """
    first = _day_before(MONTH) + timedelta(days=1)
    rows = _counts_of(tracking_map).filter(subject=Subject.ACTION, day__gte=first)
    days: dict[str, list[int]] = {}
    total = [0] * MONTH
    for name, day, seen in rows.values_list("name", "day", "seen"):
        days.setdefault(name, [0] * MONTH)[(day - first).days] += seen
        total[(day - first).days] += seen
    most = sorted(days, key=lambda name: (-sum(days[name]), name))[:MOST_CHARTS]
    return {None: total, **{name: days[name] for name in most}}


def last_seen(slugs: list[str]) -> dict[str, datetime]:
    """When the last event of each map was counted, by slug. One query."""
    rows = _all_counts().filter(map__in=slugs, subject=Subject.ACTION)
    found = rows.order_by().values_list("map").annotate(last=Max("last_at"))
    return dict(found)


def _counts_of(tracking_map: AnyMap) -> QuerySet[UsageCount]:
    return _all_counts().filter(map=find_map(tracking_map).slug).order_by()


def _all_counts() -> QuerySet[UsageCount]:
    """All counts, from where processes write them."""
    return UsageCount.objects.using(events_database())


def _day_before(days: int) -> date:
    """The last day that is not among the last so many."""
    return (datetime.now(UTC) - timedelta(days=days)).date()


def _summed(rows: QuerySet[UsageCount]) -> Iterator[dict[str, Any]]:
    sums = {
        f"{column}_{days}": Sum(column, filter=Q(day__gt=_day_before(days)), default=0)
        for column in ("seen", "empty")
        for days in PERIODS
    }
    found: Any = rows.values("subject", "name")
    yield from found.annotate(last=Max("last_at"), **sums).order_by("name")


def _seen(row: Mapping[str, Any]) -> Seen:
    seen, empty = ({days: row[f"{what}_{days}"] for days in PERIODS} for what in ("seen", "empty"))
    return Seen(row["name"], seen, empty, row["last"])
