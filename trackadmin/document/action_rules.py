"""The problems of a map's actions that can be found without the host's models."""

from __future__ import annotations

from collections.abc import Iterator

from trackadmin.codes import ProblemCode
from trackadmin.document.reading import at, shown
from trackadmin.document.structure import (
    ACTION_PARAMETER,
    CHOICE,
    EVENT_ID,
    HANDLINGS,
    MAP_ARGUMENT,
    NEEDS,
    PARAMETER_KINDS,
    SIGNATURE,
    STATES,
    ActionEntry,
    Document,
    ParameterEntry,
    in_order,
)
from trackadmin.document.value_rules import (
    name_problem,
    one_of,
    owner_problem,
    position_problem,
    privacy_problem,
    text_problem,
    value_problem,
)
from trackadmin.exceptions import Problem
from trackadmin.texts import gettext as _

#: Longest choice, in characters. An event has no longer texts.
LONGEST_CHOICE = 4096
#: The place of all actions in a document.
ACTIONS = "actions"


def action_name_problems(document: Document) -> Iterator[Problem]:
    """Names and values of actions, and of what the map does with events, that no map may have."""
    for field in ("unknown_actions", "undeclared_parameters"):
        yield from value_problem(getattr(document, field), HANDLINGS, field)
    for name, action in in_order(document.actions):
        yield from one_action_name_problems(name, action)


def one_action_name_problems(name: str, action: ActionEntry) -> Iterator[Problem]:
    """Names and values of one action that no map may have."""
    where = at(ACTIONS, name)
    yield from name_problem("action", name, where)
    yield from value_problem(action.state, STATES, where)
    yield from owner_problem(action.owner, where)
    yield from position_problem(action.position, where)
    yield from text_problem(action.owner + action.description, where)
    for prefix, need in sorted(action.brings.items()):
        yield from name_problem("prefix", prefix, where)
        yield from value_problem(need, NEEDS, where)
    for parameter, entry in in_order(action.parameters):
        yield from _parameter(parameter, entry, at(where, parameter))


def action_problems(document: Document) -> Iterator[Problem]:
    """What is wrong with actions that a map may have as a draft."""
    for name, action in in_order(document.actions):
        for prefix in sorted(action.brings.keys() - document.models.keys()):
            where = at(ACTIONS, name)
            what = _("The map has no tracked model %(prefix)s.", prefix=shown(prefix))
            remedy = _("Remove it from the action, or add the model to the map.")
            if document.models:
                remedy = one_of([each for each, _entry in in_order(document.models)])
            yield Problem(ProblemCode.ACTION_MODEL_UNKNOWN, "error", where, what, remedy)


def _parameter(name: str, parameter: ParameterEntry, where: str) -> Iterator[Problem]:
    yield from name_problem("parameter", name, where)
    if name in _NOT_PARAMETERS:
        remedy = _("Choose another name.")
        yield Problem(ProblemCode.NAME_INVALID, "error", where, _NOT_PARAMETERS[name], remedy)
    yield from value_problem(parameter.kind, PARAMETER_KINDS, where)
    yield from privacy_problem(parameter.privacy, where)
    yield from position_problem(parameter.position, where)
    yield from text_problem(parameter.description, where)
    yield from _choices(parameter, where)


#: Names that have another meaning in an event.
_NOT_PARAMETERS = {
    ACTION_PARAMETER: _("'action' is the name of the action itself."),
    MAP_ARGUMENT: _("'map' says in track() which map the event belongs to."),
    EVENT_ID: _("'event_id' is the id that a sender gives an event."),
    SIGNATURE: _("'sig' is the signature of a tracking URL."),
}


def _is_choice(value: object) -> bool:
    """Whether a form, which has a choice in each line, can show it, and an event can have it."""
    return (
        type(value) is str
        and [value] == value.strip().splitlines()
        and len(value) <= LONGEST_CHOICE
    )


def _choices(parameter: ParameterEntry, where: str) -> Iterator[Problem]:
    wrong = [each for each in parameter.choices if not _is_choice(each)]
    if wrong:
        what = _("%(value)s cannot be a choice.", value=shown(wrong[0]))
        remedy = _(
            "Use a text of one line, without spaces around it, of at most %(most)s characters.",
            most=LONGEST_CHOICE,
        )
        yield Problem(ProblemCode.CHOICES_INVALID, "error", where, what, remedy)
        return
    yield from text_problem("".join(parameter.choices), where)
    if parameter.kind == CHOICE and not parameter.choices:
        what, remedy = _("It has no choices."), _("Add the values that it may have.")
        yield Problem(ProblemCode.CHOICES_INVALID, "error", where, what, remedy)
    elif parameter.kind != CHOICE and parameter.choices:
        what = _("Only the kind 'choice' has choices.")
        remedy = _("Leave the choices out, or change the kind.")
        yield Problem(ProblemCode.CHOICES_INVALID, "error", where, what, remedy)
    elif len({*parameter.choices}) < len(parameter.choices):
        what, remedy = _("It has a choice twice."), _("Keep one of the two.")
        yield Problem(ProblemCode.CHOICES_INVALID, "error", where, what, remedy)
