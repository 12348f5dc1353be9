"""Sentences about an event that was stored: what is wrong with it, and what was not found."""

from __future__ import annotations

from dataclasses import dataclass

from trackadmin.codes import EventCode, Outcome
from trackadmin.compiler import Finding, Snapshot
from trackadmin.runtime.event import Event
from trackadmin.runtime.event_texts import text_of
from trackadmin.runtime.outcome_reasons import why
from trackadmin.runtime.values import Reference
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


@dataclass(frozen=True, slots=True)
class PastFinding:
    """One thing that is wrong with an event."""

    #: One of :class:`EventCode`, if this release knows it.
    code: str
    name: str
    #: The sentence; "" where the version of the event cannot say it any more.
    words: Text | str


@dataclass(frozen=True, slots=True)
class PastReference:
    """A reference of an event, and what came of it."""

    name: str
    #: One of :class:`Outcome`, if this release knows it.
    outcome: str
    #: Why nothing was found; "" where something was, or where nobody can say it any more.
    reason: Text | str


#: Events are kept as text, and the text may be of another release.
_CODES = {each.value: each for each in EventCode}
_OUTCOMES = {each.value: each for each in Outcome}


def past_findings(event: Event, snapshot: Snapshot | None = None) -> list[PastFinding]:
    """What is wrong with the event, in the words of its version."""
    return [PastFinding(*each, _finding_text(event, *each, snapshot)) for each in event.wrong]


def past_references(event: Event, snapshot: Snapshot | None = None) -> list[PastReference]:
    """What came of the references of the event. Their values were not kept."""
    return [PastReference(*each, _reason(*each, snapshot)) for each in event.references]


def _finding_text(event: Event, code: str, name: str, snapshot: Snapshot | None) -> Text | str:
    known = _CODES.get(code)
    if snapshot is None or known is None:
        return ""
    try:
        return text_of(snapshot, event.values, Finding(known, name))
    except (KeyError, AttributeError):  # the site's code has changed since, and lost the name
        return ""


def _reason(name: str, outcome: str, snapshot: Snapshot | None) -> Text | str:
    known = _OUTCOMES.get(outcome)
    if known is Outcome.MALFORMED:
        return _("The value is not one that the attribute can have.")
    if known is Outcome.FAILED:
        return _("The database or the site’s code raised an error, which is in the log.")
    if snapshot is None or known is None:
        return ""
    return why(snapshot, Reference(name, "", known))
