"""A map's events as JSON Schema, draft 2020-12."""

from __future__ import annotations

import json
from typing import Any

from trackadmin.document.structure import ACTION_PARAMETER
from trackadmin.editing.event_types import ActionType, EventTypes, ModelType, TypedName
from trackadmin.editing.value_types import JsonType, ValueType

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_SCALARS = [each.value for each in (JsonType.STRING, JsonType.NUMBER, JsonType.BOOLEAN)]
#: An event of any action, as sinks get it.
_EVENT: dict[str, Any] = {
    "id": {"type": "string", "description": "Equal ids are one event."},
    "time": {"type": "string", "description": "When it arrived: ISO 8601, in UTC."},
    "map": {"type": "string"},
    "version": {"type": "integer"},
    "action": {"type": [*_SCALARS, "null"]},
    "values": {"type": "object", "additionalProperties": {"type": [*_SCALARS, "null"]}},
    "references": {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "outcome": {"type": "string"}},
            "required": ["name", "outcome"],
        },
    },
    "wrong": {
        "type": "array",
        "description": "What is wrong with the event; empty if nothing is.",
        "items": {
            "type": "object",
            "properties": {"code": {"type": "string"}, "name": {"type": "string"}},
            "required": ["code", "name"],
        },
    },
    "trust": {"enum": ["server", "signed", "open"]},
}


def json_schema(types: EventTypes) -> str:
    """The schema of an event of the map; under ``$defs`` those of models and actions."""
    schema = {
        "$schema": _DIALECT,
        "title": _schema_title(types),
        "$ref": "#/$defs/event",
        "allOf": [_if_action(each) for each in types.actions],
        "$defs": {
            "event": _any_event(types),
            **{f"event.{each.action}": _event_schema(each) for each in types.actions},
            **{f"values.{each.prefix}": _values_schema(each) for each in types.models},
        },
    }
    return json.dumps({n: v for n, v in schema.items() if v != []}, indent=2, ensure_ascii=False)


def _schema_title(types: EventTypes) -> str:
    return f"An event of the map {types.map}, {types.side}"


def _any_event(types: EventTypes) -> dict[str, Any]:
    known: dict[str, Any] = {"map": {"const": types.map}}
    if types.number is not None:
        known["version"] = {"const": types.number}
    return {"type": "object", "properties": _EVENT | known, "required": [*_EVENT]}


def _if_action(each: ActionType) -> dict[str, Any]:
    return {
        "if": {"properties": {"action": {"const": each.action}}, "required": ["action"]},
        "then": {"$ref": f"#/$defs/event.{each.action}"},
    }


def _event_schema(each: ActionType) -> dict[str, Any]:
    """Names have their types in every event; parameters have them in one with nothing wrong."""
    action = {"const": each.action}
    values = {ACTION_PARAMETER: action, **_properties(each.names)}
    required = [name.name for name in (*each.names, *each.parameters) if name.required]
    return _described(each.description, deprecated=each.deprecated) | {
        "$ref": "#/$defs/event",
        "properties": {
            "action": action,
            "values": {"properties": values, "required": [ACTION_PARAMETER]},
        },
        "if": {"properties": {"wrong": {"maxItems": 0}}},
        "then": {
            "properties": {
                "values": {"properties": _properties(each.parameters), "required": required}
            }
        },
    }


def _values_schema(model: ModelType) -> dict[str, Any]:
    return _described(model.description) | {
        "type": "object",
        "properties": _properties(model.names),
        "required": [each.name for each in model.names],
        "additionalProperties": False,
    }


def _properties(names: tuple[TypedName, ...]) -> dict[str, Any]:
    return {
        each.name: _described(each.description, deprecated=each.deprecated) | _of_type(each.type)
        for each in names
    }


def _of_type(its: ValueType) -> dict[str, Any]:
    kinds = _SCALARS if its.json is JsonType.ANY else [its.json.value]
    kinds = [*kinds, "null"] if its.nullable else kinds
    found: dict[str, Any] = {"type": kinds[0] if len(kinds) == 1 else kinds}
    if its.pattern:
        found["pattern"] = its.pattern
    if its.choices:
        found["enum"] = [*its.choices, None] if its.nullable else [*its.choices]
    return found


def _described(description: str, *, deprecated: bool = False) -> dict[str, Any]:
    said: dict[str, Any] = {"description": description} if description else {}
    return said | {"deprecated": True} if deprecated else said
