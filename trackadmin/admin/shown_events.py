"""Events as the page of live events shows them: what this person may see of each."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.event_words import (
    CALM_STAGES,
    FINDING_LABELS,
    STAGE_LABELS,
    TRUST_LABELS,
    TRUST_SENTENCES,
    Words,
)
from trackadmin.admin.try_url_screen import LABELS
from trackadmin.admin.viewer import Viewer
from trackadmin.codes import Outcome
from trackadmin.models import TrackingMap
from trackadmin.outbox.recent_events import StoredEvent
from trackadmin.outbox.standings import Standing, standings
from trackadmin.runtime import Event
from trackadmin.runtime.configured_sinks import ConfiguredSink
from trackadmin.runtime.past_events import past_findings, past_references


@dataclass(frozen=True, slots=True)
class ShownStanding:
    """Where an event stands with a sink, in words."""

    standing: Standing
    label: Words
    calm: bool


@dataclass(frozen=True, slots=True)
class EventRow:
    """An event in the list."""

    stored: StoredEvent
    trust: Words
    #: What is wrong: in two words, and the name.
    findings: list[tuple[Words, str]]
    #: The references that did not resolve: the name, and the outcome in a word.
    lost: list[tuple[str, Words]]
    #: Where it stands with the sink that is asked for.
    standing: ShownStanding | None


@dataclass(frozen=True, slots=True)
class ShownValue:
    """A name of an event with its value as JSON text; why it is not shown, where it is not."""

    name: str
    text: str
    why_hidden: str
    personal: bool


@dataclass(frozen=True, slots=True)
class ForSink:
    """What one sink gets of an event: names, never values."""

    name: str
    wanted: bool
    gets: list[str]
    leaves_out: list[str]
    standing: ShownStanding


def event_rows(events: Sequence[StoredEvent], sink: ConfiguredSink | None) -> list[EventRow]:
    """The list; with a sink also where each event stands with it."""
    stands: Mapping[int, Standing] = standings(sink, events) if sink and events else {}
    return [_event_row(each, stands.get(each.number)) for each in events]


def _event_row(stored: StoredEvent, standing: Standing | None) -> EventRow:
    event = stored.event
    return EventRow(
        stored,
        TRUST_LABELS[event.trust],
        [(_finding_label(each), name) for each, name in event.wrong],
        [(n, _outcome_label(came)) for n, came in event.references if came != Outcome.FOUND],
        _in_words(standing) if standing else None,
    )


def _finding_label(code: str) -> Words:
    return FINDING_LABELS.get(code, code)


def _outcome_label(outcome: str) -> str:
    return str(LABELS.get(outcome, outcome))


def _in_words(standing: Standing) -> ShownStanding:
    return ShownStanding(standing, STAGE_LABELS[standing.stage], standing.stage in CALM_STAGES)


def opened_event(
    stored: StoredEvent,
    tracking_map: TrackingMap,
    viewer: Viewer,
    sinks: Sequence[ConfiguredSink],
    *,
    personal: bool,
) -> dict[str, Any]:
    """Everything that the page says of one event. ``personal``: whether such values are shown."""
    event = stored.event
    version = editing.versions(tracking_map).filter(number=event.version).first()
    snapshot = editing.snapshot_of(version, tracking_map.slug, []) if version else None
    values = shown_values(event, tracking_map, viewer, personal=personal)
    references = past_references(event, snapshot)
    return {
        "stored": stored,
        "trust": TRUST_SENTENCES[event.trust],
        "findings": [(_finding_label(f.code), f) for f in past_findings(event, snapshot)],
        "references": [(each, _outcome_label(each.outcome)) for each in references],
        "values": values,
        "hidden": sum(bool(each.why_hidden) for each in values),
        "sinks": [_for_sink(sink, stored) for sink in sinks],
        "json": _masked_json(event, values),
    }


def shown_values(
    event: Event, tracking_map: TrackingMap, viewer: Viewer, *, personal: bool
) -> list[ShownValue]:
    """The values, without those that are personal or are read from what may not be viewed."""
    action = event.action if isinstance(event.action, str) else ""
    owners = editing.value_owners(tracking_map, event.version, event.values, action)
    may: dict[Any, bool] = {}

    def why_hidden(name: str) -> str:
        if name in event.personal:
            if not personal:
                return _("personal")
            if owners[name] is None:  # a parameter that nobody declared
                return ""
        models = owners[name]
        if models is None:
            return _("its origin is not known any more")
        for model in models - may.keys():
            may[model] = viewer.may_view_every(model)
        return "" if all(may[model] for model in models) else _("you may not view the object")

    return [
        ShownValue(name, json.dumps(value, ensure_ascii=False), why, name in event.personal)
        if not (why := why_hidden(name))
        else ShownValue(name, "", why, name in event.personal)
        for name, value in event.values.items()
    ]


def _for_sink(sink: ConfiguredSink, stored: StoredEvent) -> ForSink:
    event, wanted = stored.event, sink.wants(stored.event)
    gets = [*sink.permitted(event).values] if wanted else []
    left_out = [name for name in event.values if name not in gets] if wanted else []
    standing = standings(sink, [stored])[stored.number]
    return ForSink(sink.name, wanted, gets, left_out, _in_words(standing))


def _masked_json(event: Event, values: Sequence[ShownValue]) -> str:
    """The event as indented JSON; what is hidden is so here, too."""
    hidden = {each.name: _("hidden") for each in values if each.why_hidden}
    data = event.as_dict()
    return json.dumps({**data, "values": {**event.values, **hidden}}, indent=2, ensure_ascii=False)
