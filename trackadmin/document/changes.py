"""One difference between two documents, as data and in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from trackadmin.document.structure import DROPPED, IGNORED, PSEUDONYMISED, SENT

Kind = Literal["added", "removed", "changed", "moved"]
Subject = Literal["map", "model", "attribute", "child"]

#: Longest quotation in words, in characters; the data always holds the whole text.
_QUOTED = 80


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``words()`` says it in a sentence.

    ``where`` is the place, outermost first (``User``, ``User.email``; empty for the map itself).
    ``field`` names what changed there and is empty where the whole thing came or went.
    ``old`` and ``new`` are JSON-able: the field's values, or the fields of what came or went.
    A change of order has the field ``attributes``, ``children`` or ``models`` and gives the names
    in order (``moved``), or their positions where those differ but the order does not
    (``changed``). A new name has the field ``prefix`` or ``name`` and stands at its new place.
    """

    kind: Kind
    subject: Subject
    where: str
    field: str = ""
    old: Any = None
    new: Any = None

    def words(self) -> str:
        """The change in one plain sentence, without a full stop."""
        if self.kind in ("added", "removed"):
            return self._came_or_went()
        if self.field in ("attributes", "children", "models"):
            return self._order()
        if (self.subject, self.field) == ("model", "prefix"):
            return f"{self.old}: renamed to {self.new}; names that began with {self.old}_ change"
        if (self.subject, self.field) == ("attribute", "name"):
            prefix = self.where.rpartition(".")[0]
            names = f"{prefix}_{self.old} is now {prefix}_{self.new}"
            return f"{prefix}: attribute {self.old} renamed to {self.new}; {names}"
        return f"{self.where or 'Map'}: {self._field()}"

    def as_json(self) -> dict[str, Any]:
        """The change as JSON-able data, its words included."""
        return {
            "kind": self.kind,
            "subject": self.subject,
            "where": self.where,
            "field": self.field,
            "old": self.old,
            "new": self.new,
            "words": self.words(),
        }

    def _came_or_went(self) -> str:
        outer, _, name = self.where.rpartition(".")
        if self.subject == "model":
            fields = self.new or self.old
            key = f", key {fields['key']}" if self.new and fields["key"] else ""
            return f"{name}: model {fields['model']} {self.kind}{key}"
        return f"{outer}: {self.subject} {name} {self.kind}{self._notes()}"

    def _notes(self) -> str:
        """What is out of the ordinary about an attribute or a child that was added."""
        fields, notes = self.new or {}, []
        name = self.where.rpartition(".")[2]
        if fields.get("source", name) != name:
            notes.append(f"from {fields['source']}")
        if fields.get("prefix"):
            notes.append(f"under the prefix {fields['prefix']}")
        if fields.get("alone"):
            notes.append("by itself, without its own children")
        if fields.get("decision") == IGNORED:
            notes.append("ignored")
        if fields.get("privacy") in (SENT, PSEUDONYMISED, DROPPED):
            notes.append(f"personal, {fields['privacy']}")
        if fields.get("lookup"):
            notes.append("usable in a URL")
        return f" ({', '.join(notes)})" if notes else ""

    def _order(self) -> str:
        place = f"{self.where}: " if self.where else "Map: "
        if self.kind == "changed":
            return f"{place}{self.field} renumbered, their order is the same"
        return f"{place}order of {self.field} changed"

    def _field(self) -> str:
        if self.subject == "child" and self.field == "prefix":
            old, new = (f"{p!r}" if p else "its own" for p in (self.old, self.new))
            return f"prefix changed from {old} to {new}; its names change"
        if self.subject == "child" and self.field == "alone":
            if self.new:
                return "comes along by itself now; the names of its own children go"
            return "comes along with its own children now; their names come too"
        if self.old == "":
            return f"{self.field} set to {_shown(self.new)}"
        if self.new == "":
            return f"{self.field} {_shown(self.old)} taken away"
        return f"{self.field} changed from {_shown(self.old)} to {_shown(self.new)}"


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str) and len(value) > _QUOTED:
        value = value[: _QUOTED - 1] + "…"
    return repr(value)
