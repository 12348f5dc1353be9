"""Amplitude: its own client makes the request's body and reads the answer."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from trackadmin.outbox import TryLater
from trackadmin.runtime import Event
from trackadmin.sinks.client_library import library
from trackadmin.sinks.http_outcomes import HttpSink, Reply
from trackadmin.sinks.http_post import HttpPost
from trackadmin.sinks.sink_options import choice_option, text_option
from trackadmin.sinks.sink_reasons import TOO_LARGE, WRONG_KEY
from trackadmin.sinks.vendor_events import VendorEvent, vendor_event

TOO_MANY = 429
#: Seconds to wait for a person or device that sends too much, as the client waits.
THROTTLED_SECONDS = 30.0


class AmplitudeSink(HttpSink):
    """Sends events to Amplitude.

    The request itself is ours. The client's waits ten seconds whatever one asks for, follows
    redirects, and does not tell ``Retry-After``.
    """

    def __init__(
        self,
        api_key: str,
        *,
        zone: str = "US",
        host: str | None = None,
        batch: bool = False,
        timeout: float = 10.0,
    ) -> None:
        self._event = library("amplitude.event", "amplitude").BaseEvent
        self._answer = library("amplitude.http_client", "amplitude").Response
        self._constants = library("amplitude.constants", "amplitude")
        self._sender = library("amplitude.worker", "amplitude").Workers()
        self._sender.configuration = library("amplitude.config", "amplitude").Config(
            text_option("api_key", api_key),
            # Otherwise Amplitude refuses ids of fewer than five characters.
            min_id_length=1,
            server_zone=choice_option("zone", zone, ("US", "EU")),
            use_batch=batch,
            server_url=host and f"{host.rstrip('/')}/{'batch' if batch else '2/httpapi'}",
        )
        self._post = HttpPost(self._sender.configuration.server_url, timeout)

    def send_batch(self, events: Sequence[Event]) -> Reply:
        """Send the events. One with too many properties is refused: the client would drop them."""
        told = [vendor_event(event) for event in events]
        most = self._constants.MAX_PROPERTY_KEYS
        if too_large := [n for n, event in enumerate(told) if len(event.properties) > most]:
            return Reply(413, culprits=too_large, words=TOO_LARGE)
        body = self._sender.get_payload([self._message(event) for event in told])
        response = self._post(body, library("amplitude.http_client", "amplitude").JSON_HEADER)
        return self._understood(response.status, response.after, response.body, len(events))

    def _message(self, told: VendorEvent) -> Any:
        return self._event(
            event_type=told.name,
            user_id=told.person,
            device_id=None if told.person else told.id,
            time=int(told.time.timestamp() * 1000),
            event_properties=told.properties,
            insert_id=told.id,
        )

    def _understood(self, status: int, after: float | None, body: bytes, size: int) -> Reply:
        """What the answer says of single events, if it is Amplitude's."""
        if status == TOO_MANY and after is None:
            after = THROTTLED_SECONDS
        answer = self._answer()
        try:
            answer.parse(io.BytesIO(body))
            blamed = _positions(answer.invalid_or_silenced_index(), size)
            throttled = _positions(answer.throttled_events or (), size)
        except Exception:  # noqa: BLE001 anything may answer
            return Reply(status, after)
        if status == 400 and _key_is_wrong(answer):
            raise TryLater(WRONG_KEY)
        return Reply(status, after, blamed, throttled if status == TOO_MANY else ())


def _key_is_wrong(answer: Any) -> bool:
    """Amplitude answers 400 and not 401. No event is to blame."""
    return answer.missing_field == "api_key" or str(answer.error).startswith("Invalid API key")


def _positions(given: Any, size: int) -> list[int]:
    return sorted({n for n in given if type(n) is int and 0 <= n < size})
