"""Where each name of an event comes from, and what became of it. Reads names and no values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from trackadmin.document import ActionEntry, Document
from trackadmin.document.structure import ACTION_PARAMETER
from trackadmin.editing.contents import readable_document
from trackadmin.editing.locking import AnyMap, find_map
from trackadmin.editing.name_makers import could_make
from trackadmin.editing.name_sources import DocumentNames, NameSource
from trackadmin.editing.versions import get_version, live_version, versions
from trackadmin.exceptions import NotPublished
from trackadmin.models import MapVersion

#: In how many other versions, the newest first, a name is searched for.
MOST_VERSIONS = 20


class NameState(StrEnum):
    """What became of a name in the live version."""

    SAME = "same"
    DEPRECATED = "deprecated"
    #: The live version makes the name of something else.
    OTHER = "other"
    GONE = "gone"
    #: No entry of the event's version makes it.
    UNKNOWN = "unknown"
    #: One of the two versions cannot be read.
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class NameExplanation:
    """One name of an event."""

    name: str
    #: What makes it in the event's version. A name may come from several objects.
    sources: tuple[NameSource, ...]
    state: NameState
    #: For a deprecated name: the ISO date until which the live version has it; else "".
    until: str = ""
    #: The name of the live version that takes its place; "" for none.
    successor: str = ""
    #: For an unknown name: the other versions that make it, newest first.
    versions: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ActionExplanation:
    """The action of an event. Only a name that the version declares is told: it is a value."""

    #: "" where the event has none, or one that the version does not declare.
    name: str
    #: Whether the event has an action, and whether the version declares it.
    given: bool
    declared: bool
    state: str = ""
    description: str = ""
    until: str = ""
    successor: str = ""
    #: Whether the live version declares it.
    in_live: bool = False


@dataclass(frozen=True, slots=True)
class EventExplanation:
    """What the names of one event mean."""

    map: str
    #: The version that explains it, and whether the event says it: otherwise it is the live one.
    version: int
    stamped: bool
    #: The number of the live version.
    live: int
    #: Why the event's version cannot be read; "" where it can.
    unreadable: str
    #: The children of that version that today's code no longer has: their names are not known.
    lost_children: tuple[str, ...]
    action: ActionExplanation
    names: tuple[NameExplanation, ...]


def explain_event(
    tracking_map: AnyMap, values: Mapping[str, object], *, version: int | None = None
) -> EventExplanation:
    """Say where each name of an event comes from; nothing is written, and no value is kept.

    ``values`` are the flat values of the event. ``version`` is the one stamped on it, ``None`` for
    the live one. Raises :class:`UnknownMap`, :class:`UnknownVersion` and :class:`NotPublished`.
    """
    return EventExplainer(tracking_map).explain(values, version=version)


class EventExplainer:
    """Explains many events of one map; each version is read once."""

    def __init__(self, tracking_map: AnyMap) -> None:
        self.map = find_map(tracking_map)
        newest = live_version(self.map)
        if newest is None:
            raise NotPublished(self.map.slug)
        self._live = newest
        self._versions: dict[int, MapVersion] = {newest.number: newest}
        #: By the text itself: a digest may be wrong.
        self._names: dict[tuple[str, str], DocumentNames | None] = {}
        self._others: list[MapVersion] | None = None

    def explain(
        self, values: Mapping[str, object], *, version: int | None = None
    ) -> EventExplanation:
        """The same as :func:`explain_event`."""
        used = self._live if version is None else self._numbered(version)
        made = self._names_of_version(used)
        action = _told_action(values, made.document if made else Document())
        return EventExplanation(
            map=self.map.slug,
            version=used.number,
            stamped=version is not None,
            live=self._live.number,
            unreadable="" if made else readable_document(used)[1],
            lost_children=made.lost_children if made else (),
            action=self._action(values, action, made),
            names=tuple(
                self._name(name, action, made, used) for name in values if name != ACTION_PARAMETER
            ),
        )

    def _numbered(self, number: int) -> MapVersion:
        if type(number) is not int or number not in self._versions:
            self._versions[number] = get_version(self.map, number)
        return self._versions[number]

    def _names_of_version(self, version: MapVersion) -> DocumentNames | None:
        """The names of a version, ``None`` where it cannot be read."""
        key = (version.digest, version.document)
        if key not in self._names:
            document, unreadable = readable_document(version)
            self._names[key] = None if unreadable else DocumentNames(document)
        return self._names[key]

    def _action(
        self, values: Mapping[str, object], name: str, made: DocumentNames | None
    ) -> ActionExplanation:
        given = values.get(ACTION_PARAMETER) is not None
        entry = made.document.actions[name] if made and name else ActionEntry(state="")
        live = self._names_of_version(self._live)
        return ActionExplanation(
            name=name,
            given=given,
            declared=bool(name),
            state=entry.state,
            description=entry.description,
            until=entry.until,
            successor=entry.successor,
            in_live=bool(name and live and name in live.document.actions),
        )

    def _name(
        self, name: str, action: str, made: DocumentNames | None, used: MapVersion
    ) -> NameExplanation:
        if made is None:
            return NameExplanation(name, (), NameState.UNREADABLE)
        sources, live = made.sources_of(name, action), self._names_of_version(self._live)
        if not sources:
            found = tuple(self._that_make(name, action, used))
            return NameExplanation(name, (), NameState.UNKNOWN, versions=found)
        if live is None:
            return NameExplanation(name, sources, NameState.UNREADABLE)
        origins = {each.origin for each in sources}
        same = [each for each in live.sources_of(name, action) if each.origin in origins]
        grace = same[0].grace if same else None
        if grace:
            state = NameState.DEPRECATED
            return NameExplanation(name, sources, state, grace.until, grace.successor)
        if same:
            return NameExplanation(name, sources, NameState.SAME)
        state = NameState.OTHER if live.sources_of(name, action) else NameState.GONE
        return NameExplanation(
            name, sources, state, successor=self._successor(name, action, sources, live)
        )

    def _successor(
        self, name: str, action: str, sources: tuple[NameSource, ...], live: DocumentNames
    ) -> str:
        """The live name of the same value; else what a version named as the successor."""
        found = next(filter(None, (live.name_of_origin(each.origin) for each in sources)), "")
        if found:
            return found
        history = self._that_could_make(name)
        later = (source for _, made in history for source in made.sources_of(name, action))
        for each in (*sources, *later):
            successor = each.grace.successor if each.grace else ""
            if successor and live.sources_of(successor, action):
                return successor
        return ""

    def _that_make(self, name: str, action: str, used: MapVersion) -> Iterator[int]:
        for version, made in self._that_could_make(name):
            if version.number != used.number and made.sources_of(name, action):
                yield version.number

    def _that_could_make(self, name: str) -> Iterator[tuple[MapVersion, DocumentNames]]:
        """The newest versions that can be read, without those that surely lack the name."""
        for version in self._newest():
            if could_make(version.document, name) and (made := self._names_of_version(version)):
                yield version, made

    def _newest(self) -> list[MapVersion]:
        if self._others is None:
            self._others = list(versions(self.map)[:MOST_VERSIONS])
        return self._others


def _told_action(values: Mapping[str, object], document: Document) -> str:
    action = values.get(ACTION_PARAMETER)
    return action if isinstance(action, str) and action in document.actions else ""
