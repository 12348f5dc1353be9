"""Which tenant's tables the caller reads now: the key of everything that a process keeps."""

from __future__ import annotations

from collections.abc import Hashable
from hashlib import sha256
from typing import NamedTuple

from django.apps import apps
from django.core.signals import setting_changed
from django.db import DEFAULT_DB_ALIAS, connections, router

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

#: Whether the site may have more than one place; empty until that was looked at.
_many: list[bool] = []


def place() -> Place:
    """The place that the caller reads from now.

    Raises :class:`TenantError` where ``TENANT`` gives no key, and what the site's router raises.
    """
    return _at(router.db_for_read(apps.get_model("trackadmin", "MapVersion"))) if many() else ONLY


def home() -> Place:
    """The place that the caller writes to now: the same in a process that reads from a replica.

    What several processes share is kept under it.
    """
    return _at(router.db_for_write(apps.get_model("trackadmin", "MapVersion"))) if many() else ONLY


def many() -> bool:
    """Whether the site may have more than one place; looked at once, as it costs time.

    Otherwise each call of the runtime would pay for what most sites do not have.
    """
    if not _many:
        _many[:] = [_may_be_many()]
    return _many[0]


def look_again() -> None:
    """See whether a connection got a schema since: some sites set the attribute in a middleware."""
    if _many == [False] and has_schema():
        _many[:] = [True]


def has_schema() -> bool:
    """Whether the default connection says which schema it uses."""
    return schema_of(DEFAULT_DB_ALIAS) is not None


def schema_of(database: str) -> Hashable:
    """The schema that this thread's connection says it uses; ``None`` where it says nothing.

    ``schema_name`` is what django-tenants and django-tenant-schemas set, ``schema`` is
    django-pgschemas' description, which has a ``schema_name``.
    """
    connection = connections[database]
    said = getattr(connection, "schema_name", None) or getattr(connection, "schema", None)
    schema: Hashable = getattr(said, "schema_name", said)
    return schema


def _may_be_many() -> bool:
    return bool(conf.TENANT is not None or router.routers or has_schema())


def _at(database: str) -> Place:
    return Place(database, schema_of(database), _tenant())


def _tenant() -> Hashable:
    ask = conf.TENANT
    if ask is None:
        return None
    try:
        tenant: Hashable = ask()
        hash(tenant)
    except Exception as error:
        raise TenantError from error
    return tenant


def _settings_changed(*, setting: str, **kwargs: object) -> None:
    if setting in ("TRACKADMIN", "DATABASES", "DATABASE_ROUTERS"):
        _many.clear()


at_reset(_many.clear)
setting_changed.connect(_settings_changed, dispatch_uid="trackadmin.place")
