"""The values of an object under the draft, beside its live values. Writes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Literal
from urllib.parse import quote, urlencode

from django.db import router
from django.db.models import Model

from trackadmin import compiler
from trackadmin.codes import ProblemCode
from trackadmin.compiler import CompiledModel, Scalar
from trackadmin.compiler.plan_names import Grace
from trackadmin.conf import conf
from trackadmin.document import Document
from trackadmin.editing.building import build_document
from trackadmin.editing.kept_problems import problems_by
from trackadmin.editing.locking import AnyMap, find_map, write_database
from trackadmin.editing.partial_map import compile_what_can, live_snapshot, within_reach
from trackadmin.editing.trial_transaction import trial_transaction
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
from trackadmin.exceptions import Problem
from trackadmin.texts import gettext as _

#: ``unknown`` where both sides have the name and one of them is not shown.
Status = Literal["same", "new", "changed", "gone", "unknown"]


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
    #: The names of the draft's values that may say something about a person.
    personal: tuple[str, ...] = ()

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
    whole_map: bool = True,
) -> Preview:
    """Flatten ``obj`` by the draft (or by ``document`` instead), and by the live version.

    ``may_view`` is asked for each related object. An object that it hides is not read, and neither
    are its own children. ``may_view_all`` is asked whether all objects of a relation may be seen:
    otherwise nothing that is computed of them is shown. Without it, ``may_view`` is asked about
    each of them. A draft with errors is previewed as far as it compiles, and the errors
    are among the problems. The site's own code runs no longer than ``PREVIEW_SECONDS``, and what
    it writes is rolled back. Without ``whole_map``, only what the object leads to is compiled, and
    the problems are those of that part.
    """
    current = find_map(tracking_map)
    part = (lambda given: given) if whole_map else partial(within_reach, model=obj.__class__)
    draft = part(build_document(current) if document is None else document)
    problems = problems_by(compiler.check, draft)
    snapshot = compile_what_can(draft, current.slug)
    live = live_snapshot(current, problems, part)
    if snapshot.find(obj) is None:
        problems.append(_not_tracked(obj))
    with trial_transaction(databases_of(obj), conf.PREVIEW_SECONDS):
        fresh = as_stored(obj)
        # Compiled before the time for the host's code begins to run.
        draft_model, live_model = snapshot.find(fresh), live.find(fresh) if live else None
        all_of = may_view_all or each_of(may_view)
        trial = Trial(fresh, may_view, all_of, conf.PREVIEW_SECONDS)
        # The draft first: its queries are counted with nothing loaded but the object.
        new, old = trial.tried(draft_model), trial.tried(live_model)
        url = query_string(draft_model, fresh)
    return Preview(
        rows=tuple(preview_rows(new, old, graces_of(live_model) | graces_of(draft_model))),
        values=new.values,
        live_values=old.values,
        unshown=new.unshown,
        live_unshown=old.unshown,
        hidden=tuple(sorted(trial.hidden)),
        url=url,
        queries=new.queries,
        counted=tuple(new.counted),
        problems=(*problems, *new.problems),
        personal=snapshot.personal_names.among(new.values),
    )


def databases_of(obj: Model) -> set[str]:
    """Where the site's code may write while it reads this object: its database, and ours."""
    return {write_database(), obj._state.db or router.db_for_write(obj.__class__)}


def as_stored(obj: Model) -> Model:
    """The object as the database has it, with no relation loaded; itself where it is not saved."""
    database = obj._state.db or router.db_for_read(obj.__class__)
    return obj.__class__._base_manager.using(database).filter(pk=obj.pk).first() or obj


def graces_of(compiled: CompiledModel | None) -> dict[str, Grace | None]:
    """Which names of a compiled model are deprecated."""
    return compiled.node.graces() if compiled else {}


def preview_rows(
    new: Tried, old: Tried, graces: Mapping[str, Grace | None]
) -> Iterator[PreviewRow]:
    """What was tried with the draft, name by name, beside what was tried with the live version."""
    for name, value in new.values.items():
        if name not in old.values:
            yield PreviewRow(name, value, None, "new", graces.get(name))
        elif name in new.unshown or name in old.unshown:
            yield PreviewRow(name, value, old.values[name], "unknown", graces.get(name))
        else:
            live = old.values[name]
            status: Status = "changed" if differ(value, live) else "same"
            yield PreviewRow(name, value, live, status, graces.get(name))
    for name, live in old.values.items():
        if name not in new.values:
            yield PreviewRow(name, None, live, "gone", graces.get(name))


def differ(value: Scalar, other: Scalar) -> bool:
    """Whether two values differ in JSON: to Python 1, 1.0 and True are equal."""
    return (type(value), value) != (type(other), other)


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
