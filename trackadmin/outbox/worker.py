"""A worker: takes deliveries, and gives their events to the sinks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import uuid4

from trackadmin.models import Delivery
from trackadmin.outbox.batches import make_deliveries
from trackadmin.outbox.claims import claim
from trackadmin.outbox.remote_sink import RemoteSink, Taken, TryLater
from trackadmin.outbox.settling import events_of, settle
from trackadmin.runtime import Event
from trackadmin.runtime.configured_sinks import ConfiguredSink


class Worker:
    """Delivers to some sinks, in one thread of one process."""

    def __init__(self, sinks: Sequence[ConfiguredSink]) -> None:
        self.id = uuid4()
        self._configured = {sink.name: sink for sink in sinks}
        self._made: dict[str, RemoteSink] = {}

    def work_once(self) -> bool:
        """Make deliveries of what waits, and carry out one; return whether there was anything."""
        made = make_deliveries([*self._configured.values()])
        delivery = claim(self.id, [*self._configured])
        if delivery is not None:
            self._carry_out(delivery)
        return bool(made or delivery)

    def _carry_out(self, delivery: Delivery) -> None:
        sink = self._configured[delivery.sink]
        events = events_of(delivery)
        wanted = {number: event for number, event in events.items() if sink.wants(event)}
        try:
            taken = self._deliver(sink, [sink.permitted(event) for event in wanted.values()])
        except TryLater as error:
            taken = Taken(later=_ids(wanted), after=error.after, reason=error.reason)
        except Exception as error:  # noqa: BLE001 a sink may raise anything
            taken = Taken(later=_ids(wanted), reason=type(error).__name__)
        settle(delivery, sink, wanted, taken or Taken())

    def _deliver(self, sink: ConfiguredSink, events: list[Event]) -> Taken | None:
        if not events:
            return None
        made = self._made.get(sink.name)
        if made is None:
            made = self._made[sink.name] = sink.make()
        return made.deliver(events)


def _ids(events: Mapping[int, Event]) -> list[str]:
    return [event.id for event in events.values()]
