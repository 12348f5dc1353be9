"""Differences and problems, arranged for reading: by model, in words."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from trackadmin.document import Diff
from trackadmin.exceptions import Problem

#: The mark before each line, for those who do not see the colour.
MARKS = {"added": "+", "removed": "−", "changed": "≠", "moved": "↕"}  # noqa: RUF001 - a minus


@dataclass(frozen=True, slots=True)
class Line:
    """One change in words."""

    kind: str
    mark: str
    words: str


@dataclass(frozen=True, slots=True)
class Group:
    """The changes of one tracked model."""

    prefix: str
    lines: list[Line] = field(default_factory=list)


def grouped(diff: Diff) -> list[Group]:
    """The changes by tracked model, in the order of the diff."""
    groups: dict[str, Group] = {}
    for change in diff.changes:
        prefix = change.where.split(".")[0]
        line = Line(change.kind, MARKS.get(change.kind, "≠"), change.words())
        groups.setdefault(prefix, Group(prefix)).lines.append(line)
    return list(groups.values())


def changed_prefixes(diff: Diff) -> set[str]:
    """The prefixes of the tracked models that differ."""
    return {change.where.split(".")[0] for change in diff.changes}


def worst_first(problems: Iterable[Problem]) -> list[Problem]:
    """Errors before warnings, each in the order they came."""
    return sorted(problems, key=lambda problem: problem.level != "error")


def errors_of(problems: Iterable[Problem]) -> list[Problem]:
    """Those that stop a publish."""
    return [problem for problem in problems if problem.level == "error"]
