"""Names taken apart: the words a name is made of, and whether it may be used at all."""

from __future__ import annotations

import keyword
import re
import unicodedata

#: As Django's own rule for field names (no ``__``, no underscore at the end), in ASCII, and without
#: an underscore at the start: those are private.
_PLAIN = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9])*")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

#: Longest name, in characters, that a map can hold.
LONGEST = 100


def listed(text: str) -> frozenset[str]:
    """A list of words as it is read best: written one after the other."""
    return frozenset(text.split())


def words(name: str) -> list[str]:
    """The lower-case words of a name, in order: ``apiKey_2`` is api, key, 2.

    The name is brought to its NFKC form first, so full-width letters count as what they look like.
    """
    return [word.lower() for word in _WORD.findall(unicodedata.normalize("NFKC", name))]


def phrases(name: str, longest: int = 3) -> set[str]:
    """The words of a name, and each run of up to ``longest`` of them written as one word."""
    parts = words(name)
    return {
        "".join(parts[start : start + length])
        for length in range(1, longest + 1)
        for start in range(len(parts) - length + 1)
    }


def why_not_plain(name: str) -> str:
    """Empty where a map may hold this name as a source or an accessor, else the reason in words."""
    if name.startswith("_"):
        return "Its name starts with an underscore, so it is private."
    if not name.isascii():
        return "Its name holds letters other than A to Z."
    if keyword.iskeyword(name):
        return "Its name is a word of the Python language."
    if len(name) > LONGEST:
        return f"Its name is longer than {LONGEST} characters."
    if not _PLAIN.fullmatch(name):
        return "Its name is no plain name: letters, digits and single underscores between them."
    return ""
