"""A webhook: batches of events to a URL of the site's own, each request signed."""

from __future__ import annotations

import gzip as gzip_format
import hashlib
import hmac
import time
from collections.abc import Mapping, Sequence

from trackadmin.exceptions import SettingError
from trackadmin.runtime import Event
from trackadmin.sinks.http_outcomes import HttpSink, Reply
from trackadmin.sinks.http_post import HttpPost
from trackadmin.sinks.sink_options import choice_option, text_option
from trackadmin.texts import gettext as _

NDJSON, JSON = FORMATS = ("ndjson", "json")
TYPES = {NDJSON: "application/x-ndjson", JSON: "application/json"}
SIGNATURE, KEY = "Trackadmin-Signature", "Idempotency-Key"


class WebhookSink(HttpSink):
    """Posts events to a URL, as lines of JSON or as one JSON list."""

    def __init__(
        self,
        url: str,
        secret: str,
        *,
        format: str = NDJSON,
        gzip: bool = False,
        timeout: float = 10.0,
        headers: Mapping[str, str] | None = None,
        ca_file: str | None = None,
    ) -> None:
        self._post = HttpPost(url, timeout, ca_file)
        self._secret = text_option("secret", secret).encode()
        self._format = choice_option("format", format, FORMATS)
        self._gzip = gzip
        self._headers = {**_checked(headers or {}), "Content-Type": TYPES[format]}
        if gzip:
            self._headers["Content-Encoding"] = "gzip"

    def send_batch(self, events: Sequence[Event]) -> Reply:
        """Sign the events and send them."""
        body = self._body([event.as_json() for event in events])
        ids = ",".join(event.id for event in events)
        headers = {
            **self._headers,
            SIGNATURE: signature(self._secret, body, int(time.time())),
            # The same for the same events, so that a receiver may tell a repeated request.
            KEY: hashlib.sha256(ids.encode()).hexdigest()[:32],
        }
        response = self._post(body, headers)
        return Reply(response.status, response.after)

    def _body(self, lines: list[str]) -> bytes:
        text = f"[{','.join(lines)}]" if self._format == JSON else "".join(f"{x}\n" for x in lines)
        # Without a time in it, equal bodies stay equal.
        return gzip_format.compress(text.encode(), 6, mtime=0) if self._gzip else text.encode()


def signature(secret: bytes, body: bytes, now: int) -> str:
    """The value of the header: when, and the HMAC-SHA256 of that time and the bytes sent."""
    digest = hmac.new(secret, b"%d." % now + body, hashlib.sha256).hexdigest()
    return f"t={now},v1={digest}"


def _checked(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that can be sent. They may hold secrets, so an error does not show them."""
    for text in (*headers, *headers.values()):
        if not str(text).isprintable() or not str(text).isascii():
            what = _("The option 'headers' of a sink must be a dict of ASCII texts of one line.")
            raise SettingError(what)
    return {name: str(value) for name, value in headers.items()}
