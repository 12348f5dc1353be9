"""Sends a message to a URL that somebody entered on a page: not to the site's own network."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any

from trackadmin.conf import conf
from trackadmin.exceptions import SettingError
from trackadmin.outbox import NotTaken, TryLater
from trackadmin.sinks.http_outcomes import BLAME
from trackadmin.sinks.http_post import HttpPost
from trackadmin.sinks.sink_options import address_option
from trackadmin.sinks.sink_reasons import BAD_ADDRESS, INTERNAL, NOT_HTTPS

TIMEOUT = 10.0


def post_message(address: str, body: bytes, headers: Mapping[str, str]) -> None:
    """Send JSON. Raises :class:`NotTaken` or :class:`TryLater` unless the receiver has it.

    A redirect is not followed, and a host of the own network is refused unless the setting
    ``MESSAGES`` names it: otherwise whoever may edit a map could reach what only the site can.
    """
    host = _host_of(address)
    post = HttpPost(address, TIMEOUT, dial=None if host in _internal_hosts() else _dial)
    status, after, _body = post(body, {"Content-Type": "application/json", **headers})
    if 200 <= status < 300:
        return
    if status in BLAME:
        raise NotTaken(f"http {status}")
    raise TryLater(f"http {status}", after)


def as_body(value: Mapping[str, Any]) -> bytes:
    """The JSON that is sent."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _internal_hosts() -> frozenset[str]:
    return frozenset(str(host).lower() for host in conf.MESSAGES["INTERNAL_HOSTS"])


def _host_of(address: str) -> str:
    """The host, if a message may be sent there at all."""
    try:
        parts = address_option("url", address)
    except SettingError:
        raise NotTaken(BAD_ADDRESS) from None
    host = (parts.hostname or "").lower()
    if parts.scheme != "https" and host not in _internal_hosts():
        raise NotTaken(NOT_HTTPS)
    return host


def _dial(address: tuple[str, int], timeout: float, source: Any = None) -> socket.socket:
    """Connect to the address that was looked at: a second look-up could give another one."""
    found = [each[4][:2] for each in socket.getaddrinfo(*address, type=socket.SOCK_STREAM)]
    if not all(_is_public(str(host)) for host, _port in found):
        raise NotTaken(INTERNAL)
    error = OSError()
    for each in found:
        try:
            return socket.create_connection(each, timeout, source)  # type: ignore[arg-type]
        except OSError as failure:
            error = failure
    raise error


def _is_public(host: str) -> bool:
    address = ip_address(host.partition("%")[0])
    return address.is_global and not address.is_multicast
