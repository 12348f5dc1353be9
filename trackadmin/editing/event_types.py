"""What programs need to know of a map's events: the types of each model's and action's values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.utils import translation

from trackadmin.catalog import catalog
from trackadmin.compiler.matching import Matching
from trackadmin.document import ActionEntry, Document, in_order
from trackadmin.document.names import camel_case
from trackadmin.document.structure import (
    DEPRECATED,
    DROPPED,
    NONE,
    PSEUDONYMISED,
    REQUIRED,
)
from trackadmin.editing.given_names import GivenName, given_names, meaning_of
from trackadmin.editing.value_types import ValueType, type_of_name, type_of_parameter

#: The classes that the types of every map have.
SHARED_CLASSES = ("Reference", "Scalar", "TrackedEvent", "Wrong")


@dataclass(frozen=True, slots=True)
class TypedName:
    """A name with the type of its values."""

    name: str
    type: ValueType
    description: str
    deprecated: bool
    #: Whether it is always there: in the values of a model, or in an event with nothing wrong.
    required: bool


@dataclass(frozen=True, slots=True)
class ModelType:
    """The values that an object of a tracked model gives, its related objects included."""

    prefix: str
    class_name: str
    description: str
    names: tuple[TypedName, ...]


@dataclass(frozen=True, slots=True)
class ActionType:
    """The events of an action."""

    action: str
    class_name: str
    description: str
    deprecated: bool
    #: The values of objects that it may bring.
    names: tuple[TypedName, ...]
    parameters: tuple[TypedName, ...]


@dataclass(frozen=True, slots=True)
class EventTypes:
    """The types of a version, or of the draft."""

    map: str
    #: The number of the version; ``None`` for the draft.
    number: int | None
    models: tuple[ModelType, ...]
    actions: tuple[ActionType, ...]

    @property
    def title(self) -> str:
        """What the types are of, in English: it stands in files for programs."""
        return f"The events of the map {self.map}, {self.side}."

    @property
    def side(self) -> str:
        """The version or the draft, in English."""
        return "the draft" if self.number is None else f"version {self.number}"


def event_types(slug: str, number: int | None, document: Document) -> EventTypes:
    """The types of events by a document, as far as today's code can send them.

    The words of the host's code are those of no language, so that the same version gives the same
    types to everybody.
    """
    with translation.override(None):
        return _Types(document).as_types(slug, number)


class _Types:
    def __init__(self, document: Document) -> None:
        self.document = document
        matching = Matching(document, catalog())
        self.given = {p: [*given_names(matching, p)] for p, _ in in_order(document.models)}
        #: What a name may be in any event: it may come from objects of several models.
        self.merged: dict[str, ValueType] = {}
        self.personal: set[str] = set()
        for each in (each for names in self.given.values() for each in names):
            its = type_of_name(each)
            known = self.merged.get(each.name)
            self.merged[each.name] = known.or_as(its) if known else its
            if each.personal:
                self.personal.add(each.name)
        self.personal.update(self._personal_parameters())
        self.taken = set(SHARED_CLASSES)

    def as_types(self, slug: str, number: int | None) -> EventTypes:
        models = tuple(self.model(prefix) for prefix in self.given if self.given[prefix])
        actions = in_order(self.document.actions)
        return EventTypes(slug, number, models, tuple(self.action(n, a) for n, a in actions))

    def model(self, prefix: str) -> ModelType:
        names = tuple(
            _typed(each, type_of_name(each), required=True) for each in self.given[prefix]
        )
        entry = self.document.models[prefix]
        return ModelType(prefix, self.class_name(prefix, "Values"), entry.description, names)

    def action(self, name: str, entry: ActionEntry) -> ActionType:
        brought: dict[str, tuple[GivenName, bool]] = {}
        for prefix, need in entry.brings.items():
            for each in self.given.get(prefix, ()):
                always = need == REQUIRED and self.is_always_there(each, prefix)
                known = each.name in brought and brought[each.name][1]
                brought[each.name] = each, always or known
        names = tuple(
            _typed(each, self.merged[each.name], required=always)
            for each, always in brought.values()
        )
        deprecated = entry.state == DEPRECATED or bool(entry.until)
        class_name = self.class_name(name, "Event")
        parameters = tuple(self.parameters(entry))
        return ActionType(name, class_name, entry.description, deprecated, names, parameters)

    def is_always_there(self, each: GivenName, prefix: str) -> bool:
        """Whether an event that brings the model has the name.

        A sink that may not have personal values gets the event without them.
        """
        own = each.matched.prefix == prefix and each.name == f"{prefix}_{each.entry_name}"
        return own and each.grace is None and each.name not in self.personal

    def parameters(self, action: ActionEntry) -> Iterator[TypedName]:
        for name, entry in in_order(action.parameters):
            if entry.privacy != DROPPED:
                required = entry.required and name not in self.personal
                yield TypedName(name, type_of_parameter(entry), entry.description, False, required)

    def class_name(self, name: str, end: str) -> str:
        """A name of a class that no other one has."""
        plain = f"{camel_case(name)}{end}"
        # The values of an event are a class, too.
        found = next(
            each for each in _with_numbers(plain) if not self.taken & {each, f"{each}Values"}
        )
        self.taken |= {found, f"{found}Values"}
        return found

    def _personal_parameters(self) -> Iterator[str]:
        for action in self.document.actions.values():
            for name, entry in action.parameters.items():
                if entry.privacy not in (NONE, PSEUDONYMISED):
                    yield name


def _typed(each: GivenName, its: ValueType, *, required: bool) -> TypedName:
    meaning, _is_of_code = meaning_of(each, each.entry.description)
    return TypedName(each.name, its, meaning, each.grace is not None, required)


def _with_numbers(name: str) -> Iterator[str]:
    """The name, and then with a number."""
    yield name
    yield from (f"{name}{number}" for number in range(2, 1_000_000))
