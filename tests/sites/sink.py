"""The sink of the small sites: it keeps the events for the walk to look at."""

import json

EVENTS = []


class Sink:
    """Keeps each event as the dict that its JSON is."""

    def write(self, event):
        EVENTS.append(json.loads(event.as_json()))
