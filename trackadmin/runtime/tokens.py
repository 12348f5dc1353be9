"""The newest version's token, from a shared cache where there is one, else from the table."""

from __future__ import annotations

from django.core.cache import BaseCache, caches

from trackadmin.conf import conf
from trackadmin.runtime import store
from trackadmin.runtime.faults import rearm, report
from trackadmin.runtime.store import Token

#: A token in the cache is believed for so long. It bounds how long a lost write can go unseen.
CACHE_SECONDS = 30


def newest_token(slug: str) -> Token | None:
    """Number and digest of the newest version; ``None`` if the map has none.

    Raises what the database raises; a cache that fails is reported and passed over.
    """
    if conf.TOKEN_CACHE is None:
        return store.newest_token(slug)
    answered, token = _read(slug)
    if token is None:
        token = store.newest_token(slug)
        # Nobody waits for a cache twice that did not answer.
        if answered and token is not None:
            _write(slug, token, only_if_absent=True)
    return token


def announce(slug: str, token: Token) -> None:
    """Put a new version's token into the shared cache, for the other processes. Never raises."""
    if conf.TOKEN_CACHE is None:
        return
    written = None
    # The table is asked again after each write: of two publishes at the same time, the older
    # one's token may have been written last, and would hide the newer one.
    while (token := _newer(token, _newest_in_table(slug))) != written:
        _write(slug, token, only_if_absent=False)
        written = token


def _newer(token: Token, other: Token | None) -> Token:
    return token if other is None or other.number <= token.number else other


def _newest_in_table(slug: str) -> Token | None:
    try:
        return store.newest_token(slug)
    except Exception as error:  # noqa: BLE001 the version is published, whatever comes now
        report("map.unavailable", slug, error)
        return None


def _read(slug: str) -> tuple[bool, Token | None]:
    """Whether the cache answered, and its token if it has one that makes sense."""
    try:
        value = _cache().get(_key(slug))
    except Exception as error:  # noqa: BLE001 a cache may raise anything, and the table knows too
        report("cache.failed", slug, error)
        return False, None
    rearm("cache.failed", slug)
    match value:
        case [int(number), str(digest)]:
            return True, Token(number, digest)
    return True, None


def _write(slug: str, token: Token, *, only_if_absent: bool) -> None:
    where = f"{slug} (write)"
    try:
        # A reader never overwrites what a publish wrote meanwhile.
        write = _cache().add if only_if_absent else _cache().set
        write(_key(slug), [*token], CACHE_SECONDS)
    except Exception as error:  # noqa: BLE001 as above
        report("cache.failed", where, error)
    else:
        rearm("cache.failed", where)


def _cache() -> BaseCache:
    return caches[conf.TOKEN_CACHE or "default"]


def _key(slug: str) -> str:
    return f"trackadmin:{slug}:token"
