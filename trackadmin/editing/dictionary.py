"""The data dictionary of a map: every name that its events carry, and what is known about it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import cached_property

from trackadmin.document import ActionEntry, Document, in_order
from trackadmin.editing.building import build_document
from trackadmin.editing.contents import readable_document
from trackadmin.editing.first_versions import FirstVersions, first_versions
from trackadmin.editing.given_names import GivenName, meaning_of
from trackadmin.editing.kept_problems import kept
from trackadmin.editing.locking import AnyMap, find_map
from trackadmin.editing.name_sources import DocumentNames, NameSource, SourceKind
from trackadmin.editing.versions import get_version, live_version
from trackadmin.exceptions import NotPublished
from trackadmin.models import TrackingMap

#: How many of the paths to a name are told; the others are counted.
MOST_PATHS = 5


@dataclass(frozen=True, slots=True)
class DictionaryName:
    """A name of objects' values. It holds no sentence, so people of every language can share it."""

    name: str
    #: What makes it, by the shortest path.
    given: GivenName
    source: NameSource
    #: The paths of its value, the shortest first, at most ``MOST_PATHS`` of them.
    paths: tuple[str, ...]
    path_count: int

    @property
    def of_model(self) -> str:
        """The tracked model of the object that has the value."""
        return self.given.matched.prefix

    @property
    def owner(self) -> str:
        """Who answers for it."""
        return self.given.matched.entry.owner

    def search_texts(self) -> tuple[str, ...]:
        """Where people look for it: its name, its entry, its owner and its meaning."""
        meaning, _is_of_code = meaning_of(self.given, self.source.description)
        return self.name, self.source.place, self.owner, meaning


@dataclass(frozen=True)
class Dictionary:
    """All names of a version or of the draft."""

    map: TrackingMap
    #: The number of the version; ``None`` for the draft.
    number: int | None
    document: Document
    #: Why the version cannot be read; empty where it can.
    unreadable: str
    first: FirstVersions

    @cached_property
    def every_name(self) -> tuple[DictionaryName, ...]:
        """The names of objects' values, in the order of the map."""
        return self._names_and_lost[0]

    @property
    def lost_children(self) -> tuple[str, ...]:
        """The children that the code no longer has: their names cannot be told."""
        return self._names_and_lost[1]

    @property
    def actions(self) -> list[tuple[str, ActionEntry]]:
        """The actions, in the order of the map."""
        return in_order(self.document.actions)

    def since(self, name: DictionaryName) -> int:
        """Since which version there is the name; 0 if no version has it."""
        return self.first.since_of_name(name.source.model, name.given.entry_name, name.name)

    @cached_property
    def _names_and_lost(self) -> tuple[tuple[DictionaryName, ...], tuple[str, ...]]:
        return kept("dictionary", self.document, lambda: _names_of(self.document))


def dictionary(
    tracking_map: AnyMap, number: int | None = None, *, draft: bool = False
) -> Dictionary:
    """The dictionary of a version, the live one without a number, or of the draft.

    Raises :class:`UnknownMap`, :class:`UnknownVersion` and :class:`NotPublished`.
    """
    current = find_map(tracking_map)
    if draft:
        document = build_document(current)
        return Dictionary(current, None, document, "", first_versions(current))
    version = live_version(current) if number is None else get_version(current, number)
    if version is None:
        raise NotPublished(current.slug)
    document, unreadable = readable_document(version)
    first = first_versions(current, version.number)
    return Dictionary(current, version.number, document, unreadable, first)


def _names_of(document: Document) -> tuple[tuple[DictionaryName, ...], tuple[str, ...]]:
    names = DocumentNames(document)
    found: dict[str, _Found] = {}
    for prefix, _entry in in_order(document.models):
        for given, source in names.given_by(prefix):
            if known := found.get(given.name):
                known.add_path(given, source)
            else:
                found[given.name] = _Found(given, source)
    order = {prefix: place for place, (prefix, _) in enumerate(in_order(document.models))}
    rows = sorted(found.values(), key=lambda each: order[each.given.matched.prefix])
    return tuple(each.as_name() for each in rows), names.lost_children


class _Found:
    """A name, while its paths are collected."""

    def __init__(self, given: GivenName, source: NameSource) -> None:
        self.given, self.source = given, source
        self.paths = [source_path(given, source)]
        self.count = 1

    def add_path(self, given: GivenName, source: NameSource) -> None:
        """Another path to the name."""
        self.count += 1
        if given.path.count(".") < self.given.path.count("."):
            self.given, self.source = given, source
            self.paths.insert(0, source_path(given, source))
        elif len(self.paths) < MOST_PATHS:
            self.paths.append(source_path(given, source))

    def as_name(self) -> DictionaryName:
        """What is told about it."""
        paths = tuple(self.paths[:MOST_PATHS])
        return DictionaryName(self.given.name, self.given, self.source, paths, self.count)


def source_path(given: GivenName, source: NameSource) -> str:
    """From object to object, and to what is read there, whatever its name in the map is."""
    start = given.path.rpartition(".")[0]
    return f"{start}.{source.source if source.kind is SourceKind.ATTRIBUTE else given.entry_name}"
