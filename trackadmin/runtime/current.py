"""The snapshots that this process serves, one loader for each map."""

from __future__ import annotations

from time import monotonic
from typing import Any

from django.core.signals import request_started, setting_changed

from trackadmin.catalog import catalog
from trackadmin.compiler import Snapshot, compile_map
from trackadmin.conf import conf
from trackadmin.document import Document
from trackadmin.exceptions import NotPublished, UnknownMap
from trackadmin.runtime import store, tokens
from trackadmin.runtime.faults import report
from trackadmin.runtime.loader import Loader, Pinned
from trackadmin.runtime.state import after_fork_in_child, at_reset
from trackadmin.runtime.store import Token
from trackadmin.signals import map_published

DEFAULT_MAP = "default"

_loaders: dict[str, Loader] = {}


def current_map(map: str = DEFAULT_MAP) -> Snapshot:
    """The snapshot of the map's live version, at most ``REFRESH_SECONDS`` old.

    Where there is none: raises :class:`NotPublished` or :class:`UnknownMap` where strict; else,
    and wherever the database cannot be asked, gives a snapshot that tracks nothing.
    """
    loader = _loaders.get(map)
    if loader is not None and monotonic() < loader.fresh_until:
        snapshot = loader.snapshot
        if snapshot is not None:
            return snapshot
    return _ask(map)


def fresh_map(map: str = DEFAULT_MAP) -> Snapshot | None:
    """The snapshot if it can be served without asking anybody, else ``None``."""
    loader = _loaders.get(map)
    if loader is not None and monotonic() < loader.fresh_until:
        return loader.snapshot
    return None


def is_ready(map: str = DEFAULT_MAP) -> bool:
    """Whether the map is loaded in this process, loading it if need be. Never raises.

    For health probes, and for a worker that does all its work in transactions: called outside of
    one, it also sees to it that a new version is loaded.
    """
    return _loader(map).serve() is not None


def pin(map: str, snapshot: Snapshot) -> Loader | None:
    """Serve this very snapshot from now on; gives what :func:`unpin` takes."""
    before = _loaders.get(map)
    _loaders[map] = Pinned(map, snapshot)
    return before


def unpin(map: str, before: Loader | None) -> None:
    """Serve again what was served before :func:`pin`."""
    if before is None:
        _loaders.pop(map, None)
    else:
        _loaders[map] = before


def _ask(slug: str) -> Snapshot:
    loader = _loader(slug)
    snapshot = loader.serve()
    if snapshot is not None:
        return snapshot
    if loader.unpublished:
        if conf.STRICT:
            raise _missing(slug)
        report("map.not_published", slug)
    return compile_map(Document(), catalog(), slug=slug)


def _loader(slug: str) -> Loader:
    return _loaders.get(slug) or _loaders.setdefault(slug, Loader(slug))


def _missing(slug: str) -> Exception:
    try:
        known = store.slugs()
    except Exception:  # noqa: BLE001 the less exact error will do
        return NotPublished(slug)
    return NotPublished(slug) if slug in known else UnknownMap(slug, known)


def _published(*, map: str, number: int, digest: str, **kwargs: Any) -> None:
    """Receiver of ``map_published``: the next call in this process asks at once."""
    tokens.announce(map, Token(number, digest))
    loader = _loaders.get(map)
    if loader is None:
        return
    loader.expire()
    # After a commit there is no transaction, except where a test case holds one open and runs
    # the callbacks inside it. Only a first load may read there.
    if store.in_transaction() and not isinstance(loader, Pinned):
        _loaders.pop(map, None)


def _request_started(**kwargs: Any) -> None:
    """Receiver of ``request_started``: catch up on what a transaction of the host put off.

    With ``ATOMIC_REQUESTS`` every view runs in one; here it has not begun.
    """
    for loader in tuple(_loaders.values()):
        if loader.overdue:
            loader.serve()


def _settings_changed(*, setting: str, **kwargs: Any) -> None:
    """Receiver of ``setting_changed``, which tests send: other settings compile another map."""
    if setting in ("TRACKADMIN", "INSTALLED_APPS", "AUTH_USER_MODEL", "SECRET_KEY", "DATABASES"):
        _forget(keep_pinned=True)


@at_reset
def _forget(*, keep_pinned: bool = False) -> None:
    for slug, loader in tuple(_loaders.items()):
        if not (keep_pinned and isinstance(loader, Pinned)):
            _loaders.pop(slug, None)


@after_fork_in_child
def _renew_locks() -> None:
    for loader in _loaders.values():
        loader.renew_lock()


map_published.connect(_published)
request_started.connect(_request_started)
setting_changed.connect(_settings_changed)
