"""The parts of every subcommand of ``manage.py trackadmin``."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import ngettext

from trackadmin.exceptions import LINES, Problem, few

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

#: The arguments as they were read, by name.
Options = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Output:
    """Where a subcommand writes: the result, and what it says about it."""

    #: Writes to stdout, which only holds the result.
    data: Callable[[str], object]
    #: Writes to stderr.
    say: Callable[[str], object]

    def json(self, value: object) -> None:
        """Write indented JSON, with the letters as they are."""
        self.data(json.dumps(value, indent=2, ensure_ascii=False))

    def some(self, lines: Sequence[str]) -> None:
        """Write lines to stderr; of very many only the first ones, and how many more there are."""
        for line in lines[:LINES]:
            self.say(line)
        more = len(lines) - LINES
        if more > 0:
            self.say(ngettext("and %(count)s more", "and %(count)s more", more) % counted(more))

    def problems(self, problems: Iterable[Problem]) -> None:
        """Write a line for each problem, errors first; of very many only some, and their number."""
        for problem in few(problems):
            self.say(problem.line)


def counted(count: int) -> dict[str, str]:
    """The number for a sentence, as people of the active language write it."""
    return {"count": number_format(count, use_l10n=True, force_grouping=True)}


def problem_as_json(problem: Problem) -> dict[str, str]:
    """The problem as data for JSON."""
    fields = ("code", "level", "where", "message", "fix")
    return {name: getattr(problem, name) for name in fields}


@contextmanager
def for_machines() -> Iterator[None]:
    """What is written meanwhile is the same in every language: programs read it."""
    with translation.override(None):
        yield


@dataclass(frozen=True, slots=True)
class Subcommand:
    """One subcommand: its name, a sentence that says what it does, its arguments, its work."""

    name: str
    help: StrOrPromise
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Options, Output], None]
    #: Whether it works on one map, which ``--map`` names.
    of_one_map: bool = True
