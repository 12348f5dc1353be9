"""The errors that stop an entry or a whole document from becoming rows of the draft."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trackadmin import compiler
from trackadmin.catalog import catalog
from trackadmin.codes import ProblemCode
from trackadmin.document import Document, MapFile, ModelEntry
from trackadmin.exceptions import InvalidMap, Problem, errors_of
from trackadmin.models import TrackedModel
from trackadmin.texts import gettext as _

#: Errors that another tracked model can correct. A draft may have them; a publish may not.
OF_THE_REST = frozenset({ProblemCode.CHILD_NOT_TRACKED})


def refuse_document(given: Document | MapFile) -> Document:
    """The document for the draft; raises :class:`InvalidMap` with all its errors."""
    read = given if isinstance(given, MapFile) else MapFile(given)
    problems = read.errors(compiler.check(read.document, catalog()))
    if problems:
        raise InvalidMap(_("The map has errors. Nothing was changed."), problems)
    return read.document


def refuse_entry(
    prefix: str, entry: ModelEntry, others: Iterable[TrackedModel], before: Document
) -> None:
    """Raise :class:`InvalidMap` with every error of this entry, but not of the rest of the map.

    ``others`` are the other rows of the draft. ``before`` has the entry that this one replaces,
    under the same prefix: it may keep the errors that drift had already caused there.
    """
    standing = {(p.code, p.where) for p in compiler.drift(before, catalog())}
    problems = [
        problem
        for problem in errors_of(compiler.check(Document(models={prefix: entry}), catalog()))
        if problem.code not in OF_THE_REST and (problem.code, problem.where) not in standing
    ]
    problems += _taken(prefix, entry, others)
    if problems:
        what = (
            _("%(prefix)s was not saved.", prefix=prefix)
            if prefix
            else _("The tracked model was not saved.")
        )
        raise InvalidMap(what, problems)


def _taken(prefix: str, entry: ModelEntry, others: Iterable[TrackedModel]) -> Iterator[Problem]:
    for row in others:
        if row.prefix == prefix:
            what = _(
                "The prefix '%(prefix)s' is already used by '%(model)s' in this map.",
                prefix=prefix,
                model=row.model_label,
            )
            remedy = _("Choose another prefix.")
            yield Problem(ProblemCode.PREFIX_TAKEN, "error", prefix, what, remedy)
        elif row.model_label == entry.model:
            what = _(
                "The model '%(model)s' is already tracked in this map as '%(prefix)s'.",
                model=entry.model,
                prefix=row.prefix,
            )
            remedy = _("Edit '%(prefix)s' instead of adding the model again.", prefix=row.prefix)
            yield Problem(ProblemCode.MODEL_TWICE, "error", prefix, what, remedy)
