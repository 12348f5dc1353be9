"""The loaders that a process keeps: one for each map and place, up to a limit."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from typing import TypeAlias

from trackadmin.runtime.loader import Loader
from trackadmin.runtime.place import Place

Key: TypeAlias = tuple[str, Place]

#: How many loaders with a snapshot are kept. Then the least recently used one is dropped. When its
#: tenant comes back, the map is loaded again, as in a new process.
MAX_LOADED = 1000
#: How many loaders without a snapshot are kept, so that they wait before they ask again. Visitors
#: may make up slugs, so these loaders never replace one that has a snapshot.
MAX_EMPTY = 100


class Loaders:
    """Loaders by map and place, the most recently used last. Safe for several threads."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[Key, Loader] = OrderedDict()
        self._empty: OrderedDict[Key, Loader] = OrderedDict()

    def __len__(self) -> int:
        return len(self._loaded) + len(self._empty)

    def __contains__(self, key: object) -> bool:
        return key in self._loaded or key in self._empty

    def get(self, key: Key) -> Loader | None:
        """The loader, if it is kept. It becomes the most recently used one."""
        loader = self._loaded.get(key)
        if loader is None:
            return self._empty.get(key)
        try:  # noqa: SIM105 suppress() would slow down each call on a site with tenants
            self._loaded.move_to_end(key)
        except KeyError:  # another thread dropped it
            pass
        return loader

    def make(self, key: Key) -> Loader:
        """A new loader, the same one for all threads that ask now."""
        loader = self._empty.setdefault(key, Loader(*key))
        _shorten(self._empty, MAX_EMPTY)
        return loader

    def keep(self, key: Key, loader: Loader) -> None:
        """Keep a loader that has a snapshot."""
        if loader.snapshot is None or key in self._loaded:
            return
        self._loaded[key] = loader
        self._empty.pop(key, None)
        _shorten(self._loaded, MAX_LOADED)

    def forget(self, key: Key) -> None:
        """Drop a loader."""
        self._loaded.pop(key, None)
        self._empty.pop(key, None)

    def items(self) -> tuple[tuple[Key, Loader], ...]:
        """All loaders that are kept now."""
        return (*tuple(self._loaded.items()), *tuple(self._empty.items()))

    def clear(self) -> None:
        """Drop all."""
        self._loaded.clear()
        self._empty.clear()


def _shorten(loaders: OrderedDict[Key, Loader], most: int) -> None:
    while len(loaders) > most:
        with suppress(KeyError):  # another thread was faster
            loaders.popitem(last=False)
