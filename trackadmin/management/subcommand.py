"""What every subcommand of ``manage.py trackadmin`` is made of."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from trackadmin.exceptions import LINES, Problem, few

#: The arguments as they were read, by name.
Options = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Output:
    """Where a subcommand writes: the data it was asked for, and what it tells the person."""

    #: Writes to stdout, which only ever holds the data.
    data: Callable[[str], object]
    #: Writes to stderr.
    say: Callable[[str], object]

    def json(self, value: object) -> None:
        """Write indented JSON, with the letters as they are."""
        self.data(json.dumps(value, indent=2, ensure_ascii=False))

    def some(self, lines: Sequence[str]) -> None:
        """Write lines to stderr; of very many only the first, and how many more there are."""
        for line in lines[:LINES]:
            self.say(line)
        if len(lines) > LINES:
            self.say(f"and {len(lines) - LINES:,} more")

    def problems(self, problems: Iterable[Problem]) -> None:
        """Write a line for each problem, errors first; of very many only some, and their number."""
        for problem in few(problems):
            self.say(f"{problem.level}: {problem}")


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One subcommand: its name, what it does in a sentence, its arguments, its work."""

    name: str
    help: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Options, Output], None]
    #: Whether it is about one map, which ``--map`` names.
    of_one_map: bool = True
