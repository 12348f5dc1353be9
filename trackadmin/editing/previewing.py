"""The values of an object under the draft, beside its live values. Writes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, urlencode

from django.db import connections, router, transaction
from django.db.models import Model

from trackadmin import compiler
from trackadmin.catalog import catalog
from trackadmin.codes import ProblemCode
from trackadmin.compiler import CompiledModel, Scalar, Snapshot
from trackadmin.compiler.plan_names import Grace
from trackadmin.conf import conf
from trackadmin.document import Document
from trackadmin.editing.building import build_document
from trackadmin.editing.locking import AnyMap, find_map, write_database
from trackadmin.editing.partial_map import compile_what_can
from trackadmin.editing.trying import (
    Counted,
    MayView,
    MayViewAll,
    Trial,
    Tried,
    Unshown,
    each_of,
    everything,
)
from trackadmin.editing.versions import live_version, read_version
from trackadmin.exceptions import DocumentError, Problem
from trackadmin.models import MapVersion
from trackadmin.texts import gettext as _

#: ``unknown`` where both sides have the name and one of them is not shown.
Status = Literal["same", "new", "changed", "gone", "unknown"]

_STATEMENT_TIMEOUT = (
    "SELECT set_config('statement_timeout', %s, true) FROM pg_settings "
    "WHERE name = 'statement_timeout' AND (setting::bigint = 0 OR setting::bigint > %s)"
)


@dataclass(frozen=True, slots=True)
class PreviewRow:
    """One name of the output. The side that lacks it, or is not shown, has ``None``."""

    name: str
    draft: Scalar
    live: Scalar
    status: Status
    #: Where the draft deprecates the name; for a name of the live version alone, where that does.
    grace: Grace | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """The output of one object, draft beside live."""

    rows: tuple[PreviewRow, ...]
    values: Mapping[str, Scalar]
    live_values: Mapping[str, Scalar]
    #: The names of either side without a value to show, and why.
    unshown: Mapping[str, Unshown]
    live_unshown: Mapping[str, Unshown]
    #: The labels of the models of objects that may not be viewed.
    hidden: tuple[str, ...]
    #: The query string that names the object by its key; empty where the draft has no key for it.
    url: str
    #: How many queries the draft's values took, with nothing loaded but the object.
    queries: int
    #: What the draft's counts and sums took, object by object.
    counted: tuple[Counted, ...]
    #: The problems of the draft, and of this object's values.
    problems: tuple[Problem, ...]

    @property
    def json(self) -> str:
        """The draft's values as indented JSON."""
        return json.dumps(self.values, indent=2, ensure_ascii=False)


def preview(
    tracking_map: AnyMap,
    obj: Model,
    *,
    document: Document | None = None,
    may_view: MayView = everything,
    may_view_all: MayViewAll | None = None,
) -> Preview:
    """Flatten ``obj`` by the draft (or by ``document`` instead), and by the live version.

    ``may_view`` is asked for each related object. An object that it hides is not read, and neither
    are its own children. ``may_view_all`` is asked whether all objects of a relation may be seen:
    otherwise nothing that is computed of them is shown. Without it, ``may_view`` is asked about
    each of them. A draft with errors is previewed as far as it compiles, and the errors
    are among the problems. The site's own code runs no longer than ``PREVIEW_SECONDS``, and what
    it writes is rolled back.
    """
    current = find_map(tracking_map)
    draft = build_document(current) if document is None else document
    problems = compiler.check(draft, catalog())
    snapshot = compile_what_can(draft, current.slug)
    live = _live_snapshot(current, problems)
    if snapshot.find(obj) is None:
        problems.append(_not_tracked(obj))
    with nothing_stays(obj):
        fresh = as_stored(obj)
        # Compiled before the time for the host's code begins to run.
        draft_model, live_model = snapshot.find(fresh), live.find(fresh) if live else None
        all_of = may_view_all or each_of(may_view)
        trial = Trial(fresh, may_view, all_of, conf.PREVIEW_SECONDS)
        # The draft first: its queries are counted with nothing loaded but the object.
        new, old = trial.tried(draft_model), trial.tried(live_model)
        url = query_string(draft_model, fresh)
    return Preview(
        rows=tuple(_preview_rows(new, old, _graces(live_model) | _graces(draft_model))),
        values=new.values,
        live_values=old.values,
        unshown=new.unshown,
        live_unshown=old.unshown,
        hidden=tuple(sorted(trial.hidden)),
        url=url,
        queries=new.queries,
        counted=tuple(new.counted),
        problems=(*problems, *new.problems),
    )


def _live_snapshot(tracking_map: AnyMap, problems: list[Problem]) -> Snapshot | None:
    live = live_version(tracking_map)
    return snapshot_of(live, problems) if live else None


def snapshot_of(live: MapVersion, problems: list[Problem]) -> Snapshot | None:
    """The live version compiled; if it cannot be read, ``None`` and one more problem."""
    try:
        return compiler.compile_map(
            read_version(live), catalog(), number=live.number, names_are_checked=True
        )
    except DocumentError as error:
        what = _(
            "The live version %(number)s cannot be read: %(error)s",
            number=str(live.number),
            error=error.what,
        )
        remedy = _("Publish the draft, or roll back to another version.")
        problems.append(Problem(ProblemCode.LIVE_BROKEN, "warning", str(live), what, remedy))
        return None


def as_stored(obj: Model) -> Model:
    """The object as the database has it, with no relation loaded; itself where it is not saved."""
    database = obj._state.db or router.db_for_read(obj.__class__)
    return obj.__class__._base_manager.using(database).filter(pk=obj.pk).first() or obj


@contextmanager
def nothing_stays(obj: Model) -> Iterator[None]:
    """Roll back, at the end, what the site's properties and methods write."""
    aliases = {write_database(), obj._state.db or router.db_for_write(obj.__class__)}
    with ExitStack() as stack:
        for alias in sorted(aliases):
            stack.enter_context(transaction.atomic(using=alias))
            stack.callback(transaction.set_rollback, True, using=alias)
            _limit_statements(alias, conf.PREVIEW_SECONDS)
        yield


def _limit_statements(alias: str, seconds: float) -> None:
    """Let PostgreSQL cancel statements that take longer, until the transaction is over.

    A lower limit of the site stays.
    """
    if connections[alias].vendor == "postgresql":
        most = max(int(seconds * 1000), 1)
        with connections[alias].cursor() as cursor:
            cursor.execute(_STATEMENT_TIMEOUT, [str(most), most])


def _graces(compiled: CompiledModel | None) -> dict[str, Grace | None]:
    return compiled.node.graces() if compiled else {}


def _preview_rows(
    new: Tried, old: Tried, graces: Mapping[str, Grace | None]
) -> Iterator[PreviewRow]:
    for name, value in new.values.items():
        if name not in old.values:
            yield PreviewRow(name, value, None, "new", graces[name])
        elif name in new.unshown or name in old.unshown:
            yield PreviewRow(name, value, old.values[name], "unknown", graces[name])
        else:
            live = old.values[name]
            # 1, 1.0 and True are equal to Python and three different things in JSON.
            same = (type(value), value) == (type(live), live)
            yield PreviewRow(name, value, live, "same" if same else "changed", graces[name])
    for name, live in old.values.items():
        if name not in new.values:
            yield PreviewRow(name, None, live, "gone", graces[name])


def query_string(compiled: CompiledModel | None, obj: Model) -> str:
    """The query string that names the object by its key; empty where there is no key for it."""
    key = compiled.key if compiled else None
    text = key.text(obj) if key else None
    return urlencode({key.reference: text}, quote_via=quote) if key and text is not None else ""


def _not_tracked(obj: Model) -> Problem:
    label = obj._meta.label
    what = _("The draft does not track %(model)s, so this object gives no values.", model=label)
    remedy = _("Choose an object of a tracked model, or add the model to the map.")
    return Problem(ProblemCode.OBJECT_NOT_TRACKED, "warning", label, what, remedy)
