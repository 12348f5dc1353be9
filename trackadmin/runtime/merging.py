"""Several objects in one flat dict: when they may share names, and which of them wins if not."""

from __future__ import annotations

from typing import Any

from trackadmin.compiler import Scalar


def join(values: dict[str, Scalar], part: dict[str, Scalar]) -> list[str]:
    """Add an object's values to those of earlier objects. For each name the first value wins.

    Returns the names for which another object gave another value. The same object may occur
    twice, on its own or as a child.
    """
    if values.keys().isdisjoint(part):
        values.update(part)
        return []
    differing = [name for name in part if name in values and values[name] != part[name]]
    # A child that is missing gives only nulls, which do not contradict anything.
    if all(values[name] is None for name in differing):
        values.update(part)
        return []
    for name, value in part.items():
        values.setdefault(name, value)
    return differing if any(part[name] is not None for name in differing) else []


class Merge:
    """Merges the values of objects, each under a prefix."""

    def __init__(self) -> None:
        self.values: dict[str, Scalar] = {}
        self._given: dict[str, Any] = {}

    def add(self, prefix: str, obj: Any, part: dict[str, Scalar]) -> list[str]:
        """Add an object's values. Returns the names that it shares with another object."""
        first = self._given.setdefault(prefix, obj)
        if first is obj:
            return join(self.values, part)
        return [] if _same(first, obj) else list(part)


def _same(one: Any, other: Any) -> bool:
    try:
        return bool(one == other)
    except Exception:  # noqa: BLE001 a host's own __eq__ may raise anything
        return False
