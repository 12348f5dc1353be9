"""The entries of a tracking map's document: frozen data, without Django."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import lru_cache
from typing import Any, Protocol, TypeVar, get_type_hints

#: The newest format that this code reads and writes.
FORMAT = 2
#: The format of a document that uses nothing that a later format added. The text of such a
#: document does not change, so that processes of an older trackadmin can read it as well.
FIRST_FORMAT = 1

#: What an editor decided about an attribute. An ignored one stays in the map, where everybody
#: sees the decision, and never reaches an event.
TRACKED, IGNORED = DECISIONS = ("tracked", "ignored")

#: How much an attribute says about a person, and how it then goes out. ``undeclared`` and
#: ``none`` go out as they are; the last three are the personal ones.
UNDECLARED, NONE, SENT, PSEUDONYMISED, DROPPED = PRIVACIES = (
    "undeclared",
    "none",
    "sent",
    "pseudonymised",
    "dropped",
)


@dataclass(frozen=True, slots=True)
class AttributeEntry:
    """An attribute of a tracked model; its output name is its key in ``ModelEntry.attributes``."""

    #: The name of the field, property or method on the host's model.
    source: str
    decision: str = TRACKED
    #: Whether a URL may name an object by it. The key may always be used.
    lookup: bool = False
    privacy: str = UNDECLARED
    description: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class ChildEntry:
    """A related object whose values are sent too; its accessor is its key in the mapping."""

    #: The prefix of the child's names; empty for the prefix of its own tracked model.
    prefix: str = ""
    position: int = 0
    #: Whether it comes without its own children.
    alone: bool = field(default=False, metadata={"since": 2})


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A tracked model; its prefix is its key in ``Document.models``."""

    #: The lower-case label, ``app_label.modelname``.
    model: str
    #: The output name of the attribute that names an object in a URL; empty for none.
    key: str = ""
    owner: str = ""
    description: str = ""
    position: int = 0
    attributes: Mapping[str, AttributeEntry] = field(default_factory=dict)
    children: Mapping[str, ChildEntry] = field(default_factory=dict)

    def lookups(self) -> list[str]:
        """The output names that a URL may use: the key first, then the others in order."""
        names = [self.key] if self.key else []
        names += [n for n, a in in_order(self.attributes) if a.lookup and n != self.key]
        return names


@dataclass(frozen=True, slots=True)
class Document:
    """A whole tracking map: what is published, compared and compiled."""

    models: Mapping[str, ModelEntry] = field(default_factory=dict)

    @property
    def format(self) -> int:
        """The oldest format that can hold the document: the one it is written in."""
        return max(self._needed(), default=FIRST_FORMAT)

    def _needed(self) -> Iterator[int]:
        for entry in self.models.values():
            yield from _formats(ModelEntry, (entry,))
            yield from _formats(AttributeEntry, entry.attributes.values())
            yield from _formats(ChildEntry, entry.children.values())


@dataclass(frozen=True, slots=True)
class PlainField:
    """A field of an entry that holds one value: a text, a number, true or false."""

    name: str
    kind: type
    #: ``None`` where an entry must give it.
    default: Any
    #: The first format that has it. A text leaves out later fields that have the default.
    since: int


@lru_cache(8)
def plain_fields(entry: type) -> tuple[PlainField, ...]:
    """The plain fields of a class of entries. All code that reads or writes entries uses them, so
    that a new field is not lost anywhere."""
    kinds = get_type_hints(entry)
    return tuple(
        PlainField(
            each.name,
            kinds[each.name],
            None if each.default is MISSING else each.default,
            each.metadata.get("since", FIRST_FORMAT),
        )
        for each in fields(entry)
        if kinds[each.name] in (str, int, bool)
    )


def _formats(kind: type, entries: Collection[Any]) -> Iterator[int]:
    """The formats that the entries need for the fields that they use."""
    added = [each for each in plain_fields(kind) if each.since > FIRST_FORMAT]
    for each in added:
        if any(getattr(entry, each.name) != each.default for entry in entries):
            yield each.since


class _Positioned(Protocol):
    @property
    def position(self) -> int: ...


E = TypeVar("E", bound=_Positioned)


def in_order(entries: Mapping[str, E]) -> list[tuple[str, E]]:
    """The entries by position, then by name, so that the order never depends on chance."""
    return sorted(entries.items(), key=lambda item: (item[1].position, item[0]))
