"""Segment, through its own client: each batch is one request whose answer is waited for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trackadmin.outbox import TryLater
from trackadmin.runtime import Event
from trackadmin.sinks.client_library import library
from trackadmin.sinks.http_outcomes import HttpSink, Reply, wait_of
from trackadmin.sinks.sink_options import address_option, number_option, text_option
from trackadmin.sinks.sink_reasons import TOO_LARGE, reason_of
from trackadmin.sinks.vendor_events import vendor_event

HOST = "https://api.segment.io"


class SegmentSink(HttpSink):
    """Sends events to Segment as *track* calls.

    The client makes the messages and the request. Its queue and threads are left out: they lose
    what is in memory, and sending again is the worker's part.
    """

    def __init__(
        self, write_key: str, *, host: str = HOST, gzip: bool = False, timeout: float = 10.0
    ) -> None:
        self._request = library("segment.analytics.request", "segment")
        client = library("segment.analytics.client", "segment")
        self._key = text_option("write_key", write_key)
        # Neither sends nor starts a thread: it only makes messages.
        self._client = client.Client(self._key, send=False, sync_mode=True)
        self._how = {
            "host": address_option("host", host).geturl(),
            "gzip": gzip,
            "timeout": number_option("timeout", timeout),
        }

    def send_batch(self, events: Sequence[Event]) -> Reply:
        """Send the events. Those that are too large for Segment are told without asking it."""
        messages = [self._message(event) for event in events]
        if too_large := [n for n, message in enumerate(messages) if message is None]:
            return Reply(413, culprits=too_large, words=TOO_LARGE)
        try:
            response = self._request.post(self._key, batch=messages, **self._how)
        except self._request.APIError as error:
            return Reply(error.status, wait_of(error.response))
        except Exception as error:  # noqa: BLE001 whatever its HTTP library raises
            raise TryLater(reason_of(error)) from None
        # The client follows a redirect, and then sends no body.
        first = response.history[0] if response.history else response
        return Reply(first.status_code)

    def _message(self, event: Event) -> Any:
        """The message; ``None`` if the client finds it too large."""
        told = vendor_event(event)
        try:
            _, message = self._client.track(
                user_id=told.person,
                anonymous_id=None if told.person else told.id,
                event=told.name,
                properties=told.properties,
                timestamp=told.time,
                message_id=told.id,
            )
        except RuntimeError:
            return None
        return message
