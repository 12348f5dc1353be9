"""The shapes of e-mail addresses, phone numbers and IBANs, strict enough for ordinary codes."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

#: How much of a text is looked at.
LONGEST_LOOK = 1000
#: How many digits a phone number has. Dates and short codes have fewer, serial numbers more.
FEWEST_DIGITS, MOST_DIGITS = 9, 15

_EMAIL = re.compile(r"[^\s@<>()\[\],;:\"/]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}\b")
#: From abroad, or with an area code that begins with 0 or stands in brackets; with something
#: between the digits, unless it says its country.
_PHONE = re.compile(
    r"(?<![\w.+/-])(?:\+[0-9][0-9 ()./-]{7,22}|0[0-9()]{1,6}[ ./-][0-9 ()./-]{4,20}"
    r"|\([0-9]{2,5}\)[0-9 ./-]{6,18})(?<=[0-9])(?![\w+-])"
)
_IBAN = re.compile(r"(?<!\w)[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30}(?!\w)")


class Shape(StrEnum):
    """What a text may look like."""

    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"


def shapes_of(text: str) -> list[Shape]:
    """What a text holds that looks personal."""
    looked_at = text[:LONGEST_LOOK]
    return [shape for shape, holds in _HOLDS.items() if holds(looked_at)]


def _holds_email(text: str) -> bool:
    return "@" in text and bool(_EMAIL.search(text))


def _holds_phone(text: str) -> bool:
    # The digits of an IBAN are no phone number.
    others = _IBAN.sub(lambda found: "" if _is_iban(found.group()) else found.group(), text)
    return any(_is_phone(found.group()) for found in _PHONE.finditer(others))


def _is_phone(text: str) -> bool:
    digits = sum(each.isdigit() for each in text)
    return FEWEST_DIGITS <= digits <= MOST_DIGITS and not re.match(r"0[0-9]?[./-][0-9]", text)


def _holds_iban(text: str) -> bool:
    return any(_is_iban(found.group()) for found in _IBAN.finditer(text))


def _is_iban(text: str) -> bool:
    """Whether the check digits are right, as ISO 13616 computes them."""
    text = text.replace(" ", "")
    if not 15 <= len(text) <= 34:
        return False
    number = "".join(str(int(letter, 36)) for letter in text[4:] + text[:4])
    return int(number) % 97 == 1


_HOLDS: dict[Shape, Callable[[str], bool]] = {
    Shape.EMAIL: _holds_email,
    Shape.PHONE: _holds_phone,
    Shape.IBAN: _holds_iban,
}
