"""PostHog, through its own client: each batch is one request whose answer is waited for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trackadmin.outbox import TryLater
from trackadmin.runtime import Event
from trackadmin.sinks.client_library import library
from trackadmin.sinks.http_outcomes import HttpSink, Reply, wait_of
from trackadmin.sinks.sink_options import address_option, number_option, text_option
from trackadmin.sinks.sink_reasons import QUOTA, reason_of
from trackadmin.sinks.vendor_events import vendor_event

HOST = "https://us.i.posthog.com"


class PostHogSink(HttpSink):
    """Sends events to PostHog.

    Only the client's request layer is used: no object of its ``Client`` exists, so it polls no
    feature flags, captures no exceptions and starts no threads.
    """

    def __init__(
        self, api_key: str, *, host: str = HOST, gzip: bool = False, timeout: float = 10.0
    ) -> None:
        self._request = library("posthog.request", "posthog")
        self._version = library("posthog.version", "posthog").VERSION
        # The client's own session asks again and follows redirects.
        self._session = library("requests", "posthog").Session()
        self._session.get_redirect_target = lambda response: None
        self._key = text_option("api_key", api_key)
        self._how = {
            "host": address_option("host", host).geturl(),
            "gzip": gzip,
            "timeout": number_option("timeout", timeout),
        }

    def send_batch(self, events: Sequence[Event]) -> Reply:
        """Send the events."""
        messages = [self._message(event) for event in events]
        answers: list[Any] = []
        self._session.hooks["response"] = [lambda response, **kwargs: answers.append(response)]
        try:
            response = self._request.batch_post(
                self._key, session=self._session, batch=messages, **self._how
            )
        except self._request.APIError as error:
            # The header itself: the client reads it in its own way.
            return Reply(int(error.status), wait_of(answers[-1]))
        except Exception as error:  # noqa: BLE001 whatever its HTTP library raises
            raise TryLater(reason_of(error)) from None
        _refuse_quota(response)
        return Reply(response.status_code)

    def _message(self, event: Event) -> dict[str, Any]:
        told = vendor_event(event)
        properties: dict[str, Any] = {
            **told.properties,
            "$lib": "posthog-python",
            "$lib_version": self._version,
            # The address that sends is the site's, and says nothing about where the person is.
            "$geoip_disable": True,
        }
        if told.person is None:
            properties["$process_person_profile"] = False
        return {
            "uuid": told.id,
            "event": told.name,
            "distinct_id": told.person or told.id,
            "timestamp": told.time,
            "properties": properties,
        }


def _refuse_quota(response: Any) -> None:
    """PostHog answers 200 and drops the events when the project has used up what it paid for."""
    try:
        limited = response.json().get("quota_limited")
    except (ValueError, AttributeError):
        return
    if limited:
        raise TryLater(QUOTA)
