"""Names that belong to the map, so that no parameter may have them.

A name is reserved if it starts with the prefix of a tracked model or a child and an underscore,
even if the map has no such attribute today: a report must never mix values of the site's database
with values that a visitor made up. A name that a warehouse might store as one of the map's names is
reserved too: in another case, in look-alike letters, with invisible characters, or with another
character for the underscore.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from itertools import islice

from trackadmin.codes import ProblemCode
from trackadmin.document.action_rules import ACTIONS
from trackadmin.document.structure import Document, ModelEntry, in_order
from trackadmin.exceptions import Problem
from trackadmin.texts import gettext as _


class ReservedNames:
    """The names that one map reserves."""

    def __init__(self, document: Document, names_of: Callable[[str], Collection[str]]) -> None:
        """``names_of`` gives the names that a tracked model yields, by its prefix."""
        self._names_of = names_of
        self._prefixes: set[str] = set()
        #: By the folded prefix: the tracked models that yield names which start with it.
        self._models: dict[str, set[str]] = {}
        for prefix, entry in document.models.items():
            given = {prefix, *given_prefixes(entry)}
            self._prefixes |= given
            for each in given:
                self._models.setdefault(each.casefold(), set()).add(prefix)
        #: How many underscores may come before the one that ends a prefix.
        self._deepest = max((prefix.count("_") for prefix in self._prefixes), default=0)
        self._folded: dict[str, frozenset[str]] = {}

    def __contains__(self, name: str) -> bool:
        if name.isascii() and name.isalnum():
            return False
        plain = _plain(name)
        if any(start in self._prefixes for start in self._starts(plain)):
            return True
        folded = _SIGN.sub("_", plain.casefold())
        return any(
            folded in self._names(prefix)
            for start in self._starts(folded)
            for prefix in self._models.get(start, ())
        )

    def _starts(self, name: str) -> Iterator[str]:
        """The parts of the name that could be a prefix of the map."""
        found = (at for at, letter in enumerate(name) if letter == "_")
        return (name[:at] for at in islice(found, self._deepest + 1))

    def _names(self, prefix: str) -> frozenset[str]:
        """The folded names that a tracked model yields."""
        found = self._folded.get(prefix)
        if found is None:
            names = self._names_of(prefix)
            found = self._folded[prefix] = frozenset(name.casefold() for name in names)
        return found


def reserved_parameters(document: Document, reserved: ReservedNames) -> Iterator[Problem]:
    """An error for each parameter of an action that no event could have."""
    for name, action in in_order(document.actions):
        for parameter, _entry in in_order(action.parameters):
            if parameter in reserved:
                what = _(
                    "The name '%(name)s' is, or looks like, a name of the map, so no event has "
                    "such a parameter.",
                    name=parameter,
                )
                remedy = _("Give the parameter another name.")
                where = f"{ACTIONS}.{name}.{parameter}"
                yield Problem(ProblemCode.PARAMETER_NAME_RESERVED, "error", where, what, remedy)


def given_prefixes(entry: ModelEntry) -> Iterator[str]:
    """The prefixes that a tracked model and its children have beside the model's own, or had."""
    children = entry.children.values()
    given = [entry.former_prefix]
    given += [prefix for child in children for prefix in (child.prefix, child.former_prefix)]
    yield from filter(None, given)


_SIGN = re.compile(r"\W")


def _plain(name: str) -> str:
    """The name in its plainest letters, without what cannot be seen."""
    if name.isascii():
        return name.strip()
    plain = unicodedata.normalize("NFKC", name)
    return "".join(each for each in plain if unicodedata.category(each) != "Cf").strip()
