"""From accepted events to deliveries: one for each remote sink and each batch of events."""

from __future__ import annotations

from django.db.models import QuerySet

from trackadmin.models import AcceptedEvent
from trackadmin.models.events import events_database
from trackadmin.outbox.database import locks_rows, writing
from trackadmin.outbox.new_deliveries import create_deliveries
from trackadmin.runtime.configured_sinks import configured_sinks

#: How many events are put into deliveries in one transaction.
MOST = 1000


def make_deliveries(up_to: int | None = None) -> int:
    """Put the oldest events that wait into deliveries; return how many there were.

    ``up_to`` leaves out events with greater numbers.

    It is done for all remote sinks of the settings, as each event is looked at once: a worker of
    one sink does it for the others too. Several workers may do this at once: each event gets into
    one delivery of each sink. Events are found by a mark and not by the last number that was seen,
    because numbers are given before transactions commit, and so do not come in order.
    """
    using, sinks = events_database(), configured_sinks().remote
    # Without a sink they go on waiting for one. Without an event nothing is locked.
    if not sinks or not _waiting(using, up_to).exists():
        return 0
    with writing(using):
        waiting = _waiting(using, up_to)
        if locks_rows(using):
            waiting = waiting.select_for_update(skip_locked=True)
        numbers = [*waiting.values_list("number", flat=True)[:MOST]]
        if numbers:
            AcceptedEvent.objects.using(using).filter(number__in=numbers).update(waiting=False)
        for sink in sinks:
            create_deliveries(using, sink.name, numbers, sink.batch_size)
    return len(numbers)


def _waiting(using: str, up_to: int | None) -> QuerySet[AcceptedEvent]:
    waiting = AcceptedEvent.objects.using(using).filter(waiting=True).order_by("number")
    return waiting if up_to is None else waiting.filter(number__lte=up_to)
