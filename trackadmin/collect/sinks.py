"""Where events go. A sink that fails breaks neither the answer nor the other sinks."""

from __future__ import annotations

import logging
from functools import lru_cache
from typing import Protocol

from django.utils.module_loading import import_string

from trackadmin.collect.event import Event
from trackadmin.conf import conf
from trackadmin.runtime.faults import report
from trackadmin.runtime.state import at_reset


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
    """Give the event to every sink of the setting ``SINKS``. Never raises."""
    for path, sink in _sinks(conf.SINKS):
        try:
            sink.write(event)
        except Exception as error:  # noqa: BLE001 a sink may raise anything
            report("sink.failed", path, error)


@lru_cache(maxsize=8)
def _sinks(paths: tuple[str, ...]) -> tuple[tuple[str, Sink], ...]:
    """The sinks of these dotted paths; kept by path, so that other settings have others."""
    sinks = ((path, _make(path)) for path in paths)
    return tuple((path, sink) for path, sink in sinks if sink is not None)


def _make(path: str) -> Sink | None:
    try:
        sink: Sink = import_string(path)()
    except Exception as error:  # noqa: BLE001 a sink's own code may raise anything
        report("sink.not_made", path, error)
        return None
    return sink


at_reset(_sinks.cache_clear)
