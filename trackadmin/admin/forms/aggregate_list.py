"""All counts and sums of a tracked model's page, in their order, with one to add."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial

from django.http import QueryDict
from django.utils.translation import gettext as _

from trackadmin.admin.forms.aggregate_row import AggregateRow, initial_of
from trackadmin.admin.forms.proposed_names import proposed_name
from trackadmin.catalog import (
    AttributeFacts,
    ModelFacts,
    catalog,
    objects_in_words,
    why_not_by,
    why_not_condition,
    why_not_for,
)
from trackadmin.document import ModelEntry
from trackadmin.document.structure import COUNT, TRACKED, AggregateEntry, in_order
from trackadmin.texts import Text

#: What a page may ask for instead of saving: the rows again, with one more, or with one moved; or
#: the row of an attribute opened.
ASKS = r"(?:rows|add|(?:up|down)-[0-9]{1,4}|open-[\w-]{1,200})?"
OPEN = "open-"
#: The input with the relation of the row to add.
ADD = "add-relation"
#: ``g-1-relation`` is the relation of the first row.
_INPUT = re.compile(r"g-([0-9]{1,4})-([a-z]+(?:_[0-9])?)", re.ASCII)
_STEPS = {"up": -1, "down": 1}


class AggregateRows:
    """All counts and sums of a tracked model, in their order on the page.

    ``asked`` is what the page asks for instead of saving. If it is one of :data:`ASKS`, the rows
    are shown again and not checked.
    """

    def __init__(
        self,
        facts: ModelFacts | None,
        entry: ModelEntry,
        data: QueryDict | None,
        asked: str = "",
    ) -> None:
        self.facts, self.entry = facts, entry
        self.rows: list[AggregateRow] = []
        if facts is not None:
            self.rows = list(self._aggregate_rows(facts, data, asked))
        if data is not None:
            self._propose()
        if asked and re.fullmatch(ASKS, asked):
            for row in self.rows:
                row.errors.clear()
        elif not asked and data and data.get(ADD) and self.rows:
            # It was chosen, and nobody has seen what is counted yet.
            self.rows[-1].add_error(None, _("Say what is counted, then save again."))

    @property
    def any_to_show(self) -> bool:
        """Whether there is anything to show: rows, or relations to choose from."""
        return bool(self.rows or self.offered)

    @property
    def offered(self) -> list[tuple[str, str]]:
        """The relations of which something can be counted, with their objects in words."""
        found = self.facts.collections if self.facts else ()
        return [(each, objects_in_words(each, self.facts)) for each in found]

    @property
    def kept(self) -> list[AggregateRow]:
        """The rows that are not to be removed."""
        return [row for row in self.rows if not row.removed]

    def _propose(self) -> None:
        """Fill in a name where there is none, or only one that was proposed."""
        taken = {*self.entry.attributes, *self.hidden, *(row.typed("name") for row in self.rows)}
        for row in self.kept:
            entry, name = row.so_far, row.typed("name")
            if entry is None or name != (row.typed("proposed") if name else ""):
                continue
            proposed = proposed_name(entry, taken - {name})
            row.take(proposed)
            taken.add(proposed)
            if not proposed:
                row.add_error("name", _("Give it a name."))

    @property
    def hidden(self) -> dict[str, AggregateEntry]:
        """What the map has and the page did not show as a row: an older page, or a lost field."""
        shown = {row.typed("was") for row in self.rows}
        return {n: each for n, each in self.entry.aggregates.items() if n not in shown}

    def as_entries(self) -> dict[str, AggregateEntry]:
        """The rows by their names; only if they are valid."""
        positions = self._positions()
        rows = zip(self.kept, positions, strict=True)
        return {row.cleaned_data["name"]: row.as_entry(position) for row, position in rows}

    def _positions(self) -> list[int]:
        """The positions stay where the order did, so that a save changes what was changed."""
        kept, before = self.kept, [name for name, __ in in_order(self.entry.aggregates)]
        known = [row.typed("was") for row in kept if row.known]
        new = len(kept) - len(known)
        at_end = not any(row.known for row in kept[len(known) :])
        if at_end and known == [name for name in before if name in known]:
            start = max((each.position for each in self.entry.aggregates.values()), default=-1) + 1
            return [*(row.known.position for row in kept if row.known), *range(start, start + new)]
        return list(range(len(kept)))

    def _aggregate_rows(
        self, facts: ModelFacts, data: QueryDict | None, asked: str
    ) -> Iterator[AggregateRow]:
        offered = [
            (name, each)
            for name, each in in_order(self.entry.aggregates)
            if not why_gone(each, facts)
        ]
        if data is None:
            for number, (name, known) in enumerate(offered, start=1):
                yield AggregateRow(number, facts, known=known, initial=initial_of(name, known))
            return
        gone = self.entry.aggregates.keys() - dict(offered).keys()
        states = [each for each in _asked(_sent(data), data, asked) if each["was"] not in gone]
        for number, state in enumerate(states, start=1):
            yield AggregateRow(number, facts, known=dict(offered).get(state["was"]), state=state)


def why_gone(aggregate: AggregateEntry, facts: ModelFacts | None) -> str:
    """Why the site no longer has what it counts; empty where it has."""
    collection = facts.collection(aggregate.relation) if facts else None
    if collection is None:
        why = _("The code no longer has related objects '%(name)s'.")
        return why % {"name": aggregate.relation}
    related = catalog().get(collection.target)
    if collection.refused or related is None:
        return str(collection.refused or catalog().why_not(collection.target))
    return next(filter(None, (_unfit(*each, related) for each in _fields_of(aggregate))), "")


_Fits = Callable[[AttributeFacts], Text | None]


def _fields_of(aggregate: AggregateEntry) -> Iterator[tuple[str, _Fits]]:
    """The fields that it names, each with what says whether the field fits."""
    if aggregate.field:
        yield aggregate.field, partial(why_not_for, aggregate.function)
    if aggregate.by:
        yield aggregate.by, why_not_by
    for name in aggregate.where:
        yield name, why_not_condition


def _unfit(name: str, why_not: _Fits, related: ModelFacts) -> str:
    found = related.attribute(name)
    if found is None:
        why = _("%(model)s no longer has a field '%(name)s'.")
        return why % {"model": related.name, "name": name}
    return str(found.refused or why_not(found) or "")


def _sent(data: QueryDict) -> list[dict[str, str]]:
    """The inputs of each row by their names, in the order of the page."""
    rows: dict[int, dict[str, str]] = {}
    for key in data:
        if match := _INPUT.fullmatch(key):
            rows.setdefault(int(match[1]), {"was": ""})[match[2]] = str(data[key])
    return [rows[number] for number in sorted(rows)]


def _asked(rows: list[dict[str, str]], data: QueryDict, asked: str) -> list[dict[str, str]]:
    """The rows with one more, or with one moved, as the page asks."""
    what, __, number = asked.partition("-")
    if what in _STEPS:
        place, target = int(number) - 1, int(number) - 1 + _STEPS[what]
        if {place, target} <= set(range(len(rows))):
            rows[place], rows[target] = rows[target], rows[place]
    if data.get(ADD) and what in ("", "add"):
        rows.append({"was": "", "relation": str(data[ADD]), "function": COUNT, "decision": TRACKED})
    return [row for row in rows if row["was"] or "remove" not in row or not what]
