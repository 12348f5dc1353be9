"""The problems of single names and values, which every class of entries shares.

No function is a generator: a map has tens of thousands of names and values, and nearly all are
correct.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from trackadmin.codes import ProblemCode
from trackadmin.document.names import LEGAL, why_not_a_name
from trackadmin.document.reading import shown
from trackadmin.document.structure import DECISIONS, PRIVACIES
from trackadmin.exceptions import Problem
from trackadmin.texts import Text, joined
from trackadmin.texts import gettext as _

#: The largest position that every database can store.
LAST_POSITION = 2**31 - 1
#: Longest owner, in characters, as its column is.
LONGEST_OWNER = 200

#: By what the name is for; the reason follows.
_IMPOSSIBLE = {
    "prefix": _("%(name)s cannot be a prefix."),
    "key": _("%(name)s cannot be the name of a key."),
    "attribute": _("%(name)s cannot be the name of an attribute."),
    "source": _("%(name)s cannot be the source of an attribute."),
    "child": _("%(name)s cannot be the name of a child."),
    "aggregate": _("%(name)s cannot be the name of a count or sum."),
    "relation": _("%(name)s cannot be the name of a relation."),
    "field": _("%(name)s cannot be the name of a field."),
    "action": _("%(name)s cannot be the name of an action."),
    "parameter": _("%(name)s cannot be the name of a parameter."),
}


def name_problem(subject: str, name: str, where: str) -> Sequence[Problem]:
    """A name that no map may have."""
    reason = why_not_a_name(name)
    if reason is None:
        return ()
    what = joined(replace(_IMPOSSIBLE[subject], values={"name": shown(name)}), reason)
    return [Problem(ProblemCode.NAME_INVALID, "error", where, what, LEGAL)]


def decision_problem(value: str, where: str) -> Sequence[Problem]:
    """A decision that does not exist."""
    if value in DECISIONS:
        return ()
    what = _("%(value)s is not a decision.", value=shown(value))
    return [Problem(ProblemCode.DECISION_UNKNOWN, "error", where, what, one_of(DECISIONS))]


def privacy_problem(value: str, where: str) -> Sequence[Problem]:
    """A privacy that does not exist."""
    if value in PRIVACIES:
        return ()
    what, remedy = _("%(value)s is not a privacy.", value=shown(value)), one_of(PRIVACIES)
    if value == "personal":
        choose = _("A personal attribute is sent, pseudonymised or dropped: decide which.")
        remedy = joined(remedy, choose)
    return [Problem(ProblemCode.PRIVACY_UNKNOWN, "error", where, what, remedy)]


def owner_problem(owner: str, where: str) -> Sequence[Problem]:
    """An owner that its column cannot hold."""
    if len(owner) <= LONGEST_OWNER:
        return ()
    what = _("The owner has %(count)s characters.", count=len(owner))
    remedy = _("Use at most %(most)s.", most=LONGEST_OWNER)
    return [Problem(ProblemCode.OWNER_TOO_LONG, "error", where, what, remedy)]


def value_problem(value: object, legal: Sequence[str], where: str) -> Sequence[Problem]:
    """A value that is none of those that its field may have."""
    if value in legal:
        return ()
    what = _("%(value)s is not possible here.", value=shown(value))
    return [Problem(ProblemCode.VALUE_UNKNOWN, "error", where, what, one_of(legal))]


def one_of(legal: Sequence[str]) -> Text:
    """The remedy that lists what is legal."""
    return _("Use one of: %(values)s.", values=", ".join(legal))


def position_problem(position: int, where: str) -> Sequence[Problem]:
    """A position that some database cannot store."""
    if 0 <= position <= LAST_POSITION:
        return ()
    what = _("The position %(position)s is out of range.", position=shown(position))
    remedy = _("Use a number from 0 to %(most)s.", most=LAST_POSITION)
    return [Problem(ProblemCode.POSITION_OUT_OF_RANGE, "error", where, what, remedy)]


def text_problem(text: str, where: str) -> Sequence[Problem]:
    """A text with a character that some database cannot store."""
    if "\0" not in text and (text.isascii() or not _half(text)):
        return ()
    what = _("A text has a character that no database can store (NUL or half a character).")
    remedy = _("Remove the character.")
    return [Problem(ProblemCode.TEXT_INVALID, "error", where, what, remedy)]


def _half(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)
