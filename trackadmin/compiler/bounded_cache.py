"""A cache with a limit in bytes, for things whose number visitors can influence."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class BoundedCache(Generic[T]):
    """Keeps what was used recently, up to a weight.

    It has two halves. What is used is in the new half. When that is full, it becomes the old half,
    and the previous old half is dropped. So what a site's pages use is kept, however many other
    things a visitor makes up. Threads need no lock: at worst something is made twice.
    """

    def __init__(self, limit: int) -> None:
        """``limit`` is the weight of all that is kept, in bytes as far as the callers know."""
        self._half = limit // 2
        self._new: dict[Hashable, tuple[T, int]] = {}
        self._old: dict[Hashable, tuple[T, int]] = {}
        self._filled = 0

    def __len__(self) -> int:
        return len(self._new) + len(self._old)

    @property
    def weight(self) -> int:
        """The weight of all that is kept."""
        return sum(weight for half in (self._new, self._old) for _, weight in half.values())

    def get(self, key: Hashable) -> T | None:
        """What was put there, if it is still kept."""
        found = self._new.get(key)
        if found is None:
            found = self._old.pop(key, None)
            if found is None:
                return None
            self.put(key, *found)
        return found[0]

    def put(self, key: Hashable, value: T, weight: int) -> None:
        """Keep a value; one that is heavier than half of the limit is not kept."""
        if weight > self._half:
            return
        if self._filled + weight > self._half:
            self._old, self._new, self._filled = self._new, {}, 0
        self._new[key] = value, weight
        self._filled += weight
