"""A message as JSON to a webhook, signed as the batches of events are."""

from __future__ import annotations

import time

from trackadmin.outbox import Outgoing
from trackadmin.sinks.message_post import as_body, post_message
from trackadmin.sinks.webhook import KEY, SIGNATURE, signature


def send_message(message: Outgoing) -> None:
    """Send it."""
    body = as_body(
        {
            "id": message.id,
            "kind": message.kind,
            "map": message.map,
            "subject": message.subject,
            "lines": message.lines,
            "link": message.link,
            "facts": message.facts,
        }
    )
    signed = signature(message.secret.encode(), body, int(time.time()))
    post_message(message.address, body, {SIGNATURE: signed, KEY: message.id})
