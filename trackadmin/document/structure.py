"""What a tracking map's document is made of: frozen data, no Django."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

#: The format this code writes. Older ones are upgraded when read, never rewritten.
FORMAT = 1

#: What an editor decided about an attribute. Ignored ones stay in the map, so that everyone
#: sees that the question was asked, and never reach an event.
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
    """An attribute of a tracked model; its output name is the key it stands under."""

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
    """A related object that comes along; the accessor is the key it stands under."""

    #: Put before every name of the child in place of its own prefix; empty for its own prefix.
    prefix: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """A tracked model; its prefix is the key it stands under."""

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
    format: int = FORMAT


class _Positioned(Protocol):
    @property
    def position(self) -> int: ...


E = TypeVar("E", bound=_Positioned)


def in_order(entries: Mapping[str, E]) -> list[tuple[str, E]]:
    """The entries by position, then by name, so that the order never depends on chance."""
    return sorted(entries.items(), key=lambda item: (item[1].position, item[0]))
