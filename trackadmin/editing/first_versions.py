"""Since which version a map has each of its names, found in the texts of its versions.

What is found is kept by the content of all these versions, so it never needs to be dropped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple

from django.db.models import QuerySet
from django.db.models.functions import Length

from trackadmin.compiler.bounded_cache import BoundedCache
from trackadmin.document.vocabulary import Word, entry_word, prefix_word, vocabulary
from trackadmin.editing.locking import AnyMap
from trackadmin.editing.versions import versions
from trackadmin.models import MapVersion

#: How many characters of documents are read at once. What is older is not looked at.
MOST_CHARACTERS = 20_000_000
#: About how many bytes a word takes, and how many bytes of them a process keeps.
_A_WORD, _KEPT = 200, 32_000_000


@dataclass(frozen=True, slots=True)
class FirstVersions:
    """Since when a version has each of its words, without a break."""

    words: Mapping[Word, int]
    #: The number of the oldest version that was read, if there are older ones; else 0.
    unread_before: int = 0

    def since(self, word: Word) -> int:
        """The number of the version; 0 if the version does not have the word."""
        return self.words.get(word, 0)

    def since_of_name(self, label: str, entry: str, name: str) -> int:
        """The same for a name that an entry of a model makes: its prefixes count as well."""
        start = name.removesuffix(entry).rstrip("_")
        its, prefixes = self.since(entry_word(label, entry)), self._of_start(start)
        return max(its, prefixes) if its and prefixes else 0

    def may_be_older(self, number: int) -> bool:
        """Whether the version is only the oldest one that was read."""
        return number > 0 and number == self.unread_before

    def _of_start(self, start: str) -> int:
        """Since when there are all prefixes that a name starts with, in the way that is oldest."""
        whole = self.since(prefix_word(start))
        parts = (
            (self.since(prefix_word(start[:at])), self._of_start(start[at + 1 :]))
            for at, letter in enumerate(start)
            if letter == "_"
        )
        found = [whole, *(max(first, rest) for first, rest in parts if first and rest)]
        return min(filter(None, found), default=0)


class _Step(NamedTuple):
    """A version, and what identifies it with all that came before it."""

    number: int
    digest: str
    characters: int
    key: str


_kept: BoundedCache[FirstVersions] = BoundedCache(_KEPT)


def first_versions(tracking_map: AnyMap, number: int | None = None) -> FirstVersions:
    """Since when the version of this number has each word; ``None`` for the live one.

    Two queries at most; one if it is known already. Raises :class:`UnknownMap`.
    """
    rows = versions(tracking_map).select_related(None)
    rows = rows if number is None else rows.filter(number__lte=number)
    steps = _steps(rows)
    if not steps:
        return FirstVersions({})
    return _kept.get(steps[-1].key) or _walked(rows, steps)


def _steps(rows: QuerySet[MapVersion]) -> list[_Step]:
    """The versions, the oldest first."""
    found, key = [], ""
    sizes = rows.order_by("number").values_list("number", "digest", Length("document"))
    for number, digest, characters in sizes:
        key = sha256(f"{key}{number}:{digest}".encode()).hexdigest()
        found.append(_Step(number, digest, characters, key))
    return found


def _walked(rows: QuerySet[MapVersion], steps: list[_Step]) -> FirstVersions:
    """Look at the versions that nobody has looked at, starting from what is known."""
    before, unread = _newest_kept(steps)
    texts = dict(_texts(rows, unread))
    read = [step for step in unread if step.number in texts]
    skipped = read[0].number if len(read) < len(unread) else before.unread_before
    since: dict[Word, int] = {} if len(read) < len(unread) else dict(before.words)
    words: frozenset[Word] = frozenset(since)
    last = ""
    for step in read:
        words = words if step.digest == last else vocabulary(texts[step.number])
        since = {word: since.get(word, step.number) for word in words}
        last = step.digest
    found = FirstVersions(since, skipped)
    _kept.put(steps[-1].key, found, _A_WORD * len(since))
    return found


def _newest_kept(steps: list[_Step]) -> tuple[FirstVersions, list[_Step]]:
    """What is kept about the newest version that something is kept about, and what came later."""
    for place in range(len(steps) - 1, -1, -1):
        if kept := _kept.get(steps[place].key):
            return kept, steps[place + 1 :]
    return FirstVersions({}), steps


def _texts(rows: QuerySet[MapVersion], unread: list[_Step]) -> Iterator[tuple[int, str]]:
    """The texts of the newest of them, as many as may be read at once."""
    left = MOST_CHARACTERS
    numbers: list[int] = []
    for step in reversed(unread):
        left -= step.characters
        if left < 0 and numbers:
            break
        numbers.append(step.number)
    yield from rows.filter(number__gte=numbers[-1]).values_list("number", "document")
