"""Where events go: into the database for workers, and to the sinks that take them at once.

A sink that fails or is slow affects neither the response nor other sinks.
"""

from __future__ import annotations

import threading
from math import inf
from time import monotonic
from typing import Protocol

from trackadmin.codes import FaultCode
from trackadmin.compiler.savepoints import contained
from trackadmin.conf import conf
from trackadmin.runtime.accepting import accept
from trackadmin.runtime.configured_sinks import ConfiguredSink, configured_sinks
from trackadmin.runtime.event import Event
from trackadmin.runtime.faults import UNKNOWN_MAP, report
from trackadmin.runtime.state import after_fork_in_child, at_reset

#: Seconds until a sink that could not be made, or was slow, is tried again. The pause doubles each
#: further time in a row, up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0


class Sink(Protocol):
    """What a class named in ``SINKS`` must provide to get events at once, in the request.

    Each process makes one, with the sink's ``OPTIONS``. Several threads may call it at the same
    time. A class with a method ``deliver`` instead gets events from a worker: see
    :class:`trackadmin.outbox.RemoteSink`.
    """

    def write(self, event: Event) -> None:
        """Take one event. An error is counted and logged, and this sink loses the event."""


def deliver(event: Event) -> None:
    """Store the event if a sink needs that, and give it to the others. Never raises.

    An event that is stored already is a repeated delivery, and no sink gets it again. One that
    cannot be stored is counted as ``event.not_stored``, and the sinks that take events at once get
    it.

    Each of these that does not take the event is counted: as ``sink.failed`` if it raises, as
    ``sink.not_made`` if its class cannot be imported or made, and as ``sink.paused`` while it is
    not called because a call took, or is taking, longer than ``SINK_SECONDS``.
    """
    if _captured:
        for events in _captured:
            events.append(event)
        return
    sinks = configured_sinks()
    if sinks.stored and not _store(event, waiting=bool(sinks.remote)):
        return
    for sink in sinks.at_once:
        if sink.wants(event):
            _outlet(sink).take(sink.permitted(event))


def _store(event: Event, *, waiting: bool) -> bool:
    """Store the event, and return whether the other sinks should have it."""
    try:
        with contained():  # track() may be called in a transaction of the host
            is_new = accept(event, waiting=waiting)
    except Exception as error:  # noqa: BLE001 the database may be down
        report(FaultCode.EVENT_NOT_STORED, _map_of(event), error)
        return True
    if not is_new:
        report(FaultCode.EVENT_REPEATED, _map_of(event))
    return is_new


def _map_of(event: Event) -> str:
    """The map for the log: a visitor may have made up one that has no version."""
    return event.map if event.version else UNKNOWN_MAP


def capture(events: list[Event]) -> None:
    """From now on add each event to this list, and give it to no sink: for tests."""
    global _captured
    _captured = (*_captured, events)


def release(events: list[Event]) -> None:
    """End a :func:`capture`. Where several are in force, each gets every event."""
    global _captured
    _captured = tuple(each for each in _captured if each is not events)


#: The lists that get the events instead of the sinks. Replaced as a whole, because other threads
#: read it.
_captured: tuple[list[Event], ...] = ()


class _Outlet:
    """One sink of this process, made when it is first needed, and its pauses so far."""

    def __init__(self, configured: ConfiguredSink) -> None:
        self._configured, self._name = configured, configured.name
        self._sink: Sink | None = None
        self._resume_at = -inf
        self._pauses = 0
        #: Why the sink is paused.
        self._fault = FaultCode.SINK_PAUSED
        self._lock = threading.Lock()
        #: When each call in progress started.
        self._calls: dict[object, float] = {}

    def take(self, event: Event) -> None:
        """Give the event to the sink, or count it as lost. Never raises."""
        started, limit, call = monotonic(), conf.SINK_SECONDS, object()
        if started < self._resume_at:
            report(self._fault, self._name)
        elif limit is not None and any(
            began < started - limit for began in [*self._calls.values()]
        ):
            # Another thread is already waiting for the sink, and that call cannot be stopped.
            report(FaultCode.SINK_PAUSED, self._name)
        else:
            self._calls[call] = started
            try:
                if self._write(event, limit):
                    self._judge(monotonic() - started, limit)
            finally:
                self._calls.pop(call, None)

    def after_fork(self) -> None:
        """Forget the threads that a fork did not copy: the lock's holder, and calls in progress."""
        self._lock = threading.Lock()
        self._calls = {}

    def _write(self, event: Event, limit: float | None) -> bool:
        """Call the sink, and return whether there is one."""
        sink = self._sink or self._made(limit)
        if sink is None:
            return False
        try:
            with contained():  # track() may be called in a transaction of the host
                sink.write(event)
        except Exception as error:  # noqa: BLE001 a sink may raise anything
            report(FaultCode.SINK_FAILED, self._name, error)
        return True

    def _made(self, limit: float | None) -> Sink | None:
        """The sink, made by the first thread that needs it; ``None`` if that fails."""
        if not self._lock.acquire(timeout=-1 if limit is None else limit):
            report(FaultCode.SINK_PAUSED, self._name)
            return None
        try:
            if self._sink is None and monotonic() >= self._resume_at:
                with contained():
                    self._sink = self._configured.make()
            elif self._sink is None:
                report(self._fault, self._name)
        except Exception as error:  # noqa: BLE001 a sink's own code may raise anything
            self._pause(FaultCode.SINK_NOT_MADE)
            report(FaultCode.SINK_NOT_MADE, self._name, error)
        finally:
            self._lock.release()
        return self._sink

    def _judge(self, seconds: float, limit: float | None) -> None:
        """Pause a sink that delayed the request for too long."""
        if limit is not None and seconds > limit:
            self._pause(FaultCode.SINK_PAUSED)
            report(FaultCode.SINK_SLOW, self._name)
        elif self._pauses:
            self._pauses = 0

    def _pause(self, fault: FaultCode) -> None:
        self._fault = fault
        self._resume_at = monotonic() + min(FIRST_PAUSE * 2**self._pauses, LONGEST_PAUSE)
        self._pauses = min(self._pauses + 1, 10)


#: By all that is configured, so that changed settings get other sinks.
_outlets: dict[str, _Outlet] = {}


def _outlet(sink: ConfiguredSink) -> _Outlet:
    found = _outlets.get(sink.identity)
    return found or _outlets.setdefault(sink.identity, _Outlet(sink))


at_reset(_outlets.clear)


@after_fork_in_child
def _forget_threads() -> None:
    for outlet in _outlets.values():
        outlet.after_fork()
