"""The problems of a count or sum that can be found without the host's models."""

from __future__ import annotations

from collections.abc import Iterator

from trackadmin.codes import ProblemCode
from trackadmin.document.reading import at, shown
from trackadmin.document.structure import COUNT, FUNCTIONS, LATEST, MOST_CONDITIONS, AggregateEntry
from trackadmin.document.value_rules import (
    decision_problem,
    name_problem,
    position_problem,
    privacy_problem,
    text_problem,
    value_problem,
)
from trackadmin.exceptions import Problem
from trackadmin.texts import gettext as _

#: The integers that every database can store.
_INTEGERS = range(-(2**63), 2**63)


def aggregate_problems(name: str, aggregate: AggregateEntry, where: str) -> Iterator[Problem]:
    """Names and values of one count or sum that no map may have."""
    yield from name_problem("aggregate", name, where)
    yield from name_problem("relation", aggregate.relation, where)
    for field in (aggregate.field, aggregate.by):
        if field:
            yield from name_problem("field", field, where)
    yield from value_problem(aggregate.function, FUNCTIONS, where)
    yield from _needed(aggregate, where)
    yield from decision_problem(aggregate.decision, where)
    yield from privacy_problem(aggregate.privacy, where)
    yield from position_problem(aggregate.position, where)
    yield from text_problem(aggregate.description, where)
    yield from _conditions(aggregate, where)


def _needed(aggregate: AggregateEntry, where: str) -> Iterator[Problem]:
    if aggregate.function not in FUNCTIONS:
        return
    if aggregate.function == COUNT and aggregate.field:
        what = _("A count has no field.")
        remedy = _("Leave the field out, or count the different values with 'distinct'.")
        yield Problem(ProblemCode.AGGREGATE_FIELD, "error", where, what, remedy)
    elif aggregate.function != COUNT and not aggregate.field:
        what = _("The field is missing.")
        remedy = _("Say of which field of the related objects.")
        yield Problem(ProblemCode.AGGREGATE_FIELD, "error", where, what, remedy)
    if aggregate.function == LATEST and not aggregate.by:
        what = _("It does not say what makes an object the latest.")
        remedy = _("Add 'by', with the field whose greatest value belongs to the latest object.")
        yield Problem(ProblemCode.AGGREGATE_FIELD, "error", where, what, remedy)
    elif aggregate.function != LATEST and aggregate.by:
        what = _("Only 'latest' has 'by'.")
        remedy = _("Leave 'by' out.")
        yield Problem(ProblemCode.AGGREGATE_FIELD, "error", where, what, remedy)


def _conditions(aggregate: AggregateEntry, where: str) -> Iterator[Problem]:
    if len(aggregate.where) > MOST_CONDITIONS:
        what = _("It has %(count)s conditions.", count=len(aggregate.where))
        remedy = _("Use at most %(most)s.", most=MOST_CONDITIONS)
        yield Problem(ProblemCode.CONDITION_INVALID, "error", where, what, remedy)
    for field, value in sorted(aggregate.where.items()):
        place = at(where, field)
        yield from name_problem("field", field, place)
        if type(value) is str:
            yield from text_problem(value, place)
        elif type(value) is not bool and not (type(value) is int and value in _INTEGERS):
            what = _("A field cannot be compared with %(value)s.", value=shown(value))
            remedy = _("Use a text, a whole number, or true or false.")
            yield Problem(ProblemCode.CONDITION_INVALID, "error", place, what, remedy)
