"""What keeps the live version, or parts of it, from being served."""

from __future__ import annotations

from trackadmin.catalog import catalog
from trackadmin.codes import ProblemCode
from trackadmin.compiler import Snapshot, compile_map
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.document import load
from trackadmin.exceptions import DocumentError, Problem
from trackadmin.runtime import store
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
        snapshot = _compiled_live(map, published)
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
        models = _compiled_live(map, published).by_prefix.values() if published else ()
    except DocumentError:
        return []
    lookups = (lookup for model in models for lookup in model.lookups.values())
    return [each.reference for each in lookups if each.guessable and not each.signed_only]


def _compiled_live(map: str, published: store.Published) -> Snapshot:
    document = load(published.document, published.digest)
    return compile_map(
        document, catalog(), slug=map, number=published.number, names_are_checked=True
    )
