"""Sentences about an explained event: which entry makes each name, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from trackadmin.editing.event_explanation import (
    EventExplanation,
    NameExplanation,
    NameState,
)
from trackadmin.editing.name_sources import NameSource, SourceKind
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

#: How many characters of a name are shown, and how many paths: visitors make names up.
LONGEST, MOST_PATHS = 100, 5


@dataclass(frozen=True, slots=True)
class InWords:
    """A line, and those that belong to it."""

    head: Text
    details: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class SourceInWords:
    """An entry that makes a name."""

    source: NameSource
    words: InWords


@dataclass(frozen=True, slots=True)
class NameInWords:
    """A name: what makes it, and what became of it."""

    name: str
    sources: tuple[SourceInWords, ...]
    state: tuple[Text, ...]


@dataclass(frozen=True, slots=True)
class EventInWords:
    """One event."""

    head: Text
    #: What keeps the explanation from being whole.
    gaps: tuple[Text, ...]
    action: InWords
    names: tuple[NameInWords, ...]


def event_in_words(line: int, explained: EventExplanation) -> EventInWords:
    """What is known about an event, which is at this line of a file."""
    return EventInWords(
        _head(str(line), explained),
        tuple(_gaps(explained)),
        _action(explained),
        tuple(_name_in_words(each, explained.version) for each in explained.names),
    )


def one_line(text: str, most: int = 0) -> str:
    """A text on one line, without what a terminal would obey, of at most so many characters."""
    line = " ".join(text.split())
    plain = "".join(each if each.isprintable() else f"\\u{ord(each):04x}" for each in line)
    return f"{plain[:most]}…" if most and len(plain) > most else plain


def _head(line: str, explained: EventExplanation) -> Text:
    slug, number, live = explained.map, str(explained.version), str(explained.live)
    if explained.stamped:
        return _(
            "line %(line)s: map %(map)s, version %(number)s; version %(live)s is live",
            line=line,
            map=slug,
            number=number,
            live=live,
        )
    return _(
        "line %(line)s: map %(map)s, version %(number)s, the live one",
        line=line,
        map=slug,
        number=number,
    )


def _gaps(explained: EventExplanation) -> Iterator[Text]:
    if explained.unreadable:
        yield _("The version cannot be read: %(error)s", error=explained.unreadable)
    if explained.lost_children:
        yield _(
            "no longer in the code, so that their names cannot be told: %(children)s",
            children=", ".join(explained.lost_children),
        )


def _action(explained: EventExplanation) -> InWords:
    action = explained.action
    if not action.given:
        return InWords(_("The event has no action."), ())
    if not action.declared:
        return InWords(_("The version does not declare the action of the event."), ())
    head = _("action: %(name)s, %(state)s", name=action.name, state=action.state)
    return InWords(head, tuple(_action_details(explained)))


def _action_details(explained: EventExplanation) -> Iterator[Text]:
    action = explained.action
    if action.description:
        yield _("meaning: %(text)s", text=one_line(action.description))
    if action.until:
        yield _("deprecated: it stays until %(date)s", date=action.until)
    if action.successor:
        yield _("use instead: %(name)s", name=action.successor)
    if not action.in_live:
        yield _("not in the live version")


def _name_in_words(name: NameExplanation, version: int) -> NameInWords:
    shown = one_line(name.name, LONGEST)
    if name.state is NameState.UNKNOWN:
        return NameInWords(shown, (), tuple(_unknown_name(name, str(version))))
    places = {each.place: each for each in name.sources}
    sources = tuple(
        SourceInWords(source, InWords(_source_line(source), tuple(_details(source, name))))
        for source in places.values()
    )
    return NameInWords(shown, sources, tuple(_state(name)))


def _unknown_name(name: NameExplanation, number: str) -> Iterator[Text]:
    yield _("unknown; no entry of version %(number)s makes it", number=number)
    if name.versions:
        numbers = ", ".join(str(each) for each in name.versions)
        yield _("these versions have it: %(numbers)s", numbers=numbers)


def _source_line(source: NameSource) -> Text:
    of = {"place": source.place, "source": source.source, "model": source.model}
    match source.kind:
        case SourceKind.ATTRIBUTE:
            return _("entry %(place)s, the attribute %(source)s of %(model)s", **of)
        case SourceKind.AGGREGATE:
            return _("entry %(place)s, a count or sum over %(source)s of %(model)s", **of)
        case SourceKind.REFERENCE:
            return _("a reference by the entry %(place)s, %(source)s of %(model)s", **of)
        case SourceKind.PARAMETER:
            return _("the parameter %(place)s of the action", place=source.place)


def _details(source: NameSource, name: NameExplanation) -> Iterator[Text]:
    if source.path:
        paths = [each.path for each in name.sources if each.place == source.place]
        more = ", …" if len(paths) > MOST_PATHS else ""
        yield _("path: %(paths)s", paths=", ".join(paths[:MOST_PATHS]) + more)
    if source.type:
        yield _("type: %(type)s", type=source.type)
    if source.description:
        yield _("meaning: %(text)s", text=one_line(source.description))
    if not source.in_code:
        yield _("no longer in the code, or no longer allowed by the settings")


def _state(name: NameExplanation) -> Iterator[Text]:
    yield (
        _state_of_known(name)
        if name.sources
        else _("not known, because the version cannot be read")
    )
    if name.successor:
        yield _("use instead: %(name)s", name=name.successor)


def _state_of_known(name: NameExplanation) -> Text:
    match name.state:
        case NameState.DEPRECATED:
            return _("deprecated: it stays until %(date)s", date=name.until)
        case NameState.OTHER:
            return _("in the live version, the name means something else")
        case NameState.GONE:
            return _("not in the live version")
        case NameState.UNREADABLE:
            return _("the live version cannot be read")
        case _:
            return _("in the live version, it means the same")
