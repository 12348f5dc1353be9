"""Pseudonyms: keyed fingerprints of values that must not go out as they are."""

from __future__ import annotations

import hmac
from collections.abc import Callable

from trackadmin.compiler.types import Scalar
from trackadmin.conf import conf

#: Hexadecimal digits that go out: 128 bits, so two values never share a pseudonym by chance.
DIGITS = 32


def pseudonymiser() -> Callable[[Scalar], str | None]:
    """A function from scalars to pseudonyms, ``<key id>:<32 hex digits>``; null stays null.

    It uses the key that is current now, the last one of ``PSEUDONYM_KEYS``.
    """
    key_id, secret = list(conf.PSEUDONYM_KEYS.items())[-1]
    key = secret.encode()

    def pseudonym(value: Scalar) -> str | None:
        if value is None:
            return None
        text = str(value).encode("utf-8", "surrogatepass")
        return f"{key_id}:{hmac.digest(key, text, 'sha256').hex()[:DIGITS]}"

    return pseudonym
