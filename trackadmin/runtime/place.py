"""Which tenant's tables the caller reads now: the key of everything that a process keeps."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, NoReturn

from django.apps import apps
from django.core.signals import setting_changed
from django.db import DEFAULT_DB_ALIAS, connections, router
from django.db.models import Model

from trackadmin.conf import conf
from trackadmin.exceptions import TenantError
from trackadmin.runtime.state import at_reset


class Place(NamedTuple):
    """Where a map's tables are found. Two tenants never have the same place."""

    #: The alias of the database that the router names.
    database: str = DEFAULT_DB_ALIAS
    #: The schema that the connection says it uses, as with django-tenants, else ``None``.
    schema: Hashable = None
    #: What the setting ``TENANT`` gives, else ``None``.
    tenant: Hashable = None

    def named(self, slug: str) -> str:
        """A map's slug, and behind it the place where there is more than one; for the log."""
        rest = ", ".join(
            f"{name} {value}"
            for name, value in zip(self._fields, self, strict=True)
            if value is not None
        )
        return slug if self == ONLY else f"{slug} ({rest})"

    @property
    def fingerprint(self) -> str:
        """The place as a short text that is the same in each process; empty for :data:`ONLY`."""
        return "" if self == ONLY else sha256(repr(tuple(self)).encode()).hexdigest()[:32]


#: The place of a site that has one database, one schema and no tenants.
ONLY = Place()

#: Whether the site may have more than one place, and what asks for the tenant, if anything does;
#: empty until that was looked at, as it takes time.
_site: list[tuple[bool, Callable[[], Any] | None]] = []


def place() -> Place:
    """The place that the caller reads from now.

    Raises :class:`TenantError` where ``TENANT`` gives no key, and what the site's router raises.
    """
    return _at(router.db_for_read(_table())) if many() else ONLY


def home() -> Place:
    """The place that the caller writes to now: the same in a process that reads from a replica.

    What several processes share is kept under it. Where the site's router refuses to name a
    database for writing, it is the one that is read from.
    """
    if not many():
        return ONLY
    try:
        database = router.db_for_write(_table())
    except Exception:  # noqa: BLE001 the host's routers may raise anything
        database = router.db_for_read(_table())
    return _at(database)


def many() -> bool:
    """Whether the site may have more than one place.

    Otherwise each call of the runtime would pay for what most sites do not have.
    """
    return (_site or _look())[0][0]


def look_again() -> None:
    """See whether a connection got a schema since: some sites set the attribute in a middleware."""
    if not many() and schema_of(DEFAULT_DB_ALIAS) is not None:
        _look()


def _look() -> list[tuple[bool, Callable[[], Any] | None]]:
    try:
        ask = conf.TENANT
    except Exception:  # noqa: BLE001 a path that cannot be imported; a check says so
        ask = _no_tenant
    is_one = ask is None and not router.routers and schema_of(DEFAULT_DB_ALIAS) is None
    # Another thread's connection may have had a schema.
    _site[:] = [(not is_one or (bool(_site) and _site[0][0]), ask)]
    return _site


def schema_of(database: str) -> Hashable:
    """The schema that this thread's connection says it uses; ``None`` where it says nothing.

    ``schema_name`` is what django-tenants and django-tenant-schemas set, ``schema`` is
    django-pgschemas' description, which has a ``schema_name``.
    """
    connection = connections[database]
    said = getattr(connection, "schema_name", None) or getattr(connection, "schema", None)
    schema: Hashable = getattr(said, "schema_name", said)
    return schema


def _at(database: str) -> Place:
    _, ask = (_site or _look())[0]
    return Place(database, schema_of(database), None if ask is None else _tenant(ask))


def _no_tenant() -> NoReturn:
    raise LookupError("TRACKADMIN['TENANT'] cannot be imported.")


def _tenant(ask: Callable[[], Any]) -> Hashable:
    try:
        tenant: Hashable = ask()
        hash(tenant)
    except Exception as error:
        raise TenantError from error
    return tenant


@lru_cache(maxsize=1)
def _table() -> type[Model]:
    return apps.get_model("trackadmin", "MapVersion")


def _settings_changed(*, setting: str, **kwargs: object) -> None:
    if setting in ("TRACKADMIN", "DATABASES", "DATABASE_ROUTERS"):
        _site.clear()


at_reset(_site.clear)
setting_changed.connect(_settings_changed, dispatch_uid="trackadmin.place")
