"""Why a reference found nothing, in words for whoever asks on the command line."""

from __future__ import annotations

from trackadmin.compiler import SEPARATOR, Lookup, ManagerError, Snapshot
from trackadmin.conf import conf
from trackadmin.runtime import Reference

_WORDS = {
    "none": "no row that the model's manager shows has this value",
    "many": "several rows have this value, so it names none of them",
    "conflict": "another reference of the query gives other values under the same names",
}


def why(snapshot: Snapshot, reference: Reference) -> str:
    """Why the reference was not found; empty where it was. Asks the database once at most."""
    lookup = snapshot.lookup(reference.name)
    if reference.outcome == "not_allowed":
        return _not_allowed(snapshot, reference.name)
    if reference.outcome == "malformed" and lookup is not None:
        return _malformed(lookup, reference.value)
    if reference.outcome == "failed" and lookup is not None:
        return _failed(lookup, reference.value)
    return _WORDS.get(reference.outcome, "")


def _not_allowed(snapshot: Snapshot, reference: str) -> str:
    prefix, _, name = reference.partition(SEPARATOR)
    entry = snapshot.document.models.get(prefix)
    if snapshot.lookup(reference) is not None:
        return f"the query has more than {conf.MAX_REFERENCES} references (MAX_REFERENCES)"
    if entry is None:
        return f"the map has no prefix {prefix!r}"
    if prefix not in snapshot.by_prefix:
        return f"the site no longer has the model {entry.model!r}, or no longer allows it"
    if SEPARATOR in name:
        return f"a reference is a prefix, {SEPARATOR} and one name: nothing may follow the name"
    if name in entry.lookups():
        return f"the site no longer has the attribute {name!r}, or a URL cannot carry its kind"
    if name in entry.attributes:
        return f"{name!r} is tracked, but it is neither the key nor a lookup of {prefix}"
    return f"{prefix} has no attribute {name!r}"


def _malformed(lookup: Lookup, value: str) -> str:
    try:
        lookup.parse(value)
    except ValueError as error:
        return str(error).removesuffix(".")
    return "it is not a value of the column"


def _failed(lookup: Lookup, value: str) -> str:
    """What the lookup raises, by its type only: its text may hold values of other rows."""
    error = lookup.fetch(value).error
    if error is None:
        return "an error of the database or of the site's code; tried once more, there was none"
    if isinstance(error, ManagerError):
        return f"the default manager of {error.label} raised {error.cause}"
    return f"looking for it raised {_named(error)}"


def _named(error: BaseException) -> str:
    name = type(error).__qualname__
    cause = error.__cause__
    return name if cause is None else f"{name}, caused by {type(cause).__qualname__}"
