"""Names that belong to the map: nobody outside may send a value under one of them.

A name is reserved where it starts with the prefix of a tracked model or of a child and an
underscore, also for attributes that the map does not have today: a report must never mix values of
the site's database with values that a visitor made up. A name that differs from a name of the map
only in case or in look-alike characters is reserved as well, since many warehouses fold names.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

from trackadmin.compiler.model import CompiledModel
from trackadmin.document.structure import Document


class ReservedNames:
    """The names that one map reserves."""

    def __init__(self, document: Document, by_prefix: Mapping[str, CompiledModel]) -> None:
        self._by_prefix = by_prefix
        self._prefixes: set[str] = set()
        #: By the folded prefix: the tracked models that yield names which start with it.
        self._models: dict[str, set[str]] = {}
        for prefix, entry in document.models.items():
            given = {prefix, *(child.prefix for child in entry.children.values() if child.prefix)}
            self._prefixes |= given
            for each in given:
                self._models.setdefault(each.casefold(), set()).add(prefix)
        self._folded: dict[str, frozenset[str]] = {}

    def __contains__(self, name: str) -> bool:
        if "_" not in name and name.isascii():
            return False
        plain = unicodedata.normalize("NFKC", name)
        starts = [plain[:at] for at, letter in enumerate(plain) if letter == "_"]
        if any(start in self._prefixes for start in starts):
            return True
        folded = plain.casefold()
        return any(
            folded in self._names(prefix)
            for start in starts
            for prefix in self._models.get(start.casefold(), ())
        )

    def _names(self, prefix: str) -> frozenset[str]:
        """The folded names that a tracked model yields."""
        found = self._folded.get(prefix)
        if found is None:
            compiled = self._by_prefix.get(prefix)
            names = compiled.names if compiled is not None else ()
            found = self._folded[prefix] = frozenset(name.casefold() for name in names)
        return found
