"""Sentences about why a reference found nothing."""

from __future__ import annotations

from trackadmin.codes import Outcome
from trackadmin.compiler import SEPARATOR, Lookup, ManagerError, Snapshot
from trackadmin.conf import conf
from trackadmin.runtime.values import Reference
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


def why(snapshot: Snapshot, reference: Reference, error: BaseException | None = None) -> Text | str:
    """Why the reference was not found; empty where it was.

    ``error`` is what its look-up raised, for a reference that failed.
    """
    lookup = snapshot.lookup(reference.name)
    match reference.outcome:
        case Outcome.NONE:
            return _("No row that the model's manager shows has this value.")
        case Outcome.MANY:
            return _("Several rows have this value, so it names none of them.")
        case Outcome.CONFLICT:
            return _("Another reference of the query gives other values under the same names.")
        case Outcome.NOT_SIGNED:
            return _("Only a signed URL may have this reference. Make the URL with signed=True.")
        case Outcome.NOT_ALLOWED:
            return _not_allowed(snapshot, reference.name)
        case Outcome.MALFORMED if lookup is not None:
            return _malformed(lookup, reference.value)
        case Outcome.FAILED if lookup is not None:
            return _failed(error)
    return ""


def _not_allowed(snapshot: Snapshot, reference: str) -> Text:
    prefix, __, name = reference.partition(SEPARATOR)
    entry = snapshot.document.models.get(prefix)
    if snapshot.lookup(reference) is not None:
        return _(
            "The query has more than %(most)s references (MAX_REFERENCES).",
            most=str(conf.MAX_REFERENCES),
        )
    if entry is None:
        return _("The map has no prefix '%(prefix)s'.", prefix=prefix)
    if prefix not in snapshot.by_prefix:
        return _(
            "The site no longer has the model '%(model)s', or no longer allows it.",
            model=entry.model,
        )
    if SEPARATOR in name:
        return _(
            "A reference is a prefix, %(separator)s and one name. Nothing may follow the name.",
            separator=SEPARATOR,
        )
    if name in entry.lookups():
        return _(
            "The site no longer has the attribute '%(name)s', or a URL cannot carry its kind.",
            name=name,
        )
    if name in entry.attributes:
        return _(
            "'%(name)s' is tracked, but it is neither the key nor a lookup of %(prefix)s.",
            name=name,
            prefix=prefix,
        )
    if name in entry.aggregates:
        return _(
            "'%(name)s' is a count or sum, which many objects of %(prefix)s may share.",
            name=name,
            prefix=prefix,
        )
    return _("%(prefix)s has no attribute '%(name)s'.", name=name, prefix=prefix)


def _malformed(lookup: Lookup, value: str) -> Text | str:
    try:
        lookup.parse(value)
    except ValueError as error:
        return str(error)
    return _("It is not a value of the column.")


def _failed(error: BaseException | None) -> Text:
    """The type of the error that the lookup raised. Its text may contain values of other rows."""
    if error is None:
        return _("The database or the site's code raised an error. A second try raised none.")
    if isinstance(error, ManagerError):
        return _(
            "The default manager of %(model)s raised %(error)s.",
            model=error.label,
            error=error.cause,
        )
    name, cause = type(error).__qualname__, error.__cause__
    if cause is None:
        return _("The lookup raised %(error)s.", error=name)
    return _(
        "The lookup raised %(error)s, caused by %(cause)s.",
        error=name,
        cause=type(cause).__qualname__,
    )
