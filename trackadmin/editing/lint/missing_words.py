"""What says nothing about itself: no description, no owner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trackadmin.catalog import Catalog
from trackadmin.codes import LintCode
from trackadmin.document import Document, ModelEntry, in_order
from trackadmin.document.action_rules import ACTIONS
from trackadmin.editing.lint.lasting import lasting_names
from trackadmin.editing.lint.model_answers import ModelAnswers
from trackadmin.exceptions import Level, Problem
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


def missing_descriptions(
    answers: ModelAnswers, catalog: Catalog, level: Level
) -> Iterator[Problem]:
    """Entries that nobody has described."""
    yield from answers.each(_model_without_words, level)
    yield from _without_words(_described_actions(answers.document), level)


def missing_owners(answers: ModelAnswers, catalog: Catalog, level: Level) -> Iterator[Problem]:
    """Tracked models and actions that nobody is named for."""
    yield from answers.each(_model_without_owner, level)
    for name, action in in_order(answers.document.actions):
        if not action.owner.strip() and not action.until:
            what = _("The action has no owner.")
            yield Problem(LintCode.OWNER, level, f"{ACTIONS}.{name}", what, _NAME_ONE)


def _model_without_owner(prefix: str, entry: ModelEntry, level: Level) -> Iterator[Problem]:
    if not entry.owner.strip():
        what = _("The tracked model has no owner.")
        yield Problem(LintCode.OWNER, level, prefix, what, _NAME_ONE)


def _model_without_words(prefix: str, entry: ModelEntry, level: Level) -> Iterator[Problem]:
    return _without_words(_described_in(prefix, entry), level)


def _without_words(described: Iterable[tuple[str, str, Text]], level: Level) -> Iterator[Problem]:
    for place, description, what in described:
        if not description.strip():
            yield Problem(LintCode.DESCRIPTION, level, place, what, _SAY)


def _described_in(prefix: str, entry: ModelEntry) -> Iterator[tuple[str, str, Text]]:
    """Every place of a model with its description, and what to say if that is empty."""
    yield prefix, entry.description, _NO_MODEL_WORDS
    for place, _name, each in lasting_names(prefix, entry):
        yield place, each.description, _NO_WORDS


def _described_actions(document: Document) -> Iterator[tuple[str, str, Text]]:
    """Every place of an action, as of a model."""
    for name, acted in in_order(document.actions):
        if not acted.until:
            yield f"{ACTIONS}.{name}", acted.description, _("The action has no description.")
            for own, given in in_order(acted.parameters):
                what = _("The parameter has no description.")
                yield f"{ACTIONS}.{name}.{own}", given.description, what


_NO_MODEL_WORDS, _NO_WORDS = _("The tracked model has no description."), _("It has no description.")
_SAY = _("Say in a sentence what it means, so that an analyst can use it.")
_NAME_ONE = _("Name the team or the person to ask about it.")
