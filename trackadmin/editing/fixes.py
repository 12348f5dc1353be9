"""Correct the mechanical errors of a map: one operation for the command and the admin."""

from __future__ import annotations

from collections.abc import Iterable

from trackadmin import compiler
from trackadmin import document as documents
from trackadmin.catalog import catalog
from trackadmin.compiler import FIXABLE, Fix
from trackadmin.document import Document
from trackadmin.editing.building import build_document
from trackadmin.editing.drafting import replace_draft
from trackadmin.editing.locking import AnyMap
from trackadmin.editing.people import Person
from trackadmin.editing.versions import live_version, read_version
from trackadmin.exceptions import DocumentError, DraftChanged, Problem, UnknownMap, errors_of
from trackadmin.texts import gettext as _

#: In a larger map, finding out what can be corrected may take more than a few seconds.
MOST_CHILDREN = 400


def fixes(
    tracking_map: AnyMap, document: Document, *, imported: bool = False
) -> tuple[Document, list[Fix]]:
    """The document with its mechanical errors corrected, and what that changes.

    Children that lead to a name that is taken get a prefix of their own. Names of the live version
    stay as they are where possible. A document that is ``imported`` again gets the same prefixes
    as last time, as far as they are live. Writes nothing.
    """
    return compiler.fix(document, catalog(), live=_live(tracking_map), adopt=imported)


def offered(
    tracking_map: AnyMap, document: Document, problems: Iterable[Problem], *, imported: bool = False
) -> list[Fix]:
    """What :func:`fixes` would do about these problems; empty where finding out takes long."""
    fixable = any(problem.code in FIXABLE for problem in errors_of(problems))
    children = sum(len(entry.children) for entry in document.models.values())
    if not fixable or children > MOST_CHILDREN:
        return []
    return fixes(tracking_map, document, imported=imported)[1]


def fix_draft(tracking_map: AnyMap, *, by: Person = None, expected: str | None = None) -> list[Fix]:
    """Correct the mechanical errors of the draft in one edit; returns what was done.

    ``expected`` is the digest of the draft for which the fixes were shown, see ``draft_digest``.
    Raises :class:`DraftChanged` if the draft is another one by now; then nothing has changed.
    """
    draft = build_document(tracking_map)
    standing = documents.digest(documents.dump(draft))
    if expected is not None and expected != standing:
        raise DraftChanged(expected, standing)
    fixed, done = fixes(tracking_map, draft)
    if done:
        places = ", ".join(fix.where for fix in done)
        comment = _("Corrected: %(places)s.", places=places)
        replace_draft(tracking_map, fixed, by=by, comment=comment, expected=standing)
    return done


def _live(tracking_map: AnyMap) -> Document | None:
    """The document of the live version; ``None`` if there is no version, or it is unreadable."""
    try:
        version = live_version(tracking_map)
        return read_version(version) if version else None
    except (UnknownMap, DocumentError):
        return None
