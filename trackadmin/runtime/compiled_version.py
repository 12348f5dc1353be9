"""A version that was read from the database, compiled for this process."""

from __future__ import annotations

from trackadmin.catalog import catalog
from trackadmin.compiler import Snapshot, compile_map
from trackadmin.document import load
from trackadmin.runtime.store import Published


def compiled_version(published: Published, slug: str) -> Snapshot:
    """Check and compile it. Raises :class:`DocumentError` if it cannot be served."""
    return compile_map(
        load(published.document, published.digest),
        catalog(),
        slug=slug,
        number=published.number,
        digest=published.digest,
        names_are_checked=True,
    )
