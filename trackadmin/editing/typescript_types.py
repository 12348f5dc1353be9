"""A map's events as types of TypeScript."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from trackadmin.document.structure import ACTION_PARAMETER
from trackadmin.editing.event_types import ActionType, EventTypes, TypedName
from trackadmin.editing.value_types import JsonType, ValueType

_PLAIN = {
    JsonType.STRING: "string",
    JsonType.INTEGER: "number",
    JsonType.NUMBER: "number",
    JsonType.BOOLEAN: "boolean",
    JsonType.ANY: "string | number | boolean",
}
_SHARED = """\
/** What a value of an event may be. */
export type Scalar = string | number | boolean | null;

/** An event, as sinks get it. With something wrong, it may lack what its action must have. */
export interface TrackedEvent<Values = Record<string, Scalar>> {
  id: string;
  /** When it arrived: ISO 8601, in UTC. */
  time: string;
  map: string;
  version: number;
  action: Scalar;
  values: Values;
  references: { name: string; outcome: string }[];
  wrong: { code: string; name: string }[];
  trust: "server" | "signed" | "open";
}
"""


def typescript_types(types: EventTypes) -> str:
    """A module with an interface for the values of each model and the event of each action."""
    return "\n".join(_typescript_lines(types)) + "\n"


def _typescript_lines(types: EventTypes) -> Iterator[str]:
    yield f"// {types.title}"
    yield ""
    yield from _SHARED.splitlines()
    for model in types.models:
        yield from ("", *_typescript_comment(model.description))
        yield f"export interface {model.class_name} {{"
        yield from _members(model.names, always=True)
        yield "}"
    for action in types.actions:
        yield from _typescript_event(action)


def _typescript_event(action: ActionType) -> Iterator[str]:
    name = json.dumps(action.action)
    yield from ("", *_typescript_comment(action.description, deprecated=action.deprecated))
    yield f"export interface {action.class_name} extends TrackedEvent<{{"
    yield f"  {ACTION_PARAMETER}: {name};"
    yield from _members((*action.names, *action.parameters), always=False)
    yield "}> {"
    yield f"  action: {name};"
    yield "}"


def _members(names: Iterable[TypedName], *, always: bool) -> Iterator[str]:
    for each in names:
        yield from (
            f"  {line}"
            for line in _typescript_comment(each.description, deprecated=each.deprecated)
        )
        mark = "" if always or each.required else "?"
        # A name of a map is a plain identifier, as those of TypeScript are.
        yield f"  {each.name}{mark}: {_typescript_type(each.type)};"


def _typescript_type(its: ValueType) -> str:
    plain = " | ".join(map(_literal, its.choices)) or _PLAIN[its.json]
    return f"{plain} | null" if its.nullable else plain


def _literal(choice: str) -> str:
    return json.dumps(choice)


def _typescript_comment(description: str, *, deprecated: bool = False) -> Iterator[str]:
    words = [" ".join(description.split()).replace("*/", "*\u2215")] if description else []
    if words or deprecated:
        yield f"/** {' '.join([*words, *(['@deprecated'] if deprecated else [])])} */"
