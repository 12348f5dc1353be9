"""What somebody has waived, and the problems of lint that nobody has and that stop a publish."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from django.db.models import QuerySet

from trackadmin.catalog import catalog
from trackadmin.codes import LintCode
from trackadmin.document import Document
from trackadmin.editing.kept_problems import kept_by_entry
from trackadmin.editing.lint.model_answers import ModelAnswers
from trackadmin.editing.lint.rule_list import RULES, found_by_rules, level_of
from trackadmin.editing.locking import AnyMap, write_database
from trackadmin.exceptions import LEVELS, Level, Problem
from trackadmin.models import Waiver


def waivers_of(tracking_map: AnyMap) -> QuerySet[Waiver]:
    """The waivers of a map by code and place, with their authors."""
    of_map = (
        {"map__slug": tracking_map}
        if isinstance(tracking_map, str)
        else {"map_id": tracking_map.pk}
    )
    rows = Waiver.objects.using(write_database()).filter(**of_map)
    return rows.select_related("author").order_by("code", "place")


def models_waived(tracking_map: AnyMap) -> dict[str, Waiver]:
    """By label, the models that somebody said are not for this map. One query."""
    rows = waivers_of(tracking_map).filter(code=LintCode.NOT_TRACKED)
    return {each.place: each for each in rows}


class Linted:
    """What the rules of these levels find in a document; few models change from one to the next."""

    def __init__(
        self,
        document: Document,
        levels: Collection[Level] = LEVELS,
        before: Linted | None = None,
        changed: Collection[str] = (),
    ) -> None:
        known = before.answers if before else None
        self.answers: ModelAnswers = ModelAnswers(document, known, changed)
        self.problems = found_by_rules(self.answers, catalog(), levels)


def linted(document: Document, levels: Sequence[Level] = LEVELS) -> Linted:
    """What the rules of these levels find in this document."""
    return kept_by_entry(
        (Linted, *levels),
        document,
        lambda given, before, changed: Linted(given, levels, before, changed),
    )


def lint_errors(tracking_map: AnyMap, draft: Document) -> list[Problem]:
    """What rules of the level error find and nobody has waived.

    Where the site gives no rule that level, no rule is asked and no query is sent.
    """
    if not any(level_of(rule) == "error" for rule in RULES):
        return []
    found = linted(draft, ["error"]).problems
    rows = waivers_of(tracking_map).values_list("code", "place")
    accepted = set(rows)
    return [each for each in found if (str(each.code), each.where) not in accepted]
