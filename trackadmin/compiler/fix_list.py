"""What was fixed in a map, as data with words for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from trackadmin.codes import FixCode
from trackadmin.document.structure import ChildEntry, Document, in_order
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

#: A child in the map: the prefix of its tracked model, and its accessor.
Child: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Fix:
    """One thing that was fixed: what, where, and in words what is different now."""

    code: FixCode
    where: str
    what: Text

    @property
    def message(self) -> str:
        """What is different now, in the language that is active."""
        return str(self.what)

    def __str__(self) -> str:
        return f"{self.where}: {self.message} [{self.code}]"


def differences(before: Document, after: Document, renamed: Mapping[Child, str]) -> Iterator[Fix]:
    """What is different, in the order of the map. ``renamed`` has the new accessors of children."""
    for prefix, entry in in_order(before.models):
        for written, old in in_order(entry.children):
            accessor = renamed.get((prefix, written), written)
            where = f"{prefix}.{accessor}"
            if accessor != written:
                what = _(
                    "The child has the name of its relation now, not of its column, '%(column)s'.",
                    column=written,
                )
                yield Fix(FixCode.CHILD_RENAMED, where, what)
            new = after.models[prefix].children.get(accessor)
            if new is None:
                what = _("The child was removed, because its model is not in the map.")
                yield Fix(FixCode.CHILD_REMOVED, where, what)
            else:
                yield from _changes(where, old, new)


def _changes(where: str, old: ChildEntry, new: ChildEntry) -> Iterator[Fix]:
    if new.prefix != old.prefix and old.prefix:
        what = _(
            "The child gets the prefix '%(new)s' in place of '%(old)s'.",
            new=new.prefix,
            old=old.prefix,
        )
        yield Fix(FixCode.CHILD_PREFIX, where, what)
    elif new.prefix != old.prefix:
        what = _("The child gets the prefix '%(new)s'.", new=new.prefix)
        yield Fix(FixCode.CHILD_PREFIX, where, what)
    if new.alone != old.alone:
        what = _("The child comes without its own children, because they would bring too much.")
        yield Fix(FixCode.CHILD_ALONE, where, what)
