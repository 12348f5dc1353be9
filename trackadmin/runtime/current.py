"""The snapshots that this process serves: one for each map and tenant."""

from __future__ import annotations

from time import monotonic
from typing import Any

from django.core.signals import request_finished, request_started, setting_changed
from django.db.models.signals import post_migrate, post_save

from trackadmin.catalog import catalog
from trackadmin.codes import FaultCode
from trackadmin.compiler import Snapshot, compile_map
from trackadmin.conf import conf
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.document import Document
from trackadmin.exceptions import NotPublished, UnknownMap
from trackadmin.runtime import slugs, store, tokens, uncommitted
from trackadmin.runtime.faults import UNKNOWN_MAP, report
from trackadmin.runtime.loader import Loader, Pinned, Private, Unknown
from trackadmin.runtime.loaders import Key, Loaders
from trackadmin.runtime.place import Place, home, look_again, many, place, schema_of
from trackadmin.runtime.state import after_fork_in_child, at_reset
from trackadmin.signals import map_published, versions_inserted

#: The loaders that serve all callers, by slug: the fast path of :func:`current_map`. Empty if the
#: answer depends on the caller: on its tenant, or on a version that it has not committed.
_near: dict[str, Loader] = {}
_loaders = Loaders()
#: What :func:`pin` serves instead of the published maps.
_pinned: dict[str, Pinned] = {}
#: The loaders whose refresh was due when no SQL was allowed.
_overdue: set[Key] = set()


def current_map(map: str = DEFAULT_MAP) -> Snapshot:
    """The snapshot of the map's live version, at most ``REFRESH_SECONDS`` old.

    If there is none and strict is on, raises :class:`NotPublished` or :class:`UnknownMap`.
    Otherwise, and whenever the database cannot be asked, gives a snapshot that tracks nothing.
    """
    loader = _near.get(map)
    if loader is not None and monotonic() < loader.fresh_until:
        snapshot = loader.snapshot
        if snapshot is not None:
            return snapshot
    return _ask(map)


def fresh_map(map: str = DEFAULT_MAP) -> Snapshot | None:
    """The snapshot, if it can be served to every caller now without SQL; otherwise ``None``.

    For event loops. A connection's schema, and often a router's choice, belong to the thread in
    which queries run, so on a site with tenants the event loop does not know the tenant.
    """
    loader = _near.get(map)
    if loader is not None and monotonic() < loader.fresh_until:
        return loader.snapshot
    return None


def is_ready(map: str = DEFAULT_MAP) -> bool:
    """Whether the map is loaded in this process. Loads it if necessary. Never raises.

    For health probes, and for a worker that does all its work in transactions: when it is called
    outside of one, it also loads a new version.
    """
    loader = _loader(map)
    return loader is not None and _serve(loader) is not None


def pin(map: str, snapshot: Snapshot) -> Pinned | None:
    """Serve this snapshot to every tenant from now on. Returns the argument for :func:`unpin`."""
    before = _pinned.get(map)
    _pinned[map] = _near[map] = Pinned(map, snapshot)
    return before


def unpin(map: str, before: Pinned | None) -> None:
    """Serve what was served before :func:`pin`."""
    _near.pop(map, None)
    if before is None:
        _pinned.pop(map, None)
    else:
        _pinned[map] = before


def _ask(slug: str) -> Snapshot:
    loader = _loader(slug)
    if loader is not None:
        # With many places every call comes here, so a fresh snapshot is served at once.
        is_fresh = many() and monotonic() < loader.fresh_until
        snapshot = loader.snapshot if is_fresh else _serve(loader)
        if snapshot is not None:
            return snapshot
        if loader.unpublished:
            _unpublished(loader)
    return compile_map(Document(), catalog(), slug=slug)


def _loader(slug: str) -> Loader | None:
    """The loader for this caller; ``None``, and a report, if its place is unknown."""
    pinned = _pinned.get(slug)
    if pinned is not None:
        _near[slug] = pinned
        return pinned
    try:
        look_again()
        here = place()
        private = _private(slug, here) if uncommitted.any_valid() else None
    except Exception as error:  # noqa: BLE001 the host's routers may raise anything
        report(FaultCode.TENANT_UNKNOWN, "the tracking maps", error)
        return None
    if private is not None:
        return private
    if here.schema is not None and store.in_event_loop():
        report(FaultCode.TENANT_UNKNOWN, "the tracking maps (called in an event loop)")
        return None
    key = slug, here
    loader = _loaders.get(key)
    if loader is not None:
        return loader
    return Unknown(slug, here) if slugs.is_unknown(slug, here) else _loaders.make(key)


def _private(slug: str, here: Place) -> Loader | None:
    """The loader of a transaction that has written versions, if the caller is in one."""
    for alias in dict.fromkeys((home().database, here.database)):
        note = uncommitted.newest_note(alias)
        if note is not None:
            return note.loaders.setdefault((slug, here), Private(slug, here, alias))
    return None


def _serve(loader: Loader) -> Snapshot | None:
    snapshot = loader.serve()
    if snapshot is None or isinstance(loader, Pinned | Private):
        return snapshot
    key = loader.slug, loader.place
    _loaders.keep(key, loader)
    if loader.overdue:
        _overdue.add(key)
    if not many():
        _near[loader.slug] = loader
        # In this order, as a transaction that is writing a version does it the other way round.
        if uncommitted.any_valid():
            _near.clear()
    return snapshot


def _unpublished(loader: Loader) -> None:
    """Report that a map has no version; raise if strict."""
    slug = loader.slug
    known = slugs.known_slugs(loader.place)
    if known is None or slug in known:
        if conf.STRICT:
            raise NotPublished(slug)
        report(FaultCode.MAP_NOT_PUBLISHED, loader.where)
        return
    # A URL may contain any slug, so it is not kept, and all of them share one place in the log.
    _loaders.forget((slug, loader.place))
    if conf.STRICT:
        raise UnknownMap(slug, known)
    report(FaultCode.MAP_NOT_PUBLISHED, UNKNOWN_MAP)


def _written(*, using: str, **kwargs: Any) -> None:
    """Receiver of ``versions_inserted`` and of ``post_save`` of a version.

    The version may be written by a publish, a fixture or a test.
    """
    if uncommitted.make_note(using, _committed):
        _near.clear()
        slugs.forget()


def _committed() -> None:
    """A version was committed in this process, so each loader asks when it is used next.

    It does not ask now, because it must ask as its own tenant, and this may be another tenant's
    transaction.
    """
    _near.clear()
    slugs.forget()
    for _, loader in _loaders.items():
        loader.expire()


def _published(*, map: str, number: int, digest: str, **kwargs: Any) -> None:
    """Receiver of ``map_published``: the next call in this process asks for the new version."""
    _committed()
    try:
        # A test case runs the callbacks for the commit inside its transaction.
        if uncommitted.newest_note(home().database) is None:
            tokens.announce(map, store.Token(number, digest))
    except Exception as error:  # noqa: BLE001 for example, there is no current tenant any more
        report(FaultCode.TENANT_UNKNOWN, "the tracking maps", error)


def _migrated(*, sender: Any, using: str, **kwargs: Any) -> None:
    """Receiver of ``post_migrate``, also sent by ``flush``: loaded versions may be gone."""
    if getattr(sender, "name", "") != "trackadmin":
        return
    _near.clear()
    slugs.forget()
    schema = schema_of(using)
    for key, loader in _loaders.items():
        if loader.place.schema == schema:
            _loaders.forget(key)


def _catch_up(**kwargs: Any) -> None:
    """Refresh what could not be refreshed in a transaction of the host.

    Receiver of the start and the end of a request. With ``ATOMIC_REQUESTS`` every view runs in a
    transaction, which at these times has not begun, or is over. Only the maps of the current
    tenant are refreshed.
    """
    if not _overdue:
        return
    try:
        here = place()
    except Exception:  # noqa: BLE001 there is no current tenant, so nothing is overdue
        return
    for key in tuple(_overdue):
        loader = _loaders.get(key)
        if key[1] == here and loader is not None:
            loader.serve()
        if loader is None or not loader.overdue:
            _overdue.discard(key)


def _request_finished(**kwargs: Any) -> None:
    """Receiver of ``request_finished``: the next request may be another tenant's."""
    if many():
        _catch_up()


def _settings_changed(*, setting: str, **kwargs: Any) -> None:
    """Receiver of ``setting_changed``, sent by tests: a snapshot depends on the settings."""
    if setting in _SETTINGS:
        _forget_loaded()


_SETTINGS = frozenset(
    {
        "TRACKADMIN",
        "INSTALLED_APPS",
        "AUTH_USER_MODEL",
        "SECRET_KEY",
        "DATABASES",
        "DATABASE_ROUTERS",
    }
)


@at_reset
def _forget() -> None:
    _pinned.clear()
    _forget_loaded()


def _forget_loaded() -> None:
    """Forget everything except what is pinned."""
    _near.clear()
    _loaders.clear()
    _overdue.clear()
    slugs.forget()
    uncommitted.forget_loaded()


@after_fork_in_child
def _renew_locks() -> None:
    for _, loader in _loaders.items():
        loader.renew_lock()


post_save.connect(_written, sender="trackadmin.MapVersion", dispatch_uid="trackadmin.written")
versions_inserted.connect(_written, dispatch_uid="trackadmin.inserted")
post_migrate.connect(_migrated, dispatch_uid="trackadmin.migrated")
map_published.connect(_published, dispatch_uid="trackadmin.published")
request_started.connect(_catch_up, dispatch_uid="trackadmin.started")
request_finished.connect(_request_finished, dispatch_uid="trackadmin.finished")
setting_changed.connect(_settings_changed, dispatch_uid="trackadmin.current")
