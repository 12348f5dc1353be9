"""Differences and problems, arranged for reading: by model, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from trackadmin.document import Diff
from trackadmin.document.changes import MARKS
from trackadmin.exceptions import Problem, few

#: How many changes a page tells in words, unless somebody asks for all.
MOST_TOLD = 300


@dataclass(frozen=True, slots=True)
class Line:
    """One change in words."""

    kind: str
    mark: str
    words: str


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


def grouped(diff: Diff, most: int | None = MOST_TOLD) -> list[Group]:
    """The changes by tracked model and action, in the order of the diff.

    After the first ``most`` of them a group without lines says how many there are beside.
    """
    groups: dict[tuple[str, str], Group] = {}
    for change in diff.changes[:most]:
        line = Line(change.kind, MARKS[change.kind], change.words_below_model())
        groups.setdefault(change.head, Group(*change.head)).lines.append(line)
    more = 0 if most is None else len(diff.changes) - most
    return [*groups.values(), *([Group("", more=more)] if more > 0 else [])]


def changed_actions(diff: Diff) -> set[str]:
    """The names of the actions that differ."""
    return {change.head[1] for change in diff.changes}


def faults(problems: Iterable[Problem], addresses: Mapping[str, str] | None = None) -> list[Fault]:
    """The problems that the page shows, errors first.

    ``addresses`` gives the page of each prefix, and of each action as ``actions.name``.
    """
    known = addresses or {}
    return [Fault(each, _address(each.where.split("."), known)) for each in few(problems)]


def _address(steps: list[str], known: Mapping[str, str]) -> str:
    return known.get(".".join(steps[:2])) or known.get(steps[0], "")
