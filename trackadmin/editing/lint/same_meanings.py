"""One meaning under two names: the same value sent twice, or the same description."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import ForeignKey

from trackadmin.catalog import AttributeFacts, Catalog
from trackadmin.codes import LintCode
from trackadmin.compiler.matching import MatchedModel, Matching
from trackadmin.document import PSEUDONYMISED, AttributeEntry, ModelEntry, in_order
from trackadmin.editing.lint.lasting import lasting_attributes, lasting_names
from trackadmin.editing.lint.model_answers import ModelAnswers
from trackadmin.exceptions import Level, Problem
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


def same_meanings(answers: ModelAnswers, catalog: Catalog, level: Level) -> Iterator[Problem]:
    """Values that go out under two names that both stay, and descriptions of two names."""
    document = answers.document
    matching = Matching(document, catalog)
    same: dict[str, list[Problem]] = {}
    for prefix, problem in answers.each(_same_sources, catalog, level):
        same.setdefault(prefix, []).append(problem)
    for prefix, entry in in_order(document.models):
        yield from same.get(prefix, ())
        yield from _same_as_a_child(prefix, entry, matching, level)
    yield from _same_descriptions(answers, level)


def _same_sources(
    prefix: str, entry: ModelEntry, catalog: Catalog, level: Level
) -> Iterator[tuple[str, Problem]]:
    model = catalog.get(entry.model)
    first: dict[tuple[str, bool], str] = {}
    for name, each in lasting_attributes(entry):
        facts = model.attribute(each.source) if model else None
        # A pseudonym is another value than what it stands for.
        value = (facts.name if facts else each.source, each.privacy == PSEUDONYMISED)
        other = first.setdefault(value, name)
        if other != name:
            what = _("'%(name)s' always has the same value as '%(other)s'.", name=name, other=other)
            yield prefix, _problem(level, f"{prefix}.{name}", what)


def _same_as_a_child(
    prefix: str, entry: ModelEntry, matching: Matching, level: Level
) -> Iterator[Problem]:
    """A foreign key beside the object that it leads to, which sends the same value."""
    matched = matching.get(prefix) if entry.children else None
    for name, each in lasting_attributes(entry) if matched else ():
        facts = matched.facts.attribute(each.source) if matched else None
        other = _in_child(each, facts, matched, matching) if matched else ""
        if other:
            what = _(
                "'%(name)s' always has the same value as %(other)s, which comes along.",
                name=name,
                other=other,
            )
            yield _problem(level, f"{prefix}.{name}", what)


def _in_child(
    entry: AttributeEntry, facts: AttributeFacts | None, matched: MatchedModel, matching: Matching
) -> str:
    """The name under which the child sends the value of a foreign key; empty for none."""
    field = facts.field if facts and not facts.refused else None
    if not isinstance(field, ForeignKey):
        return ""
    for child in matched.children:
        target = matching.get(child.tracked_as)
        if child.accessor == field.name and target is not None:
            for name, each in lasting_attributes(target.entry):
                same = each.source == field.target_field.attname
                if same and (each.privacy == PSEUDONYMISED) == (entry.privacy == PSEUDONYMISED):
                    return f"{child.prefix or child.tracked_as}_{name}"
    return ""


def _descriptions_in(prefix: str, entry: ModelEntry) -> Iterator[tuple[str, str, str]]:
    """The descriptions of a model, without what makes no difference."""
    for place, name, each in lasting_names(prefix, entry):
        said = " ".join(each.description.casefold().split()).rstrip(" .!")
        if said:
            yield place, name, said


def _same_descriptions(answers: ModelAnswers, level: Level) -> Iterator[Problem]:
    first: dict[str, tuple[str, str]] = {}
    for place, name, said in answers.each(_descriptions_in):
        other_place, other = first.setdefault(said, (place, name))
        if other != name:
            what = _("It has the same description as %(other)s.", other=other_place)
            yield _problem(level, place, what, _DESCRIBE)


def _problem(level: Level, place: str, what: Text, remedy: Text | None = None) -> Problem:
    return Problem(LintCode.SAME_MEANING, level, place, what, remedy or _KEEP_ONE)


_KEEP_ONE = _("Keep one of the names, and deprecate the other one.")
_DESCRIBE = _("Give both the same name if they mean the same, or say how they differ.")
