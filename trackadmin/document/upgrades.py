"""Reads documents of older formats: each is upgraded to the next format until it is today's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trackadmin.codes import ProblemCode
from trackadmin.document.reading import shown
from trackadmin.document.structure import FIRST_FORMAT, FORMAT
from trackadmin.exceptions import DocumentError, Problem
from trackadmin.texts import gettext as _

#: By the format it reads: a function from such a document's data to that of the next format.
#: It may raise any of the errors below where the data is not what its format says. None is needed
#: if the next format only adds fields that may be left out, as format 2 does.
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {}

_SPOILT = (LookupError, TypeError, ValueError, AttributeError)


def upgraded(data: dict[str, Any]) -> dict[str, Any]:
    """The data of a document in today's format; raises :class:`DocumentError` if it has none."""
    found = data.get("format")
    if type(found) is not int or found not in _known():
        raise _unknown_format(found)
    for number in range(found, FORMAT):
        try:
            data = {**UPGRADES.get(number, dict)(data), "format": number + 1}
        except _SPOILT as error:
            raise _unknown_format(found) from error
    return data


def _known() -> set[int]:
    return {*UPGRADES, *range(FIRST_FORMAT, FORMAT + 1)}


def _unknown_format(found: object) -> DocumentError:
    legal = ", ".join(map(str, sorted(_known())))
    what = _(
        "The document says that its format is %(format)s. Known formats: %(legal)s.",
        format=shown(found),
        legal=legal,
    )
    if type(found) is int and found > FORMAT:
        remedy = _("A newer version of trackadmin wrote it: upgrade this one.")
    else:
        remedy = _("Export the map again.")
    problem = Problem(ProblemCode.DOCUMENT_UNKNOWN_FORMAT, "error", "format", what, remedy)
    return DocumentError(_("This version of trackadmin cannot read the document."), [problem])
