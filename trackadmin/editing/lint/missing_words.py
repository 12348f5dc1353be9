"""What says nothing about itself: no description, no owner."""

from __future__ import annotations

from collections.abc import Iterator

from trackadmin.catalog import Catalog
from trackadmin.codes import LintCode
from trackadmin.document import Document, in_order
from trackadmin.document.action_rules import ACTIONS
from trackadmin.editing.lint.lasting import lasting_aggregates, lasting_attributes
from trackadmin.exceptions import Level, Problem
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


def missing_descriptions(document: Document, catalog: Catalog, level: Level) -> Iterator[Problem]:
    """Entries that nobody has described."""
    remedy = _("Say in a sentence what it means, so that an analyst can use it.")
    for place, description, what in _described(document):
        if not description.strip():
            yield Problem(LintCode.DESCRIPTION, level, place, what, remedy)


def missing_owners(document: Document, catalog: Catalog, level: Level) -> Iterator[Problem]:
    """Tracked models and actions that nobody is named for."""
    remedy = _("Name the team or the person to ask about it.")
    for prefix, entry in in_order(document.models):
        if not entry.owner.strip():
            what = _("The tracked model has no owner.")
            yield Problem(LintCode.OWNER, level, prefix, what, remedy)
    for name, action in in_order(document.actions):
        if not action.owner.strip() and not action.until:
            what = _("The action has no owner.")
            yield Problem(LintCode.OWNER, level, f"{ACTIONS}.{name}", what, remedy)


def _described(document: Document) -> Iterator[tuple[str, str, Text]]:
    """Every place with its description, and what to say if that is empty."""
    model, attribute = _("The tracked model has no description."), _("It has no description.")
    aggregate, action = attribute, _("The action has no description.")
    parameter = _("The parameter has no description.")
    for prefix, entry in in_order(document.models):
        yield prefix, entry.description, model
        for name, each in lasting_attributes(entry):
            yield f"{prefix}.{name}", each.description, attribute
        for name, aggregated in lasting_aggregates(entry):
            yield f"{prefix}.{name}", aggregated.description, aggregate
    for name, acted in in_order(document.actions):
        if not acted.until:
            yield f"{ACTIONS}.{name}", acted.description, action
            for own, given in in_order(acted.parameters):
                yield f"{ACTIONS}.{name}.{own}", given.description, parameter
