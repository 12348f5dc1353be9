"""The entries of a tracking map's document: frozen data, without Django."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields
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
#: What an editor declared to say something about a person.
PERSONAL = (SENT, PSEUDONYMISED, DROPPED)


#: What an aggregate says about the related objects.
FUNCTIONS = COUNT, DISTINCT, SUM, MIN, MAX, LATEST = (
    "count",
    "distinct",
    "sum",
    "min",
    "max",
    "latest",
)
#: How many conditions an aggregate may have.
MOST_CONDITIONS = 3

#: The parameter of an event that is the name of its action.
ACTION_PARAMETER = "action"
#: The argument of ``track()`` that says which map an event belongs to. No parameter is called so.
MAP_ARGUMENT = "map"
#: The parameters of a URL that are no values: the id that the sender gives the event, and the
#: signature of its references.
SENDER_PARAMETERS = EVENT_ID, SIGNATURE = ("event_id", "sig")
#: Whether an action is sent: not yet, now, or still until its date.
STATES = PLANNED, LIVE, DEPRECATED = ("planned", "live", "deprecated")
#: Whether an action must or may bring an object of a tracked model.
NEEDS = REQUIRED, OPTIONAL = ("required", "optional")
#: What the values of a parameter are.
PARAMETER_KINDS = TEXT, INTEGER, NUMBER, BOOLEAN, CHOICE = (
    "text",
    "integer",
    "number",
    "boolean",
    "choice",
)
#: What happens to an event that the map does not know: nothing; it is marked; no sink gets it.
HANDLINGS = ACCEPT, MARK, REFUSE = ("accept", "mark", "refuse")


def _added(since: int, default: Any) -> Any:
    """A field that a later format added."""
    return field(default=default, metadata={"since": since})


def _empty(kind: type, since: int = FIRST_FORMAT) -> Any:
    """A field that holds an object or a list of values."""
    return field(default_factory=kind, metadata={"kind": kind, "since": since})


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
    #: The output name that takes its place; empty for none.
    successor: str = _added(2, "")
    #: The ISO date until which it stays in the map: then it is deprecated. Empty for no date.
    until: str = _added(2, "")


@dataclass(frozen=True, slots=True)
class ChildEntry:
    """A related object whose values are sent too; its accessor is its key in the mapping."""

    #: The prefix of the child's names; empty for the prefix of its own tracked model.
    prefix: str = ""
    position: int = 0
    #: Whether it comes without its own children.
    alone: bool = _added(2, False)
    #: The prefix that it had before. Its names go out under both prefixes.
    former_prefix: str = _added(2, "")
    #: The ISO date until which the former prefix stays; empty where there is none.
    until: str = _added(2, "")


@dataclass(frozen=True, slots=True)
class AggregateEntry:
    """A number that is computed from many related objects; its output name is its key in
    ``ModelEntry.aggregates``.
    """

    #: The accessor of a relation that holds many objects.
    relation: str
    function: str = COUNT
    #: The field of the related model that is counted, added up or compared; empty for ``count``.
    field: str = ""
    #: For ``latest``: the field whose greatest value belongs to the newest object.
    by: str = ""
    #: Only objects whose fields have these values are looked at: name to text, integer or boolean.
    where: Mapping[str, str | int | bool] = _empty(dict)
    decision: str = TRACKED
    privacy: str = UNDECLARED
    description: str = ""
    position: int = 0


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
    aggregates: Mapping[str, AggregateEntry] = field(default_factory=dict, metadata={"since": 2})
    #: The prefix that it had before. Its names go out under both prefixes.
    former_prefix: str = _added(2, "")
    #: The ISO date until which the former prefix stays; empty where there is none.
    until: str = _added(2, "")
    #: Whether a URL must be signed to name an object of it.
    signed_only: bool = _added(2, False)

    def lookups(self) -> list[str]:
        """The output names that a URL may use: the key first, then the others in order."""
        names = [self.key] if self.key else []
        names += [n for n, a in in_order(self.attributes) if a.lookup and n != self.key]
        return names


@dataclass(frozen=True, slots=True)
class ParameterEntry:
    """A value of an action's own; its name is its key in ``ActionEntry.parameters``."""

    kind: str = TEXT
    required: bool = False
    #: The values that a parameter of the kind ``choice`` may have.
    choices: Sequence[str] = _empty(list)
    privacy: str = UNDECLARED
    description: str = ""
    position: int = 0


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """What happened, with what it must bring; its name is its key in ``Document.actions``."""

    description: str = ""
    owner: str = ""
    state: str = LIVE
    #: Prefix of a tracked model to ``required`` or ``optional``.
    brings: Mapping[str, str] = _empty(dict)
    position: int = 0
    #: The action that takes its place; empty for none.
    successor: str = ""
    #: The ISO date until which it stays in the map; empty for no date.
    until: str = ""
    parameters: Mapping[str, ParameterEntry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """A whole tracking map: what is published, compared and compiled."""

    models: Mapping[str, ModelEntry] = field(default_factory=dict)
    actions: Mapping[str, ActionEntry] = field(default_factory=dict, metadata={"since": 2})
    #: What happens to an event whose action the map does not have.
    unknown_actions: str = _added(2, ACCEPT)
    #: What happens to an event with parameters that its action does not declare.
    undeclared_parameters: str = _added(2, ACCEPT)
    #: Whether a URL must be signed to name any object.
    signed_only: bool = _added(2, False)

    @property
    def format(self) -> int:
        """The oldest format that can hold the document: the one it is written in."""
        return max(_formats(Document, (self,)), default=FIRST_FORMAT)


#: The entries below an entry, by the field that has them.
BELOW: dict[type, dict[str, type]] = {
    Document: {"models": ModelEntry, "actions": ActionEntry},
    ModelEntry: {
        "attributes": AttributeEntry,
        "children": ChildEntry,
        "aggregates": AggregateEntry,
    },
    ActionEntry: {"parameters": ParameterEntry},
}


@dataclass(frozen=True, slots=True)
class PlainField:
    """A field of an entry that holds a value and not entries."""

    name: str
    #: Its JSON type: ``str``, ``int``, ``bool``, ``dict`` or ``list``.
    kind: type
    #: ``None`` where an entry must give it.
    default: Any
    #: The first format that has it. A text leaves out later fields that have the default.
    since: int


@lru_cache(16)
def plain_fields(entry: type) -> tuple[PlainField, ...]:
    """The plain fields of a class of entries. All code that reads or writes entries uses them, so
    that a new field is not lost anywhere."""
    hints, below = get_type_hints(entry), BELOW.get(entry, {})
    return tuple(
        PlainField(
            each.name,
            each.metadata.get("kind") or hints[each.name],
            _default(each),
            each.metadata.get("since", FIRST_FORMAT),
        )
        for each in fields(entry)
        if each.name not in below
    )


@lru_cache(16)
def lists_of(entry: type) -> tuple[tuple[str, type, int], ...]:
    """The fields of a class of entries that hold entries: name, their class, first format."""
    since = {each.name: each.metadata.get("since", FIRST_FORMAT) for each in fields(entry)}
    return tuple((name, kind, since[name]) for name, kind in BELOW.get(entry, {}).items())


def _default(each: Field[Any]) -> Any:
    if each.default_factory is not MISSING:
        return each.default_factory()
    return None if each.default is MISSING else each.default


def _formats(kind: type, entries: Collection[Any]) -> Iterator[int]:
    """The formats that entries of this class need, with all below them."""
    for each in plain_fields(kind):
        added = each.since > FIRST_FORMAT
        if added and any(getattr(entry, each.name) != each.default for entry in entries):
            yield each.since
    for name, below, since in lists_of(kind):
        if found := [each for entry in entries for each in getattr(entry, name).values()]:
            yield since
            yield from _formats(below, found)


class _Positioned(Protocol):
    @property
    def position(self) -> int: ...


E = TypeVar("E", bound=_Positioned)


def in_order(entries: Mapping[str, E]) -> list[tuple[str, E]]:
    """The entries by position, then by name, so that the order never depends on chance."""
    return sorted(entries.items(), key=lambda item: (item[1].position, item[0]))
