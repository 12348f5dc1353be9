"""The site's rule for names, and what a name that breaks it could be instead."""

from __future__ import annotations

import re
from collections.abc import Iterator

from trackadmin.catalog import Catalog
from trackadmin.catalog.words import words
from trackadmin.codes import LintCode
from trackadmin.conf import conf
from trackadmin.document import Document, ModelEntry, why_not_a_name
from trackadmin.editing.lint.lasting import lasting_names, lasting_prefixes
from trackadmin.exceptions import Level, Problem
from trackadmin.texts import Text
from trackadmin.texts import gettext as _


def names_against_the_rule(document: Document, catalog: Catalog, level: Level) -> Iterator[Problem]:
    """Prefixes, and names of attributes, counts and sums, that do not match the site's patterns."""
    better = better_names(document)
    for place, name in _breaking(lasting_prefixes(document), "prefix"):
        what = _("The prefix '%(name)s' does not follow the naming rule of this site.", name=name)
        yield _problem(level, place, what, better.get(place, ""), "prefix")
    names = ((place, name) for place, name, _entry in lasting_names(document))
    for place, name in _breaking(names, "attribute"):
        what = _("The name '%(name)s' does not follow the naming rule of this site.", name=name)
        yield _problem(level, place, what, better.get(place, ""), "attribute")


def better_names(document: Document) -> dict[str, str]:
    """By place, a name of the same words that follows the rule and that nothing else has.

    Only where it can be given with both names for a while: not for counts and sums, and not
    where a former prefix is still going out.
    """
    found = {}
    for place, name in _breaking(lasting_prefixes(document), "prefix"):
        new = "".join(word[:1].upper() + word[1:] for word in words(name))
        taken = {prefix for _place, prefix in lasting_prefixes(document)}
        if _is_possible(new, "prefix", taken) and not _has_former(document, place):
            found[place] = new
    for prefix, entry in document.models.items():
        own = ((name, name) for name in entry.attributes)
        for _place, name in _breaking(own, "attribute"):
            new = "_".join(words(name))
            if _is_possible(new, "attribute", _names_of(entry)):
                found[f"{prefix}.{name}"] = new
    return found


def _breaking(named: Iterator[tuple[str, str]], pattern: str) -> Iterator[tuple[str, str]]:
    legal = re.compile(conf.LINT[pattern])
    return ((place, name) for place, name in named if not legal.fullmatch(name))


def _is_possible(name: str, pattern: str, taken: set[str]) -> bool:
    legal = re.fullmatch(conf.LINT[pattern], name)
    return bool(legal) and name not in taken and why_not_a_name(name) is None


def _names_of(entry: ModelEntry) -> set[str]:
    return {*entry.attributes, *entry.aggregates}


def _has_former(document: Document, place: str) -> bool:
    prefix, _dot, accessor = place.partition(".")
    entry = document.models[prefix]
    return bool((entry.children[accessor] if accessor else entry).former_prefix)


def _problem(level: Level, place: str, what: Text, new: str, pattern: str) -> Problem:
    remedy = _("Rename it. Names must match the pattern %(pattern)s.", pattern=conf.LINT[pattern])
    if new:
        remedy = _("Rename it to %(name)s, and keep the old name for a while.", name=new)
    return Problem(LintCode.NAME, level, place, what, remedy)
