"""Several objects in one flat dict: when they may share names, and who wins where they may not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

from trackadmin.compiler import Scalar

#: An object that was given, and the prefix that its names start with.
Given: TypeAlias = tuple[str, Any]


def join(
    values: dict[str, Scalar], part: dict[str, Scalar], new: Given, earlier: Iterable[Given]
) -> list[str]:
    """Add an object's values to those of earlier ones, of which the first given wins.

    Returns the names that another object gives with another value. The same object may come
    twice, on its own or as a child.
    """
    for prefix, obj in earlier:
        if prefix == new[0]:
            return [] if _same(obj, new[1]) else list(part)
    differing = [name for name in part if name in values and values[name] != part[name]]
    # A child that is missing gives only nulls: it is no object that could contradict another.
    if all(values[name] is None for name in differing):
        values.update(part)
        return []
    for name, value in part.items():
        values.setdefault(name, value)
    return differing if any(part[name] is not None for name in differing) else []


def _same(one: Any, other: Any) -> bool:
    try:
        return one is other or bool(one == other)
    except Exception:  # noqa: BLE001 a host's own __eq__ may raise anything
        return False
