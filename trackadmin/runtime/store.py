"""The table of versions, read in a way that never aborts the host's transaction."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.apps import apps
from django.db import connections, router, transaction

from trackadmin.compiler.failures import drop_broken

if TYPE_CHECKING:
    from trackadmin.models import MapVersion
    from trackadmin.models.versions import VersionQuerySet


class Token(NamedTuple):
    """The number and digest of a version: enough to see whether it is new."""

    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class Published:
    """A version as it is in the table, unchecked."""

    number: int
    digest: str
    document: str

    @property
    def token(self) -> Token:
        """The version's number and digest."""
        return Token(self.number, self.digest)


def newest_token(slug: str, database: str = "") -> Token | None:
    """Number and digest of the newest version; ``None`` if the map has none. One query.

    Here and below, ``database`` is an alias. The default is the one that the router reads from.
    """
    with _versions(slug, database) as versions:
        row = versions.order_by("-number").values_list("number", "digest").first()
    return None if row is None else Token(*row)


def newest(slug: str, database: str = "") -> Published | None:
    """The newest version; ``None`` if the map has none. One query."""
    with _versions(slug, database) as versions:
        return _first(versions.order_by("-number"))


def version(slug: str, number: int, database: str = "") -> Published | None:
    """The version of this number; ``None`` if this database does not have it (yet)."""
    with _versions(slug, database) as versions:
        return _first(versions.filter(number=number))


def before(slug: str, number: int, database: str = "") -> Published | None:
    """The newest version that is older than this number."""
    with _versions(slug, database) as versions:
        return _first(versions.filter(number__lt=number).order_by("-number"))


def slugs() -> list[str]:
    """The slugs of all maps."""
    maps = apps.get_model("trackadmin", "TrackingMap")
    with _undisturbed(router.db_for_read(maps)) as alias:
        return list(maps._default_manager.db_manager(alias).values_list("slug", flat=True))


def in_event_loop() -> bool:
    """Whether this thread runs an event loop, where Django allows no query."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return not os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")


def in_transaction(database: str = "") -> bool:
    """Whether the host has a transaction open on the connection that versions are read from."""
    return _is_in_transaction(database or router.db_for_read(_model()))


def writer() -> str:
    """The alias of the database that versions are written to."""
    return router.db_for_write(_model())


def drop_broken_connection() -> None:
    """Drop the connection if it is dead, so that the next attempt makes a new one."""
    drop_broken(router.db_for_read(_model()))
    with suppress(Exception):  # the router may refuse to name the database
        drop_broken(writer())


def _model() -> type[MapVersion]:
    # Looked up when it is needed, as this module can be imported before the models.
    found: type[MapVersion] = apps.get_model("trackadmin", "MapVersion")
    return found


@contextmanager
def _versions(slug: str, database: str = "") -> Iterator[VersionQuerySet]:
    model = _model()
    with _undisturbed(database or router.db_for_read(model)) as alias:
        # Not using(): with it, the manager would first ask the router for the database to write to.
        yield model.objects.db_manager(alias).filter(map__slug=slug)


@contextmanager
def _undisturbed(alias: str) -> Iterator[str]:
    """A savepoint if the host has a transaction open, so that an error does not abort it."""
    with transaction.atomic(using=alias) if _is_in_transaction(alias) else nullcontext():
        yield alias


def _is_in_transaction(alias: str) -> bool:
    connection = connections[alias]
    by_hand = connection.connection is not None and not connection.autocommit
    return connection.in_atomic_block or by_hand


def _first(versions: VersionQuerySet) -> Published | None:
    row = versions.values_list("number", "digest", "document").first()
    return None if row is None else Published(*row)
