"""From the text of a URL to a value: strict, with one spelling for each value where possible.

Each function takes the field that holds the values and the alias of its database, and gives the
function that parses texts. That raises ``ValueError`` where a text is malformed.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from sys import maxsize
from typing import Any, TypeAlias

from django.db import connections

from trackadmin.catalog.kinds import AnyField
from trackadmin.texts import gettext as _
from trackadmin.texts import ngettext

Parser: TypeAlias = Callable[[AnyField, str], Callable[[str], object]]

_INTEGER = re.compile(r"-?[1-9][0-9]*|0", re.ASCII)
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
#: Digits of the largest 64-bit integer; longer texts are refused without being read.
_LONGEST_INTEGER = 20
#: For integer fields of the host's own, whose range no database gives.
_64_BITS = (-(2**63), 2**63 - 1)


def integer(field: AnyField, alias: str) -> Callable[[str], int]:
    """One spelling for each integer that the column can hold."""
    low, high = _range(field, alias)

    def parse(text: str) -> int:
        if len(text) > _LONGEST_INTEGER or not _INTEGER.fullmatch(text):
            raise ValueError(_("'%(text)s' is not a whole number.", text=text[:30]))
        value = int(text)
        if not low <= value <= high:
            raise ValueError(
                _(
                    "'%(text)s' is outside the column's range, %(low)s to %(high)s.",
                    text=text,
                    low=str(low),
                    high=str(high),
                )
            )
        return value

    return parse


def _range(field: AnyField, alias: str) -> tuple[int, int]:
    ops: Any = connections[alias].ops  # SQLite's gives no limits
    try:
        low, high = ops.integer_field_range(field.get_internal_type())
    except KeyError:
        low, high = _64_BITS
    return (
        _64_BITS[0] if low is None else max(low, _64_BITS[0]),
        _64_BITS[1] if high is None else min(high, _64_BITS[1]),
    )


def uuid_value(field: AnyField, alias: str) -> Callable[[str], uuid.UUID]:
    """The usual spelling of a UUID, in capitals or not."""
    return lambda text: uuid.UUID(uuid_text(text))


def uuid_text(text: str) -> str:
    """The text, which is a UUID in its usual spelling; ``ValueError`` where it is not."""
    if not _UUID.fullmatch(text):
        raise ValueError(_("'%(text)s' is not a UUID, written 8-4-4-4-12.", text=text[:50]))
    return text


def text(field: AnyField, alias: str) -> Callable[[str], str]:
    """A text that is not empty and that the column can hold."""
    longest = getattr(field, "max_length", None) or maxsize

    def parse(text: str) -> str:
        if not text or "\0" in text:
            raise ValueError(_("An empty text or one with a NUL does not name anything."))
        if not text.isascii():
            text.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
        if len(text) > longest:
            raise ValueError(
                ngettext(
                    "The text is longer than the %(count)s character of the column.",
                    "The text is longer than the %(count)s characters of the column.",
                    count=longest,
                )
            )
        return text

    return parse
