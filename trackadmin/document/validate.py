"""The problems of a document that can be found without the host's models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from trackadmin.codes import ProblemCode
from trackadmin.document.names import LEGAL, is_label, why_not_a_name
from trackadmin.document.reading import at, shown
from trackadmin.document.structure import (
    DECISIONS,
    DROPPED,
    PRIVACIES,
    PSEUDONYMISED,
    TRACKED,
    AttributeEntry,
    Document,
    ModelEntry,
    in_order,
)
from trackadmin.exceptions import Problem
from trackadmin.texts import Text, joined
from trackadmin.texts import gettext as _

#: The largest position that every database can store.
LAST_POSITION = 2**31 - 1
#: Longest owner, in characters, as its column is.
LONGEST_OWNER = 200


def validate(document: Document) -> list[Problem]:
    """Every problem that can be found without the host's models."""
    return name_problems(document) + rule_problems(document)


def rule_problems(document: Document) -> list[Problem]:
    """The problems of :func:`validate` that :func:`name_problems` does not give."""
    problems: list[Problem] = []
    for prefix, entry in in_order(document.models):
        problems += _lookup_problems(prefix, entry)
    problems += _models_twice(document)
    problems += _names_twice(document)
    return problems


def name_problems(document: Document) -> list[Problem]:
    """Names and values that no map may have. A document with one of them is not loaded."""
    return [
        problem
        for prefix, entry in in_order(document.models)
        for problem in entry_problems(prefix, entry)
    ]


def entry_problems(prefix: str, entry: ModelEntry) -> Iterator[Problem]:
    """Names and values of one tracked model that no map may have."""
    where = at("", prefix)
    yield from _name("prefix", prefix, where)
    if not is_label(entry.model):
        what = _("%(model)s is not the label of a model.", model=shown(entry.model))
        remedy = _('Give its app and its class in lower case, such as "shop.order".')
        yield Problem(ProblemCode.MODEL_INVALID, "error", where, what, remedy)
    if len(entry.owner) > LONGEST_OWNER:
        what = _("The owner has %(count)s characters.", count=len(entry.owner))
        remedy = _("Use at most %(most)s.", most=LONGEST_OWNER)
        yield Problem(ProblemCode.OWNER_TOO_LONG, "error", where, what, remedy)
    if entry.key:
        yield from _name("key", entry.key, where)
    yield from _position(entry.position, where)
    yield from _text_problems(entry.owner + entry.description, where)
    for name, attribute in in_order(entry.attributes):
        yield from _attribute(name, attribute, at(where, name))
    for accessor, child in in_order(entry.children):
        yield from _name("child", accessor, at(where, accessor))
        if child.prefix:
            yield from _name("prefix", child.prefix, at(where, accessor))
        yield from _position(child.position, at(where, accessor))


def _attribute(name: str, attribute: AttributeEntry, where: str) -> Iterator[Problem]:
    yield from _name("attribute", name, where)
    if attribute.source != name:
        yield from _name("source", attribute.source, where)
    if attribute.decision not in DECISIONS:
        yield _unknown_decision(attribute.decision, where)
    if attribute.privacy not in PRIVACIES:
        yield _unknown_privacy(attribute.privacy, where)
    yield from _position(attribute.position, where)
    yield from _text_problems(attribute.description, where)


# No generators: a map has tens of thousands of names and values, and nearly all are correct.


#: By what the name is for; the reason follows.
_IMPOSSIBLE = {
    "prefix": _("%(name)s cannot be a prefix."),
    "key": _("%(name)s cannot be the name of a key."),
    "attribute": _("%(name)s cannot be the name of an attribute."),
    "source": _("%(name)s cannot be the source of an attribute."),
    "child": _("%(name)s cannot be the name of a child."),
}


def _name(subject: str, name: str, where: str) -> Sequence[Problem]:
    reason = why_not_a_name(name)
    if reason is None:
        return ()
    what = joined(replace(_IMPOSSIBLE[subject], values={"name": shown(name)}), reason)
    return [Problem(ProblemCode.NAME_INVALID, "error", where, what, LEGAL)]


def _unknown_decision(value: str, where: str) -> Problem:
    what = _("%(value)s is not a decision.", value=shown(value))
    return Problem(ProblemCode.DECISION_UNKNOWN, "error", where, what, _one_of(DECISIONS))


def _unknown_privacy(value: str, where: str) -> Problem:
    what, remedy = _("%(value)s is not a privacy.", value=shown(value)), _one_of(PRIVACIES)
    if value == "personal":
        choose = _("A personal attribute is sent, pseudonymised or dropped: decide which.")
        remedy = joined(remedy, choose)
    return Problem(ProblemCode.PRIVACY_UNKNOWN, "error", where, what, remedy)


def _one_of(legal: Sequence[str]) -> Text:
    return _("Use one of: %(values)s.", values=", ".join(legal))


def _position(position: int, where: str) -> Sequence[Problem]:
    if 0 <= position <= LAST_POSITION:
        return ()
    what = _("The position %(position)s is out of range.", position=shown(position))
    remedy = _("Use a number from 0 to %(most)s.", most=LAST_POSITION)
    return [Problem(ProblemCode.POSITION_OUT_OF_RANGE, "error", where, what, remedy)]


def _text_problems(text: str, where: str) -> Sequence[Problem]:
    if "\0" not in text and (text.isascii() or not _half(text)):
        return ()
    what = _("A text has a character that no database can store (NUL or half a character).")
    remedy = _("Remove the character.")
    return [Problem(ProblemCode.TEXT_INVALID, "error", where, what, remedy)]


def _half(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _lookup_problems(prefix: str, entry: ModelEntry) -> Iterator[Problem]:
    where = at("", prefix)
    if entry.key and entry.key not in entry.attributes:
        what = _("The key %(name)s is not one of its attributes.", name=shown(entry.key))
        names = _trackable(entry)
        remedy = _one_of(names) if names else _("Add an attribute first, then choose it.")
        yield Problem(ProblemCode.KEY_UNKNOWN, "error", where, what, remedy)
    for name, attribute in in_order(entry.attributes):
        if name == entry.key:
            yield from _key_in_clear(name, attribute, where)
        elif attribute.lookup:
            yield from _lookup_in_clear(name, attribute, at(where, name))
    if not entry.attributes and not entry.children:
        what = _("It tracks nothing.")
        remedy = _("Add an attribute or a child, or remove it.")
        yield Problem(ProblemCode.MODEL_EMPTY, "warning", where, what, remedy)


def _trackable(entry: ModelEntry) -> list[str]:
    return [name for name, a in in_order(entry.attributes) if a.decision == TRACKED]


def _key_in_clear(name: str, attribute: AttributeEntry, where: str) -> Iterator[Problem]:
    if attribute.decision != TRACKED:
        what = _("The key %(name)s is ignored, so no URL can use it.", name=shown(name))
        remedy = _("Track the attribute, or remove the key.")
        yield Problem(ProblemCode.KEY_IGNORED, "error", where, what, remedy)
    if attribute.privacy in _KEY_IN_CLEAR:
        what = replace(_KEY_IN_CLEAR[attribute.privacy], values={"name": shown(name)})
        yield Problem(ProblemCode.KEY_PERSONAL, "error", where, what, _SEND_OR_CHOOSE)


def _lookup_in_clear(name: str, attribute: AttributeEntry, where: str) -> Iterator[Problem]:
    if attribute.decision != TRACKED:
        what = _("The lookup %(name)s is ignored, so no URL can use it.", name=shown(name))
        remedy = _("Track the attribute, or remove the lookup.")
        yield Problem(ProblemCode.LOOKUP_IGNORED, "error", where, what, remedy)
    if attribute.privacy in _LOOKUP_IN_CLEAR:
        what = replace(_LOOKUP_IN_CLEAR[attribute.privacy], values={"name": shown(name)})
        yield Problem(ProblemCode.LOOKUP_PERSONAL, "error", where, what, _SEND_OR_CHOOSE)


#: By privacy.
_KEY_IN_CLEAR = {
    PSEUDONYMISED: _("The key %(name)s is pseudonymised, but URLs show it in clear."),
    DROPPED: _("The key %(name)s is dropped, but URLs show it in clear."),
}
_LOOKUP_IN_CLEAR = {
    PSEUDONYMISED: _("The lookup %(name)s is pseudonymised, but URLs show it in clear."),
    DROPPED: _("The lookup %(name)s is dropped, but URLs show it in clear."),
}
_SEND_OR_CHOOSE = _("Send it as it is, or choose another attribute.")


def _models_twice(document: Document) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for prefix, entry in in_order(document.models):
        other = first.setdefault(entry.model, prefix)
        if other != prefix:
            what = _(
                "The model %(model)s is already tracked as %(prefix)s.",
                model=shown(entry.model),
                prefix=shown(other),
            )
            remedy = _("Track a model once in a map; a second map can track it differently.")
            yield Problem(ProblemCode.MODEL_TWICE, "error", at("", prefix), what, remedy)


def _names_twice(document: Document) -> Iterator[Problem]:
    places: dict[str, tuple[str, str]] = {}
    for prefix, entry in in_order(document.models):
        for name, attribute in in_order(entry.attributes):
            if attribute.decision != TRACKED or attribute.privacy == DROPPED:
                continue
            first = places.setdefault(f"{prefix}_{name}", (prefix, name))
            if first != (prefix, name):
                one, other = at(at("", first[0]), first[1]), at(at("", prefix), name)
                what = _(
                    "%(one)s and %(other)s both give the name %(name)s.",
                    one=one,
                    other=other,
                    name=shown(f"{prefix}_{name}"),
                )
                remedy = _("Change one of the prefixes, or the name of one of the attributes.")
                yield Problem(ProblemCode.NAME_TWICE, "error", other, what, remedy)
