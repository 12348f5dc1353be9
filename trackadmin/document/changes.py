"""One difference between two documents, as data and in words."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from trackadmin.document.change_sentences import (
    ADDED,
    ANY_FIELD,
    BRINGS,
    FIELDS,
    FORMER_UNTIL,
    MOVED,
    NOT_BROUGHT,
    NOTES,
    OBJECTS,
    REMOVED,
    RENAMED,
    RENUMBERED,
    TOLD,
    YES_OR_NO,
)
from trackadmin.document.structure import (
    DEPRECATED,
    OPTIONAL,
)
from trackadmin.document.value_labels import LABELS
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

Kind = Literal["added", "removed", "changed", "moved"]
Subject = Literal["map", "model", "attribute", "child", "aggregate", "action", "parameter"]

#: The mark before each change, for people who do not see the colour.
MARKS = {"added": "+", "removed": "−", "changed": "≠", "moved": "↕"}  # noqa: RUF001 - a minus

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

    @property
    def head(self) -> tuple[str, str]:
        """The tracked model and the action that it is of: one is empty, both of the map itself."""
        name = self.where.split(".")[0]
        return ("", name) if self.subject in ("action", "parameter") else (name, "")

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
        yield _with(ADDED[change.subject], change.new)
        yield from _notes(change)
    elif change.kind == "removed":
        yield _with(REMOVED[change.subject], change.old)
    elif change.kind == "moved":
        yield MOVED[change.field]
    elif change.field in RENUMBERED:
        yield RENUMBERED[change.field]
    elif found := RENAMED.get((change.subject, change.field)):
        values = {"outer": change.where.partition(".")[0], "old": change.old, "new": change.new}
        yield from (_with(sentence, values) for sentence in found)
    elif change.subject == "child" and change.field in _OF_CHILD:
        yield _OF_CHILD[change.field](change.old, change.new)
    elif change.field == "brings":
        yield from _brings_changes(change.old, change.new)
    elif change.field in OBJECTS:
        yield from _object_changes(change.field, change.old, change.new)
    else:
        yield _field(change)


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
    yield from (n for f, values, n in NOTES if fields.get(f) in values and skipped not in values)
    for need, sentence in BRINGS.items():
        if names := [name for name, its in sorted(fields.get("brings", {}).items()) if its == need]:
            yield _with(sentence, {"names": ", ".join(names)})
    for field in TOLD:
        if fields.get(field):
            yield _field(replace(change, kind="changed", field=field, old="", new=fields[field]))
    if fields.get("choices"):
        yield _with(_("Its choices are %(choices)s."), {"choices": _quoted(fields["choices"])})


def _object_changes(field: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Text]:
    added, removed, changed = OBJECTS[field]
    for name in sorted(old.keys() | new.keys()):
        values = {
            which: _quoted(side[name])
            for which, side in (("old", old), ("new", new))
            if name in side
        }
        if name not in old:
            yield _with(added, {"name": name, **values})
        elif name not in new:
            yield _with(removed, {"name": name, **values})
        elif old[name] != new[name]:
            yield _with(changed, {"name": name, **values})


def _brings_changes(old: dict[str, str], new: dict[str, str]) -> Iterator[Text]:
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield _with(NOT_BROUGHT, {"name": name})
        elif old.get(name) != new[name]:
            yield _with(BRINGS.get(new[name], BRINGS[OPTIONAL]), {"names": name})


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


def _field(change: Change) -> Text:
    if change.field in YES_OR_NO:
        return YES_OR_NO[change.field][change.new]
    new, removed, changed = FIELDS.get(change.field, ANY_FIELD)
    if change.field == "until" and change.subject in ("model", "child"):
        new, removed, changed = FORMER_UNTIL
    sentence = new if change.old == "" else removed if change.new == "" else changed
    values = {which: _value_text(change.field, getattr(change, which)) for which in ("old", "new")}
    return _with(sentence, {"field": change.field, **values})


def _value_text(field: str, value: Any) -> Text | str:
    if field in LABELS:
        label: Text | str = LABELS[field].get(value, value)
        return label
    return str(value) if field == "until" else _quoted(value)


def _with(sentence: Text, values: dict[str, Any]) -> Text:
    return replace(sentence, values=values)


def _quoted(value: object) -> str:
    if isinstance(value, list):
        value = ", ".join(value)
    if isinstance(value, str) and len(value) > _QUOTED:
        value = value[: _QUOTED - 1] + "…"
    return repr(value)
