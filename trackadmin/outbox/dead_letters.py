"""What people do with dead letters: try them again, or give them up. Each is accounted for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from django.db.models import F, QuerySet

from trackadmin.models import DeadLetter, Delivery, DiscardedEvent
from trackadmin.models.events import events_database
from trackadmin.outbox.database import locks_rows, writing
from trackadmin.outbox.new_deliveries import create_deliveries
from trackadmin.runtime.configured_sinks import BATCH_SIZE, configured_sinks

#: How many are treated in one transaction, so that no lock is held for long.
MOST = 1000


def dead_letters(sink: str | None = None) -> QuerySet[DeadLetter]:
    """The dead letters of this sink, or of all, newest first, each with its event."""
    letters = DeadLetter.objects.using(events_database()).select_related("event")
    return letters if sink is None else letters.filter(sink=sink)


def retry(ids: Iterable[int]) -> int:
    """Offer the events of these dead letters again at once; return how many there were.

    They move to new deliveries, which have all their attempts. A letter that somebody else retried
    or discarded meanwhile is not counted.
    """
    return _each(DeadLetter.objects.filter(pk__in=[*ids]), _retry)


def retry_all(sink: str) -> int:
    """Offer the events of all dead letters of this sink again, as :func:`retry`."""
    return _each(DeadLetter.objects.filter(sink=sink), _retry)


def discard(ids: Iterable[int]) -> int:
    """Give up these dead letters; return how many there were. Their deliveries count them."""
    return _each(DeadLetter.objects.filter(pk__in=[*ids]), _discard)


def discard_all(sink: str) -> int:
    """Give up all dead letters of this sink, as :func:`discard`."""
    return _each(DeadLetter.objects.filter(sink=sink), _discard)


def _each(letters: QuerySet[DeadLetter], treat: Callable[[str, Sequence[DeadLetter]], None]) -> int:
    """Treat the letters that there are now, some in each transaction."""
    using, done = events_database(), 0
    # Those that come meanwhile, maybe of the same events, are for the next time.
    pks = [*letters.using(using).order_by("pk").values_list("pk", flat=True)]
    for start in range(0, len(pks), MOST):
        with writing(using):
            rows = DeadLetter.objects.using(using).filter(pk__in=pks[start : start + MOST])
            some = [*(rows.select_for_update() if locks_rows(using) else rows).order_by("pk")]
            treat(using, some)
            rows.filter(pk__in=[each.pk for each in some]).delete()
            done += len(some)
    return done


def _retry(using: str, letters: Sequence[DeadLetter]) -> None:
    for count, deliveries in _by_count(letters).items():
        rows = Delivery.objects.using(using).filter(pk__in=deliveries)
        rows.update(offered=F("offered") - count)
    numbers: dict[str, list[int]] = {}
    for letter in letters:
        numbers.setdefault(letter.sink, []).append(letter.event_id)
    for name, some in numbers.items():
        sink = configured_sinks().remote_named(name)
        create_deliveries(using, name, some, sink.batch_size if sink else BATCH_SIZE)


def _discard(using: str, letters: Sequence[DeadLetter]) -> None:
    for count, deliveries in _by_count(letters).items():
        rows = Delivery.objects.using(using).filter(pk__in=deliveries)
        rows.update(discarded=F("discarded") + count)
    DiscardedEvent.objects.using(using).bulk_create(
        [DiscardedEvent(sink=each.sink, event_id=each.event_id) for each in letters],
        ignore_conflicts=True,
    )


def _by_count(letters: Sequence[DeadLetter]) -> dict[int, list[int]]:
    """The deliveries of the letters, by how many letters each has: few statements for many."""
    found: dict[int, list[int]] = {}
    for delivery, count in Counter(each.delivery_id for each in letters).items():
        found.setdefault(count, []).append(delivery)
    return found
