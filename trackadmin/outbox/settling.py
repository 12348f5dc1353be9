"""Writing down what became of a delivery, once, whoever else may have taken it meanwhile."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from trackadmin.models import AcceptedEvent, DeadLetter, Delivery
from trackadmin.models.events import REASON_LENGTH
from trackadmin.outbox.database import events_database
from trackadmin.outbox.remote_sink import Taken
from trackadmin.runtime import Event
from trackadmin.runtime.configured_sinks import ConfiguredSink

#: Seconds until a delivery that failed is tried again. They double each time, up to the longest; a
#: random part keeps workers from coming all at once.
FIRST_WAIT, LONGEST_WAIT = 2.0, 3600.0


def events_of(delivery: Delivery) -> dict[int, Event]:
    """The events that are left in a delivery, by number."""
    rows = AcceptedEvent.objects.using(events_database()).filter(
        number__in=json.loads(delivery.left)
    )
    values = rows.order_by("number").values_list("number", "body", "personal")
    return {number: Event.from_json(body, json.loads(names)) for number, body, names in values}


def settle(
    delivery: Delivery, sink: ConfiguredSink, wanted: Mapping[int, Event], taken: Taken
) -> bool:
    """Write down what became of the events of a delivery that this worker has.

    ``wanted`` are those that the sink was given; it refused the others by its settings. Returns
    False, and changes nothing, if another worker has taken the delivery meanwhile: it settles it.
    """
    numbers: list[int] = json.loads(delivery.left)
    later = [n for n, event in wanted.items() if event.id in taken.later]
    attempts = delivery.attempts + 1 if len(later) == len(wanted) and later else 0
    refused = {n: taken.refused[e.id] for n, e in wanted.items() if e.id in taken.refused}
    if attempts >= sink.attempts:
        refused |= dict.fromkeys(later, taken.reason)
        later, attempts = [], 0
    now = timezone.now()
    using = events_database()
    with transaction.atomic(using=using):
        mine = Delivery.objects.using(using).filter(pk=delivery.pk, worker=delivery.worker)
        changed = mine.update(
            left=json.dumps(later),
            first=min(later, default=delivery.first),
            delivered=F("delivered") + len(wanted) - len(later) - len(refused),
            refused=F("refused") + len(numbers) - len(wanted),
            attempts=attempts,
            due_at=_due_at(now, attempts, taken.after) if later else None,
            worker=None,
            taken_until=None,
            error=taken.reason[:REASON_LENGTH],
            changed_at=now,
        )
        if changed:
            _bury(using, delivery, refused.items())
    return bool(changed)


def _bury(using: str, delivery: Delivery, refused: Iterable[tuple[int, str]]) -> None:
    DeadLetter.objects.using(using).bulk_create(
        DeadLetter(
            delivery=delivery,
            sink=delivery.sink,
            event_id=number,
            reason=reason[:REASON_LENGTH],
            attempts=delivery.attempts + 1,
        )
        for number, reason in refused
    )


def _due_at(now: datetime, attempts: int, after: float | None) -> datetime:
    wait = min(FIRST_WAIT * 2 ** max(attempts - 1, 0), LONGEST_WAIT)
    wait = max(wait * random.uniform(0.5, 1.0), after or 0.0)  # noqa: S311 no secret
    return now + timedelta(seconds=wait)
