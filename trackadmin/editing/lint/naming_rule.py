"""The site's rule for names, and what a name that breaks it could be instead."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from trackadmin.catalog import Catalog
from trackadmin.catalog.words import words
from trackadmin.codes import LintCode
from trackadmin.conf import conf
from trackadmin.document import AttributeEntry, Document, ModelEntry, why_not_a_name
from trackadmin.editing.lint.lasting import lasting_names, lasting_prefixes
from trackadmin.editing.lint.model_answers import ModelAnswers
from trackadmin.exceptions import Level, Problem
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


def names_against_the_rule(
    answers: ModelAnswers, catalog: Catalog, level: Level
) -> Iterator[Problem]:
    """Prefixes, and names of attributes, counts and sums, that do not match the site's patterns."""
    document = answers.document
    better = _better_prefixes(document)
    for place, name in _breaking(lasting_prefixes(document), "prefix"):
        what = _("The prefix '%(name)s' does not follow the naming rule of this site.", name=name)
        yield _problem(level, place, what, _remedy(better.get(place, ""), "prefix", both=True))
    yield from answers.each(_in_model, level)


def _in_model(prefix: str, entry: ModelEntry, level: Level) -> Iterator[Problem]:
    lasting = {name: each for _place, name, each in lasting_names(prefix, entry)}
    better = dict(_better_in(prefix, entry))
    for place, name in _breaking(((f"{prefix}.{n}", n) for n in lasting), "attribute"):
        what = _("The name '%(name)s' does not follow the naming rule of this site.", name=name)
        both = isinstance(lasting[name], AttributeEntry)
        yield _problem(level, place, what, _remedy(better.get(place, ""), "attribute", both=both))


def better_names(answers: ModelAnswers) -> dict[str, str]:
    """By place, a name of the same words that follows the rule and that nothing else has.

    Only where it can be given: not where a former prefix is still going out.
    """
    return {**_better_prefixes(answers.document), **dict(answers.each(_better_in))}


def _better_prefixes(document: Document) -> dict[str, str]:
    found: dict[str, str] = {}
    taken = {prefix for _place, prefix in lasting_prefixes(document)}
    for place, name in _breaking(lasting_prefixes(document), "prefix"):
        new = "".join(word[:1].upper() + word[1:] for word in words(name))
        if is_possible(new, "prefix", taken) and not _has_former(document, place):
            found[place] = new
    return found


def _better_in(prefix: str, entry: ModelEntry) -> Iterator[tuple[str, str]]:
    """By place, what attributes, counts and sums of a model could be called."""
    taken = {*entry.attributes, *entry.aggregates}
    for _place, name in _breaking(((name, name) for name in taken), "attribute"):
        new = "_".join(words(name))
        if is_possible(new, "attribute", taken):
            yield f"{prefix}.{name}", new


def _breaking(named: Iterable[tuple[str, str]], pattern: str) -> Iterator[tuple[str, str]]:
    legal = re.compile(conf.LINT[pattern])
    return ((place, name) for place, name in named if not legal.fullmatch(name))


def is_possible(name: str, pattern: str, taken: Collection[str]) -> bool:
    """Whether the name follows the rule and is free."""
    legal = re.fullmatch(conf.LINT[pattern], name)
    return bool(legal) and name not in taken and why_not_a_name(name) is None


def _has_former(document: Document, place: str) -> bool:
    prefix, _dot, accessor = place.partition(".")
    entry = document.models[prefix]
    return bool((entry.children[accessor] if accessor else entry).former_prefix)


def _problem(level: Level, place: str, what: Text, remedy: Text) -> Problem:
    return Problem(LintCode.NAME, level, place, what, remedy)


def _remedy(new: str, pattern: str, *, both: bool) -> Text:
    """``both``: whether the old name can stay beside the new one."""
    if not new:
        legal = conf.LINT[pattern]
        return _("Rename it. Names must match the pattern %(pattern)s.", pattern=legal)
    if both:
        return _("Rename it to %(name)s, and keep the old name for a while.", name=new)
    return _("Rename it to %(name)s.", name=new)
