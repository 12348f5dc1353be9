"""What keeps an entry or a whole document from becoming rows of the draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trackadmin import compiler
from trackadmin.catalog import catalog
from trackadmin.document import Document, MapFile, ModelEntry
from trackadmin.exceptions import InvalidMap, Problem, errors_of
from trackadmin.models import TrackedModel

#: What only the rest of the map can put right. The draft may be unfinished; a publish may not.
OF_THE_REST = frozenset({"child.not_tracked"})


def refuse_document(given: Document | MapFile) -> Document:
    """The document that is to be the draft; raises :class:`InvalidMap` with all its errors."""
    read = given if isinstance(given, MapFile) else MapFile(given)
    problems = read.errors(compiler.check(read.document, catalog()))
    if problems:
        raise InvalidMap("The map has errors. Nothing was changed.", problems)
    return read.document


def refuse_entry(
    prefix: str, entry: ModelEntry, others: Iterable[TrackedModel], before: Document
) -> None:
    """Raise :class:`InvalidMap` with every error of this entry, none of the rest of the map.

    ``others`` are the other rows of the draft, ``before`` the entry that it is to replace, under
    the same prefix: what drift had already spoilt there may stay.
    """
    standing = {(p.code, p.where) for p in compiler.drift(before, catalog())}
    problems = [
        problem
        for problem in errors_of(compiler.check(Document(models={prefix: entry}), catalog()))
        if problem.code not in OF_THE_REST and (problem.code, problem.where) not in standing
    ]
    problems += _taken(prefix, entry, others)
    if problems:
        raise InvalidMap(f"{prefix or 'The tracked model'} was not saved.", problems)


def _taken(prefix: str, entry: ModelEntry, others: Iterable[TrackedModel]) -> Iterator[Problem]:
    for row in others:
        if row.prefix == prefix:
            yield Problem(
                "prefix.taken",
                "error",
                prefix,
                f"The prefix {prefix!r} is already used by {row.model_label!r} in this map.",
                "Choose another prefix.",
            )
        elif row.model_label == entry.model:
            yield Problem(
                "model.twice",
                "error",
                prefix,
                f"The model {entry.model!r} is already tracked in this map as {row.prefix!r}.",
                f"Edit {row.prefix!r} in place of adding the model again.",
            )
