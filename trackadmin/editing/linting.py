"""What could be better in a draft: what the rules find, what somebody waived, what can be fixed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from trackadmin.catalog import Catalog, catalog
from trackadmin.codes import LintCode
from trackadmin.document import Document
from trackadmin.editing.accepted import linted, waivers_of
from trackadmin.editing.building import build_document
from trackadmin.editing.contents import readable_document
from trackadmin.editing.deadlines import today
from trackadmin.editing.lint.look_alikes import usual_names
from trackadmin.editing.lint.model_answers import ModelAnswers
from trackadmin.editing.lint.naming_rule import better_names
from trackadmin.editing.lint.rule_list import level_of
from trackadmin.editing.locking import AnyMap, find_map
from trackadmin.editing.people import Person
from trackadmin.editing.renaming import rename
from trackadmin.editing.undecided import models_left
from trackadmin.editing.value_scan import RULE, ValueScan, VisibleRows, scan_values, scanned
from trackadmin.editing.versions import live_version
from trackadmin.exceptions import LintRefused, Problem, errors_first
from trackadmin.models import Waiver
from trackadmin.texts import gettext as _

#: How long an old name stays beside the new one that a fix gives.
DAYS_OF_BOTH = 90


@dataclass(frozen=True, slots=True)
class Waived:
    """A waiver, and the problem that it accepts; ``None`` where it is not known now."""

    waiver: Waiver
    problem: Problem | None
    #: Whether there is still something to accept.
    needed: bool


@dataclass(frozen=True, slots=True)
class NewName:
    """What a fix would rename a place to."""

    name: str
    #: The ISO date until which the old name stays beside it; empty for no such date.
    until: str
    #: Whether the old name is live, and ends with the next publish.
    ends: bool = False


@dataclass(frozen=True, slots=True)
class Lint:
    """One look at a draft."""

    draft: Document
    #: What nobody has waived, the most serious first.
    problems: list[Problem]
    waived: list[Waived]
    #: The names that can be given with one click, by the code and the place of the problem.
    new_names: Mapping[tuple[str, str], NewName]
    #: What was found out about values; ``None`` where nobody asked.
    values: ValueScan | None


def lint(tracking_map: AnyMap, reader: VisibleRows | None = None) -> Lint:
    """What could be better in the draft; raises :class:`UnknownMap`. Writes nothing.

    With a ``reader``, rows of the host are looked at too, for values that look personal.
    """
    current = find_map(tracking_map)
    draft, known = build_document(current), catalog()
    values = scan_values(draft, known, reader) if reader else None
    by_rules = linted(draft)
    found = [*by_rules.problems, *(values.problems if values else ())]
    waivers = {(each.code, each.place): each for each in waivers_of(current)}
    open_ones = [each for each in found if (each.code, each.where) not in waivers]
    return Lint(
        draft=draft,
        problems=errors_first(open_ones),
        waived=list(_waived(waivers, found, draft, known)),
        new_names=dict(_new_names(current, by_rules.answers, open_ones)),
        values=values,
    )


def waivable(
    document: Document, catalog: Catalog, found: Iterable[Problem] | None = None
) -> set[tuple[str, str]]:
    """Every code and place that can be waived.

    Whether values look personal changes with the rows, so each column that is looked at counts.
    """
    problems = linted(document).problems if found is None else found
    places = {(str(each.code), each.where) for each in problems}
    if level_of(RULE):
        for each in scanned(document, catalog):
            places |= {(LintCode.PERSONAL_VALUES, f"{each.prefix}.{name}") for name in each.columns}
    return places | {(LintCode.NOT_TRACKED, each.label) for each in models_left(document, catalog)}


def give_new_name(
    tracking_map: AnyMap, place: str, *, code: str = LintCode.NAME, by: Person = None
) -> NewName:
    """Rename what lint finds at a place, such as what breaks the naming rule, as it proposes.

    Raises :class:`LintRefused` where it proposes nothing any more.
    """
    proposed = lint(tracking_map).new_names.get((code, place))
    if proposed is None:
        what = _("There is nothing to rename at %(place)s any more. Nothing changed.", place=place)
        raise LintRefused(what)
    rename(tracking_map, place, proposed.name, until=proposed.until, by=by)
    return proposed


def _waived(
    waivers: Mapping[tuple[str, str], Waiver],
    found: Iterable[Problem],
    draft: Document,
    catalog: Catalog,
) -> Iterable[Waived]:
    problems = {(str(each.code), each.where): each for each in found}
    needed = waivable(draft, catalog, problems.values()) if waivers else set()
    for key, waiver in waivers.items():
        if waiver.code != LintCode.NOT_TRACKED or key not in needed:
            yield Waived(waiver, problems.get(key), key in needed)


def _new_names(
    tracking_map: AnyMap, answers: ModelAnswers, problems: Iterable[Problem]
) -> Iterator[tuple[tuple[str, str], NewName]]:
    live = live_version(tracking_map)
    published = readable_document(live)[0] if live else Document()
    until = (date.fromisoformat(today()) + timedelta(days=DAYS_OF_BOTH)).isoformat()
    proposed: dict[str, dict[str, str]] = {
        LintCode.NAME: better_names(answers),
        LintCode.LOOK_ALIKES: usual_names(answers),
    }
    for each in problems:
        name = proposed.get(each.code, {}).get(each.where)
        if name:
            is_live = _was_published(each.where, published)
            one_name = _is_aggregate(each.where, answers.document)
            stays = until if is_live and not one_name else ""
            yield (str(each.code), each.where), NewName(name, stays, is_live and one_name)


def _is_aggregate(place: str, document: Document) -> bool:
    prefix, _dot, name = place.partition(".")
    return name in document.models[prefix].aggregates


def _was_published(place: str, published: Document) -> bool:
    prefix, _dot, name = place.partition(".")
    entry = published.models.get(prefix)
    if entry is None:
        return False
    return not name or name in {*entry.attributes, *entry.children, *entry.aggregates}
