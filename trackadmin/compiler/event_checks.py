"""What a map asks of an event, compiled from its actions: which models and parameters it has."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
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
    TRACKED,
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
        self._unknown = document.unknown_actions
        self._undeclared = document.undeclared_parameters
        handled = {
            EventCode.ACTION_UNKNOWN: self._unknown,
            EventCode.PARAMETER_UNDECLARED: self._undeclared,
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
            return self._unknown_action(name if type(name) is str else "")
        wrong = [*action.state]
        for prefix, names in action.required:
            # Its own values show that it came along as a child.
            if prefix not in brought and not any(found.get(each) is not None for each in names):
                wrong.append(Finding(EventCode.ACTION_MISSING_MODEL, prefix))
        for prefix in brought:
            if prefix not in action.brings:
                wrong.append(Finding(EventCode.ACTION_UNEXPECTED_MODEL, prefix))
        for each in action.needed:
            # In JSON a parameter may be null; in Python it is left out then.
            if each not in parameters or (from_url and parameters[each] is None):
                wrong.append(Finding(EventCode.ACTION_MISSING_PARAMETER, each))
        wrong += self._judged(action, parameters, from_url)
        return wrong

    def refuses(self, wrong: Collection[Finding]) -> bool:
        """Whether the map lets no sink have an event with these findings."""
        return any(finding.code in self._refused for finding in wrong)

    def _unknown_action(self, name: str) -> list[Finding]:
        # A map without actions does not ask for any.
        if self._unknown == ACCEPT or not (name or self._actions):
            return []
        return [Finding(EventCode.ACTION_UNKNOWN, name[:MAX_ACTION])]

    def _judged(
        self, action: _Action, parameters: dict[str, Scalar], from_url: bool
    ) -> Iterator[Finding]:
        for name, value in [*parameters.items()]:
            declared = action.parameters.get(name)
            if declared is None:
                if self._undeclared != ACCEPT and name != ACTION_PARAMETER:
                    yield Finding(EventCode.PARAMETER_UNDECLARED, name)
                continue
            try:
                read = value if value is None and from_url else declared.read(value, from_url)
            except ValueError:
                read = value
                yield Finding(EventCode.PARAMETER_WRONG_KIND, name)
            if declared.is_dropped:
                del parameters[name]
            else:
                parameters[name] = declared.pseudonym(read) if declared.pseudonym else read


def event_checks(document: Document, pseudonym: Pseudonym) -> EventChecks | None:
    """What the map asks of its events; ``None`` if nothing, as it is before it has actions."""
    if not document.actions and document.unknown_actions == ACCEPT:
        return None
    return EventChecks(document, pseudonym)


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
            (prefix, tuple(_output_names(prefix, document.models.get(prefix))))
            for prefix, need in entry.brings.items()
            if need == REQUIRED
        )
        self.parameters = {each: _rule_of(p, pseudonym) for each, p in entry.parameters.items()}
        self.needed = tuple(each for each, p in entry.parameters.items() if p.required)


def _of_its_state(name: str, entry: ActionEntry) -> Iterator[Finding]:
    if entry.state == PLANNED:
        yield Finding(EventCode.ACTION_NOT_LIVE, name)
    if entry.state == DEPRECATED or entry.until:
        yield Finding(EventCode.NAME_DEPRECATED, name)


def _output_names(prefix: str, entry: ModelEntry | None) -> Iterator[str]:
    for each in (entry.attributes, entry.aggregates) if entry else ():
        for name, value in each.items():
            if value.decision == TRACKED and value.privacy != DROPPED:
                yield f"{prefix}_{name}"


#: Gives the value, ``ValueError`` if it is not of the kind. The flag says whether a text, as
#: everything in a URL is, may stand for a value of another kind.
_Read: TypeAlias = Callable[[Scalar, bool], Scalar]


@dataclass(frozen=True, slots=True)
class _Parameter:
    """How the values of one parameter are read, and how they go out."""

    read: _Read
    pseudonym: Pseudonym | None
    is_dropped: bool


def _rule_of(entry: ParameterEntry, pseudonym: Pseudonym) -> _Parameter:
    return _Parameter(
        _one_of(entry.choices) if entry.kind == CHOICE else _KINDS[entry.kind],
        pseudonym if entry.privacy == PSEUDONYMISED else None,
        entry.privacy == DROPPED,
    )


#: Bits of an integer that any reader of the values can store.
_BITS = 63
_INTEGER = re.compile(r"-?[1-9][0-9]{0,18}|0", re.ASCII)
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)
_BOOLEANS = {"true": True, "false": False}


def _text_value(value: Scalar, from_url: bool) -> Scalar:
    if type(value) is str:
        return value
    raise ValueError


def _integer_value(value: Scalar, from_url: bool) -> Scalar:
    if type(value) is int:
        return value
    number = _whole(value) if from_url and type(value) is str else None
    if number is None:
        raise ValueError
    return number


def _number_value(value: Scalar, from_url: bool) -> Scalar:
    if type(value) is int or type(value) is float:
        return value
    if from_url and type(value) is str and _NUMBER.fullmatch(value):
        whole = _whole(value)
        number = float(value) if whole is None else whole
        if isfinite(number):
            return number
    raise ValueError


def _whole(text: str) -> int | None:
    """The integer that the text is, in its one spelling; ``None`` if it is none."""
    number = int(text) if _INTEGER.fullmatch(text) else None
    return number if number is None or number.bit_length() <= _BITS else None


def _boolean_value(value: Scalar, from_url: bool) -> Scalar:
    if type(value) is bool:
        return value
    if from_url and type(value) is str and value in _BOOLEANS:
        return _BOOLEANS[value]
    raise ValueError


def _one_of(choices: Collection[str]) -> _Read:
    known = frozenset(choices)

    def chosen(value: Scalar, from_url: bool) -> Scalar:
        if type(value) is str and value in known:
            return value
        raise ValueError

    return chosen


_KINDS: dict[str, _Read] = {
    TEXT: _text_value,
    INTEGER: _integer_value,
    NUMBER: _number_value,
    BOOLEAN: _boolean_value,
}
