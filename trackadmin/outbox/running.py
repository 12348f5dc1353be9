"""Delivering for a while: until nothing is due, or until somebody says stop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic, sleep

from django.db import Error

from trackadmin.outbox.message_worker import SettledMessage
from trackadmin.outbox.settling import Settled
from trackadmin.outbox.worker import Worker, newest_number
from trackadmin.runtime.configured_sinks import ConfiguredSink, configured_sinks

#: Seconds between two looks into the database where nothing is due: it grows from the first to the
#: second. Nobody who says stop waits longer than for a slice of it.
SHORTEST_PAUSE, LONGEST_PAUSE, SLICE = 0.05, 1.0, 0.1


@dataclass(slots=True)
class SinkTally:
    """What became of the events of one sink, counted."""

    sink: str
    counts: Counter[str] = field(default_factory=Counter)
    #: The last reason why events were not delivered.
    reason: str = ""

    def take_in(self, settled: Settled) -> None:
        """Count a delivery."""
        for name in KINDS:
            self.counts[name] += getattr(settled, name)
        self.reason = settled.reason or self.reason

    def numbers(self) -> dict[str, int]:
        """Every count, also those that are 0."""
        return {name: self.counts[name] for name in KINDS}

    @property
    def failed(self) -> bool:
        """Whether there were events that the sink was given and did not take."""
        return bool(self.counts["later"] or self.counts["dead"])


#: What may become of an event. What is sent again is counted each time.
KINDS = ("delivered", "refused", "discarded", "dead", "later")


def remote_sinks(name: str | None = None) -> tuple[ConfiguredSink, ...]:
    """The remote sinks of the settings, or the one of this name if there is one."""
    sinks = configured_sinks().remote
    return tuple(each for each in sinks if name is None or each.name == name)


def drain(
    sink: str | None = None,
    *,
    seconds: float | None = None,
    stopped: Callable[[], bool] = lambda: False,
    tell_message: Callable[[SettledMessage], object] = lambda settled: None,
) -> list[SinkTally]:
    """Deliver what is due now, and end; return what became of it, for each sink.

    Messages are sent too, unless ``sink`` names one sink; ``tell_message`` is called with what
    became of each.

    Events that come meanwhile may be left for the next time, so this ends however many come. So it
    does after so many seconds, with the batch that it has. What a sink did not take is due later,
    and not waited for. Any number may run at once. Raises what the database raises.
    """
    sinks = remote_sinks(sink)
    tallies = {each.name: SinkTally(each.name) for each in sinks}
    worker = Worker(
        sinks,
        lambda settled: tallies[settled.sink].take_in(settled),
        tell_message if sink is None else None,
    )
    until = None if seconds is None else monotonic() + seconds
    up_to = newest_number()
    try:
        while not stopped() and (until is None or monotonic() < until) and worker.work_once(up_to):
            pass
    finally:
        worker.give_back()
    return [*tallies.values()]


def numbers_of_drain(sink: str | None, seconds: float | None) -> dict[str, dict[str, int]]:
    """As :func:`drain`, for an engine of tasks: the numbers of each sink, as plain data."""
    return {tally.sink: tally.numbers() for tally in drain(sink, seconds=seconds)}


def run(
    worker: Worker,
    stopped: Callable[[], bool],
    *,
    away: Callable[[Error], object] = lambda error: None,
    idle: Callable[[], object] = lambda: None,
) -> None:
    """Deliver until ``stopped`` says so; the batch that a sink has is settled first.

    ``idle`` is called whenever there is nothing to do, and ``away`` with each error of the
    database, which is asked again after a pause.
    """
    pause = SHORTEST_PAUSE
    while not stopped():
        try:
            busy = worker.work_once()
        except Error as error:
            busy = False
            away(error)
            worker.reconnect()
        else:
            if not busy:
                worker.rest()
            idle()
        pause = SHORTEST_PAUSE if busy else min(1.5 * pause, LONGEST_PAUSE)
        if not busy:
            _wait(pause, stopped)
    worker.give_back()


def _wait(seconds: float, stopped: Callable[[], bool]) -> None:
    until = monotonic() + seconds
    while not stopped() and (left := until - monotonic()) > 0:
        sleep(min(left, SLICE))
