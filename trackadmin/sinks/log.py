"""The log, as lines of JSON: the sink that every site has until it names others."""

from __future__ import annotations

import logging

from trackadmin.runtime import Event


class LogSink:
    """Writes each event as one line of JSON to the logger ``trackadmin.events``, level INFO."""

    def __init__(self) -> None:
        self._logger = logging.getLogger("trackadmin.events")

    def write(self, event: Event) -> None:
        """Log the event."""
        logger = self._logger
        if logger.isEnabledFor(logging.INFO):
            # Like info(), but without searching for the line that logs: it is always this one.
            record = logger.makeRecord(
                logger.name, logging.INFO, __file__, 0, event.as_json(), (), None
            )
            logger.handle(record)
