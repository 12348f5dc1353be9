"""The site's rule for names, and what a name that breaks it could be instead."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from trackadmin.catalog import Catalog
from trackadmin.catalog.words import words
from trackadmin.codes import LintCode
from trackadmin.conf import conf
from trackadmin.document import AttributeEntry, Document, why_not_a_name
from trackadmin.editing.lint.lasting import lasting_names, lasting_prefixes
from trackadmin.exceptions import Level, Problem
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


def names_against_the_rule(document: Document, catalog: Catalog, level: Level) -> Iterator[Problem]:
    """Prefixes, and names of attributes, counts and sums, that do not match the site's patterns."""
    better = better_names(document)
    for place, name in _breaking(lasting_prefixes(document), "prefix"):
        what = _("The prefix '%(name)s' does not follow the naming rule of this site.", name=name)
        yield _problem(level, place, what, _remedy(better.get(place, ""), "prefix", both=True))
    entries = {place: each for place, _name, each in lasting_names(document)}
    names = ((place, name) for place, name, _each in lasting_names(document))
    for place, name in _breaking(names, "attribute"):
        what = _("The name '%(name)s' does not follow the naming rule of this site.", name=name)
        both = isinstance(entries[place], AttributeEntry)
        yield _problem(level, place, what, _remedy(better.get(place, ""), "attribute", both=both))


def better_names(document: Document) -> dict[str, str]:
    """By place, a name of the same words that follows the rule and that nothing else has.

    Only where it can be given: not where a former prefix is still going out.
    """
    found: dict[str, str] = {}
    taken = {prefix for _place, prefix in lasting_prefixes(document)}
    for place, name in _breaking(lasting_prefixes(document), "prefix"):
        new = "".join(word[:1].upper() + word[1:] for word in words(name))
        if is_possible(new, "prefix", taken) and not _has_former(document, place):
            found[place] = new
    for prefix, entry in document.models.items():
        taken = {*entry.attributes, *entry.aggregates}
        for _place, name in _breaking(((name, name) for name in taken), "attribute"):
            new = "_".join(words(name))
            if is_possible(new, "attribute", taken):
                found[f"{prefix}.{name}"] = new
    return found


def _breaking(named: Iterator[tuple[str, str]], pattern: str) -> Iterator[tuple[str, str]]:
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
