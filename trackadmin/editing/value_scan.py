"""Looks at some values of text columns that are said not to be personal, and counts."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from django.db import router
from django.db.models import Model, QuerySet

from trackadmin.catalog import AttributeFacts, Catalog, Kind, ModelFacts
from trackadmin.codes import LintCode
from trackadmin.conf import conf
from trackadmin.document import NONE, UNDECLARED, Document, in_order
from trackadmin.editing.lint.lasting import lasting_attributes
from trackadmin.editing.lint.rule_list import level_of
from trackadmin.editing.locking import write_database
from trackadmin.editing.trial_transaction import trial_transaction
from trackadmin.editing.value_shapes import Shape, shapes_of
from trackadmin.exceptions import Level, Problem
from trackadmin.texts import Text, enumeration, joined, ngettext
from trackadmin.texts import gettext as _

logger = logging.getLogger("trackadmin")

#: The key of the rule in the setting LINT.
RULE = "personal_values"
#: How many objects are in memory at a time; each may be large.
AT_A_TIME = 20


@dataclass(frozen=True, slots=True)
class VisibleRows:
    """Who looks at the rows: each object that is counted is one that they may see."""

    #: The rows of a model; ``None`` where they may see none.
    rows: Callable[[type[Model]], QuerySet[Any] | None]
    may_view_row: Callable[[type[Model], Model], bool]


#: For somebody who may see everything: the rows of the model's own manager.
ALL_ROWS = VisibleRows(lambda model: model._default_manager.all(), lambda model, obj: True)


@dataclass(slots=True)
class ValueScan:
    """What was found, and what could not be looked at."""

    problems: list[Problem] = field(default_factory=list)
    notes: list[Text] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Columns:
    """The text columns of a tracked model that go out as not personal, by output name."""

    prefix: str
    model: ModelFacts
    columns: dict[str, AttributeFacts]


def scan_values(document: Document, catalog: Catalog, reader: VisibleRows) -> ValueScan:
    """Look at the newest rows of each tracked model, for as long as the setting LINT allows.

    Counts only: no value leaves this file. Whatever code of the host raises becomes a note.
    """
    scan, level = ValueScan(), level_of(RULE)
    hidden: list[str] = []
    late: list[str] = []
    end = monotonic() + float(conf.LINT["seconds"])
    for each in scanned(document, catalog) if level else ():
        left = end - monotonic()
        if left <= 0:
            late.append(each.prefix)
            continue
        try:
            looked = _look_at(each, reader, left)
        except Exception as error:
            logger.exception("The rows of %s could not be read", each.model.cased_label)
            scan.notes.append(_failed(each, error))
            continue
        if looked is None:
            hidden.append(each.prefix)
        else:
            scan.problems += _findings(each, looked, level) if level else ()
            late += [each.prefix] if looked.late else []
    scan.notes += _left_out(hidden, late)
    return scan


def scanned(document: Document, catalog: Catalog) -> Iterator[_Columns]:
    """The columns to look at. A name that looks personal and is undeclared is a problem anyway."""
    for prefix, entry in in_order(document.models):
        model = catalog.get(entry.model)
        found = {}
        for name, each in lasting_attributes(entry) if model else ():
            facts = model.attributes.get(each.source) if model else None
            if facts is None or facts.computed or facts.kind is not Kind.TEXT:
                continue
            if each.privacy == NONE or (each.privacy == UNDECLARED and not facts.personal):
                found[name] = facts
        if model and found:
            yield _Columns(prefix, model, found)


@dataclass(slots=True)
class _Looked:
    """How many values there were in each column, and how many have which shape."""

    values: Counter[str] = field(default_factory=Counter)
    shapes: Counter[tuple[str, Shape]] = field(default_factory=Counter)
    late: bool = False


def _look_at(of: _Columns, reader: VisibleRows, seconds: float) -> _Looked | None:
    rows = reader.rows(of.model.model)
    if rows is None:
        return None
    looked, end = _Looked(), monotonic() + seconds
    databases = {rows.db, write_database(), router.db_for_write(of.model.model)}
    with trial_transaction(databases, seconds):
        newest = rows.order_by("-pk")[: int(conf.LINT["rows"])]
        for obj in newest.iterator(chunk_size=AT_A_TIME):
            if monotonic() > end:
                looked.late = True
                break
            if reader.may_view_row(of.model.model, obj):
                _count_shapes(obj, of, looked)
    return looked


def _count_shapes(obj: Model, of: _Columns, looked: _Looked) -> None:
    for name, facts in of.columns.items():
        value = getattr(obj, facts.attname)
        if isinstance(value, str) and value:
            looked.values[name] += 1
            looked.shapes.update((name, shape) for shape in shapes_of(value))


def _findings(of: _Columns, looked: _Looked, level: Level) -> Iterator[Problem]:
    for name in of.columns:
        found = [
            _sentence(shape, looked.shapes[name, shape], looked.values[name])
            for shape in Shape
            if looked.shapes[name, shape]
        ]
        if found:
            remedy = _("Decide how it is sent: unchanged, as a pseudonym, or not at all.")
            where = f"{of.prefix}.{name}"
            yield Problem(LintCode.PERSONAL_VALUES, level, where, joined(*found), remedy)


def _sentence(shape: Shape, count: int, all: int) -> Text:
    if shape is Shape.EMAIL:
        return ngettext(
            "%(count)s of %(all)s values looks like an e-mail address.",
            "%(count)s of %(all)s values look like an e-mail address.",
            count,
            all=all,
        )
    if shape is Shape.PHONE:
        return ngettext(
            "%(count)s of %(all)s values looks like a phone number.",
            "%(count)s of %(all)s values look like a phone number.",
            count,
            all=all,
        )
    return ngettext(
        "%(count)s of %(all)s values looks like an IBAN.",
        "%(count)s of %(all)s values look like an IBAN.",
        count,
        all=all,
    )


def _failed(of: _Columns, error: Exception) -> Text:
    return _(
        "The objects of %(model)s could not be read (%(error)s). Ask a developer to read the log.",
        model=of.prefix,
        error=type(error).__name__,
    )


def _left_out(hidden: list[str], late: list[str]) -> Iterator[Text]:
    if hidden:
        yield _("You may not view the objects of %(models)s.", models=enumeration(hidden))
    if late:
        yield _(
            "The time was over before all objects of %(models)s were looked at.",
            models=enumeration(late),
        )
