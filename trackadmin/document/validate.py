"""What can be said against a document without knowing the host's models."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

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

#: The most that a position column holds on every database.
LAST_POSITION = 2**31 - 1
#: Longest owner, in characters, as its column is.
LONGEST_OWNER = 200


def validate(document: Document) -> list[Problem]:
    """Every problem that can be seen without the host's models."""
    return name_problems(document) + rule_problems(document)


def rule_problems(document: Document) -> list[Problem]:
    """Of :func:`validate` what is left where :func:`name_problems` found nothing."""
    problems: list[Problem] = []
    for prefix, entry in in_order(document.models):
        problems += _lookup_problems(prefix, entry)
    problems += _models_twice(document)
    problems += _names_twice(document)
    return problems


def name_problems(document: Document) -> list[Problem]:
    """Names and values that no map may hold; such a document is not even loaded."""
    return [
        problem
        for prefix, entry in in_order(document.models)
        for problem in entry_problems(prefix, entry)
    ]


def entry_problems(prefix: str, entry: ModelEntry) -> Iterator[Problem]:
    """Names and values of one tracked model that no map may hold."""
    where = at("", prefix)
    yield from _name("prefix", prefix, where)
    if not is_label(entry.model):
        message = f"{shown(entry.model)} is no label of a model."
        fix = 'Give its app and its class in lower case, such as "shop.order".'
        yield Problem("model.invalid", "error", where, message, fix)
    if len(entry.owner) > LONGEST_OWNER:
        message = f"The owner has {len(entry.owner)} characters."
        fix = f"Use at most {LONGEST_OWNER}."
        yield Problem("owner.too_long", "error", where, message, fix)
    if entry.key:
        yield from _name("key", entry.key, where)
    yield from _position(entry.position, where)
    yield from _text(entry.owner + entry.description, where)
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
    yield from _one_of("decision", attribute.decision, DECISIONS, where)
    yield from _one_of("privacy", attribute.privacy, PRIVACIES, where)
    yield from _position(attribute.position, where)
    yield from _text(attribute.description, where)


# No generators: a map has tens of thousands of names and values, nearly all of them sound.


def _name(subject: str, name: str, where: str) -> Sequence[Problem]:
    reason = why_not_a_name(name)
    if not reason:
        return ()
    message = f"The {subject} name {shown(name)} {reason}."
    if subject == "prefix":
        message = f"The prefix {shown(name)} {reason}."
    return [Problem("name.invalid", "error", where, message, LEGAL)]


def _one_of(subject: str, value: str, legal: tuple[str, ...], where: str) -> Sequence[Problem]:
    if value in legal:
        return ()
    fix = f"Use one of: {', '.join(legal)}."
    if value == "personal":
        fix += " A personal attribute is sent, pseudonymised or dropped: decide which."
    message = f"{shown(value)} is no {subject}."
    return [Problem(f"{subject}.unknown", "error", where, message, fix)]


def _position(position: int, where: str) -> Sequence[Problem]:
    if 0 <= position <= LAST_POSITION:
        return ()
    message = f"The position {shown(position)} is out of range."
    fix = f"Use a number from 0 to {LAST_POSITION}."
    return [Problem("position.out_of_range", "error", where, message, fix)]


def _text(text: str, where: str) -> Sequence[Problem]:
    if "\0" not in text and (text.isascii() or not _half(text)):
        return ()
    message = "A text holds a character that no database can store (NUL or half a character)."
    return [Problem("text.invalid", "error", where, message, "Take the character out.")]


def _half(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _lookup_problems(prefix: str, entry: ModelEntry) -> Iterator[Problem]:
    where = at("", prefix)
    if entry.key and entry.key not in entry.attributes:
        message = f"The key {shown(entry.key)} is none of its attributes."
        fix = f"Use one of: {', '.join(_trackable(entry)) or 'none yet; add an attribute first'}."
        yield Problem("key.unknown", "error", where, message, fix)
    for name, attribute in in_order(entry.attributes):
        if name == entry.key:
            yield from _in_clear("key", name, attribute, where)
        elif attribute.lookup:
            yield from _in_clear("lookup", name, attribute, where)
    if not entry.attributes and not entry.children:
        message, fix = "It tracks nothing.", "Add an attribute or a child, or take it out."
        yield Problem("model.empty", "warning", where, message, fix)


def _trackable(entry: ModelEntry) -> list[str]:
    return [name for name, a in in_order(entry.attributes) if a.decision == TRACKED]


def _in_clear(subject: str, name: str, attribute: AttributeEntry, where: str) -> Iterator[Problem]:
    where = where if subject == "key" else at(where, name)
    if attribute.decision != TRACKED:
        message = f"The {subject} {shown(name)} is ignored, so no URL can use it."
        fix = f"Track it, or take the {subject} away."
        yield Problem(f"{subject}.ignored", "error", where, message, fix)
    if attribute.privacy in (PSEUDONYMISED, DROPPED):
        message = f"The {subject} {shown(name)} is {attribute.privacy}, but URLs carry it in clear."
        fix = "Send it as it is, or choose another attribute."
        yield Problem(f"{subject}.personal", "error", where, message, fix)


def _models_twice(document: Document) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for prefix, entry in in_order(document.models):
        other = first.setdefault(entry.model, prefix)
        if other != prefix:
            message = f"The model {shown(entry.model)} is tracked already, as {shown(other)}."
            fix = "Track a model once in a map; a second map can track it otherwise."
            yield Problem("model.twice", "error", at("", prefix), message, fix)


def _names_twice(document: Document) -> Iterator[Problem]:
    roads: dict[str, tuple[str, str]] = {}
    for prefix, entry in in_order(document.models):
        for name, attribute in in_order(entry.attributes):
            if attribute.decision != TRACKED or attribute.privacy == DROPPED:
                continue
            first = roads.setdefault(f"{prefix}_{name}", (prefix, name))
            if first != (prefix, name):
                one, other = at(at("", first[0]), first[1]), at(at("", prefix), name)
                message = f"{one} and {other} both give the name {shown(f'{prefix}_{name}')}."
                fix = "Change one of the prefixes, or the name of one of the attributes."
                yield Problem("name.twice", "error", other, message, fix)
