"""Sends a POST and reads its response, by the standard library: bounded in time, no redirects."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection, IncompleteRead
from socket import socket
from time import monotonic
from typing import NamedTuple

from trackadmin.exceptions import SettingError
from trackadmin.outbox import TryLater
from trackadmin.sinks.http_outcomes import wait_of
from trackadmin.sinks.sink_options import address_option, number_option
from trackadmin.sinks.sink_reasons import reason_of
from trackadmin.texts import gettext as _

#: Bytes of a response that are read; the rest says nothing that we want to know.
LONGEST_BODY = 1 << 20


class Response(NamedTuple):
    """What came back."""

    status: int
    #: How many seconds the receiver asks to wait.
    after: float | None
    body: bytes


class HttpPost:
    """Posts to one address. A certificate is always checked, and a redirect is never followed."""

    def __init__(
        self,
        url: str,
        timeout: float,
        ca_file: str | None = None,
        dial: Callable[..., socket] | None = None,
    ) -> None:
        """``dial`` connects in place of ``socket.create_connection``."""
        parts = address_option("url", url)
        self._timeout = number_option("timeout", timeout)
        self._host, self._port = parts.hostname or "", parts.port
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._tls = _trust(ca_file) if parts.scheme == "https" else None
        self._dial = dial

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> Response:
        """Send the body. Raises :class:`TryLater` if there is no whole response in time."""
        connection = self._connection()
        if self._dial is not None:
            # The one place where http.client can be told how to connect.
            connection._create_connection = self._dial  # type: ignore[attr-defined]
        try:
            connection.request("POST", self._path, body, dict(headers))
            # The connection lets go of a response that is its last.
            with connection.getresponse() as answer:
                return Response(answer.status, wait_of(answer), self._body_of(answer))
        except (OSError, HTTPException) as error:
            raise TryLater(reason_of(error)) from None
        finally:
            connection.close()

    def _connection(self) -> HTTPConnection:
        if self._tls is None:
            return HTTPConnection(self._host, self._port, timeout=self._timeout)
        return HTTPSConnection(self._host, self._port, timeout=self._timeout, context=self._tls)

    def _body_of(self, answer: HTTPResponse) -> bytes:
        """The body. One that trickles does not hold up the worker: a read of it has a timeout."""
        until, parts, size = monotonic() + self._timeout, [], 0
        while size < LONGEST_BODY and (part := answer.read1(1 << 16)):
            parts.append(part)
            size += len(part)
            if monotonic() > until:
                raise TimeoutError
        if size < LONGEST_BODY and answer.length:
            raise IncompleteRead(b"")
        return b"".join(parts)


def _trust(ca_file: str | None) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        what = _("The option 'ca_file' of a sink must be the path of a file with certificates.")
        raise SettingError(what) from error
