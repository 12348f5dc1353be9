"""What is wrong with a large document, kept until the document, the code or a setting changes.

Finding it out takes longer than all else on a page, and most pages show a draft that is as before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from trackadmin.catalog import Catalog, catalog
from trackadmin.document import Document
from trackadmin.exceptions import Problem

Finder = Callable[[Document, Catalog], list[Problem]]

#: How many attributes a document has at least that is kept. Others are looked at each time.
KEPT_FROM = 2000
#: How many answers are kept: those for a draft and for what is live, of two maps.
MOST_KEPT = 4


@dataclass(frozen=True, slots=True)
class _Answer:
    finder: Finder
    catalog: Catalog
    document: Document
    types: list[type]
    problems: tuple[Problem, ...]


_answers: list[_Answer] = []


def problems_by(finder: Finder, document: Document) -> list[Problem]:
    """What the finder says about the document on this host."""
    if sum(len(entry.attributes) for entry in document.models.values()) < KEPT_FROM:
        return finder(document, catalog())
    types = list(_types(document))
    for each in _answers:
        same = each.finder is finder and each.catalog is catalog()
        if same and each.types == types and each.document == document:
            return list(each.problems)
    found = finder(document, catalog())
    answer = _Answer(finder, catalog(), document, types, tuple(found))
    _answers[:] = [answer, *_answers[: MOST_KEPT - 1]]
    return found


def _types(document: Document) -> Iterator[type]:
    """The types of the values in conditions: 1 and True are equal to Python, and two conditions."""
    for entry in document.models.values():
        for aggregate in entry.aggregates.values():
            yield from map(type, aggregate.where.values())
