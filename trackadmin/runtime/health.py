"""What keeps the live version, or parts of it, from being served."""

from __future__ import annotations

from trackadmin.codes import ProblemCode
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.exceptions import DocumentError, Problem
from trackadmin.runtime import store
from trackadmin.runtime.compiled_version import compiled_version
from trackadmin.texts import gettext as _


def live_problems(map: str = DEFAULT_MAP, database: str = "") -> list[Problem]:
    """Drift, or why the live version is refused. Empty if all is well or nothing is published.

    Asks the database and compiles again, whatever this process serves. Raises what the database
    raises. Meant for checks, not for requests. ``database`` is an alias; the default is the one
    that the router reads from.
    """
    published = store.newest(map, database)
    if published is None:
        return []
    try:
        snapshot = compiled_version(published, map)
        snapshot.compile_all()
    except DocumentError as error:
        what = _(
            "Version %(number)s is refused: %(reason)s",
            number=str(published.number),
            reason=error.what,
        )
        fix = _("Sites serve the version before it. Publish the draft, or roll back.")
        return [Problem(ProblemCode.MAP_REFUSED, "error", map, what, fix), *error.problems]
    return list(snapshot.drift)


def guessable_references(map: str = DEFAULT_MAP, database: str = "") -> list[str]:
    """The references of the live version whose values a stranger could guess, and that any URL may
    have. Empty if it cannot be served. Asks the database and compiles, as :func:`live_problems`.
    """
    published = store.newest(map, database)
    try:
        models = compiled_version(published, map).by_prefix.values() if published else ()
    except DocumentError:
        return []
    lookups = (lookup for model in models for lookup in model.lookups.values())
    return [each.reference for each in lookups if each.guessable and not each.signed_only]
