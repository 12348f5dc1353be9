"""What is found out about a large document, kept until the document, the code or a setting changes.

Finding it out takes longer than all else on a page, and most pages show a draft that is as before.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from trackadmin import compiler
from trackadmin.catalog import Catalog, catalog
from trackadmin.document import Document, ModelEntry, ModelText, digest, dump, dump_model
from trackadmin.exceptions import Problem

Finder = Callable[[Document, Catalog], list[Problem]]
Found = TypeVar("Found")

#: How many attributes a document has at least that is kept. Others are looked at each time.
KEPT_FROM = 2000
#: How many answers are kept: what pages ask of a draft, of what is live, and of the last draft.
MOST_KEPT = 12


@dataclass(frozen=True, slots=True)
class _Answer:
    what: Hashable
    catalog: Catalog
    document: Document
    types: list[type]
    found: Any


_answers: list[_Answer] = []


def problems_by(finder: Finder, document: Document) -> list[Problem]:
    """What the finder says about the document on this host."""
    if finder is compiler.check:
        return list(_checked(document).problems)
    return list(kept(finder, document, lambda: finder(document, catalog())))


def validated(document: Document) -> list[Problem] | None:
    """What ``validate`` gives, which a check knows as well; ``None`` for a small document."""
    if not is_kept(document):
        return None
    return _checked(document).validated


def digest_of(document: Document) -> str:
    """The digest of the document's canonical text."""
    return kept_by_entry(Written, document, Written).digest


class Written:
    """A document's digest, with the text of each tracked model: few of them change."""

    def __init__(
        self, document: Document, before: Written | None = None, changed: Collection[str] = ()
    ) -> None:
        known = before.texts if before else {}
        self.texts: dict[str, ModelText] = {
            prefix: known[prefix]
            if prefix in known and prefix not in changed
            else dump_model(entry)
            for prefix, entry in document.models.items()
        }
        self.digest = digest(dump(document, self.texts))


def is_kept(document: Document) -> bool:
    """Whether the document is large enough."""
    return sum(len(entry.attributes) for entry in document.models.values()) >= KEPT_FROM


def kept(what: Hashable, document: Document, find: Callable[[], Found]) -> Found:
    """What ``find`` gives, or gave for an equal document. It must never be changed."""
    if not is_kept(document):
        return find()
    types = _types(document)
    for each in _answers:
        same = each.what == what and each.catalog is catalog()
        if same and each.types == types and each.document == document:
            _move_to_front(each)
            return cast(Found, each.found)
    found = find()
    _move_to_front(_Answer(what, catalog(), document, types, found))
    return found


def kept_by_entry(
    what: Hashable,
    document: Document,
    find: Callable[[Document, Found | None, Collection[str]], Found],
) -> Found:
    """As :func:`kept`, where ``find`` is told what it gave for the most alike document that is
    kept, and the prefixes of all tracked models that are not the same in both.
    """

    if not is_kept(document):
        return find(document, None, ())

    def found() -> Found:
        before, changed = _most_alike(what, document)
        return find(document, before.found if before else None, changed)

    return kept(what, document, found)


def _most_alike(what: Hashable, document: Document) -> tuple[_Answer | None, set[str]]:
    those = [each for each in _answers if each.what == what and each.catalog is catalog()]
    compared = [(each, _changed(each.document, document)) for each in those]
    return min(compared, key=lambda pair: len(pair[1]), default=(None, set()))


def _move_to_front(answer: _Answer) -> None:
    """Put it before those that were asked for longer ago."""
    _answers[:] = [answer, *(each for each in _answers if each is not answer)][:MOST_KEPT]


def _checked(document: Document) -> compiler.Checked:
    """What is wrong with a document; only what differs from one before is looked at."""
    return kept_by_entry(
        compiler.check,
        document,
        lambda given, before, changed: compiler.Checked(given, catalog(), before, changed),
    )


def _changed(old: Document, new: Document) -> set[str]:
    """The prefixes of the tracked models that are not the same in both."""
    both = old.models.keys() & new.models.keys()
    return (old.models.keys() ^ new.models.keys()) | {
        prefix
        for prefix in both
        if new.models[prefix] != old.models[prefix]
        or _types_in(new.models[prefix]) != _types_in(old.models[prefix])
    }


def _types(document: Document) -> list[type]:
    """The types of the values in conditions: 1 and True are equal to Python, and two conditions."""
    return [each for entry in document.models.values() for each in _types_in(entry)]


def _types_in(entry: ModelEntry) -> list[type]:
    return [type(value) for each in entry.aggregates.values() for value in each.where.values()]
