"""How many queries a tracking URL takes by the draft and by the live version, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db import router
from django.db.models import Model

from trackadmin.codes import Outcome
from trackadmin.compiler import CompiledModel, Snapshot
from trackadmin.compiler.costs import Cost, CostCode
from trackadmin.compiler.query_tree import shape_of
from trackadmin.editing.effect_plan import ChangedModel, Plans, place_of
from trackadmin.editing.query_counter import QueryCounter
from trackadmin.editing.trying import Tried
from trackadmin.texts import Text
from trackadmin.texts import gettext as _

#: For how many objects of a model URLs are looked up; the most queries of one of them count.
MOST_LOOKED_UP = 3


@dataclass(frozen=True, slots=True)
class UrlQueries:
    """The queries of a tracking URL that names one object by its key."""

    #: ``None`` where that version has no key for the objects, or found none of them by it.
    before: int | None
    after: int | None
    #: The names that only one side computes, and whose values took queries.
    computed: tuple[str, ...]
    #: What else only one side needs a query for, in whole sentences.
    reasons: tuple[Text | Cost, ...]


@dataclass(slots=True)
class UrlCounter:
    """Looks objects up as the tracking URL does, by both snapshots, and counts the queries."""

    changed: ChangedModel
    draft: Snapshot
    live: Snapshot | None
    looked_up: int = 0
    _after: list[int] = field(default_factory=list)
    _before: list[int] = field(default_factory=list)
    _costly: dict[str, None] = field(default_factory=dict)
    _saved: dict[str, None] = field(default_factory=dict)

    @property
    def is_done(self) -> bool:
        """Whether enough objects were looked up."""
        return self.looked_up >= MOST_LOOKED_UP

    def look_up(self, obj: Model, new: Tried, old: Tried) -> None:
        """Count the queries of a URL that names this object."""
        self.looked_up += 1
        self._after += _queries(self.draft, self.changed.draft, obj)
        self._before += _queries(self.live, self.changed.live, obj) if self.live else ()
        changed = self.changed
        self._costly |= dict.fromkeys(_only(new, changed.planned, changed.planned_live))
        self._saved |= dict.fromkeys(_only(old, changed.planned_live, changed.planned))

    def url_queries(self) -> UrlQueries | None:
        """The result; ``None`` where no object was looked up."""
        if not self.looked_up:
            return None
        before, after = max(self._before, default=None), max(self._after, default=None)
        more = after is not None and after > (before or 0)
        reasons = () if before == after else _reasons(self.changed, more=more)
        computed = () if before == after else tuple(self._costly if more else self._saved)
        return UrlQueries(before, after, computed, reasons)


def _queries(snapshot: Snapshot, compiled: CompiledModel | None, obj: Model) -> list[int]:
    """How many queries the look-up of the object by its key takes; empty where it is not found."""
    key = compiled.key if compiled else None
    text = key.text(obj) if key else None
    if key is None or text is None:
        return []
    counter = QueryCounter()
    with counter.running():
        (found,) = snapshot.resolver.resolve([(key, text)], _unreported)
    return [counter.taken()] if found.status is Outcome.FOUND else []


def _unreported(code: str, where: str, error: BaseException | None) -> None:
    """What is lost was told when the object was flattened; its text may have hidden values."""


def _only(tried: Tried, planned: Plans, others: Plans) -> list[str]:
    """The names that took queries and that read what the other side does not read."""
    read = [given.source[:3] for given in others.values()]
    return [name for name in tried.costly if planned[name].source[:3] not in read]


def _reasons(changed: ChangedModel, *, more: bool) -> tuple[Text | Cost, ...]:
    """What one side needs a query for and the other does not: the draft if it takes more."""
    sides = (changed.draft, changed.live) if more else (changed.live, changed.draft)
    causes, others = (dict(_own_queries(side)) if side else {} for side in sides)
    return tuple(cause for place, cause in causes.items() if place not in others)


def _own_queries(compiled: CompiledModel) -> Iterator[tuple[tuple[str, str], Text | Cost]]:
    """What no join gives, by its kind and place: children, and counts that are asked for apart."""
    shape = shape_of(compiled.node, router.db_for_read(compiled.model), counted=True)
    for each in shape.walk():
        for loaded in each.loaded:
            text = _(
                "%(path)s: a query of its own loads it. %(reason)s",
                path=loaded.node.path,
                reason=loaded.why.text,
            )
            yield ("child", place_of(loaded.node)), text
        if any(aggregate not in each.aggregates for aggregate in each.node.aggregates):
            yield ("counts", place_of(each.node)), Cost(CostCode.COUNTED, each.node.path)
