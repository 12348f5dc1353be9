"""Where events go. A sink that fails or is slow breaks neither the answer nor the other sinks."""

from __future__ import annotations

import logging
import threading
from math import inf
from time import monotonic
from typing import Protocol

from django.utils.module_loading import import_string

from trackadmin.codes import FaultCode
from trackadmin.collect.event import Event
from trackadmin.conf import conf
from trackadmin.runtime.faults import report
from trackadmin.runtime.state import after_fork_in_child, at_reset

#: Seconds until a sink that could not be made, or was slow, is tried again; each further time in a
#: row the pause doubles, up to the longest.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0


class Sink(Protocol):
    """What a class named in ``SINKS`` must offer. It is made once per process, without arguments.

    Threads call it at the same time.
    """

    def write(self, event: Event) -> None:
        """Take one event. What this raises is counted and logged, and the event is lost here."""


class LogSink:
    """Writes each event as one line of JSON to the logger ``trackadmin.events``, level INFO."""

    def __init__(self) -> None:
        self._logger = logging.getLogger("trackadmin.events")

    def write(self, event: Event) -> None:
        """Log the event."""
        logger = self._logger
        if logger.isEnabledFor(logging.INFO):
            # As info() does, but for the search of the line of code that logs: it is always this.
            record = logger.makeRecord(
                logger.name, logging.INFO, __file__, 0, event.as_json(), (), None
            )
            logger.handle(record)


def deliver(event: Event) -> None:
    """Give the event to every sink of the setting ``SINKS``. Never raises.

    Each sink that does not take the event is counted: ``sink.failed`` where it raises,
    ``sink.not_made`` where its class cannot be imported or made, and ``sink.paused`` while it is
    left alone because a call took, or takes, longer than ``SINK_SECONDS``.
    """
    for path in conf.SINKS:
        outlet = _outlets.get(path)
        if outlet is None:
            outlet = _outlets.setdefault(path, _Outlet(path))
        outlet.take(event)


class _Outlet:
    """One sink of this process, made when it is first needed, and how it has done so far."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._sink: Sink | None = None
        self._resume_at = -inf
        self._pauses = 0
        self._fault = ""
        self._lock = threading.Lock()
        #: When each call that is under way began.
        self._calls: dict[object, float] = {}

    def take(self, event: Event) -> None:
        """Give the event to the sink, or count it as lost. Never raises."""
        started, limit, call = monotonic(), conf.SINK_SECONDS, object()
        if started < self._resume_at:
            report(self._fault, self._path)
        elif limit is not None and any(
            began < started - limit for began in [*self._calls.values()]
        ):
            # Another thread waits for the sink already, and nobody can stop that call.
            report(FaultCode.SINK_PAUSED, self._path)
        else:
            self._calls[call] = started
            try:
                if self._write(event, limit):
                    self._judge(monotonic() - started, limit)
            finally:
                self._calls.pop(call, None)

    def after_fork(self) -> None:
        """Forget the threads that a fork did not copy: who holds the lock, and calls under way."""
        self._lock = threading.Lock()
        self._calls = {}

    def _write(self, event: Event, limit: float | None) -> bool:
        """Call the sink; whether there is one."""
        sink = self._sink or self._made(limit)
        if sink is None:
            return False
        try:
            sink.write(event)
        except Exception as error:  # noqa: BLE001 a sink may raise anything
            report(FaultCode.SINK_FAILED, self._path, error)
        return True

    def _made(self, limit: float | None) -> Sink | None:
        """The sink, made by the first thread that needs it; ``None`` where that fails."""
        if not self._lock.acquire(timeout=-1 if limit is None else limit):
            report(FaultCode.SINK_PAUSED, self._path)
            return None
        try:
            if self._sink is None and monotonic() >= self._resume_at:
                self._sink = import_string(self._path)()
            elif self._sink is None:
                report(self._fault, self._path)
        except Exception as error:  # noqa: BLE001 a sink's own code may raise anything
            self._pause(FaultCode.SINK_NOT_MADE)
            report(FaultCode.SINK_NOT_MADE, self._path, error)
        finally:
            self._lock.release()
        return self._sink

    def _judge(self, seconds: float, limit: float | None) -> None:
        """Leave a sink alone for a while that held up the request for too long."""
        if limit is not None and seconds > limit:
            self._pause(FaultCode.SINK_PAUSED)
            report(FaultCode.SINK_SLOW, self._path)
        elif self._pauses:
            self._pauses = 0

    def _pause(self, fault: str) -> None:
        self._fault = fault
        self._resume_at = monotonic() + min(FIRST_PAUSE * 2**self._pauses, LONGEST_PAUSE)
        self._pauses = min(self._pauses + 1, 10)


#: By dotted path, so that other settings have others.
_outlets: dict[str, _Outlet] = {}

at_reset(_outlets.clear)


@after_fork_in_child
def _forget_threads() -> None:
    for outlet in _outlets.values():
        outlet.after_fork()
