"""Adds up, object by object, what becomes of each name of a tracked model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median_low

from trackadmin.codes import ProblemCode
from trackadmin.compiler import Scalar
from trackadmin.editing.effect_plan import ChangedModel, NameKind, PlannedName
from trackadmin.editing.previewing import differ
from trackadmin.editing.trying import Tried, Unshown
from trackadmin.exceptions import Problem

#: How many examples of a name are kept.
MOST_EXAMPLES = 3


@dataclass(frozen=True, slots=True)
class Example:
    """A value by live and by the draft; ``None`` for a side that lacks the name or is masked."""

    before: Scalar
    after: Scalar


@dataclass(frozen=True, slots=True)
class NameEffect:
    """What becomes of one name, counted over the objects whose values may be seen."""

    name: str
    kind: NameKind
    #: Of how many objects both sides are known; the other counts are about these.
    known: int
    changed: int
    #: Of how many it is neither null nor an empty text; ``None`` for the side without the name.
    filled_before: int | None
    filled_after: int | None
    #: Of how many objects it may not be seen, and of how many the time was too short.
    hidden: int
    late: int
    examples: tuple[Example, ...]
    #: Whether the examples of a side are left out, because they are personal.
    masked_before: bool
    masked_after: bool


@dataclass(frozen=True, slots=True)
class Sizes:
    """The size of the values as JSON, in bytes: the median of the objects without hidden values."""

    before: int
    after: int
    objects: int
    #: Whether masked values were left out: a size would tell how long they are.
    masked: bool = False


@dataclass(slots=True)
class _Count:
    """The numbers of one name while objects are added."""

    known: int = 0
    changed: int = 0
    before: int = 0
    after: int = 0
    hidden: int = 0
    late: int = 0
    examples: list[Example] = field(default_factory=list)


class Tally:
    """What was seen of one tracked model so far."""

    def __init__(self, changed: ChangedModel, *, personal: bool) -> None:
        """``personal`` says whether values that say something about a person may be shown."""
        self._changed, self._personal = changed, personal
        self._counts = {name: _Count() for name in changed.kinds}
        self._sizes: list[tuple[int, int]] = []
        self._masked = False
        self._problems: dict[tuple[str, str], Problem] = {}
        self.objects = 0

    def add_object(self, new: Tried, old: Tried) -> None:
        """Add the values of one object by the draft and by live."""
        self.objects += 1
        for name in self._counts:
            self._add_name(name, new, old)
        if is_whole(new, old):
            changed = self._changed
            before, after = (
                self._unmasked(old, changed.planned_live),
                self._unmasked(new, changed.planned),
            )
            self._sizes.append((_size(before), _size(after)))
            self._masked |= before != old.values or after != new.values
        for each in (*lost_values(new), *lost_values(old)):
            self._problems.setdefault((str(each.code), each.where), each)

    def name_effects(self) -> tuple[NameEffect, ...]:
        """The names that differ, in order."""
        return tuple(self._effect_of(name) for name in self._counts)

    def sizes(self) -> Sizes | None:
        """The sizes; ``None`` if every object has values that are not known."""
        if not self._sizes:
            return None
        before, after = (median_low(side) for side in zip(*self._sizes, strict=True))
        return Sizes(before, after, len(self._sizes), self._masked)

    def problems(self) -> tuple[Problem, ...]:
        """What went wrong with the values, each thing once."""
        return tuple(self._problems.values())

    def _add_name(self, name: str, new: Tried, old: Tried) -> None:
        count = self._counts[name]
        unshown = {side.unshown[name] for side in (new, old) if name in side.unshown}
        if unshown:
            count.hidden += Unshown.HIDDEN in unshown
            count.late += Unshown.HIDDEN not in unshown
            return
        before, after = old.values.get(name), new.values.get(name)
        changed = differ(after, before)
        count.known += 1
        count.changed += changed
        count.before += _is_filled(before)
        count.after += _is_filled(after)
        if changed:
            self._add_example(name, count, before, after)

    def _add_example(self, name: str, count: _Count, before: Scalar, after: Scalar) -> None:
        example = Example(
            None if self._is_masked(name, self._changed.planned_live) else before,
            None if self._is_masked(name, self._changed.planned) else after,
        )
        is_new = all(_differs(example, each) for each in count.examples)
        if len(count.examples) < MOST_EXAMPLES and is_new and example != Example(None, None):
            count.examples.append(example)

    def _unmasked(self, tried: Tried, planned: Mapping[str, PlannedName]) -> dict[str, Scalar]:
        """The values without those that are masked; their names stay."""
        return {
            name: None if self._is_masked(name, planned) else value
            for name, value in tried.values.items()
        }

    def _is_masked(self, name: str, planned: Mapping[str, PlannedName]) -> bool:
        return not self._personal and name in planned and planned[name].in_clear

    def _effect_of(self, name: str) -> NameEffect:
        changed, count = self._changed, self._counts[name]
        return NameEffect(
            name,
            changed.kinds[name],
            count.known,
            count.changed,
            count.before if name in changed.planned_live else None,
            count.after if name in changed.planned else None,
            count.hidden,
            count.late,
            tuple(count.examples),
            self._is_masked(name, changed.planned_live),
            self._is_masked(name, changed.planned),
        )


def is_whole(new: Tried, old: Tried) -> bool:
    """Whether all values of the object may be seen, by both sides, and were read in time."""
    return not new.unshown and not old.unshown


def lost_values(tried: Tried) -> list[Problem]:
    """What went wrong with its values. Those that were not read in time are not lost."""
    return [each for each in tried.problems if each.code != ProblemCode.PREVIEW_TIME_LIMIT]


def _is_filled(value: Scalar) -> bool:
    return value is not None and value != ""


def _differs(one: Example, other: Example) -> bool:
    return differ(one.before, other.before) or differ(one.after, other.after)


def _size(values: Mapping[str, Scalar]) -> int:
    """In bytes, as an event is written: ASCII without spaces."""
    return len(json.dumps(values, separators=(",", ":")))
