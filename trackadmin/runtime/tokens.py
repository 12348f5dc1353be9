"""The newest version's token, from the shared cache if there is one, otherwise from the table."""

from __future__ import annotations

from django.core.cache import BaseCache, caches

from trackadmin.codes import FaultCode
from trackadmin.conf import conf
from trackadmin.runtime import store
from trackadmin.runtime.faults import rearm, report
from trackadmin.runtime.place import home
from trackadmin.runtime.store import Token

#: How long, in seconds, a token stays in the cache. Each process also asks the table at least this
#: often, so a write to the cache that was lost goes unnoticed for no longer.
CACHE_SECONDS = 30


def newest_token(slug: str, *, ask_table: bool = False) -> Token | None:
    """Number and digest of the newest version; ``None`` if the map has none.

    ``ask_table`` asks the table and not the cache, and corrects the cache if it differs. Raises
    what the database raises. A cache that fails is reported, and the table is asked.
    """
    if conf.TOKEN_CACHE is None:
        return store.newest_token(slug)
    answered, cached = _read(slug)
    if cached is not None and not ask_table:
        return cached
    token = store.newest_token(slug)
    # Do not wait again for a cache that did not answer.
    if answered and token not in (None, cached):
        if cached is None:
            _write(slug, token, only_if_absent=True)
        else:
            announce(slug, token)
    return token


def announce(slug: str, token: Token) -> None:
    """Put a new version's token into the shared cache for other processes. Never raises."""
    if conf.TOKEN_CACHE is None:
        return
    written = None
    # Ask the table again after each write. If two versions are published at the same time, the
    # token of the older one may be written last, and would hide the newer one.
    while (token := _newest_written(slug) or token) != written:
        _write(slug, token, only_if_absent=False)
        written = token


def repair(slug: str, token: Token | None) -> None:
    """Correct the shared cache by the database that versions are written to."""
    if conf.TOKEN_CACHE is None:
        return
    answered, cached = _read(slug)
    if answered and cached is not None and cached != token:
        if token is None:
            _forget(slug)
        else:
            announce(slug, token)


def _newest_written(slug: str) -> Token | None:
    try:
        return store.newest_token(slug, store.writer())
    except Exception as error:  # noqa: BLE001 the version is published in any case
        report(FaultCode.MAP_UNAVAILABLE, home().named(slug), error)
        return None


def _read(slug: str) -> tuple[bool, Token | None]:
    """Whether the cache answered, and its token if it has a valid one."""
    where = home().named(slug)
    try:
        value = _cache().get(_key(slug))
    except Exception as error:  # noqa: BLE001 a cache may raise anything; the table is asked
        report(FaultCode.CACHE_FAILED, where, error)
        return False, None
    rearm(FaultCode.CACHE_FAILED, where)
    match value:
        case [int(number), str(digest)]:
            return True, Token(number, digest)
    return True, None


def _write(slug: str, token: Token, *, only_if_absent: bool) -> None:
    where = f"{home().named(slug)} (write)"
    try:
        # A reader never overwrites what a publish has written in the meantime.
        write = _cache().add if only_if_absent else _cache().set
        write(_key(slug), [*token], CACHE_SECONDS)
    except Exception as error:  # noqa: BLE001 as above
        report(FaultCode.CACHE_FAILED, where, error)
    else:
        rearm(FaultCode.CACHE_FAILED, where)


def _forget(slug: str) -> None:
    try:
        _cache().delete(_key(slug))
    except Exception as error:  # noqa: BLE001 as above
        report(FaultCode.CACHE_FAILED, f"{home().named(slug)} (write)", error)


def _cache() -> BaseCache:
    return caches[conf.TOKEN_CACHE or "default"]


def _key(slug: str) -> str:
    # The place that versions are written to, which is the same for a process that reads a replica.
    fingerprint = home().fingerprint
    return f"trackadmin:{slug}:{fingerprint}:token" if fingerprint else f"trackadmin:{slug}:token"
