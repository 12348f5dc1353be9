"""Profiles that are kept for a while in Django's cache, without any personal value."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from datetime import date, time, timedelta
from decimal import Decimal
from hashlib import sha256
from types import NoneType
from typing import Any
from uuid import UUID

from django.core.cache import cache
from django.core.exceptions import EmptyResultSet

from trackadmin.catalog import ModelFacts
from trackadmin.conf import conf
from trackadmin.document import ModelEntry
from trackadmin.editing.profiling import Permits, Profile, Rows, personal_names, profile

logger = logging.getLogger("trackadmin")

#: Raised when a profile gets other fields, so that one of an older release is not read.
_FORMAT = 1
#: Parameters of a query whose ``repr`` is all that they are.
_PLAIN = (NoneType, bool, int, float, str, bytes, Decimal, UUID, date, time, timedelta)


def kept_profile(
    facts: ModelFacts,
    rows: Rows,
    *,
    whose: Hashable | None,
    entry: ModelEntry | None = None,
    personal: bool = False,
    permits: Permits | None = None,
    fresh: bool = False,
) -> Profile:
    """What :func:`profile` gives, made anew only if none is kept or a ``fresh`` one is wanted.

    It is kept for exactly these rows and this person: ``whose`` says where the tables are and who
    asks; ``None`` if that is not known. A profile that holds personal values is never kept, nor is
    one of objects that were each asked about, since the answers may differ next time.
    """
    hidden = personal_names(facts, entry)
    keepable = whose is not None and permits is None and not (personal and hidden)
    key = _cache_key(facts, rows, whose, hidden) if keepable else None
    found = None if key is None or fresh else _from_cache(key)
    if found is None:
        found = profile(facts, rows, entry=entry, personal=personal, permits=permits)
        if key is not None and not found.error:
            _to_cache(key, found)
    return found


def _cache_key(
    facts: ModelFacts, rows: Rows, whose: Hashable, hidden: frozenset[str]
) -> str | None:
    """Names all that the profile depends on; ``None`` if that cannot be named."""
    try:
        sql, params = rows.query.get_compiler(rows.db).as_sql()
    except EmptyResultSet:
        sql, params = "", ()
    except Exception:  # noqa: BLE001 profiling tells what is wrong with the query
        return None
    if not all(isinstance(each, _PLAIN) for each in params):
        return None
    kinds = [(name, each.kind, each.computed) for name, each in facts.attributes.items()]
    sample = (conf.PROFILE_ROWS, conf.PROFILE_MILLISECONDS)
    parts = (_FORMAT, whose, facts.label, rows.db, sql, params, kinds, sorted(hidden), sample)
    return f"trackadmin.profile.{sha256(repr(parts).encode()).hexdigest()}"


def _from_cache(key: str) -> Profile | None:
    try:
        found: Any = cache.get(key)
    except Exception:
        logger.exception("The cache did not give a profile")
        return None
    return found if isinstance(found, Profile) else None


def _to_cache(key: str, found: Profile) -> None:
    if conf.PROFILE_KEPT_SECONDS <= 0:
        return
    try:
        cache.set(key, found, conf.PROFILE_KEPT_SECONDS)
    except Exception:
        logger.exception("The cache did not take a profile")
