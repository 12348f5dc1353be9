"""Differences and problems, arranged for reading: by model, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from trackadmin.document import Diff
from trackadmin.exceptions import Problem, few

#: The mark before each line, for people who do not see the colour.
MARKS = {"added": "+", "removed": "−", "changed": "≠", "moved": "↕"}  # noqa: RUF001 - a minus


@dataclass(frozen=True, slots=True)
class Line:
    """One change in words."""

    kind: str
    mark: str
    words: str


@dataclass(frozen=True, slots=True)
class Group:
    """The changes of one tracked model; of the map itself where the prefix is empty."""

    prefix: str
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Fault:
    """A problem, and the address of the page where it can be fixed; empty for none."""

    problem: Problem
    address: str


def grouped(diff: Diff) -> list[Group]:
    """The changes by tracked model, in the order of the diff."""
    groups: dict[str, Group] = {}
    for change in diff.changes:
        prefix = change.where.split(".")[0]
        line = Line(change.kind, MARKS[change.kind], change.words_below_model())
        groups.setdefault(prefix, Group(prefix)).lines.append(line)
    return list(groups.values())


def changed_prefixes(diff: Diff) -> set[str]:
    """The prefixes of the tracked models that differ."""
    return {change.where.split(".")[0] for change in diff.changes}


def count_lines(groups: Iterable[Group]) -> int:
    """How many changes there are in all."""
    return sum(len(group.lines) for group in groups)


def faults(problems: Iterable[Problem], addresses: Mapping[str, str] | None = None) -> list[Fault]:
    """The problems that the page shows, errors first.

    ``addresses`` gives the page of each prefix.
    """
    known = addresses or {}
    return [Fault(each, known.get(each.where.split(".")[0], "")) for each in few(problems)]
