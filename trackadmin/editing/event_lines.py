"""Events as a file has them: objects, lists of objects, and lines of the log."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from trackadmin.editing.event_explanation import EventExplainer, EventExplanation
from trackadmin.exceptions import TrackAdminError
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

#: What is an event.
_LEGAL = _(
    "Give an event as a JSON object, a list of such objects, or lines of the log of trackadmin."
)
#: What may be between two items of a list.
_GAP = re.compile(r"[ \t\r\n,]*")
#: The slug of a map. Other texts are never looked up: a database may refuse them.
_SLUG = re.compile(r"[-\w]{1,50}", re.ASCII)


@dataclass(frozen=True, slots=True)
class EventLine:
    """One event of a file."""

    line: int
    values: Mapping[str, object]
    #: What the event says itself: its map, "" for none, and its version, ``None`` for none.
    map: str = ""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class BadLine:
    """What cannot be read as an event, and why. The reason holds nothing of the line itself."""

    line: int
    reason: Text | str


class _Refused(Exception):
    """A line or an object is not an event."""

    def __init__(self, reason: Text) -> None:
        self.reason = reason


def explain_events(data: bytes, slug: str) -> Iterator[tuple[int, EventExplanation | BadLine]]:
    """Where the names of each event of a file come from, with the number of its line.

    ``slug`` is the map of events that do not say theirs.
    """
    explainers: dict[str, EventExplainer] = {}
    for event in read_events(data):
        if isinstance(event, BadLine):
            yield event.line, event
            continue
        try:
            of = event.map or slug
            if of not in explainers:
                explainers[of] = EventExplainer(of)
            yield event.line, explainers[of].explain(event.values, version=event.version)
        except TrackAdminError as error:
            yield event.line, BadLine(event.line, str(error))


def read_events(data: bytes) -> Iterator[EventLine | BadLine]:
    """Each event of a file, or the reason why it is none, in order."""
    found = False
    for line, value in _json_values(data.removeprefix(codecs.BOM_UTF8)):
        found = True
        try:
            if isinstance(value, _Refused):
                raise value
            yield _event(line, value)
        except _Refused as refused:
            yield BadLine(line, refused.reason)
    if not found:
        yield BadLine(1, _("There is no event. %(legal)s", legal=_LEGAL))


def _json_values(data: bytes) -> Iterator[tuple[int, Any]]:
    """Each value and the number of its line; a refusal in the place of what cannot be read."""
    whole = None
    try:
        text = data.decode()
        json.loads(text)
    except (ValueError, RecursionError) as error:
        whole = error
    else:  # one object or one list, on one line or on several
        try:
            yield from _items(text, 1)
        except RecursionError:  # it is nested as deeply as could just be read
            yield 1, _not_json(1)
        return
    refused: list[tuple[int, Any]] = []
    read = False
    for number, line in enumerate(data.split(b"\n"), 1):
        found = _values_of_line(line, number)
        read = read or any(not isinstance(value, _Refused) for _number, value in found)
        if read:
            yield from refused
            yield from found
            refused = []
        else:
            refused += found
    if len(refused) > 1 and isinstance(whole, json.JSONDecodeError) and _is_one_value(data):
        refused = [(whole.lineno, _not_json_at(whole))]
    yield from refused


def _is_one_value(data: bytes) -> bool:
    """Whether a file of which no line can be read is meant as one value on several lines."""
    return data.lstrip()[:1] in (b"{", b"[")


def _not_json_at(error: json.JSONDecodeError) -> _Refused:
    return _Refused(
        _(
            "It is not JSON, from line %(line)s, character %(position)s on. %(legal)s",
            line=str(error.lineno),
            position=str(error.colno),
            legal=_LEGAL,
        )
    )


def _values_of_line(line: bytes, number: int) -> list[tuple[int, Any]]:
    if not line.strip():
        return []
    try:
        return [*_items(_of_line(line), number)]
    except _Refused as refused:
        return [(number, refused)]
    except RecursionError:  # as above
        return [(number, _not_json(1))]


def _of_line(line: bytes) -> str:
    """The JSON of a line, without what a formatter of the site's log wrote before it."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        words = _(
            "It is not UTF-8, from byte %(position)s of the line on. Save it as UTF-8.",
            position=str(error.start + 1),
        )
        raise _Refused(words) from error
    try:
        _parsed_json(text)
    except _Refused:
        logged = text[text.find("{") :]
        if logged == text or not _is_logged(_parsed_json(logged)):
            raise
        return logged
    return text


def _parsed_json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        where = error.colno if isinstance(error, json.JSONDecodeError) else 1
        raise _not_json(where) from error


def _not_json(position: int) -> _Refused:
    return _Refused(
        _(
            "It is not JSON, from character %(position)s on. %(legal)s",
            position=str(position),
            legal=_LEGAL,
        )
    )


def _items(text: str, first: int) -> Iterator[tuple[int, Any]]:
    """The value of a JSON text that can be read, or the items of its list, with their lines."""
    start = len(text) - len(text.lstrip())
    if not text.startswith("[", start):
        yield first + text.count("\n", 0, start), json.loads(text)
        return
    decoder, seen, line = json.JSONDecoder(), 0, first
    at = _end_of_gap(text, start + 1)
    while not text.startswith("]", at):
        line, seen = line + text.count("\n", seen, at), at
        value, end = decoder.raw_decode(text, at)
        yield line, value
        at = _end_of_gap(text, end)


def _end_of_gap(text: str, at: int) -> int:
    """Where the next item of a list begins, or the list ends."""
    found = _GAP.match(text, at)
    return found.end() if found else at


def _event(line: int, value: Any) -> EventLine:
    if not isinstance(value, dict):
        raise _Refused(_("It is not an object. %(legal)s", legal=_LEGAL))
    if not ("values" in value and {"map", "version"} & value.keys()) and not _is_logged(value):
        return EventLine(line, value)
    slug, number = value.get("map") or "", value.get("version") or 0
    if not _is_logged(value):
        raise _Refused(_('"values" must be an object: names, each with its value.'))
    if not isinstance(slug, str) or (slug and not _SLUG.fullmatch(slug)):
        raise _Refused(_('"map" must be the slug of a map, as text.'))
    if type(number) is not int or number < 0:
        raise _Refused(_('"version" must be the number of a version, or 0 for none.'))
    values = {**value["values"], **dict.fromkeys(_references(value))}
    return EventLine(line, values, slug, number or None)


def _references(event: dict[str, Any]) -> Iterator[str]:
    """The names by which the event was asked for objects; it has them beside its values."""
    given = event.get("references")
    for each in given if isinstance(given, list) else ():
        name = each.get("name") if isinstance(each, dict) else None
        if isinstance(name, str) and name not in event["values"]:
            yield name


def _is_logged(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("values"), dict)
