"""Which words a published text has: enough to say since when a name exists, and quick to read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, TypeAlias

from trackadmin.document.structure import DROPPED, TRACKED

#: What kind of word it is, and the word itself.
Word: TypeAlias = tuple[str, ...]


def entry_word(label: str, name: str) -> Word:
    """An attribute, count or sum of a model."""
    return "entry", label, name


def prefix_word(prefix: str) -> Word:
    """A prefix of a tracked model or of a child, today's or a former one."""
    return "prefix", prefix


def action_word(name: str) -> Word:
    """An action."""
    return "action", name


def parameter_word(action: str, name: str) -> Word:
    """A parameter of an action."""
    return "parameter", action, name


def vocabulary(text: str) -> frozenset[Word]:
    """The words of what goes out by a canonical text of any format; none if it is not readable."""
    try:
        return frozenset(_vocabulary_words(json.loads(text)))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return frozenset()


def _vocabulary_words(data: Any) -> Iterator[Word]:
    for prefix, model in data["models"].items():
        yield from _of_model(prefix, model)
    for name, action in data.get("actions", {}).items():
        yield action_word(name)
        for parameter, entry in action["parameters"].items():
            if entry["privacy"] != DROPPED:
                yield parameter_word(name, parameter)


def _of_model(prefix: str, model: Any) -> Iterator[Word]:
    yield prefix_word(prefix)
    for each in (model, *model["children"].values()):
        yield from map(prefix_word, filter(None, (each.get("prefix"), each.get("former_prefix"))))
    for kind in ("attributes", "aggregates"):
        for name, entry in model.get(kind, {}).items():
            if entry["decision"] == TRACKED and entry["privacy"] != DROPPED:
                yield entry_word(model["model"], name)
