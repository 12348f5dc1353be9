"""What is wrong with a large document, kept until the document, the code or a setting changes.

Finding it out takes longer than all else on a page, and most pages show a draft that is as before.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trackadmin import compiler
from trackadmin.catalog import Catalog, catalog
from trackadmin.document import Document, ModelEntry
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
    #: What was found model by model, for the check of a document that differs a little.
    checked: compiler.Checked | None


_answers: list[_Answer] = []


def problems_by(finder: Finder, document: Document) -> list[Problem]:
    """What the finder says about the document on this host."""
    if sum(len(entry.attributes) for entry in document.models.values()) < KEPT_FROM:
        return finder(document, catalog())
    types = _types(document)
    for each in _answers:
        same = each.finder is finder and each.catalog is catalog()
        if same and each.types == types and each.document == document:
            _keep(each)
            return list(each.problems)
    checked = _checked(document) if finder is compiler.check else None
    found = checked.problems if checked else finder(document, catalog())
    _keep(_Answer(finder, catalog(), document, types, tuple(found), checked))
    return list(found)


def _keep(answer: _Answer) -> None:
    """Put it before those that were asked for longer ago."""
    _answers[:] = [answer, *(each for each in _answers if each is not answer)][:MOST_KEPT]


def _checked(document: Document) -> compiler.Checked:
    """Check what differs from a document that was checked before; all of it for want of one."""
    for each in _answers:
        same = each.catalog is catalog() and each.document.models.keys() == document.models.keys()
        if each.checked and same:
            changed = _changed(each.document, document)
            return compiler.Checked(document, catalog(), each.checked, changed)
    return compiler.Checked(document, catalog())


def _changed(old: Document, new: Document) -> set[str]:
    """The prefixes whose entries differ, of two documents with the same prefixes."""
    return {
        prefix
        for prefix, entry in new.models.items()
        if entry != old.models[prefix] or _types_in(entry) != _types_in(old.models[prefix])
    }


def _types(document: Document) -> list[type]:
    """The types of the values in conditions: 1 and True are equal to Python, and two conditions."""
    return [each for entry in document.models.values() for each in _types_in(entry)]


def _types_in(entry: ModelEntry) -> list[type]:
    return [type(value) for each in entry.aggregates.values() for value in each.where.values()]
