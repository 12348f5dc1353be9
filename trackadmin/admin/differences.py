"""Differences and problems, arranged for reading: by model, in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from trackadmin.document import Change, Diff
from trackadmin.document.action_rules import ACTIONS
from trackadmin.document.changes import MARKS
from trackadmin.exceptions import Problem, few
from trackadmin.models import Remark

#: How many changes a page tells in words, unless somebody asks for all.
MOST_TOLD = 300


@dataclass(frozen=True, slots=True)
class Line:
    """One change in words."""

    kind: str
    mark: str
    words: str
    #: The place in the map, in the first of the lines about it; empty otherwise.
    place: str = ""
    #: What was said about the place in the open review.
    remarks: Sequence[Remark] = ()


@dataclass(frozen=True, slots=True)
class Group:
    """The changes of one tracked model or action; of the map itself where both are empty."""

    prefix: str
    action: str = ""
    lines: list[Line] = field(default_factory=list)
    #: How many changes there are beyond those of all groups; in the last group only.
    more: int = 0


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem, and the address of the page where it can be fixed; empty for none."""

    problem: Problem
    address: str


def grouped(
    diff: Diff, most: int | None = MOST_TOLD, *, remarks: Iterable[Remark] = ()
) -> list[Group]:
    """The changes by tracked model and action, in the order of the diff.

    After the first ``most`` of them a group without lines says how many there are beside. The
    first line about a place has the remarks about it.
    """
    groups: dict[tuple[str, str], Group] = {}
    said, places = defaultdict[str, list[Remark]](list), set[str]()
    for remark in remarks:
        said[remark.place].append(remark)
    for change in diff.changes[:most]:
        place = _place_of(change)
        line = Line(change.kind, MARKS[change.kind], change.words_below_model())
        if place not in places:
            line = replace(line, place=place, remarks=said[place])
        groups.setdefault(change.head, Group(*change.head)).lines.append(line)
        places.add(place)
    more = 0 if most is None else len(diff.changes) - most
    return [*groups.values(), *([Group("", more=more)] if more > 0 else [])]


def changed_actions(diff: Diff) -> set[str]:
    """The names of the actions that differ."""
    return {change.head[1] for change in diff.changes}


def _place_of(change: Change) -> str:
    """What a change is about, as a problem names it; empty for the map itself."""
    is_of_action = change.subject in ("action", "parameter")
    return f"{ACTIONS}.{change.where}" if is_of_action else change.where


def faults(problems: Iterable[Problem], addresses: Mapping[str, str] | None = None) -> list[Fault]:
    """The problems that the page shows, errors first.

    ``addresses`` gives the page of each prefix, and of each action as ``actions.name``.
    """
    known = addresses or {}
    return [Fault(each, _address(each.where.split("."), known)) for each in few(problems)]


def _address(steps: list[str], known: Mapping[str, str]) -> str:
    return known.get(".".join(steps[:2])) or known.get(steps[0], "")
