"""A worker: takes deliveries, and gives their events to the sinks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic, sleep
from uuid import uuid4

from django.db import Error
from django.utils import timezone

from trackadmin.codes import FaultCode
from trackadmin.compiler.failures import drop_broken
from trackadmin.models import AcceptedEvent, Delivery
from trackadmin.models.events import events_database
from trackadmin.outbox.answers import Answer, failed, taken_as
from trackadmin.outbox.batches import events_wait, make_deliveries
from trackadmin.outbox.claims import LEASE_SECONDS, claim, give_back, renewed
from trackadmin.outbox.database import writing
from trackadmin.outbox.message_worker import SettledMessage, send_first_message
from trackadmin.outbox.pauses import Pauses
from trackadmin.outbox.remote_sink import RemoteSink, TryLater
from trackadmin.outbox.settling import Batch, Settled, batch_of, settle
from trackadmin.runtime.configured_sinks import ConfiguredSink
from trackadmin.runtime.faults import report

#: Seconds for which a worker tries to write down what became of a batch. After that, another worker
#: may have it, and the receiver would get it twice.
SETTLE_SECONDS = LEASE_SECONDS
#: Seconds between two looks for messages.
MESSAGE_SECONDS = 1.0


class Worker:
    """Delivers to some sinks, in one thread of one process.

    ``tell`` is called with what became of each delivery. With ``tell_message`` it sends messages
    too, and calls that with what became of each.
    """

    def __init__(
        self,
        sinks: Sequence[ConfiguredSink],
        tell: Callable[[Settled], object] = lambda settled: None,
        tell_message: Callable[[SettledMessage], object] | None = None,
    ) -> None:
        self.id = uuid4()
        self._configured = {sink.name: sink for sink in sinks}
        self._made: dict[str, RemoteSink] = {}
        self._tell, self._tell_message = tell, tell_message
        #: When to look for messages again: they are few.
        self._messages_at = 0.0
        self._pauses = Pauses()
        #: The sinks in the order in which they are asked: the one that was served comes last.
        self._order = [*self._configured]
        #: What was claimed with the last words about the delivery before it.
        self._next: Delivery | None = None

    def work_once(self, up_to: int | None = None) -> bool:
        """Send a message that is due, carry out a delivery, or make deliveries of what waits.

        Returns whether there was anything. ``up_to`` is the number of the last event that is meant.
        """
        if self._send_message():
            return True
        delivery, made = self._take_next() or self._claim(up_to), 0
        if delivery is None and events_wait(up_to):
            with writing(events_database()):
                made = make_deliveries(up_to)
                delivery = self._claim(up_to)
        if delivery is not None:
            self._carry_out(delivery, up_to)
        return bool(made) or delivery is not None

    def give_back(self) -> None:
        """Give back what was claimed and not begun; otherwise nobody has it for a minute."""
        delivery = self._take_next()
        if delivery is not None:
            with suppress(Error):  # the database is away: the lease ends by itself
                give_back(delivery)

    def rest(self) -> None:
        """Tell sinks that have a method ``idle`` that no events come now."""
        for name, sink in self._made.items():
            idle = getattr(sink, "idle", None)
            if idle is not None:
                try:
                    idle()
                except Exception as error:  # noqa: BLE001 a sink may raise anything
                    report(FaultCode.SINK_FAILED, name, error)

    def reconnect(self) -> None:
        """Close the connection if it is dead, so that the next statement makes a new one."""
        drop_broken(events_database())

    def _send_message(self) -> bool:
        """Send the message that is due first; whether there was one."""
        if self._tell_message is None or monotonic() < self._messages_at:
            return False
        settled = send_first_message(self.id)
        if settled is None:
            self._messages_at = monotonic() + MESSAGE_SECONDS
        else:
            self._tell_message(settled)
        return settled is not None

    def _claim(self, up_to: int | None) -> Delivery | None:
        """The first delivery that is due, of each sink in turn: none waits for a busy one."""
        for name in self._order:
            if self._pauses.is_over(name):
                delivery = claim(self.id, name, up_to=up_to)
                if delivery is not None:
                    self._order.remove(name)
                    self._order.append(name)
                    return delivery
        return None

    def _take_next(self) -> Delivery | None:
        """What is already claimed, unless it was so long ago that others may have it."""
        delivery, self._next = self._next, None
        in_time = delivery and delivery.taken_until and delivery.taken_until > timezone.now()
        return delivery if in_time else None

    def _carry_out(self, delivery: Delivery, up_to: int | None) -> None:
        sink = self._configured[delivery.sink]
        batch = batch_of(delivery, sink)
        with renewed(delivery):
            answer = self._offer(sink, batch) if batch.wanted else Answer()
        if answer.later:
            self._pauses.hold_off(sink.name, answer.after)
        elif batch.wanted:
            self._pauses.let_go(sink.name)
        settled = self._settle(batch, sink, answer, up_to)
        if settled is not None:
            if settled.discarded:
                report(FaultCode.EVENT_GONE, sink.name)
            if batch.unreadable:
                report(FaultCode.EVENT_UNREADABLE, sink.name)
            self._tell(settled)

    def _offer(self, sink: ConfiguredSink, batch: Batch) -> Answer:
        """Give the events to the sink. Its code may raise anything."""
        tried = False
        try:
            made = self._made.get(sink.name)
            if made is None:
                made = self._made[sink.name] = sink.make()
            tried = True
            # A list of its own: the sink may change it.
            said = made.deliver([sink.permitted(event) for event in batch.wanted.values()])
        except TryLater as error:
            return failed(batch.wanted, error, tried=tried)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 also SystemExit of the sink's libraries
            code = FaultCode.SINK_FAILED if tried else FaultCode.SINK_NOT_MADE
            report(code, sink.name, error)
            return failed(batch.wanted, error, tried=tried)
        return taken_as(batch.wanted, said)

    def _settle(
        self, batch: Batch, sink: ConfiguredSink, answer: Answer, up_to: int | None
    ) -> Settled | None:
        """Write it down, also if the database was away meanwhile, and claim what comes next.

        Both in one transaction: where the disk is waited for, its end is what takes longest.
        """
        until, pause = monotonic() + SETTLE_SECONDS, 0.1
        while True:
            try:
                with writing(events_database()):
                    settled, claimed = settle(batch, sink, answer), self._claim(up_to)
                self._next = claimed
                return settled
            except Error:
                if monotonic() > until:
                    raise
            self.reconnect()
            sleep(pause)
            pause = min(2 * pause, 2.0)


def newest_number() -> int:
    """The number of the newest event; 0 for none."""
    events = AcceptedEvent.objects.using(events_database()).order_by("-number")
    return events.values_list("number", flat=True).first() or 0
