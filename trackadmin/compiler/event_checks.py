"""What a map asks of an event, compiled from its actions: which models and parameters it has."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from math import isfinite
from typing import NamedTuple, TypeAlias

from trackadmin.codes import EventCode
from trackadmin.compiler.types import Pseudonym, Scalar
from trackadmin.document.structure import (
    ACCEPT,
    ACTION_PARAMETER,
    BOOLEAN,
    CHOICE,
    DEPRECATED,
    DROPPED,
    INTEGER,
    NUMBER,
    PLANNED,
    PSEUDONYMISED,
    REFUSE,
    REQUIRED,
    TEXT,
    ActionEntry,
    Document,
    ModelEntry,
    ParameterEntry,
)

#: Characters of an unknown action's name that a finding has.
MAX_ACTION = 100


class Finding(NamedTuple):
    """One thing that is wrong with an event. It never has a value."""

    code: EventCode
    #: The name of the action, prefix, parameter or reference.
    name: str


class EventChecks:
    """What one map asks of its events."""

    def __init__(self, document: Document, pseudonym: Pseudonym) -> None:
        self._actions = {
            name: _Action(name, entry, document, pseudonym)
            for name, entry in document.actions.items()
        }
        self._accepts_unknown = document.unknown_actions == ACCEPT
        self._accepts_undeclared = document.undeclared_parameters == ACCEPT
        handled = {
            EventCode.ACTION_UNKNOWN: document.unknown_actions,
            EventCode.PARAMETER_UNDECLARED: document.undeclared_parameters,
        }
        self._refused = frozenset(code for code, what in handled.items() if what == REFUSE)

    def check(
        self,
        parameters: dict[str, Scalar],
        brought: Collection[str],
        found: Mapping[str, Scalar],
        *,
        from_url: bool,
    ) -> list[Finding]:
        """What is wrong with an event.

        ``brought`` are the prefixes of the objects that were named or given, and ``found`` their
        values. ``parameters``, the action among them, are changed to what goes out: a text of a
        URL becomes a value of the declared kind, and a private value its pseudonym or nothing.
        """
        name = parameters.get(ACTION_PARAMETER)
        action = self._actions.get(name) if type(name) is str else None
        if action is None:
            return self._unknown(name if type(name) is str else "")
        wrong = [*action.state]
        for prefix, names in action.required:
            if prefix not in brought and not _came_along(found, names):
                wrong.append(Finding(EventCode.ACTION_MISSING_MODEL, prefix))
        for prefix in brought:
            if prefix not in action.brings:
                wrong.append(Finding(EventCode.ACTION_UNEXPECTED_MODEL, prefix))
        self._judge(action, parameters, from_url, wrong)
        return wrong

    def refuses(self, wrong: Collection[Finding]) -> bool:
        """Whether the map lets no sink have an event with these findings."""
        return any(finding.code in self._refused for finding in wrong)

    def _unknown(self, name: str) -> list[Finding]:
        # A map without actions does not ask for any.
        if self._accepts_unknown or not (name or self._actions):
            return []
        return [Finding(EventCode.ACTION_UNKNOWN, name[:MAX_ACTION])]

    def _judge(
        self, action: _Action, parameters: dict[str, Scalar], from_url: bool, wrong: list[Finding]
    ) -> None:
        """Change the parameters to what goes out, and note what is wrong with them."""
        for name in action.needed:
            # In JSON a parameter may be null; in Python it is left out then.
            if name not in parameters or (from_url and parameters[name] is None):
                wrong.append(Finding(EventCode.ACTION_MISSING_PARAMETER, name))
        readers = action.from_url if from_url else action.typed
        for name, value in parameters.items():  # no name is added or removed here
            reader = readers.get(name)
            if reader is not None:
                try:
                    parameters[name] = reader(value)
                except ValueError:
                    wrong.append(Finding(EventCode.PARAMETER_WRONG_KIND, name))
            elif not self._accepts_undeclared and name != ACTION_PARAMETER:
                wrong.append(Finding(EventCode.PARAMETER_UNDECLARED, name))
        for name, pseudonym in action.private:
            if name in parameters and pseudonym is None:
                del parameters[name]
            elif name in parameters and pseudonym is not None:
                parameters[name] = pseudonym(parameters[name])


def event_checks(document: Document, pseudonym: Pseudonym) -> EventChecks | None:
    """What the map asks of its events; ``None`` if nothing, as it is before it has actions."""
    if not document.actions and document.unknown_actions == ACCEPT:
        return None
    return EventChecks(document, pseudonym)


def _came_along(found: Mapping[str, Scalar], names: Collection[str]) -> bool:
    """Whether a child with these names has values."""
    for name in names:  # noqa: SIM110 any() with a generator takes three times as long
        if found.get(name) is not None:
            return True
    return False


class _Action:
    """What an event of one action must and may have."""

    def __init__(
        self, name: str, entry: ActionEntry, document: Document, pseudonym: Pseudonym
    ) -> None:
        #: What is wrong with every event of the action.
        self.state = tuple(_of_its_state(name, entry))
        #: The prefixes that it may have.
        self.brings = frozenset(entry.brings)
        #: The prefixes that it must have, each with the names of its model's own values.
        self.required = tuple(
            (prefix, _own_names(prefix, document.models[prefix]))
            for prefix, need in entry.brings.items()
            if need == REQUIRED
        )
        parameters = entry.parameters.items()
        #: The parameters that it must have.
        self.needed = tuple(each for each, parameter in parameters if parameter.required)
        #: How the value of each parameter is read that came in a URL, or from Python.
        self.from_url = {each: _from_url(*_kind(parameter)) for each, parameter in parameters}
        self.typed = {each: _typed(*_kind(parameter)) for each, parameter in parameters}
        #: The parameters that do not go out as they are: as pseudonyms, or not at all.
        self.private = tuple(
            (each, pseudonym if parameter.privacy == PSEUDONYMISED else None)
            for each, parameter in parameters
            if parameter.privacy in (PSEUDONYMISED, DROPPED)
        )


def _of_its_state(name: str, entry: ActionEntry) -> Iterator[Finding]:
    if entry.state == PLANNED:
        yield Finding(EventCode.ACTION_NOT_LIVE, name)
    if entry.state == DEPRECATED or entry.until:
        yield Finding(EventCode.NAME_DEPRECATED, name)


def _own_names(prefix: str, entry: ModelEntry) -> tuple[str, ...]:
    return tuple(f"{prefix}_{name}" for name in (*entry.attributes, *entry.aggregates))


#: Gives a parameter's value as it goes out, or ``ValueError`` if it is not of the kind.
_Reader: TypeAlias = Callable[[Scalar], Scalar]
#: The same for a text.
_Parse: TypeAlias = Callable[[str], Scalar]
#: The types that values of a kind have, and how a text is read.
_Kind: TypeAlias = tuple[frozenset[type], _Parse]

#: The largest integer that any reader of the values can store.
_LARGEST = 2**63 - 1
_is_integer = re.compile(r"-?[1-9][0-9]{0,18}|0").fullmatch
_is_number = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?").fullmatch
_BOOLEANS = {"true": True, "false": False}


def _from_url(types: frozenset[type], parse: _Parse) -> _Reader:
    """Reads what a URL has, which is all text, or a body of JSON, which may have null."""

    def from_url(value: Scalar) -> Scalar:
        if type(value) is str:
            return parse(value)
        if value is None or type(value) in types:
            return value
        raise ValueError

    return from_url


def _typed(types: frozenset[type], parse: _Parse) -> _Reader:
    """Reads a value from Python, which is of exactly its type."""

    def of_its_type(value: Scalar) -> Scalar:
        if type(value) not in types:
            raise ValueError
        return parse(value) if type(value) is str else value

    return of_its_type


def _kind(entry: ParameterEntry) -> _Kind:
    return _one_of(entry.choices) if entry.kind == CHOICE else _KINDS[entry.kind]


def _one_of(choices: Collection[str]) -> _Kind:
    known = frozenset(choices)

    def chosen(text: str) -> str:
        if text not in known:
            raise ValueError
        return text

    return frozenset({str}), chosen


def _whole_number(text: str) -> int:
    number = int(text) if _is_integer(text) else None
    if number is None or not -_LARGEST <= number <= _LARGEST:
        raise ValueError
    return number


def _any_number(text: str) -> int | float:
    if not _is_number(text):
        raise ValueError
    if _is_integer(text) and -_LARGEST <= int(text) <= _LARGEST:
        return int(text)
    number = float(text)
    if not isfinite(number):
        raise ValueError
    return number


def _yes_or_no(text: str) -> bool:
    if text not in _BOOLEANS:
        raise ValueError
    return _BOOLEANS[text]


_KINDS: dict[str, _Kind] = {
    TEXT: (frozenset({str}), str),
    INTEGER: (frozenset({int}), _whole_number),
    NUMBER: (frozenset({int, float}), _any_number),
    BOOLEAN: (frozenset({bool}), _yes_or_no),
}
