"""Where the demo's events go: two sinks as any host may write one."""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from demo.middleware import sent_url
from demo.models import TrackedEvent
from trackadmin.outbox import TryLater
from trackadmin.runtime import Event

#: How many events the table holds; older ones go when a new one comes.
KEPT = 500


class TableSink:
    """Keeps the newest events for the shop's own page: a sink that gets each event at once."""

    def write(self, event: Event) -> None:
        """Keep the event, and delete the oldest."""
        kept = TrackedEvent.objects.create(
            received_at=datetime.fromisoformat(event.time),
            version=event.version,
            sent=sent_url.get(),
            became=json.dumps(dict(event.values), ensure_ascii=False),
            wrong=json.dumps(event.as_dict()["wrong"]),
        )
        TrackedEvent.objects.filter(pk__lte=kept.pk - KEPT).delete()


class WarehouseSink:
    """Appends events to a file, one line each: a sink that gets its events from a worker.

    An event may come again after an error. Who reads the file tells it by its id.
    """

    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def deliver(self, events: Sequence[Event]) -> None:
        """Append the events; later if the file cannot be written."""
        lines = "".join(f"{event.as_json()}\n" for event in events)
        try:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(lines)
        except OSError as error:
            raise TryLater(f"The file cannot be written: {error.strerror}.") from error
