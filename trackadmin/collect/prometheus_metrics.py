"""The metrics for Prometheus. Only who has its library may import this file."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Metric, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from trackadmin.collect.health_view import accounts_or_none, served_version
from trackadmin.outbox import SinkAccount
from trackadmin.runtime import current_map, event_counts, fault_counts
from trackadmin.runtime.event_counts import OTHER
from trackadmin.texts import Text, english
from trackadmin.texts import gettext as _

CONTENT_TYPE = CONTENT_TYPE_LATEST
#: The metrics of each sink: the end of its name, what it measures, and the attribute to read.
#: These are gauges, since what is pruned is not counted any more.
_OF_SINKS = (
    ("queue_events", _("Events that the sink has still to get."), "queue"),
    ("waiting_events", _("Accepted events that no worker has seen yet."), "waiting"),
    ("offered_events", _("Events that the sink was to get."), "offered"),
    ("delivered_events", _("Events that the sink took."), "delivered"),
    ("refused_events", _("Events that the settings of the sink do not want."), "refused"),
    ("dead_letters", _("Events that the sink did not take."), "dead"),
    ("discarded_events", _("Dead letters that a person gave up."), "discarded"),
    ("left_events", _("Events in deliveries that are not done."), "left"),
)


def metrics_text(map: str) -> bytes:
    """All metrics of this moment, in the text format of Prometheus."""
    registry = CollectorRegistry()
    registry.register(_Collector(map))
    return generate_latest(registry)


class _Collector(Collector):
    """Collects at the moment of the request. The counters are those of this process."""

    def __init__(self, map: str) -> None:
        self._map = map

    def collect(self) -> Iterator[Metric]:
        """The metrics."""
        found = accounts_or_none()
        yield _gauge(
            "up", _("Whether the events can be asked."), [], {(): float(found is not None)}
        )
        served = {(self._map,): float(served_version(self._map) or 0)}
        yield _gauge("map_version", _("The version that is served; 0 for none."), ["map"], served)
        yield from _of_sinks(found or [])
        process = str(os.getpid())
        events = {(*each, process): count for each, count in _event_counts().items()}
        yield _counter(
            "events", _("Events of this process."), ["map", "action", "result", "process"], events
        )
        faults = {(code, process): count for code, count in fault_counts().items()}
        yield _counter("faults", _("Faults of this process."), ["code", "process"], faults)


def _of_sinks(accounts: list[SinkAccount]) -> Iterator[Metric]:
    lags = {(each.sink,): each.lag.total_seconds() for each in accounts}
    yield _gauge("sink_lag_seconds", _("How long its oldest event waits."), ["sink"], lags)
    for name, what, attribute in _OF_SINKS:
        numbers = {(each.sink,): float(getattr(each, attribute)) for each in accounts}
        yield _gauge(f"sink_{name}", what, ["sink"], numbers)


def _event_counts() -> Counter[tuple[str, str, str]]:
    """The counts of events; a name that a visitor made up is not told."""
    counts: Counter[tuple[str, str, str]] = Counter()
    declared: dict[str, Any] = {}
    for (slug, action, what), count in event_counts().items():
        if slug not in declared:
            is_served = served_version(slug) is not None
            declared[slug] = current_map(slug).document.actions if is_served else {}
        name = action if not action or action in declared[slug] else OTHER
        counts[slug, name, what] += count
    return counts


def _gauge(
    name: str, what: Text, labels: list[str], numbers: dict[Any, float]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"trackadmin_{name}", english(what), labels=labels)
    for values, number in numbers.items():
        family.add_metric(values, number)
    return family


def _counter(
    name: str, what: Text, labels: list[str], numbers: dict[Any, int]
) -> CounterMetricFamily:
    family = CounterMetricFamily(f"trackadmin_{name}", english(what), labels=labels)
    for values, number in numbers.items():
        family.add_metric(values, number)
    return family
