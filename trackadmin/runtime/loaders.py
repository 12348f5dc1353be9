"""The loaders that a process keeps: for each map and place one, and no more than are in use."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from typing import TypeAlias

from trackadmin.runtime.loader import Loader
from trackadmin.runtime.place import Place

Key: TypeAlias = tuple[str, Place]

#: How many loaders keep their snapshot. Of more, the ones used longest ago are forgotten; when such
#: a tenant comes back, its map is loaded again, as in a new process.
MAX_LOADED = 1000
#: How many loaders without a snapshot are kept, so that they do not ask again before their time. A
#: visitor may make up slugs, so these never take the place of one that has a snapshot.
MAX_EMPTY = 100


class Loaders:
    """Loaders by map and place, the most recently used last. Safe to use from several threads."""

    def __init__(self) -> None:
        self._loaded: OrderedDict[Key, Loader] = OrderedDict()
        self._empty: OrderedDict[Key, Loader] = OrderedDict()

    def __len__(self) -> int:
        return len(self._loaded) + len(self._empty)

    def __contains__(self, key: object) -> bool:
        return key in self._loaded or key in self._empty

    def get(self, key: Key) -> Loader | None:
        """The loader that is kept, which is kept longer than those that were not used meanwhile."""
        loader = self._loaded.get(key)
        if loader is None:
            return self._empty.get(key)
        try:  # noqa: SIM105 what suppress() takes, each call of a site with tenants would pay
            self._loaded.move_to_end(key)
        except KeyError:  # another thread took it out
            pass
        return loader

    def make(self, key: Key) -> Loader:
        """A new loader, which all threads get that ask now."""
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
        """All that are kept now."""
        return (*tuple(self._loaded.items()), *tuple(self._empty.items()))

    def clear(self) -> None:
        """Drop all."""
        self._loaded.clear()
        self._empty.clear()


def _shorten(loaders: OrderedDict[Key, Loader], most: int) -> None:
    while len(loaders) > most:
        with suppress(KeyError):  # another thread was faster
            loaders.popitem(last=False)
