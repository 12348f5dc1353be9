"""The place: which tenant's tables the caller reads. It is a key of everything a process keeps."""

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
    """Where a map's tables are. Two tenants never have the same place."""

    #: The alias of the database that the router names.
    database: str = DEFAULT_DB_ALIAS
    #: The schema that the connection says it uses, as with django-tenants; otherwise ``None``.
    schema: Hashable = None
    #: What the setting ``TENANT`` returns; otherwise ``None``.
    tenant: Hashable = None

    def named(self, slug: str) -> str:
        """A map's slug, followed by the place unless it is :data:`ONLY`; for the log."""
        rest = ", ".join(
            f"{name} {value}"
            for name, value in zip(self._fields, self, strict=True)
            if value is not None
        )
        return slug if self == ONLY else f"{slug} ({rest})"

    @property
    def fingerprint(self) -> str:
        """The place as a short text, the same in each process. Empty for :data:`ONLY`."""
        return "" if self == ONLY else sha256(repr(tuple(self)).encode()).hexdigest()[:32]


#: The place on a site with one database, one schema and no tenants.
ONLY = Place()

#: Whether the site may have more than one place, and the function that names the tenant, if there
#: is one. Empty until it is needed, because finding out takes time.
_site: list[tuple[bool, Callable[[], Any] | None]] = []


def place() -> Place:
    """The place that the caller reads from now.

    Raises :class:`TenantError` if ``TENANT`` does not return a key, and what the site's router
    raises.
    """
    return _at(router.db_for_read(_table())) if many() else ONLY


def home() -> Place:
    """The place that the caller writes to now. It does not depend on which replica is read.

    It is the key of what several processes share. If the site's router refuses to name a database
    for writing, it is the place that is read from.
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

    Most sites have only one, so they need not ask for it at each call.
    """
    return (_site or _look())[0][0]


def look_again() -> None:
    """Check whether the connection has a schema by now: some sites set it in a middleware."""
    if not many() and schema_of(DEFAULT_DB_ALIAS) is not None:
        _look()


def _look() -> list[tuple[bool, Callable[[], Any] | None]]:
    try:
        ask = conf.TENANT
    except Exception:  # noqa: BLE001 it cannot be imported; a check reports that
        ask = _no_tenant
    is_one = ask is None and not router.routers and schema_of(DEFAULT_DB_ALIAS) is None
    # Once there were several places there still are: another thread's connection has a schema.
    _site[:] = [(not is_one or (bool(_site) and _site[0][0]), ask)]
    return _site


def schema_of(database: str) -> Hashable:
    """The schema that this thread's connection says it uses; ``None`` if it does not say.

    django-tenants and django-tenant-schemas set ``schema_name``. django-pgschemas sets ``schema``
    to an object with a ``schema_name``.
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
