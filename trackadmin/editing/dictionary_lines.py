"""A dictionary in words: a line for each name, action and parameter, in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from trackadmin.catalog import AttributeFacts, Kind
from trackadmin.document import ActionEntry, AggregateEntry, ParameterEntry, in_order
from trackadmin.document.structure import (
    DISTINCT,
    DROPPED,
    NONE,
    PSEUDONYMISED,
    REQUIRED,
    UNDECLARED,
)
from trackadmin.document.value_labels import PARAMETER_LABELS, PRIVACY_LABELS
from trackadmin.document.vocabulary import action_word, parameter_word
from trackadmin.editing.dictionary import Dictionary, DictionaryName
from trackadmin.editing.given_names import meaning_of
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


class LineKind(StrEnum):
    """What a line of a dictionary is about."""

    ATTRIBUTE = "attribute"
    AGGREGATE = "aggregate"
    ACTION = "action"
    PARAMETER = "parameter"


KIND_LABELS = {
    LineKind.ATTRIBUTE: _("Attribute"),
    LineKind.AGGREGATE: _("Count or sum"),
    LineKind.ACTION: _("Action"),
    LineKind.PARAMETER: _("Parameter"),
}
_LOOKS_PERSONAL = _("Undeclared, looks personal")
_REQUIRED_PARAMETER = _("Required parameter")
_PSEUDONYM, _WHOLE_NUMBER = _("Pseudonym"), _("Whole number")
#: What a value of each kind looks like in an event. No value of anybody's.
_EXAMPLES: dict[Kind, str] = {
    Kind.INTEGER: "42",
    Kind.FLOAT: "0.5",
    Kind.DECIMAL: '"19.90"',
    Kind.BOOLEAN: "true",
    Kind.IP_ADDRESS: '"192.0.2.1"',
    Kind.UUID: '"6fa459ea-ee8a-3ca4-894e-db77e160355e"',
    Kind.DATE: '"2027-06-30"',
    Kind.TIME: '"14:30:00"',
    Kind.DATETIME: '"2027-06-30T14:30:00+00:00"',
    Kind.DURATION: '"P1DT02H00M00S"',
    Kind.FILE: '"folder/file.pdf"',
    Kind.JSON: '"{\\"key\\":1}"',
}
_A_PSEUDONYM = '"key:0123456789abcdef0123456789abcdef"'
_EXAMPLES_OF_PARAMETERS = {"text": "", "integer": "42", "number": "0.5", "boolean": "true"}


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryLine:
    """What a dictionary says about one name, action or parameter; no value of an object."""

    kind: LineKind
    name: str
    #: What its values are.
    type: str = ""
    meaning: str = ""
    #: Whether the meaning is what the host's code says, because the map says nothing.
    is_of_code: bool = False
    owner: str = ""
    #: A privacy of the map; "" for an action.
    privacy: str = ""
    #: Whether its value goes out as it is and may say something about a person.
    personal: bool = False
    #: What a value looks like, as JSON; "" for a personal one, or where it may be anything.
    example: str = ""
    #: The entry that makes it, and the label of its model.
    place: str = ""
    model: str = ""
    #: Where its value comes from, and how many more paths there are.
    paths: tuple[str, ...] = ()
    more_paths: int = 0
    #: For an action: the models that an event must and may bring.
    required: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    state: str = ""
    #: Whether every event of its action must have the parameter.
    is_required: bool = False
    #: The first version that has it without a break; 0 for none.
    since: int = 0
    #: Whether it may be older, because older versions were not read.
    or_earlier: bool = False
    #: For a deprecated name: until when it stays, and what takes its place.
    until: str = ""
    successor: str = ""
    #: Whether the host's code still has what it reads.
    in_code: bool = True

    @property
    def kind_words(self) -> str:
        """The kind in words."""
        return str(_REQUIRED_PARAMETER if self.is_required else KIND_LABELS[self.kind])

    @property
    def privacy_label(self) -> str:
        """The privacy in words."""
        if self.personal and self.privacy == UNDECLARED and self.kind is LineKind.ATTRIBUTE:
            return str(_LOOKS_PERSONAL)
        return str(PRIVACY_LABELS[self.privacy]) if self.privacy else ""


def dictionary_lines(dictionary: Dictionary) -> Iterator[DictionaryLine]:
    """All lines: the names of objects' values, and the actions, each before its parameters."""
    yield from (line_of_name(dictionary, each) for each in dictionary.every_name)
    for name, action in dictionary.actions:
        yield line_of_action(dictionary, name, action)
        yield from lines_of_parameters(dictionary, name, action)


def line_of_name(dictionary: Dictionary, each: DictionaryName) -> DictionaryLine:
    """A name of an object's value."""
    meaning, is_of_code = meaning_of(each.given, each.source.description)
    is_sum = isinstance(_aggregate_of(dictionary, each), AggregateEntry)
    since, grace = dictionary.since(each), each.given.grace
    return DictionaryLine(
        kind=LineKind.AGGREGATE if is_sum else LineKind.ATTRIBUTE,
        name=each.name,
        type=_type_in_words(each),
        meaning=meaning,
        is_of_code=is_of_code,
        owner=each.owner,
        privacy=each.source.privacy,
        personal=each.given.personal,
        example=_example(each),
        place=each.given.place,
        model=each.given.matched.facts.cased_label,
        paths=each.paths,
        more_paths=each.path_count - len(each.paths),
        since=since,
        or_earlier=dictionary.first.may_be_older(since),
        until=grace.until if grace else "",
        successor=grace.successor if grace else "",
        in_code=each.source.in_code,
    )


def line_of_action(dictionary: Dictionary, name: str, action: ActionEntry) -> DictionaryLine:
    """An action, and what its events bring."""
    since, brings = dictionary.first.since(action_word(name)), action.brings.items()
    return DictionaryLine(
        kind=LineKind.ACTION,
        name=name,
        meaning=action.description,
        owner=action.owner,
        place=name,
        required=tuple(prefix for prefix, need in brings if need == REQUIRED),
        optional=tuple(prefix for prefix, need in brings if need != REQUIRED),
        state=action.state,
        since=since,
        or_earlier=dictionary.first.may_be_older(since),
        until=action.until,
        successor=action.successor,
    )


def lines_of_parameters(
    dictionary: Dictionary, name: str, action: ActionEntry
) -> Iterator[DictionaryLine]:
    """The parameters of an action that go out."""
    for parameter, entry in in_order(action.parameters):
        if entry.privacy != DROPPED:
            yield _of_parameter(dictionary, name, action, parameter, entry)


def _aggregate_of(dictionary: Dictionary, each: DictionaryName) -> object:
    aggregates = dictionary.document.models[each.of_model].aggregates
    return aggregates.get(each.given.entry_name)


def _type_in_words(each: DictionaryName) -> str:
    if each.given.pseudonymised:
        return str(_PSEUDONYM)
    facts = each.given.facts
    if isinstance(facts, AttributeFacts):
        return facts.type_label
    if facts.field is None or facts.entry.function == DISTINCT:
        return str(_WHOLE_NUMBER)
    return facts.field.type_label


def _example(each: DictionaryName) -> str:
    if each.given.pseudonymised:
        return _A_PSEUDONYM
    return "" if each.given.personal else _EXAMPLES.get(each.given.kind, "")


def _of_parameter(
    dictionary: Dictionary, name: str, action: ActionEntry, parameter: str, entry: ParameterEntry
) -> DictionaryLine:
    since = dictionary.first.since(parameter_word(name, parameter))
    hidden, personal = entry.privacy == PSEUDONYMISED, entry.privacy not in (NONE, PSEUDONYMISED)
    choice = json.dumps(next(iter(entry.choices), ""), ensure_ascii=False)
    example = _EXAMPLES_OF_PARAMETERS.get(entry.kind, choice)
    return DictionaryLine(
        kind=LineKind.PARAMETER,
        name=parameter,
        type=str(_PSEUDONYM if hidden else _type_of_parameter(entry)),
        meaning=entry.description,
        owner=action.owner,
        privacy=entry.privacy,
        personal=personal,
        example=_A_PSEUDONYM if hidden else "" if personal else example,
        place=f"{name}.{parameter}",
        is_required=entry.required,
        since=since,
        or_earlier=dictionary.first.may_be_older(since),
    )


def _type_of_parameter(entry: ParameterEntry) -> Text:
    label = PARAMETER_LABELS[entry.kind]
    if not entry.choices:
        return label
    return _("%(type)s: %(values)s", type=label, values=", ".join(entry.choices))
