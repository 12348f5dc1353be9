"""The words that a name consists of, and whether a map may hold the name."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from trackadmin.catalog.refusals import Refusal, RefusalCode
from trackadmin.document import why_not_a_name

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def listed(text: str) -> frozenset[str]:
    """The set of the words in this text."""
    return frozenset(text.split())


@lru_cache(maxsize=4096)  # models share many names, and their fields many classes
def words(name: str) -> tuple[str, ...]:
    """The lower-case words of a name, in order: ``apiKey_2`` is api, key, 2.

    The name is normalized to NFKC first, so full-width letters count as what they look like.
    """
    found = _WORD.findall(unicodedata.normalize("NFKC", name))
    return tuple(word.lower() for word in found)


@lru_cache(maxsize=4096)  # as above
def phrases(name: str, longest: int = 3) -> frozenset[str]:
    """The words of a name, and each run of up to ``longest`` of them written as one word."""
    parts = words(name)
    return frozenset(
        "".join(parts[start : start + length])
        for length in range(1, longest + 1)
        for start in range(len(parts) - length + 1)
    )


def why_not_plain(name: str) -> Refusal | None:
    """Why a map may not hold this name as a source or an accessor; ``None`` where it may."""
    reason = why_not_a_name(name)
    return None if reason is None else Refusal(RefusalCode.NAME, reason)
