"""The differences between two documents in parts that can be taken one by one."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from trackadmin.document.changes import Change
from trackadmin.document.diff import diff
from trackadmin.document.structure import (
    ActionEntry,
    AggregateEntry,
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    lists_of,
    plain_fields,
)

#: The list of a tracked model that holds what a change is about.
LISTS = {"attribute": "attributes", "child": "children", "aggregate": "aggregates"}
MAP, MODEL, ACTION = "map", "model", "action"

_E = TypeVar("_E", ModelEntry, AttributeEntry, ChildEntry, AggregateEntry, ActionEntry)


@dataclass(slots=True)
class DiffPart:
    """Changes that belong together: of one attribute, one child, one action, …"""

    #: Says which part it is, such as ``attribute User.email``.
    key: str
    changes: list[Change] = field(default_factory=list)


def in_old_order(old: Document, new: Document) -> Document:
    """The new document with what both have in the order of the old one, and the rest behind it."""
    models = {
        prefix: replace(entry, **_lists_in_order(old.models[prefix], entry))
        if prefix in old.models
        else entry
        for prefix, entry in new.models.items()
    }
    return replace(
        new, models=_placed(old.models, models), actions=_placed(old.actions, new.actions)
    )


def _lists_in_order(old: ModelEntry, new: ModelEntry) -> dict[str, Any]:
    names = [name for name, _kind, _since in lists_of(ModelEntry)]
    return {name: _placed(getattr(old, name), getattr(new, name)) for name in names}


def _placed(old: Mapping[str, _E], new: Mapping[str, _E]) -> dict[str, _E]:
    places = {name: entry.position for name, entry in old.items()}
    # What got another name keeps its place.
    gone = {_what(entry): places[name] for name, entry in old.items() if name not in new}
    last = max(places.values(), default=-1)
    for name, entry in sorted(new.items(), key=lambda item: item[1].position):
        if name not in places:
            last += 1
            places[name] = gone.pop(_what(entry), last)
    return {name: replace(entry, position=places[name]) for name, entry in new.items()}


def _what(entry: Any) -> object:
    """The model or the source; otherwise nothing that another entry could have too."""
    return getattr(entry, "model", None) or getattr(entry, "source", None) or id(entry)


def parts(old: Document, new: Document) -> list[DiffPart]:
    """What turns the old document into the new one, in parts."""
    found: dict[str, DiffPart] = {}
    for change in diff(old, new).changes:
        key = _key_by_name(change, old, new)
        found.setdefault(key, DiffPart(key)).changes.append(change)
    return [*found.values()]


def _key_by_name(change: Change, old: Document, new: Document) -> str:
    prefix, _dot, name = change.where.partition(".")
    if change.subject in ("action", "parameter"):
        return f"{ACTION} {prefix}"
    if change.subject == MAP:
        return MAP
    whole = prefix not in old.models or prefix not in new.models
    return f"{MODEL} {prefix}" if whole or not name else f"{change.subject} {prefix}.{name}"


def with_parts(old: Document, new: Document, keys: Collection[str]) -> Document:
    """The old document with these parts of the new one."""
    models, actions = dict(old.models), dict(old.actions)
    result = old
    for part in parts(old, new):
        kind, _space, place = part.key.partition(" ")
        if part.key not in keys:
            continue
        if kind == MAP:
            plain = {each.name: getattr(new, each.name) for each in plain_fields(Document)}
            result = replace(result, **plain)
        elif kind == MODEL:
            _take_model(models, new.models, place, part)
        elif kind == ACTION:
            _take_entry(actions, new.actions, place)
        else:
            prefix, _dot, name = place.partition(".")
            taken: dict[str, Any] = dict(getattr(models[prefix], LISTS[kind]))
            _take_entry(taken, getattr(new.models[prefix], LISTS[kind]), name)
            for old_name in _old_names(part):
                taken.pop(old_name, None)
            changed: dict[str, Any] = {LISTS[kind]: taken}
            models[prefix] = replace(models[prefix], **changed)
    return replace(result, models=models, actions=actions)


def _take_model(
    models: dict[str, ModelEntry], new: Mapping[str, ModelEntry], prefix: str, part: DiffPart
) -> None:
    """The whole model if only one side has it; else the fields of its own."""
    if prefix not in models or prefix not in new:
        _take_entry(models, new, prefix)
        for old_prefix in _old_names(part):
            models.pop(old_prefix, None)
        return
    plain = {each.name: getattr(new[prefix], each.name) for each in plain_fields(ModelEntry)}
    models[prefix] = replace(models[prefix], **plain)


def _take_entry(entries: dict[str, _E], new: Mapping[str, _E], name: str) -> None:
    if name in new:
        entries[name] = new[name]
    else:
        entries.pop(name, None)


def _old_names(part: DiffPart) -> list[str]:
    """What got another name."""
    renamed = [c for c in part.changes if c.kind == "changed" and c.field in ("prefix", "name")]
    # The prefix of a child is a value of it, and no name.
    return [str(each.old) for each in renamed if each.subject != "child"]
