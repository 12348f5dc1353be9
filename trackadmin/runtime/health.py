"""What keeps the live version from being served whole."""

from __future__ import annotations

from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.document import load
from trackadmin.exceptions import DocumentError, Problem
from trackadmin.names import DEFAULT_MAP
from trackadmin.runtime import store


def live_problems(map: str = DEFAULT_MAP, database: str = "") -> list[Problem]:
    """Drift, or why the live version is refused; empty where all is well or none is published.

    Asks the database and compiles anew, whatever this process serves. Raises what the database
    raises. Meant for checks, not for requests. ``database`` is an alias; by default the one that
    the router reads from.
    """
    published = store.newest(map, database)
    if published is None:
        return []
    try:
        document = load(published.document, published.digest)
        snapshot = compile_map(
            document,
            catalog(),
            slug=map,
            number=published.number,
            names_are_checked=True,
        )
        snapshot.compile_all()
    except DocumentError as error:
        what = f"Version {published.number} is refused: {error.summary}"
        fix = "Sites serve the version before it. Publish the draft, or roll back."
        return [Problem("map.refused", "error", map, what, fix), *error.problems]
    return list(snapshot.drift)
