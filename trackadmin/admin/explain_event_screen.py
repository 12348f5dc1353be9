"""Paste an event, and see where each of its names comes from. Shows no value, saves nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.page_parameters import LONGEST_PASTED, text
from trackadmin.admin.screen import Screen
from trackadmin.editing import (
    BadLine,
    EventExplanation,
    EventInWords,
    NameInWords,
    SourceInWords,
    SourceKind,
)

#: How many events one page explains.
MOST_EVENTS = 20


@dataclass(frozen=True, slots=True)
class ShownSource:
    """An entry that makes a name."""

    words: SourceInWords
    #: The tracked model or action, and its page in the draft; "" where it has none.
    head: str
    address: str


@dataclass(frozen=True, slots=True)
class ShownName:
    """A name of an event."""

    words: NameInWords
    sources: list[ShownSource]


@dataclass(frozen=True, slots=True)
class ShownEvent:
    """An event that was explained."""

    words: EventInWords
    names: list[ShownName]


class ExplainEventScreen(Screen):
    """Where the names of pasted events come from.

    It is sent as a POST, which writes nothing: an event is long, and has values.
    """

    template_name = "admin/trackadmin/explain_event.html"
    tab = "preview"
    to_write = "view"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The empty form."""
        return self._answer("")

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """What the names of the pasted events mean."""
        pasted = text(request.POST, "event", most=LONGEST_PASTED)
        data = pasted.encode(errors="replace")
        found = [*islice(editing.explain_events(data, self.tracking_map.slug), MOST_EVENTS + 1)]
        addresses = self.entry_addresses()
        events = [self._shown(*each, addresses) for each in found[:MOST_EVENTS]]
        return self._answer(pasted, events=events, more=len(found) > MOST_EVENTS)

    def _answer(self, pasted: str, **context: object) -> HttpResponse:
        return self.page(
            _("Explain an event"), way="event", pasted=pasted, most=MOST_EVENTS, **context
        )

    def _shown(
        self, line: int, explained: EventExplanation | BadLine, addresses: Mapping[str, str]
    ) -> ShownEvent | BadLine:
        if isinstance(explained, BadLine):
            return explained
        # The pages are those of this map; the event may belong to another one.
        known = addresses if explained.map == self.tracking_map.slug else {}
        words = editing.event_in_words(line, explained)
        return ShownEvent(words, [*_shown_names(words, known)])


def _shown_names(event: EventInWords, addresses: Mapping[str, str]) -> Iterator[ShownName]:
    for name in event.names:
        yield ShownName(name, [_shown_source(each, addresses) for each in name.sources])


def _shown_source(made_by: SourceInWords, addresses: Mapping[str, str]) -> ShownSource:
    head = made_by.source.place.partition(".")[0]
    of_action = made_by.source.kind is SourceKind.PARAMETER
    key = f"actions.{head}" if of_action else head
    return ShownSource(made_by, head, addresses.get(key, ""))
