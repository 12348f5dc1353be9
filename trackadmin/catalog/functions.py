"""Which fields of related objects can be counted, added up, compared, and used in conditions."""

from __future__ import annotations

from collections.abc import Iterable

from trackadmin.catalog.facts import AttributeFacts
from trackadmin.catalog.fidelity import has_own_conversions
from trackadmin.catalog.kinds import Kind
from trackadmin.document.structure import COUNT, DISTINCT, LATEST, MAX, MIN, SUM
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

_NUMBERS = frozenset({Kind.INTEGER, Kind.FLOAT, Kind.DECIMAL})
_ADDED_UP = _NUMBERS | {Kind.DURATION}
#: Texts are left out: which one is the smallest depends on the language of the database.
_COMPARED = _ADDED_UP | {Kind.DATE, Kind.TIME, Kind.DATETIME}
_NEWEST_BY = _NUMBERS | {Kind.DATE, Kind.DATETIME}
_TOLD_APART = frozenset(Kind) - {Kind.JSON, Kind.OTHER, Kind.BINARY}
_CONDITIONS = frozenset({Kind.INTEGER, Kind.TEXT, Kind.UUID, Kind.BOOLEAN})


def why_not_for(function: str, facts: AttributeFacts) -> Text | None:
    """Why the function takes no such field; ``None`` where it does."""
    if function == COUNT:
        return _("The function counts objects and takes no field.")
    if facts.computed or facts.field is None:
        return _("It is computed, so the database does not know its values.")
    if function == LATEST:
        return None
    if function == DISTINCT:
        return None if facts.kind in _TOLD_APART else _of_kind(facts)
    if function == SUM:
        return _no_number(facts) or (None if facts.kind in _ADDED_UP else _of_kind(facts))
    if function in (MIN, MAX) and facts.kind == Kind.TEXT:
        return _("Which text is the smallest depends on the language of the database.")
    return _no_number(facts) or (None if facts.kind in _COMPARED else _of_kind(facts))


def why_not_by(facts: AttributeFacts) -> Text | None:
    """Why no newest object is found by the field; ``None`` where one is."""
    if facts.computed or facts.field is None:
        return _("It is computed, so the database does not know its values.")
    if facts.kind not in _NEWEST_BY or facts.field.is_relation:
        return _("The newest object is found by a date, a date and time, or a number.")
    return _converted(facts)


def why_not_condition(facts: AttributeFacts) -> Text | None:
    """Why no condition can have the field; ``None`` where one can."""
    if facts.computed or facts.field is None:
        return _("It is computed, so the database does not know its values.")
    if facts.kind == Kind.BOOLEAN:
        return _converted(facts)
    if facts.kind not in _CONDITIONS or not facts.lookupable:
        return _("A condition takes a text, a whole number, a UUID, or yes and no.")
    return None


def fields_for(function: str, facts: Iterable[AttributeFacts]) -> list[AttributeFacts]:
    """The fields that the function takes, of those that a model offers."""
    return [each for each in facts if why_not_for(function, each) is None]


def by_fields(facts: Iterable[AttributeFacts]) -> list[AttributeFacts]:
    """The fields by which a newest object is found, of those that a model offers."""
    return [each for each in facts if why_not_by(each) is None]


def condition_fields(facts: Iterable[AttributeFacts]) -> list[AttributeFacts]:
    """The fields that a condition can have, of those that a model offers."""
    return [each for each in facts if why_not_condition(each) is None]


def _no_number(facts: AttributeFacts) -> Text | None:
    if facts.field is not None and (facts.field.is_relation or facts.field.primary_key):
        return _("It names an object, so its values are not numbers to compute with.")
    return _converted(facts)


def _converted(facts: AttributeFacts) -> Text | None:
    if facts.target is None or has_own_conversions(facts.target):
        return _("Its field converts what is stored, so the database computes something else.")
    return None


def _of_kind(facts: AttributeFacts) -> Text:
    return _("The function takes no field of the type '%(type)s'.", type=facts.type_text)
