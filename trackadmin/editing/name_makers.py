"""Which tracked models could make a name, found by how names begin and without planning any.

To plan a map of a thousand models takes seconds, and an event has names of a few of them.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.functional import cached_property

from trackadmin.compiler import SEPARATOR
from trackadmin.compiler.matching import Matching
from trackadmin.compiler.reserved import given_prefixes


class NameMakers:
    """The tracked models of one document, by the prefixes that their names begin with."""

    def __init__(self, matching: Matching) -> None:
        self._matching = matching

    def makers_of(self, name: str) -> list[str]:
        """The prefixes of the tracked models whose names could include this one, in order.

        A name begins with a prefix of the object that has it, or of one on the way there.
        """
        found, ahead = set[str](), [p for each in beginnings(name) for p in self._givers(each)]
        while ahead:
            prefix = ahead.pop()
            if prefix not in found:
                found.add(prefix)
                ahead += self._above.get(prefix, ())
        return [prefix for prefix in self._all_prefixes if prefix in found] if found else []

    def trackers_of(self, label: str) -> list[str]:
        """The prefixes that track this model."""
        models = self._matching.document.models
        return [prefix for prefix in self._all_prefixes if models[prefix].model == label]

    @cached_property
    def _all_prefixes(self) -> list[str]:
        return self._matching.prefixes()

    def _givers(self, prefix: str) -> set[str]:
        return self._by_prefix.get(prefix, set())

    @cached_property
    def _by_prefix(self) -> dict[str, set[str]]:
        """By a prefix: the tracked models that have it, had it, or give it to a child."""
        found: dict[str, set[str]] = {}
        for prefix, entry in self._matching.document.models.items():
            for each in (prefix, *given_prefixes(entry)):
                found.setdefault(each, set()).add(prefix)
        return found

    @cached_property
    def _above(self) -> dict[str, set[str]]:
        """By the prefix of a tracked model: those that it is a child of."""
        found: dict[str, set[str]] = {}
        for prefix, entry in self._matching.document.models.items():
            for accessor in entry.children:
                child = self._matching.tracked_as(entry.model, accessor)
                found.setdefault(child, set()).add(prefix)
        return found


def beginnings(name: str) -> Iterator[str]:
    """What could be the first prefix of a name: each part before an underscore."""
    return (name[:at] for at, letter in enumerate(name) if letter == "_" and at)


def could_make(text: str, name: str) -> bool:
    """Whether a document with this text could make the name; most can be left unread.

    A prefix, the name of an attribute and that of a parameter are strings of the text.
    """
    ends = [name[at + 1 :] for at, letter in enumerate(name) if letter == "_"]
    ends += [name.rpartition(SEPARATOR)[2]]
    return _has(text, name) or (
        any(_has(text, each) for each in beginnings(name)) and any(_has(text, e) for e in ends)
    )


def _has(text: str, name: str) -> bool:
    return f'"{name}"' in text
