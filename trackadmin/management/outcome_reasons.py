"""Why a reference found nothing, in sentences for a person at the command line."""

from __future__ import annotations

from django.utils.translation import gettext as _

from trackadmin.codes import Outcome
from trackadmin.compiler import SEPARATOR, Lookup, ManagerError, Snapshot
from trackadmin.conf import conf
from trackadmin.runtime import Reference


def why(snapshot: Snapshot, reference: Reference) -> str:
    """Why the reference was not found; empty where it was. Asks the database once at most."""
    lookup = snapshot.lookup(reference.name)
    match reference.outcome:
        case Outcome.NONE:
            return _("No row that the model's manager shows has this value.")
        case Outcome.MANY:
            return _("Several rows have this value, so it names none of them.")
        case Outcome.CONFLICT:
            return _("Another reference of the query gives other values under the same names.")
        case Outcome.NOT_ALLOWED:
            return _not_allowed(snapshot, reference.name)
        case Outcome.MALFORMED if lookup is not None:
            return _malformed(lookup, reference.value)
        case Outcome.FAILED if lookup is not None:
            return _failed(lookup, reference.value)
    return ""


def _not_allowed(snapshot: Snapshot, reference: str) -> str:
    prefix, __, name = reference.partition(SEPARATOR)
    entry = snapshot.document.models.get(prefix)
    if snapshot.lookup(reference) is not None:
        words = _("The query has more than %(most)s references (MAX_REFERENCES).")
        return words % {"most": conf.MAX_REFERENCES}
    if entry is None:
        return _("The map has no prefix '%(prefix)s'.") % {"prefix": prefix}
    if prefix not in snapshot.by_prefix:
        words = _("The site no longer has the model '%(model)s', or no longer allows it.")
        return words % {"model": entry.model}
    if SEPARATOR in name:
        words = _(
            "A reference is a prefix, %(separator)s and one name. Nothing may follow the name."
        )
        return words % {"separator": SEPARATOR}
    if name in entry.lookups():
        words = _(
            "The site no longer has the attribute '%(name)s', or a URL cannot carry its kind."
        )
    elif name in entry.attributes:
        words = _("'%(name)s' is tracked, but it is neither the key nor a lookup of %(prefix)s.")
    elif name in entry.aggregates:
        words = _("'%(name)s' is a count or sum, which many objects of %(prefix)s may share.")
    else:
        words = _("%(prefix)s has no attribute '%(name)s'.")
    return words % {"name": name, "prefix": prefix}


def _malformed(lookup: Lookup, value: str) -> str:
    try:
        lookup.parse(value)
    except ValueError as error:
        return str(error)
    return _("It is not a value of the column.")


def _failed(lookup: Lookup, value: str) -> str:
    """The type of the error that the lookup raises. Its text may contain values of other rows."""
    error = lookup.fetch(value).error
    if error is None:
        return _("The database or the site's code raised an error. A second try raised none.")
    if isinstance(error, ManagerError):
        words = _("The default manager of %(model)s raised %(error)s.")
        return words % {"model": error.label, "error": error.cause}
    return _raised(error)


def _raised(error: BaseException) -> str:
    name, cause = type(error).__qualname__, error.__cause__
    if cause is None:
        return _("The lookup raised %(error)s.") % {"error": name}
    words = _("The lookup raised %(error)s, caused by %(cause)s.")
    return words % {"error": name, "cause": type(cause).__qualname__}
