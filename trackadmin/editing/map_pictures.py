"""A map as boxes and arrows: its tracked models, and what comes along with each of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeVar

from trackadmin.catalog import catalog
from trackadmin.compiler.matching import Matching
from trackadmin.document import ChildEntry, Document, ModelEntry, in_order
from trackadmin.document.structure import TRACKED
from trackadmin.editing.building import build_document
from trackadmin.editing.contents import readable_document
from trackadmin.editing.locking import AnyMap
from trackadmin.editing.versions import diff, live_version


class PartState(StrEnum):
    """How a box or an arrow of the draft differs from the live version."""

    SAME = "same"
    NEW = "new"
    CHANGED = "changed"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Box:
    """A tracked model of the draft, or one that only the live version still has."""

    prefix: str
    #: ``shop.Order``; in lower case where the code no longer has it.
    label: str
    #: The label of its app.
    app: str
    state: PartState
    in_code: bool
    #: How many attributes are tracked, and how many counts and sums.
    attributes: int
    aggregates: int
    #: The prefix that it had before, whose names go out until this date; empty for none.
    former_prefix: str
    until: str


@dataclass(frozen=True, slots=True)
class Arrow:
    """A child: an object that comes along."""

    #: The prefix of the tracked model that brings it.
    start: str
    accessor: str
    #: The prefix of the tracked model that it is an object of; empty if the map has none for it.
    end: str
    #: The prefix that the child gives its names; empty for that of its tracked model.
    prefix: str
    alone: bool
    state: PartState
    former_prefix: str
    until: str


@dataclass(frozen=True, slots=True)
class MapPicture:
    """Boxes in the map's order, then those that were deleted; arrows by their start."""

    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    def has(self, prefix: str) -> bool:
        """Whether there is a box for this tracked model."""
        return any(box.prefix == prefix for box in self.boxes)

    def apps(self) -> list[str]:
        """The labels of the apps, by name."""
        return sorted({box.app for box in self.boxes})

    def of_app(self, app: str) -> MapPicture:
        """The models of one app, and those that they bring or that bring them."""
        inner = {box.prefix for box in self.boxes if box.app == app}
        touching = [a for a in self.arrows if a.start in inner or a.end in inner]
        return self._among(inner | {p for a in touching for p in (a.start, a.end)}, touching)

    def around(self, prefix: str) -> MapPicture:
        """A model, all that comes along with it, and the models that bring it directly."""
        # What comes alone does not bring anything, unless it also comes in another way.
        brought, bringing_more, ways = {prefix}, {prefix}, _by_start(self.arrows)
        waiting = [prefix]
        while waiting:
            for arrow in ways.get(waiting.pop(), ()):
                brought |= {arrow.end} - {""}
                if arrow.end and not arrow.alone and arrow.end not in bringing_more:
                    bringing_more.add(arrow.end)
                    waiting.append(arrow.end)
        bringing = {arrow.start for arrow in self.arrows if arrow.end == prefix}
        arrows = [a for a in self.arrows if a.start in bringing_more or a.end == prefix]
        return self._among(brought | bringing, arrows)

    def _among(self, prefixes: Collection[str], arrows: Collection[Arrow]) -> MapPicture:
        """Only these boxes, and those of the arrows whose ends are among them."""
        boxes = tuple(box for box in self.boxes if box.prefix in prefixes)
        kept = (a for a in arrows if a.start in prefixes and (not a.end or a.end in prefixes))
        return MapPicture(boxes, tuple(kept))


def map_picture(tracking_map: AnyMap) -> MapPicture:
    """The draft beside the live version; raises :class:`UnknownMap`."""
    draft, live = build_document(tracking_map), live_version(tracking_map)
    published = readable_document(live)[0] if live else draft
    return picture_of(draft, published)


def picture_of(draft: Document, published: Document) -> MapPicture:
    """The picture of a draft; equal documents have no part that is new, changed or deleted."""
    changed = diff(published, draft).changed_models() if draft != published else set()
    now, then = Matching(draft, catalog()), Matching(published, catalog())
    boxes, arrows = list[Box](), list[Arrow]()
    for prefix, entry in in_order(draft.models):
        old = published.models.get(prefix)
        state = _state_of_part(entry, old, changed=prefix in changed)
        boxes.append(_box(prefix, entry, state))
        arrows += _arrows(prefix, entry, old or ModelEntry(""), now, then)
    for prefix, entry in in_order(published.models):
        if prefix not in draft.models:
            boxes.append(_box(prefix, entry, PartState.DELETED))
            arrows += _arrows(prefix, ModelEntry(""), entry, now, then)
    return MapPicture(tuple(boxes), tuple(arrows))


def _box(prefix: str, entry: ModelEntry, state: PartState) -> Box:
    facts = catalog().get(entry.model)
    return Box(
        prefix=prefix,
        label=facts.cased_label if facts else entry.model,
        app=entry.model.partition(".")[0],
        state=state,
        in_code=facts is not None,
        attributes=_tracked(entry.attributes),
        aggregates=_tracked(entry.aggregates),
        former_prefix=entry.former_prefix,
        until=entry.until,
    )


class _Decided(Protocol):
    @property
    def decision(self) -> str: ...


def _tracked(entries: Mapping[str, _Decided]) -> int:
    return sum(each.decision == TRACKED for each in entries.values())


def _arrows(
    prefix: str, entry: ModelEntry, old: ModelEntry, now: Matching, then: Matching
) -> Iterator[Arrow]:
    for accessor, child in in_order(entry.children):
        before = old.children.get(accessor)
        changed = before is not None and _but_position(before) != _but_position(child)
        state = _state_of_part(child, before, changed=changed)
        yield _arrow(prefix, accessor, child, now.tracked_as(entry.model, accessor), state)
    for accessor, child in in_order(old.children):
        if accessor not in entry.children:
            end = then.tracked_as(old.model, accessor)
            yield _arrow(prefix, accessor, child, end, PartState.DELETED)


def _arrow(prefix: str, accessor: str, child: ChildEntry, end: str, state: PartState) -> Arrow:
    return Arrow(
        start=prefix,
        accessor=accessor,
        end=end,
        prefix=child.prefix,
        alone=child.alone,
        state=state,
        former_prefix=child.former_prefix,
        until=child.until,
    )


def _but_position(child: ChildEntry) -> tuple[object, ...]:
    """All but the position, which the order of the whole list tells."""
    return child.prefix, child.alone, child.former_prefix, child.until


Entry = TypeVar("Entry", ModelEntry, ChildEntry)


def _state_of_part(entry: Entry, old: Entry | None, *, changed: bool) -> PartState:
    if old is None:
        return PartState.NEW
    return PartState.CHANGED if changed else PartState.SAME


def _by_start(arrows: Collection[Arrow]) -> dict[str, list[Arrow]]:
    found: dict[str, list[Arrow]] = {}
    for arrow in arrows:
        found.setdefault(arrow.start, []).append(arrow)
    return found
