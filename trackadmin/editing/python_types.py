"""A map's events as TypedDicts of Python."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trackadmin.document.structure import ACTION_PARAMETER
from trackadmin.editing.event_types import ActionType, EventTypes, TypedName
from trackadmin.editing.value_types import JsonType, ValueType

_PLAIN = {
    JsonType.STRING: "str",
    JsonType.INTEGER: "int",
    JsonType.NUMBER: "float",
    JsonType.BOOLEAN: "bool",
    JsonType.ANY: "str | int | float | bool",
}
_SHARED = '''\
from __future__ import annotations

from typing import Literal, NotRequired, TypedDict


class Reference(TypedDict):
    """What became of a parameter that names an object."""

    name: str
    outcome: str


class Wrong(TypedDict):
    """One thing that is wrong with an event."""

    code: str
    name: str


class TrackedEvent(TypedDict):
    """An event of any action. With something wrong, it may lack what its action must have."""

    id: str
    time: str
    map: str
    version: int
    references: list[Reference]
    wrong: list[Wrong]
    trust: Literal["server", "signed", "open"]
'''


def python_types(types: EventTypes) -> str:
    """A module with a TypedDict for the values of each model and the event of each action."""
    return "\n".join(_python_lines(types)) + "\n"


def _python_lines(types: EventTypes) -> Iterator[str]:
    yield f'"""{types.title}"""'
    yield ""
    yield from _SHARED.splitlines()
    for model in types.models:
        yield from _class(model.class_name, "TypedDict", model.description)
        yield from _members(model.names, always=True)
    for action in types.actions:
        yield from _python_event(action)


def _python_event(action: ActionType) -> Iterator[str]:
    """The values of the event, and the event."""
    yield from _class(f"{action.class_name}Values", "TypedDict", "")
    yield f'    {ACTION_PARAMETER}: Literal["{action.action}"]'
    yield from _members((*action.names, *action.parameters), always=False)
    deprecated = "Deprecated." if action.deprecated else ""
    yield from _class(
        action.class_name, "TrackedEvent", " ".join([action.description, deprecated]).strip()
    )
    yield f'    {ACTION_PARAMETER}: Literal["{action.action}"]'
    yield f"    values: {action.class_name}Values"


def _class(name: str, base: str, description: str) -> Iterator[str]:
    yield from ("", "", *_python_comment(description))
    yield f"class {name}({base}):"


def _members(names: Iterable[TypedName], *, always: bool) -> Iterator[str]:
    for each in names:
        deprecated = ["Deprecated."] if each.deprecated else []
        words = " ".join([*([each.description] if each.description else []), *deprecated])
        yield from (f"    {line}" for line in _python_comment(words))
        plain = _python_type(each.type)
        # The name of a map may be a keyword of Python, and must not be used as one.
        yield f"    {each.name}: {plain if always or each.required else f'NotRequired[{plain}]'}"


def _python_type(its: ValueType) -> str:
    plain = f"Literal[{', '.join(map(repr, its.choices))}]" if its.choices else _PLAIN[its.json]
    return f"{plain} | None" if its.nullable else plain


def _python_comment(description: str) -> Iterator[str]:
    if words := " ".join(description.split()):
        yield f"#: {words}"
