"""From accepted events to deliveries: one for each remote sink and each batch of events."""

from __future__ import annotations

from django.db import connections
from django.db.models import QuerySet

from trackadmin.models import AcceptedEvent
from trackadmin.models.events import events_database
from trackadmin.outbox.database import locks_rows, writing
from trackadmin.outbox.new_deliveries import create_deliveries
from trackadmin.runtime.configured_sinks import configured_sinks

#: How many events are put into deliveries in one transaction.
MOST = 5000


def events_wait(up_to: int | None = None) -> bool:
    """Whether there are events to make deliveries of: nothing is locked for this."""
    # Without a sink they go on waiting for one.
    return bool(configured_sinks().remote) and _waiting(events_database(), up_to).exists()


def make_deliveries(up_to: int | None = None) -> int:
    """Put the oldest events that wait into deliveries; return how many there were.

    ``up_to`` leaves out events with greater numbers. There must be a remote sink.

    It is done for all remote sinks of the settings, as each event is looked at once: a worker of
    one sink does it for the others too. Several workers may do this at once: each event gets into
    one delivery of each sink. Events are found by a mark and not by the last number that was seen,
    because numbers are given before transactions commit, and so do not come in order.
    """
    using = events_database()
    with writing(using):
        take = _take_rows if locks_rows(using) else _take_first
        numbers = take(using, up_to)
        for sink in configured_sinks().remote:
            create_deliveries(using, sink.name, numbers, sink.batch_size)
    return len(numbers)


def _waiting(using: str, up_to: int | None) -> QuerySet[AcceptedEvent]:
    waiting = AcceptedEvent.objects.using(using).filter(waiting=True).order_by("number")
    return waiting if up_to is None else waiting.filter(number__lte=up_to)


def _take_first(using: str, up_to: int | None) -> list[int]:
    """Take the mark off the first events, where nobody else writes meanwhile."""
    numbers = [*_waiting(using, up_to).values_list("number", flat=True)[:MOST]]
    if numbers:
        # The names of all these numbers would take longer than the update.
        _waiting(using, numbers[-1]).order_by().update(waiting=False)
    return numbers


def _take_rows(using: str, up_to: int | None) -> list[int]:
    """Take the mark off the first events that nobody else has locked.

    In one statement, as events that are committed meanwhile must keep theirs.
    """
    connection = connections[using]
    table, number, waiting = map(
        connection.ops.quote_name, (AcceptedEvent._meta.db_table, "number", "waiting")
    )
    limit = "" if up_to is None else f" AND {number} <= %s"
    # Only names of our own table are put into the text.
    statement = (
        f"WITH taken AS MATERIALIZED (SELECT {number} FROM {table} WHERE {waiting}{limit}"  # noqa: S608
        f" ORDER BY {number} LIMIT {MOST} FOR UPDATE SKIP LOCKED)"
        f" UPDATE {table} AS event SET {waiting} = false FROM taken"
        f" WHERE event.{number} = taken.{number} RETURNING event.{number}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, () if up_to is None else (up_to,))
        return sorted(number for (number,) in cursor.fetchall())
