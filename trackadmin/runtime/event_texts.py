"""Sentences about what is wrong with an event: what it is, what is legal, what to do."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Mapping

from trackadmin.codes import EventCode
from trackadmin.compiler import SEPARATOR, Finding, Scalar, Snapshot
from trackadmin.document.structure import (
    ACTION_PARAMETER,
    BOOLEAN,
    CHOICE,
    INTEGER,
    NUMBER,
    SENDER_PARAMETERS,
    TEXT,
    ActionEntry,
    ParameterEntry,
    in_order,
)
from trackadmin.texts import Text, joined
from trackadmin.texts import gettext as _

#: How many legal names a sentence lists, and how alike a name must be to be proposed.
MAX_NAMES, ALIKE = 20, 0.7


def text_of(snapshot: Snapshot, parameters: Mapping[str, Scalar], finding: Finding) -> Text:
    """Say what is wrong with an event of these parameters."""
    if finding.code is EventCode.ACTION_UNKNOWN:
        return _unknown_action(snapshot, finding.name)
    if finding.code is EventCode.PARAMETER_RESERVED:
        return _reserved(finding.name)
    if finding.code is EventCode.NAME_DEPRECATED:
        return _deprecated(snapshot, finding.name)
    if finding.code in _OF_THE_SENDER:
        return _OF_THE_SENDER[finding.code]
    name = str(parameters[ACTION_PARAMETER])
    return _OF_AN_ACTION[finding.code](name, snapshot.document.actions[name], finding.name)


def refused_words() -> Text:
    """What becomes of an event that the map refuses."""
    return _("The map refuses this event: it is counted, and no sink gets it.")


def _unknown_action(snapshot: Snapshot, name: str) -> Text:
    what = (
        _("The map '%(map)s' has no action '%(action)s'.", map=snapshot.slug, action=name)
        if name
        else _("The event has no action, and the map '%(map)s' asks for one.", map=snapshot.slug)
    )
    names = [each for each, __ in in_order(snapshot.document.actions)]
    legal = (
        _("Its actions are: %(names)s.", names=_listed(names))
        if names
        else _("It has no actions yet.")
    )
    fix = _("Correct the action's name, or add the action to the map and publish.")
    return joined(what, *_near(name, names), legal, fix)


def _not_live(name: str, entry: ActionEntry, subject: str) -> Text:
    return _(
        "The action '%(action)s' is planned and not live. Make it live and publish, or do not send "
        "it yet.",
        action=name,
    )


def _missing_model(name: str, entry: ActionEntry, subject: str) -> Text:
    return _(
        "The action '%(action)s' must bring %(model)s, and the event has no such object. Give the "
        "object, or make it optional in the map and publish.",
        action=name,
        model=subject,
    )


def _unexpected_model(name: str, entry: ActionEntry, subject: str) -> Text:
    what = _("The action '%(action)s' does not bring %(model)s.", action=name, model=subject)
    legal = (
        _("It brings: %(names)s.", names=_listed(entry.brings))
        if entry.brings
        else _("It brings no objects.")
    )
    fix = _("Leave the object out, or add it to the action and publish.")
    return joined(what, legal, fix)


def _missing_parameter(name: str, entry: ActionEntry, subject: str) -> Text:
    what = _(
        "The action '%(action)s' must have the parameter '%(name)s', and the event has no value "
        "for it.",
        action=name,
        name=subject,
    )
    return joined(what, _legal_value(entry.parameters[subject]), _("Give it."))


def _wrong_kind(name: str, entry: ActionEntry, subject: str) -> Text:
    what = _(
        "The parameter '%(name)s' of the action '%(action)s' has a value of another kind.",
        name=subject,
        action=name,
    )
    fix = _("Correct the value, or change the kind in the map and publish.")
    return joined(what, _legal_value(entry.parameters[subject]), fix)


def _undeclared(name: str, entry: ActionEntry, subject: str) -> Text:
    what = _("The action '%(action)s' has no parameter '%(name)s'.", action=name, name=subject)
    names = [each for each, __ in in_order(entry.parameters)]
    legal = (
        _("Its parameters are: %(names)s.", names=_listed(names))
        if names
        else _("It has no parameters.")
    )
    fix = _("Correct the parameter's name, or add it to the action and publish.")
    return joined(what, *_near(subject, names), legal, fix)


_OF_AN_ACTION: dict[EventCode, Callable[[str, ActionEntry, str], Text]] = {
    EventCode.ACTION_NOT_LIVE: _not_live,
    EventCode.ACTION_MISSING_MODEL: _missing_model,
    EventCode.ACTION_UNEXPECTED_MODEL: _unexpected_model,
    EventCode.ACTION_MISSING_PARAMETER: _missing_parameter,
    EventCode.PARAMETER_WRONG_KIND: _wrong_kind,
    EventCode.PARAMETER_UNDECLARED: _undeclared,
}


#: What is wrong with what a URL says about its sender.
_OF_THE_SENDER = {
    EventCode.SIGNATURE_INVALID: _(
        "The signature of the URL is not valid: the references, the action or the expiry were "
        "changed, or the site has no such key any more. The event counts as one of an open URL. "
        "Use the URL as the site made it."
    ),
    EventCode.SIGNATURE_EXPIRED: _(
        "The signature of the URL has expired, so the event counts as one of an open URL. Make a "
        "new URL."
    ),
    EventCode.EVENT_ID_INVALID: _(
        "The parameter 'event_id' is not a UUID, so the event has an id of the server's. Send a "
        "UUID, or leave it out."
    ),
}


def _reserved(name: str) -> Text:
    if name in SENDER_PARAMETERS:
        return _(
            "The name '%(name)s' has a meaning of its own in a tracking URL, so no parameter can "
            "have it. Give the parameter another name.",
            name=name,
        )
    return _(
        "The name '%(name)s' is, or looks like, a name of the map, so a parameter cannot give it a "
        "value. Give the parameter another name.",
        name=name,
    )


def _deprecated(snapshot: Snapshot, name: str) -> Text:
    until, successor = _grace(snapshot, name)
    what = _("The name '%(name)s' is deprecated and leaves the map some day.", name=name)
    if until:
        what = _(
            "The name '%(name)s' is deprecated and stays in the map until %(date)s.",
            name=name,
            date=until,
        )
    if not successor:
        return joined(what, _("No other name takes its place."))
    return joined(what, _("Use '%(name)s' instead.", name=successor))


def _grace(snapshot: Snapshot, name: str) -> tuple[str, str]:
    """Until when the name of an action or a reference stays, and what takes its place."""
    lookup = snapshot.lookup(name)
    if lookup is None:
        action = snapshot.document.actions.get(name)
        return (action.until, action.successor) if action else ("", "")
    entry = snapshot.document.models[lookup.prefix]
    attribute = entry.attributes[lookup.name]
    successor = attribute.successor if attribute.until else lookup.name
    in_urls = successor in entry.lookups()
    return lookup.until, f"{lookup.prefix}{SEPARATOR}{successor}" if in_urls else ""


def _legal_value(entry: ParameterEntry) -> Text:
    if entry.kind == CHOICE:
        return _("It must be one of: %(choices)s.", choices=_listed(entry.choices))
    return _LEGAL[entry.kind]


#: What a value of each kind must be.
_LEGAL = {
    TEXT: _("It must be a text."),
    INTEGER: _("It must be a whole number, such as 12."),
    NUMBER: _("It must be a number, such as 12 or 9.5, and not a Decimal."),
    BOOLEAN: _("It must be True or False; in a URL true or false."),
}


def _near(name: str, names: Iterable[str]) -> list[Text]:
    found = difflib.get_close_matches(name, [*names], n=1, cutoff=ALIKE)
    return [_("Did you mean '%(name)s'?", name=each) for each in found]


def _listed(names: Iterable[str]) -> str:
    some = [*names]
    return ", ".join(some[:MAX_NAMES]) + (", …" if len(some) > MAX_NAMES else "")
