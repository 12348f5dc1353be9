"""The one rule for texts that leave the site: no longer than a limit, and clean."""

from __future__ import annotations

from trackadmin.compiler.types import Scalar
from trackadmin.conf import conf

#: The last character of a text that was cut.
CUT = "…"


def bounded(text: str, longest: int) -> str:
    """The text, cut where it is too long, without what a database or an encoder refuses.

    Those are NUL and half a surrogate pair; each becomes U+FFFD.
    """
    if len(text) > longest:
        text = text[: longest - 1] + CUT
    if text.isascii():
        return text.replace("\0", "\ufffd") if "\0" in text else text
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\0", "\ufffd")


def bound(values: dict[str, Scalar]) -> dict[str, Scalar]:
    """The same dict, each of its texts bounded by ``MAX_TEXT_LENGTH``."""
    longest = conf.MAX_TEXT_LENGTH
    for name, value in values.items():
        # Most texts are short and printable, which is seen in two steps.
        if type(value) is str and (len(value) > longest or not value.isprintable()):
            values[name] = bounded(value, longest)
    return values
