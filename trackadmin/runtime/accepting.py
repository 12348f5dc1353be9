"""Accepting an event: one insert, whatever the number of sinks that it is for."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.conf import settings
from django.db import Error, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model
from django.utils import timezone

from trackadmin.compiler.failures import drop_broken
from trackadmin.conf import conf
from trackadmin.runtime.event import Event
from trackadmin.runtime.state import at_reset

if TYPE_CHECKING:
    from trackadmin.models import AcceptedEvent

#: What an insert has, in this order. The number is the database's.
_COLUMNS = (
    "event_id",
    "received_at",
    "map",
    "version",
    "action",
    "trust",
    "body",
    "personal",
    "waiting",
)


def accept(event: Event, *, waiting: bool) -> bool:
    """Store the event; return whether it is new. An event whose id is stored is not stored again.

    It is stored with the connection of ``EVENTS_DATABASE``: in the host's open transaction if that
    uses the same connection. ``waiting`` says whether workers have to deliver it. Raises what the
    database raises. A connection that turns out to be dead, as after a restart of the server, is
    made anew once: Django does so between requests, and not every process has requests.
    """
    model: type[AcceptedEvent] = apps.get_model("trackadmin", "AcceptedEvent")
    connection = connection_of(model)
    try:
        return _insert(connection, model, event, waiting=waiting)
    except Error:
        was_open = connection.connection is not None
        drop_broken(connection.alias)
        if not was_open or connection.connection is not None:
            raise
    # The first insert may have come through, so a second one says nothing about the event.
    _insert(connection, model, event, waiting=waiting)
    return True


def connection_of(model: type[Model]) -> BaseDatabaseWrapper:
    """This thread's connection to the database that events, and counts of them, are written to.

    As ``models.events.events_database``, which cannot be imported before the models are loaded.
    """
    return connections[conf.EVENTS_DATABASE or router.db_for_write(model)]


def _insert(
    connection: BaseDatabaseWrapper, model: type[AcceptedEvent], event: Event, *, waiting: bool
) -> bool:
    statement, longest_map, longest_action = _statement(connection, model)
    number = UUID(event.id)
    values = (
        number if connection.features.has_native_uuid_field else number.hex,
        connection.ops.adapt_datetimefield_value(as_stored(datetime.fromisoformat(event.time))),
        event.map[:longest_map],
        event.version,
        # Anybody may have sent it.
        event.action[:longest_action] if isinstance(event.action, str) else "",
        event.trust,
        event.as_json(),
        json.dumps(event.personal),
        waiting,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount)


def _statement(
    connection: BaseDatabaseWrapper, model: type[AcceptedEvent]
) -> tuple[str, int | None, int | None]:
    """The insert, and how long a map and an action may be: kept, as they never change.

    Django's own ``bulk_create`` would open a transaction for it, which is two statements more, and
    its ``create`` takes longer than the database.
    """
    found = _statements.get(connection.vendor)
    if found is None:
        fields: dict[str, Any] = {name: model._meta.get_field(name) for name in _COLUMNS}
        quote = connection.ops.quote_name
        columns = ", ".join(quote(field.column) for field in fields.values())
        places = ", ".join("%s" for _ in fields)
        # Only names of our own table are put into the text.
        statement = (
            f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608
            f" ON CONFLICT ({quote('event_id')}) DO NOTHING"
        )
        lengths = fields["map"].max_length, fields["action"].max_length
        found = _statements[connection.vendor] = statement, *lengths
    return found


def as_stored(moment: datetime) -> datetime:
    """A time as columns of this site have it: aware, or naive in ``TIME_ZONE``."""
    if settings.USE_TZ:
        return moment
    return timezone.make_naive(moment, timezone.get_default_timezone())


_statements: dict[str, tuple[str, int | None, int | None]] = {}
at_reset(_statements.clear)
