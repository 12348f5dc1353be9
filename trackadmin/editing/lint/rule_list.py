"""All rules of lint that look at the map alone, each under its level."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import cast

from trackadmin.catalog import Catalog
from trackadmin.conf import conf
from trackadmin.document import Document
from trackadmin.editing.lint.look_alikes import look_alikes
from trackadmin.editing.lint.missing_words import missing_descriptions, missing_owners
from trackadmin.editing.lint.model_answers import ModelAnswers
from trackadmin.editing.lint.naming_rule import names_against_the_rule
from trackadmin.editing.lint.same_meanings import same_meanings
from trackadmin.exceptions import LEVELS, Level, Problem

#: By the key of the setting LINT.
RULES: dict[str, Callable[[ModelAnswers, Catalog, Level], Iterator[Problem]]] = {
    "name": names_against_the_rule,
    "description": missing_descriptions,
    "owner": missing_owners,
    "look_alikes": look_alikes,
    "same_meaning": same_meanings,
}


def level_of(rule: str) -> Level | None:
    """The level that the site gives the rule; ``None`` where it is off."""
    level = conf.LINT[rule]
    return cast(Level, level) if level in LEVELS else None


def lint_problems(
    document: Document, catalog: Catalog, levels: Collection[Level] = LEVELS
) -> list[Problem]:
    """What the rules of these levels find, rule by rule; one problem of a code for each place."""
    return found_by_rules(ModelAnswers(document), catalog, levels)


def found_by_rules(
    answers: ModelAnswers, catalog: Catalog, levels: Collection[Level] = LEVELS
) -> list[Problem]:
    """As :func:`lint_problems`, of a document about which some answers may be known."""
    found: dict[tuple[str, str], Problem] = {}
    for rule, find in RULES.items():
        level = level_of(rule)
        if level is not None and level in levels:
            for problem in find(answers, catalog, level):
                found.setdefault((problem.code, problem.where), problem)
    return list(found.values())
