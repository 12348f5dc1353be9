"""The map in the form that people write: a dict by prefix, as data and as Python source."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from trackadmin.document.structure import (
    ActionEntry,
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    in_order,
    plain_fields,
)

#: The widest line of written source, in characters.
_WIDTH = 99


def to_dict(document: Document, label: Callable[[str], str] | None = None) -> dict[str, Any]:
    """The map as a JSON-able dict in the form that ``from_dict`` reads, in order.

    It is a dict of the tracked models by prefix, unless the map says more.
    ``label`` turns a lower-case label into the one to show (``demo.BuyerProfile``).
    """
    models = {
        prefix: _model_data(entry, label(entry.model) if label else entry.model)
        for prefix, entry in in_order(document.models)
    }
    more = dict(_said(document))
    if document.actions:
        more["actions"] = {name: _action_data(a) for name, a in in_order(document.actions)}
    return {"models": models, **more} if more else models


def to_python(document: Document, label: Callable[[str], str] | None = None) -> str:
    """The same as the Python source of one dict literal, for people to read and edit."""
    return _source(to_dict(document, label), 0) + "\n"


def _model_data(entry: ModelEntry, label: str) -> dict[str, Any]:
    data: dict[str, Any] = {
        "model": label,
        "attributes": [_attribute(name, a) for name, a in in_order(entry.attributes)],
        "children": [_child_data(accessor, child) for accessor, child in in_order(entry.children)],
        "key": entry.key,
    }
    if entry.aggregates:
        data["aggregates"] = {name: dict(_said(a)) for name, a in in_order(entry.aggregates)}
    return data | {n: value for n, value in _said(entry) if n not in data}


def _action_data(action: ActionEntry) -> dict[str, Any]:
    data = dict(_said(action))
    if action.parameters:
        data["parameters"] = {name: dict(_said(p)) for name, p in in_order(action.parameters)}
    return data


def _attribute(name: str, attribute: AttributeEntry) -> str | dict[str, Any]:
    named = {"name": name} if name != attribute.source else {}
    fields = {"source": attribute.source, **named, **dict(_said(attribute))}
    return fields if len(fields) > 1 else attribute.source


def _child_data(accessor: str, child: ChildEntry) -> str | dict[str, Any]:
    fields = {"accessor": accessor, **dict(_said(child))}
    return fields if len(fields) > 1 else accessor


def _said(entry: object) -> Iterator[tuple[str, Any]]:
    """The fields that differ from their defaults. The position is implied by the order."""
    kind: type = type(entry)
    for each in plain_fields(kind):
        value = getattr(entry, each.name)
        if each.name != "position" and value != each.default:
            yield each.name, value


def _source(value: Any, depth: int) -> str:
    """Python source of JSON-able data: on one line where it fits, except for a tracked model."""
    flat = _flat(value)
    if not isinstance(value, (dict, list)) or not value:
        return flat
    if (isinstance(value, list) or depth > 1) and len(flat) + 4 * depth + 20 < _WIDTH:
        return flat
    inner, end = "    " * (depth + 1), "    " * depth
    if isinstance(value, list):
        lines = [f"{inner}{_source(item, depth + 1)},\n" for item in value]
        return "[\n" + "".join(lines) + end + "]"
    lines = [f"{inner}{_flat(key)}: {_source(item, depth + 1)},\n" for key, item in value.items()]
    return "{\n" + "".join(lines) + end + "}"


def _flat(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flat(k)}: {_flat(item)}" for k, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flat(item) for item in value) + "]"
    # A JSON text is a Python literal of the same value as long as nothing is written as \ud83d.
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)
