"""Reads documents of older formats: each is brought to the next one until it is today's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from trackadmin.document.reading import shown
from trackadmin.document.structure import FORMAT
from trackadmin.exceptions import DocumentError, Problem

#: By the format it reads: a function from such a document's data to that of the next format.
#: It may raise any of the errors below where the data is not what its format says.
UPGRADES: dict[int, Callable[[dict[str, Any]], dict[str, Any]]] = {
    # Format 2 only added fields that may be left out.
    1: dict,
}

_SPOILT = (LookupError, TypeError, ValueError, AttributeError)


def upgraded(data: dict[str, Any]) -> dict[str, Any]:
    """The data of a document in today's format; raises :class:`DocumentError` if it has none."""
    found = data.get("format")
    if type(found) is not int or (found != FORMAT and found not in UPGRADES):
        raise _unknown(found)
    for number in range(found, FORMAT):
        try:
            data = {**UPGRADES[number](data), "format": number + 1}
        except _SPOILT as error:
            raise _unknown(found) from error
    return data


def _unknown(found: object) -> DocumentError:
    legal = ", ".join(str(number) for number in [*sorted(UPGRADES), FORMAT])
    newer = type(found) is int and found > FORMAT
    message = f"The document says that its format is {shown(found)}; legal: {legal}."
    fix = "A newer trackadmin wrote it: upgrade this one." if newer else "Export the map again."
    problem = Problem("document.unknown_format", "error", "format", message, fix)
    return DocumentError("This version of trackadmin cannot read the document.", [problem])
