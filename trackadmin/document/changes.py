"""One difference between two documents, as data and in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

from trackadmin.document.structure import (
    DEPRECATED,
    DROPPED,
    IGNORED,
    OPTIONAL,
    PLANNED,
    PSEUDONYMISED,
    REQUIRED,
    SENT,
)
from trackadmin.document.value_labels import LABELS
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

Kind = Literal["added", "removed", "changed", "moved"]
Subject = Literal["map", "model", "attribute", "child", "aggregate", "action", "parameter"]

#: Longest quotation in words, in characters; the data always has the whole text.
_QUOTED = 80


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. Kind, subject and field say what it is; ``words()`` says it to people.

    ``where`` is the place, outermost first (``User``, ``User.email``; ``signup_click`` for an
    action; empty for the map itself).
    ``field`` names what changed there and is empty where the whole thing was added or removed.
    ``old`` and ``new`` are JSON-able: the field's values, or the fields of what was added or
    removed. A change of order has what is ordered as its field (``attributes``, ``models``). It
    gives the names in order (``moved``), or their positions where those differ but the order does
    not (``changed``). A new name has the field ``prefix`` or ``name``, and its place is the new
    one.
    """

    kind: Kind
    subject: Subject
    where: str
    field: str = ""
    old: Any = None
    new: Any = None

    def __str__(self) -> str:
        return self.words()

    def words(self) -> str:
        """The place and what changed there, in the language that is active."""
        return self._said_of(self.where or str(_("Map")))

    def words_below_model(self) -> str:
        """The same below a heading that names the tracked model (or the map)."""
        return self._said_of(self.where.partition(".")[2])

    def sentences(self) -> tuple[Text, ...]:
        """What changed, without the place."""
        return tuple(_sentences(self))

    def as_json(self) -> dict[str, Any]:
        """The change as JSON-able data, its words included."""
        return {
            "kind": self.kind,
            "subject": self.subject,
            "where": self.where,
            "field": self.field,
            "old": self.old,
            "new": self.new,
            "words": self.words(),
        }

    def _said_of(self, place: str) -> str:
        said = " ".join(map(str, self.sentences()))
        return f"{place}: {said}" if place else said


def _sentences(change: Change) -> Iterator[Text]:
    if change.kind == "added":
        yield _with(_ADDED[change.subject], change.new)
        yield from _notes(change)
    elif change.kind == "removed":
        yield _with(_REMOVED[change.subject], change.old)
    elif change.kind == "moved":
        yield _MOVED[change.field]
    elif change.field in _RENUMBERED:
        yield _RENUMBERED[change.field]
    elif found := _RENAMED.get((change.subject, change.field)):
        values = {"outer": change.where.partition(".")[0], "old": change.old, "new": change.new}
        yield from (_with(sentence, values) for sentence in found)
    elif change.subject == "child" and change.field in _OF_CHILD:
        yield _OF_CHILD[change.field](change.old, change.new)
    elif change.field in _OBJECTS:
        yield from _object_changes(change.field, change.old, change.new)
    else:
        yield _field(change)


#: Of what was added or removed. They may use its fields.
_ADDED: dict[Subject, Text] = {
    "model": _("The model %(model)s was added."),
    "attribute": _("The attribute was added."),
    "child": _("The child was added."),
    "aggregate": _("The count or sum was added."),
    "action": _("The action was added."),
    "parameter": _("The parameter was added."),
}
_REMOVED: dict[Subject, Text] = {
    "model": _("The model %(model)s was removed."),
    "attribute": _("The attribute was removed."),
    "child": _("The child was removed."),
    "aggregate": _("The count or sum was removed."),
    "action": _("The action was removed."),
    "parameter": _("The parameter was removed."),
}

_MOVED = {
    "attributes": _("The order of the attributes changed."),
    "children": _("The order of the children changed."),
    "models": _("The order of the tracked models changed."),
    "aggregates": _("The order of the counts and sums changed."),
    "actions": _("The order of the actions changed."),
    "parameters": _("The order of the parameters changed."),
}
_RENUMBERED = {
    "attributes": _("The attributes have new positions in the same order."),
    "children": _("The children have new positions in the same order."),
    "models": _("The tracked models have new positions in the same order."),
    "aggregates": _("The counts and sums have new positions in the same order."),
    "actions": _("The actions have new positions in the same order."),
    "parameters": _("The parameters have new positions in the same order."),
}

_RENAMED = {
    ("model", "prefix"): (
        _("The prefix changed from %(old)s to %(new)s."),
        _("Names that began with %(old)s_ begin with %(new)s_ now."),
    ),
    ("attribute", "name"): (
        _("The attribute %(old)s was renamed to %(new)s."),
        _("%(outer)s_%(old)s is %(outer)s_%(new)s now."),
    ),
}

#: What an added entry has that most entries do not have: where a field has one of these values.
_NOTES: tuple[tuple[str, tuple[object, ...], Text], ...] = (
    ("decision", (IGNORED,), _("It is ignored.")),
    ("privacy", (SENT,), _("It is personal and is sent as it is.")),
    ("privacy", (PSEUDONYMISED,), _("It is personal and is sent as a pseudonym.")),
    ("privacy", (DROPPED,), _("It is personal and is left out.")),
    ("lookup", (True,), _("URLs can use it as a lookup.")),
    ("alone", (True,), _("It comes without its own children.")),
    ("required", (True,), _("Events must have it.")),
    ("state", (PLANNED,), _("It is planned.")),
    ("state", (DEPRECATED,), _("It is deprecated.")),
)
#: What else an added entry says, in the words of a change from nothing.
_TOLD = ("former_prefix", "successor", "until")


def _notes(change: Change) -> Iterator[Text]:
    fields, name = change.new, change.where.rpartition(".")[2]
    if fields.get("key"):
        yield _with(_("Its key is %(key)s."), fields)
    if fields.get("source", name) != name:
        yield _with(_("Its source is %(source)s."), fields)
    if fields.get("prefix"):
        yield _with(_("Its prefix is %(prefix)s."), fields)
    # With a date, it says so below.
    skipped = DEPRECATED if fields.get("until") else None
    yield from (n for f, values, n in _NOTES if fields.get(f) in values and skipped not in values)
    for need, sentence in _BRINGS.items():
        if names := [name for name, its in sorted(fields.get("brings", {}).items()) if its == need]:
            yield _with(sentence, {"names": ", ".join(names)})
    for field in _TOLD:
        if fields.get(field):
            yield _field(replace(change, kind="changed", field=field, old="", new=fields[field]))
    if fields.get("choices"):
        yield _with(_("Its choices are %(choices)s."), {"choices": _quoted(fields["choices"])})


#: By need, with the prefixes as ``names``.
_BRINGS = {
    REQUIRED: _("It must bring %(names)s."),
    OPTIONAL: _("It may bring %(names)s."),
}

#: Fields that hold values by name: a value was added, was removed, or changed.
_OBJECTS = {
    "where": (
        _("It looks only at objects whose %(name)s is %(new)s now."),
        _("It no longer looks only at objects whose %(name)s is %(old)s."),
        _("It looks at objects whose %(name)s is %(new)s now, and not %(old)s."),
    ),
    "brings": (
        _("It brings %(name)s now (%(new)s)."),
        _("It no longer brings %(name)s."),
        _("%(name)s was %(old)s and is %(new)s now."),
    ),
}


def _object_changes(field: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Text]:
    added, removed, changed = _OBJECTS[field]
    labels = LABELS.get(field, {})
    for name in sorted(old.keys() | new.keys()):
        values = {
            which: labels.get(side[name], _quoted(side[name]))
            for which, side in (("old", old), ("new", new))
            if name in side
        }
        if name not in old:
            yield _with(added, {"name": name, **values})
        elif name not in new:
            yield _with(removed, {"name": name, **values})
        elif old[name] != new[name]:
            yield _with(changed, {"name": name, **values})


def _child_prefix(old: str, new: str) -> Text:
    if not old:
        return _("The prefix changed to %(new)s. The child's names change.", new=_quoted(new))
    if not new:
        return _(
            "The prefix %(old)s was removed, so the child has the prefix of its model again. Its "
            "names change.",
            old=_quoted(old),
        )
    return _(
        "The prefix changed from %(old)s to %(new)s. The child's names change.",
        old=_quoted(old),
        new=_quoted(new),
    )


def _child_alone(old: bool, new: bool) -> Text:
    if new:
        return _("It comes without its own children now, so their names are gone.")
    return _("It comes with its own children now, so their names are added.")


_OF_CHILD: dict[str, Callable[[Any, Any], Text]] = {
    "prefix": _child_prefix,
    "alone": _child_alone,
}

#: By field: a new value, no value any more, another value.
_FIELDS = {
    "key": (
        _("The key was set to %(new)s."),
        _("The key %(old)s was removed."),
        _("The key changed from %(old)s to %(new)s."),
    ),
    "owner": (
        _("The owner was set to %(new)s."),
        _("The owner %(old)s was removed."),
        _("The owner changed from %(old)s to %(new)s."),
    ),
    "description": (
        _("The description was set to %(new)s."),
        _("The description %(old)s was removed."),
        _("The description changed from %(old)s to %(new)s."),
    ),
    "name": (
        _("The name was set to %(new)s."),
        _("The name %(old)s was removed."),
        _("The name changed from %(old)s to %(new)s."),
    ),
    "model": 3 * (_("The model changed from %(old)s to %(new)s."),),
    "source": 3 * (_("The source changed from %(old)s to %(new)s."),),
    "decision": 3 * (_("The decision changed from “%(old)s” to “%(new)s”."),),
    "privacy": 3 * (_("The privacy changed from “%(old)s” to “%(new)s”."),),
    "position": 3 * (_("The position changed from %(old)s to %(new)s."),),
    "relation": 3 * (_("The relation changed from %(old)s to %(new)s."),),
    "function": 3 * (_("The function changed from “%(old)s” to “%(new)s”."),),
    "field": (
        _("The field was set to %(new)s."),
        _("The field %(old)s was removed."),
        _("The field changed from %(old)s to %(new)s."),
    ),
    "by": (
        _("The latest object is the one with the greatest %(new)s."),
        _("The latest object no longer depends on %(old)s."),
        _("The latest object is the one with the greatest %(new)s now, and not %(old)s."),
    ),
    "successor": (
        _("Its successor is %(new)s."),
        _("It has no successor any more."),
        _("Its successor is %(new)s now, and not %(old)s."),
    ),
    "until": (
        _("It is deprecated and stays until %(new)s."),
        _("It is no longer deprecated."),
        _("It stays until %(new)s now, and not until %(old)s."),
    ),
    "former_prefix": (
        _("Its names also go out under the former prefix %(new)s."),
        _("Its names no longer go out under the former prefix %(old)s."),
        _("The former prefix changed from %(old)s to %(new)s."),
    ),
    "state": 3 * (_("The state changed from “%(old)s” to “%(new)s”."),),
    "kind": 3 * (_("The kind changed from “%(old)s” to “%(new)s”."),),
    "choices": 3 * (_("The choices changed from %(old)s to %(new)s."),),
    "unknown_actions": 3
    * (_("What happens with unknown actions changed from “%(old)s” to “%(new)s”."),),
    "undeclared_parameters": 3
    * (_("What happens with undeclared parameters changed from “%(old)s” to “%(new)s”."),),
}
#: The same for a tracked model and a child, of which only the former prefix is deprecated.
_FORMER_UNTIL = (
    _("The former prefix is deprecated and stays until %(new)s."),
    _("No former prefix stays any more."),
    _("The former prefix stays until %(new)s now, and not until %(old)s."),
)
#: For a field without sentences of its own.
_ANY_FIELD = (
    _("%(field)s was set to %(new)s."),
    _("%(field)s: %(old)s was removed."),
    _("%(field)s changed from %(old)s to %(new)s."),
)
#: By the new value.
_YES_OR_NO = {
    "lookup": {
        True: _("URLs can use it as a lookup now."),
        False: _("URLs can no longer use it as a lookup."),
    },
    "required": {
        True: _("Events must have it now."),
        False: _("Events may leave it out now."),
    },
}


def _field(change: Change) -> Text:
    if change.field in _YES_OR_NO:
        return _YES_OR_NO[change.field][change.new]
    new, removed, changed = _FIELDS.get(change.field, _ANY_FIELD)
    if change.field == "until" and change.subject in ("model", "child"):
        new, removed, changed = _FORMER_UNTIL
    sentence = new if change.old == "" else removed if change.new == "" else changed
    shown = partial(_label, change.field) if change.field in LABELS else _quoted
    return _with(
        sentence, {"field": change.field, "old": shown(change.old), "new": shown(change.new)}
    )


def _label(field: str, value: str) -> Text | str:
    return LABELS[field].get(value, value)


def _with(sentence: Text, values: dict[str, Any]) -> Text:
    return replace(sentence, values=values)


def _quoted(value: object) -> str:
    if isinstance(value, list):
        value = ", ".join(value)
    if isinstance(value, str) and len(value) > _QUOTED:
        value = value[: _QUOTED - 1] + "…"
    return repr(value)
