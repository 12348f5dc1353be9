"""The newest events as they come, for people who want to see what their site sends."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from trackadmin.admin.page_parameters import choice, number, plain_name, text
from trackadmin.admin.screen import Screen
from trackadmin.admin.shown_events import event_rows, opened_event
from trackadmin.admin.try_url_screen import LABELS
from trackadmin.codes import Outcome
from trackadmin.models.events import ACTION_LENGTH
from trackadmin.outbox.recent_events import LOOKED_AT, EventFilter, find_event, find_events
from trackadmin.runtime.configured_sinks import ConfiguredSinks, configured_sinks
from trackadmin.runtime.values import OPEN, SERVER, SIGNED, TRUSTS

#: What a developer writes into the settings so that events are kept.
SETTINGS_LINES = """TRACKADMIN["SINKS"] = ["trackadmin.sinks.log.LogSink",
                       "trackadmin.sinks.table.TableSink"]"""
#: Seconds between two looks of a page that refreshes itself.
REFRESH_SECONDS = 4
#: Who may have sent the events, by what the address says.
SENDERS = {"": TRUSTS, "trusted": (SERVER, SIGNED), "open": (OPEN,)}
#: The parameters that filter the list, in their order.
FILTERS = ("action", "model", "outcome", "sink", "sender", "wrong")
#: Characters of an event that the page which explains it takes.
LONGEST_EXPLAINED = 100_000


class EventsScreen(Screen):
    """The events of a map, newest first. It reads and never writes."""

    template_name = "admin/trackadmin/events.html"
    tab = "events"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The list, and one event if the address names it."""
        query = request.GET
        wanted, older_than = self._wanted(query), number(query, "older")
        opened = number(query, "event")
        found = find_events(wanted, older_than=older_than)
        prefixes = [*self.tracking_map.tracked_models.values_list("prefix", flat=True)]
        asked = {name: query[name] for name in FILTERS if query.get(name)}
        return self.page(
            _("Events"),
            asked=asked,
            kept=_encoded(asked),
            stored=self.sinks.stored,
            settings_lines=SETTINGS_LINES,
            rows=event_rows(found.events, wanted.sink),
            found=found,
            older=older_than,
            newest_shown=older_than is None,
            looked_at=LOOKED_AT,
            seconds=REFRESH_SECONDS,
            prefixes=sorted({*prefixes, *filter(None, [wanted.prefix])}),
            actions=[*self.tracking_map.actions.values_list("name", flat=True)],
            outcomes=[(each.value, LABELS[each]) for each in Outcome],
            sinks=[each.name for each in self.sinks.every],
            **self._opened(opened),
        )

    @cached_property
    def sinks(self) -> ConfiguredSinks:
        """The sinks of the settings."""
        return configured_sinks()

    def _wanted(self, query: QueryDict) -> EventFilter:
        names = {each.name: each for each in self.sinks.every}
        return EventFilter(
            self.tracking_map.slug,
            text(query, "action", most=ACTION_LENGTH),
            plain_name(query, "model"),
            choice(query, "outcome", ["", *Outcome]),
            SENDERS[choice(query, "sender", SENDERS)],
            choice(query, "wrong", ["", "1"]) == "1",
            names.get(choice(query, "sink", ["", *names])),
        )

    def _opened(self, event: int | None) -> dict[str, Any]:
        if event is None:
            return {}
        stored = find_event(self.tracking_map.slug, event)
        if stored is None:
            return {"gone": event}
        opened = opened_event(
            stored,
            self.tracking_map,
            self.viewer,
            self.sinks.every,
            personal=self.may.personal,
        )
        return {"opened": opened, "explained": len(opened["json"]) <= LONGEST_EXPLAINED}


def _encoded(asked: dict[str, str]) -> str:
    """The filters as the start of an address' query; "" without any."""
    query = QueryDict(mutable=True)
    query.update(asked)
    return f"{query.urlencode()}&" if asked else ""
