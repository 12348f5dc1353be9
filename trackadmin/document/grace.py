"""The problems of deprecated names: their dates, their successors, and former prefixes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Protocol

from trackadmin.codes import ProblemCode
from trackadmin.document.action_rules import ACTIONS
from trackadmin.document.reading import at, shown
from trackadmin.document.structure import (
    DROPPED,
    TRACKED,
    AggregateEntry,
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    in_order,
)
from trackadmin.document.value_rules import one_of
from trackadmin.exceptions import Problem
from trackadmin.texts import gettext as _


def grace_problems(document: Document) -> Iterator[Problem]:
    """What is wrong with the deprecated names of a document."""
    for prefix, entry in in_order(document.models):
        where = at("", prefix)
        yield from _former_prefix(prefix, entry, where)
        for accessor, child in in_order(entry.children):
            yield from _former_prefix(child.prefix, child, at(where, accessor))
        yield from _successors(entry.attributes, where)
        yield from _differing(entry, where)
    yield from _successors(document.actions, ACTIONS)
    yield from _shared_names(document)


def due_problems(document: Document, today: str) -> Iterator[Problem]:
    """A warning for each entry whose date has come: its old name may leave the map."""
    for where, name, until in dated(document):
        if until <= today:
            what = _("%(name)s stayed until %(date)s and still goes out.", name=name, date=until)
            remedy = _("Remove it when nobody needs it any more, or give it a later date.")
            yield Problem(ProblemCode.NAME_DUE, "warning", where, what, remedy)


def dated(document: Document) -> Iterator[tuple[str, str, str]]:
    """The place, the old name (``Old_`` for a prefix) and the date of each entry with a date."""
    for prefix, entry in in_order(document.models):
        where = at("", prefix)
        if entry.until:
            yield where, f"{entry.former_prefix}_", entry.until
        for name, attribute in in_order(_with_dates(entry.attributes)):
            yield at(where, name), f"{prefix}_{name}", attribute.until
        for accessor, child in in_order(entry.children):
            if child.until:
                yield at(where, accessor), f"{child.former_prefix}_", child.until
    for name, action in in_order(document.actions):
        if action.until:
            yield at(ACTIONS, name), name, action.until


def _with_dates(entries: Mapping[str, AttributeEntry]) -> Mapping[str, AttributeEntry]:
    """The deprecated ones: few, and to put all in order takes longer than to look at each."""
    return {name: each for name, each in entries.items() if each.until}


def is_date(text: str) -> bool:
    """Whether this is a date as a map has it, such as ``2027-03-31``."""
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _date_problem(until: str, where: str) -> Iterator[Problem]:
    if until and not is_date(until):
        what = _("%(date)s is not a date.", date=shown(until))
        remedy = _("Give year, month and day, such as 2027-03-31.")
        yield Problem(ProblemCode.UNTIL_INVALID, "error", where, what, remedy)


def _former_prefix(prefix: str, entry: ModelEntry | ChildEntry, where: str) -> Iterator[Problem]:
    yield from _date_problem(entry.until, where)
    former = entry.former_prefix
    if former and former == prefix:
        what = _("The former prefix %(former)s is the prefix itself.", former=shown(former))
        remedy = _("Remove the former prefix and its date.")
        yield Problem(ProblemCode.NAME_FORMER_TAKEN, "error", where, what, remedy)
    if former and not entry.until:
        what = _("The former prefix %(former)s has no date.", former=shown(former))
        remedy = _("Say until when names go out under it, or remove it.")
        yield Problem(ProblemCode.UNTIL_MISSING, "error", where, what, remedy)
    if entry.until and not former:
        what = _("There is a date, but no former prefix that stays until then.")
        remedy = _("Give the former prefix, or remove the date.")
        yield Problem(ProblemCode.UNTIL_ALONE, "error", where, what, remedy)


class _Deprecable(Protocol):
    @property
    def successor(self) -> str: ...
    @property
    def until(self) -> str: ...
    @property
    def position(self) -> int: ...


def _successors(entries: Mapping[str, _Deprecable], above: str) -> Iterator[Problem]:
    ending = {name: each for name, each in entries.items() if each.until or each.successor}
    for name, entry in in_order(ending):
        where = at(above, name)
        yield from _date_problem(entry.until, where)
        if entry.successor and not entry.until:
            what = _("It has a successor, but no date until which it stays.")
            remedy = _("Give the date, or remove the successor.")
            yield Problem(ProblemCode.UNTIL_MISSING, "error", where, what, remedy)
        if entry.successor and (entry.successor == name or entry.successor not in entries):
            what = _("There is no %(name)s that could take its place.", name=shown(entry.successor))
            others = [other for other, _entry in in_order(entries) if other != name]
            remedy = one_of(others) if others else _("Remove the successor.")
            yield Problem(ProblemCode.SUCCESSOR_UNKNOWN, "error", where, what, remedy)
        elif name in _successors_of(name, entries):
            what = _("Its successors lead back to itself.")
            remedy = _("Remove one of the successors: the last name must stay.")
            yield Problem(ProblemCode.SUCCESSOR_CYCLE, "error", where, what, remedy)


def _successors_of(name: str, entries: Mapping[str, _Deprecable]) -> set[str]:
    """The successor of a name, the successor's successor, and so on."""
    found: set[str] = set()
    entry = entries.get(name)
    while entry and entry.successor and entry.successor not in found:
        found.add(entry.successor)
        entry = entries.get(entry.successor)
    return found


def _differing(entry: ModelEntry, where: str) -> Iterator[Problem]:
    for name, old in in_order(_with_dates(entry.attributes)):
        new = entry.attributes.get(old.successor)
        if new is not None and (old.source, old.privacy) != (new.source, new.privacy):
            what = _(
                "It is not sent as its successor %(name)s is: source or privacy differ.",
                name=shown(old.successor),
            )
            remedy = _("Make them the same, unless the two shall have different values.")
            yield Problem(ProblemCode.SUCCESSOR_DIFFERS, "warning", at(where, name), what, remedy)
        if name == entry.key:
            what = _("The key %(name)s is deprecated, and new URLs have it.", name=shown(name))
            remedy = _("Choose another attribute as the key.")
            yield Problem(ProblemCode.KEY_DEPRECATED, "warning", where, what, remedy)


def _shared_names(document: Document) -> Iterator[Problem]:
    """Former prefixes of tracked models that another one has, and names that two then give."""
    owners: dict[str, str] = {prefix: prefix for prefix in document.models}
    former = [(p, e) for p, e in in_order(document.models) if e.former_prefix not in ("", p)]
    names = _names_of_today(document) if former else {}
    for prefix, entry in former:
        where, owner = at("", prefix), owners.setdefault(entry.former_prefix, prefix)
        if owner != prefix:
            yield _taken_by(entry.former_prefix, where, at("", owner))
            continue
        for name in sent_names(entry):
            output = f"{entry.former_prefix}_{name}"
            first = names.setdefault(output, at(where, name))
            if first != at(where, name):
                yield _taken_by(output, at(where, name), first)


def _names_of_today(document: Document) -> dict[str, str]:
    """The place of each name that goes out under the prefixes of today."""
    return {
        f"{prefix}_{name}": at(at("", prefix), name)
        for prefix, entry in document.models.items()
        for name in sent_names(entry)
    }


def sent_names(entry: ModelEntry) -> list[str]:
    """The names that go out, of attributes and of counts and sums."""
    every: list[tuple[str, AttributeEntry | AggregateEntry]] = [
        *in_order(entry.attributes),
        *in_order(entry.aggregates),
    ]
    return [name for name, e in every if e.decision == TRACKED and e.privacy != DROPPED]


def _taken_by(name: str, where: str, other: str) -> Problem:
    what = _(
        "%(place)s has the former name %(name)s, which %(other)s has too.",
        place=where,
        name=shown(name),
        other=other,
    )
    remedy = _("Choose another prefix or name there, or remove the former prefix here.")
    return Problem(ProblemCode.NAME_FORMER_TAKEN, "error", where, what, remedy)
