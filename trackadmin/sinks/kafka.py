"""Kafka: each event is one message, and the broker's report of each is waited for."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

from trackadmin.outbox import Taken, TryLater
from trackadmin.runtime import Event
from trackadmin.sinks.client_library import library
from trackadmin.sinks.http_outcomes import SEARCH_SECONDS
from trackadmin.sinks.identity import person_of
from trackadmin.sinks.sink_options import number_option, text_option
from trackadmin.sinks.sink_reasons import NO_REPORT, QUEUE_FULL, REFUSED, SEARCH, TOO_LARGE

#: What the broker says of a message that it will never take. Everything else may pass.
WORDS = {"MSG_SIZE_TOO_LARGE": TOO_LARGE, "INVALID_RECORD": REFUSED}
#: Seconds beyond the timeout of a message in which its report must have come.
GRACE = 1.0
logger = logging.getLogger("trackadmin.kafka")


class KafkaSink:
    """Sends events to a topic: the key is the person, the value JSON, a header has the event's id.

    The producer is idempotent and waits for all replicas in sync, so within one delivery no event
    comes twice or in another order.
    """

    def __init__(
        self,
        servers: str,
        topic: str = "trackadmin.events",
        *,
        timeout: float = 20.0,
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self._kafka = library("confluent_kafka", "kafka")
        self._topic = text_option("topic", topic)
        self._timeout = number_option("timeout", timeout)
        self._config = {
            "bootstrap.servers": text_option("servers", servers),
            # A batch comes whole, so there is little to wait for.
            "linger.ms": 5,
            "delivery.timeout.ms": max(int(self._timeout * 1000), 10),
            **(config or {}),
            "enable.idempotence": True,
            "acks": "all",
        }
        self._producer: Any = None

    def deliver(self, events: Sequence[Event]) -> Taken | None:
        """Send the events, and wait until each is reported."""
        reports = _Reports(self._kafka.KafkaException, events)
        if self._producer is None:
            self._producer = self._kafka.Producer(self._config, logger=logger)
        try:
            reports.send_all(self._producer, self._topic, self._timeout + GRACE)
            return reports.taken()
        finally:
            if reports.left or len(reports.later) == len(events):
                # What is still under way is given up here, or it would be sent beside the next try.
                # And a new producer asks the brokers anew.
                self._producer.purge(blocking=False)
                self._producer = None


class _Reports:
    """What became of the messages of one delivery, by the ids of the events."""

    def __init__(self, refusal: type[Exception], events: Sequence[Event]) -> None:
        self._refusal = refusal
        self._events = {event.id: event for event in events}
        #: Those without a report.
        self.left: set[str] = set()
        self.refused: dict[str, str] = {}
        self.later: dict[str, str] = {}

    def send_all(self, producer: Any, topic: str, seconds: float) -> None:
        """Send the events, and wait for the reports.

        A broker blames a whole group of messages for one of them. Then each is sent alone.
        """
        self._produce_all(producer, topic, [*self._events], seconds)
        blamed = [*self.refused] if len(self.refused) > 1 else []
        until = time.monotonic() + SEARCH_SECONDS
        for event_id in blamed:
            del self.refused[event_id]
            if time.monotonic() < until:
                self._produce_all(producer, topic, [event_id], seconds)
            else:
                self.later[event_id] = SEARCH

    def _produce_all(self, producer: Any, topic: str, ids: Sequence[str], seconds: float) -> None:
        for event_id in ids:
            self.left.add(event_id)
            self._produce(producer, topic, self._events[event_id])
        until = time.monotonic() + seconds
        while self.left and (rest := until - time.monotonic()) > 0:
            try:
                producer.flush(rest)
            except self._refusal:
                return  # the producer cannot go on, and there will be no more reports

    def _produce(self, producer: Any, topic: str, event: Event) -> None:
        person = person_of(event)
        try:
            producer.produce(
                topic,
                event.as_json(),
                key=None if person is None else person.encode(errors="replace"),
                headers={"id": event.id},
                on_delivery=lambda error, message: self._note(event.id, error),
            )
        except BufferError:
            self.left.discard(event.id)
            self.later[event.id] = QUEUE_FULL
        except self._refusal as error:
            self._note(event.id, error.args[0])

    def _note(self, event_id: str, error: Any) -> None:
        self.left.discard(event_id)
        name = "" if error is None else error.name()
        if name in WORDS:
            self.refused[event_id] = WORDS[name]
        elif name:
            self.later[event_id] = name.strip("_").lower().replace("_", " ")

    def taken(self) -> Taken | None:
        """What the worker needs to know. What was not reported may or may not have been taken."""
        self.later |= dict.fromkeys(self.left, NO_REPORT)
        reason = next(iter(self.later.values()), "")
        if self._events and len(self.later) == len(self._events):
            raise TryLater(reason)
        if not self.later and not self.refused:
            return None
        return Taken(self.refused, [*self.later], None, reason)
