"""The differences between two documents, found by walking over all their names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from trackadmin.document.changes import Change, Subject
from trackadmin.document.structure import (
    ActionEntry,
    AggregateEntry,
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    ParameterEntry,
    in_order,
    plain_fields,
)

_Entry = TypeVar(
    "_Entry",
    ModelEntry,
    AttributeEntry,
    ChildEntry,
    AggregateEntry,
    ActionEntry,
    ParameterEntry,
)
#: ``_order`` reports it once for the whole list.
_APART = ("position",)
#: What does not belong to a tracked model.
_OTHERS = ("map", "action", "parameter")


@dataclass(frozen=True, slots=True)
class Diff:
    """The changes from one document to another; false where the two are equal."""

    changes: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.changes)

    def __str__(self) -> str:
        return "\n".join(change.words() for change in self.changes)

    def as_json(self) -> list[dict[str, Any]]:
        """The changes as JSON-able data, in the same order."""
        return [change.as_json() for change in self.changes]

    def changed_models(self) -> set[str]:
        """The prefixes of the tracked models that differ, the new and the removed ones included."""
        ours = (each for each in self.changes if each.subject not in _OTHERS)
        return {each.where.partition(".")[0] for each in ours} - {""}


def diff(old: Document, new: Document, *, renamed_actions: Mapping[str, str] | None = None) -> Diff:
    """The changes that turn ``old`` into ``new``; empty exactly where the two are equal.

    An action has nothing but its name. Who knows that one got another name gives both, old to new.
    """
    return Diff(tuple(_document_changes(old, new, renamed_actions or {})))


def _document_changes(
    old: Document, new: Document, renamed_actions: Mapping[str, str]
) -> Iterator[Change]:
    renamed = _renamed(old.models, new.models, "model")
    before = {renamed.get(prefix, prefix): entry for prefix, entry in in_order(old.models)}
    was = {now: prefix for prefix, now in renamed.items()}
    yield from _order("map", "", "models", before, new.models)
    for prefix in _both(before, new.models):
        if prefix in was:
            yield Change("changed", "model", prefix, "prefix", was[prefix], prefix)
        if before.get(prefix) != new.models.get(prefix):  # in a large map most are equal
            yield from _model_changes(prefix, before.get(prefix), new.models.get(prefix))
    actions = {renamed_actions.get(n, n): entry for n, entry in in_order(old.actions)}
    names = {now: name for name, now in renamed_actions.items() if name != now}
    yield from _order("map", "", "actions", actions, new.actions)
    for name in _both(actions, new.actions):
        if name in names:
            yield Change("changed", "action", name, "name", names[name], name)
        yield from _action_changes(name, actions.get(name), new.actions.get(name))
    yield from _entry_changes("map", "", old, new)


def _model_changes(prefix: str, old: ModelEntry | None, new: ModelEntry | None) -> Iterator[Change]:
    yield from _entry_changes("model", prefix, old, new)
    old, new = old or ModelEntry(""), new or ModelEntry("")
    if old.attributes != new.attributes:  # in a large map most are equal
        yield from _attribute_changes(prefix, old, new)
    yield from _list_changes("model", "child", prefix, "children", old.children, new.children)
    lists = (old.aggregates, new.aggregates)
    yield from _list_changes("model", "aggregate", prefix, "aggregates", *lists)


def _attribute_changes(prefix: str, old: ModelEntry, new: ModelEntry) -> Iterator[Change]:
    renamed = _renamed(old.attributes, new.attributes, "source")
    before = {renamed.get(name, name): entry for name, entry in in_order(old.attributes)}
    was = {now: name for name, now in renamed.items()}
    yield from _order("model", prefix, "attributes", before, new.attributes)
    for name in _both(before, new.attributes):
        where = f"{prefix}.{name}"
        if name in was:
            yield Change("changed", "attribute", where, "name", was[name], name)
        yield from _entry_changes("attribute", where, before.get(name), new.attributes.get(name))


def _action_changes(
    name: str, old: ActionEntry | None, new: ActionEntry | None
) -> Iterator[Change]:
    yield from _entry_changes("action", name, old, new)
    lists = ((old or ActionEntry()).parameters, (new or ActionEntry()).parameters)
    yield from _list_changes("action", "parameter", name, "parameters", *lists)


def _list_changes(
    above: Subject,
    subject: Subject,
    where: str,
    field: str,
    old: Mapping[str, _Entry],
    new: Mapping[str, _Entry],
) -> Iterator[Change]:
    """The changes of entries that are never renamed: another name is another entry."""
    yield from _order(above, where, field, dict(in_order(old)), new)
    for name in _both(old, new):
        yield from _entry_changes(subject, f"{where}.{name}", old.get(name), new.get(name))


def _entry_changes(
    subject: Subject, where: str, old: object | None, new: object | None
) -> Iterator[Change]:
    if old is None and new is not None:
        yield Change("added", subject, where, new=_data(new))
    elif new is None and old is not None:
        yield Change("removed", subject, where, old=_data(old))
    elif old is not None and new is not None:
        if old == new:
            return
        before, after = _data(old), _data(new)
        for name in (f for f in before if f not in _APART and before[f] != after[f]):
            yield Change("changed", subject, where, name, before[name], after[name])


def _order(
    subject: Subject, where: str, field: str, old: Mapping[str, _Entry], new: Mapping[str, _Entry]
) -> Iterator[Change]:
    """One change of a list's order, if there is any.

    ``old`` is in its order, which a new name of an entry does not change.
    Positions that only shift because an entry was added or removed are no change.
    """
    before = [name for name in old if name in new]
    after = [name for name, _ in in_order(new) if name in old]
    if before != after:
        yield Change("moved", subject, where, field, before, after)
    elif old.keys() == new.keys():
        places = [{n: e.position for n, e in in_order(entries)} for entries in (old, new)]
        if places[0] != places[1]:
            yield Change("changed", subject, where, field, *places)


def _renamed(old: Mapping[str, _Entry], new: Mapping[str, _Entry], field: str) -> dict[str, str]:
    """Old name to new name, where what was removed and what was added stand for the same thing."""
    gone = _by_value({n: e for n, e in old.items() if n not in new}, field)
    come = _by_value({n: e for n, e in new.items() if n not in old}, field)
    return {
        gone[value][0]: come[value][0]
        for value in gone.keys() & come.keys()
        if len(gone[value]) == len(come[value]) == 1
    }


def _by_value(entries: Mapping[str, _Entry], field: str) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for name, entry in in_order(entries):
        names.setdefault(getattr(entry, field), []).append(name)
    return names


def _both(old: Mapping[str, _Entry], new: Mapping[str, _Entry]) -> list[str]:
    """Every name once: the new ones in order, then the removed ones."""
    return [n for n, _ in in_order(new)] + [n for n, _ in in_order(old) if n not in new]


def _data(entry: object) -> dict[str, Any]:
    """The entry's fields without the entries below it, which are compared on their own."""
    kind: type = type(entry)
    return {each.name: getattr(entry, each.name) for each in plain_fields(kind)}
