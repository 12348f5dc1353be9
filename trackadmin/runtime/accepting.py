"""Accepting an event: one insert, whatever the number of sinks that it is for."""

from __future__ import annotations

import json
from datetime import datetime
from itertools import repeat
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.apps import apps
from django.db import Error, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

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
    connection = connections[conf.EVENTS_DATABASE or router.db_for_write(model)]
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


def _insert(
    connection: BaseDatabaseWrapper, model: type[AcceptedEvent], event: Event, *, waiting: bool
) -> bool:
    statement, fields = _statement(connection, model)
    values = (
        UUID(event.id),
        datetime.fromisoformat(event.time),
        event.map,
        event.version,
        event.action if isinstance(event.action, str) else "",
        event.trust,
        event.as_json(),
        json.dumps(event.personal),
        waiting,
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*map(_prepared, fields, values, repeat(connection))])
        return bool(cursor.rowcount)


def _statement(
    connection: BaseDatabaseWrapper, model: type[AcceptedEvent]
) -> tuple[str, list[Any]]:
    """The insert, and the fields that it has: kept, as it never changes.

    Django's own ``bulk_create`` would open a transaction for it, which is two statements more.
    """
    found = _statements.get(connection.vendor)
    if found is None:
        fields: list[Any] = [model._meta.get_field(name) for name in _COLUMNS]
        quote = connection.ops.quote_name
        columns = ", ".join(quote(field.column) for field in fields)
        places = ", ".join("%s" for _ in fields)
        # Only names of our own table are put into the text.
        statement = (
            f"INSERT INTO {quote(model._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608
            f" ON CONFLICT ({quote('event_id')}) DO NOTHING"
        )
        found = _statements[connection.vendor] = statement, fields
    return found


_statements: dict[str, tuple[str, list[Any]]] = {}
at_reset(_statements.clear)


def _prepared(field: Any, value: Any, connection: BaseDatabaseWrapper) -> Any:
    """The value as the database takes it; a text that anybody may have sent fits its column."""
    if isinstance(value, str):
        return value[: field.max_length]
    return field.get_db_prep_save(value, connection)
