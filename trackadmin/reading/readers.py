"""Who may read: a program with a token of the settings, and the maps that it may see."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.crypto import constant_time_compare

from trackadmin.conf import SHORTEST_READER_TOKEN, ReaderSetting, conf

logger = logging.getLogger("trackadmin")

#: What stands before the token in the header ``Authorization``.
_SCHEME = "Bearer "


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """A program that may read."""

    name: str
    #: The maps that it may see; ``None`` for all.
    maps: frozenset[str] | None

    def may_read(self, slug: str) -> bool:
        """Whether it may see the map of this name."""
        return self.maps is None or slug in self.maps


def reader_of(request: HttpRequest) -> TokenHolder | None:
    """The reader whose token the request has; ``None`` for nobody.

    Every token is compared, and each in constant time, so the time says nothing about any.
    """
    sent, found = request.headers.get("Authorization", ""), None
    for name, setting in conf.READER_TOKENS.items():
        token = _token_of(name, setting)
        if constant_time_compare(sent, f"{_SCHEME}{token}") and len(token) > 0:
            found = TokenHolder(name, setting.maps)
    return found


def _token_of(name: str, setting: ReaderSetting) -> str:
    """The token; "" for one that is too short to be safe, or that the site cannot give."""
    try:
        token: object = setting.token() if callable(setting.token) else setting.token
    except Exception as error:  # noqa: BLE001 the site's code may raise anything
        # Without its text, which may say where the token comes from.
        logger.error("The token of the reader %s cannot be read: %s", name, type(error).__name__)
        token = None
    return token if isinstance(token, str) and len(token) >= SHORTEST_READER_TOKEN else ""
