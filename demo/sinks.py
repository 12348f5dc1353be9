"""Keeps the newest events in a table, so that the shop's page can show what was tracked."""

import json
from datetime import datetime

from demo.middleware import sent_url
from demo.models import TrackedEvent
from trackadmin.runtime import Event

#: How many events the table holds; older ones go when a new one comes.
KEPT = 500


class TableSink:
    """A sink as any host may write one: a class with ``write(event)``, named in ``SINKS``."""

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
