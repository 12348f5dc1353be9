"""The database: events are stored there and can be seen in the admin."""

from __future__ import annotations


class TableSink:
    """Keeps each event in the table of accepted events, as every remote sink does.

    Name it where there is no remote sink, to see events in the admin.
    """

    #: What the runtime looks for. It stores the event itself, once for all sinks.
    stores = True
