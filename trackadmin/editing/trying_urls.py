"""Tries a tracking URL with the draft and with the live version, under somebody's rights.

Who calls it gives the function that reads a URL by a snapshot: the runtime's own. What is different
here is how objects are found: those that the person may not view do not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from time import monotonic
from typing import Generic, Protocol, TypeVar

from django.db import router
from django.db.models import Model

from trackadmin import compiler
from trackadmin.codes import Outcome
from trackadmin.compiler import Fault, Fetched, Lookup, Resolved, Scalar, Snapshot
from trackadmin.compiler.lookups import Visible
from trackadmin.compiler.plan_names import Grace
from trackadmin.compiler.sql.resolver import Resolver
from trackadmin.conf import conf
from trackadmin.document import Document
from trackadmin.editing.building import build_document
from trackadmin.editing.kept_problems import problems_by
from trackadmin.editing.locking import AnyMap, find_map, write_database
from trackadmin.editing.partial_map import compile_what_can, live_snapshot
from trackadmin.editing.previewing import (
    Preview,
    graces_of,
    preview_rows,
)
from trackadmin.editing.trial_transaction import trial_transaction
from trackadmin.editing.trying import MayView, MayViewAll, Trial, Tried
from trackadmin.exceptions import Problem, errors_of


class ReadUrl(Protocol):
    """What a URL was read as; ``values`` are those of its event."""

    @property
    def values(self) -> Mapping[str, Scalar]:
        """The flat values of the event."""


Read = TypeVar("Read", bound=ReadUrl)


class OutOfTime(Exception):
    """An object was not looked up, because the site's code had run for too long."""


@dataclass(frozen=True, slots=True)
class Rights:
    """Which objects of the site somebody may view."""

    may_view: MayView
    may_view_all: MayViewAll
    visible: Visible


@dataclass(frozen=True, slots=True)
class UrlTrial(Generic[Read]):
    """What the draft makes of a URL, and the live version, if there is one that can be read."""

    draft: Read
    live: Read | None
    #: The two events, name by name.
    preview: Preview


def try_url(
    tracking_map: AnyMap,
    read: Callable[[Snapshot], Read],
    rights: Rights,
    *,
    document: Document | None = None,
) -> UrlTrial[Read]:
    """Let ``read`` read a URL by the draft (or by ``document`` instead), and by the live version.

    An object that the rights hide is answered as one that does not exist, and what hangs on it is
    not read. The site's own code runs no longer than ``PREVIEW_SECONDS`` in all, and what it writes
    is rolled back. Nothing is sent if ``read`` sends nothing.
    """
    current = find_map(tracking_map)
    draft = build_document(current) if document is None else document
    snapshot = compile_what_can(draft, current.slug)
    complete = snapshot.document is draft
    problems = [] if complete else errors_of(problems_by(compiler.check, draft))
    live = live_snapshot(current, problems)
    with ExitStack() as stack:
        objects = _Objects(rights, stack)
        of_draft = _VisibleOnly(snapshot, objects)
        of_live = _VisibleOnly(live, objects) if live else None
        # The draft first: its queries are counted with nothing loaded.
        new, old = read(snapshot), read(live) if live else None
    shown = of_draft.event(new)
    beside = of_live.event(old) if of_live and old else Tried()
    graces = (of_live.graces if of_live else {}) | of_draft.graces
    shown_beside = _preview(shown, beside, graces, problems, objects.hidden)
    personal = snapshot.personal_names.among(shown.values)
    return UrlTrial(new, old, replace(shown_beside, personal=personal))


def _preview(
    new: Tried,
    old: Tried,
    graces: Mapping[str, Grace | None],
    problems: Sequence[Problem],
    hidden: tuple[str, ...],
) -> Preview:
    return Preview(
        rows=tuple(preview_rows(new, old, graces)),
        values=new.values,
        live_values=old.values,
        unshown=new.unshown,
        live_unshown=old.unshown,
        hidden=hidden,
        url="",
        queries=new.queries,
        counted=tuple(new.counted),
        problems=(*problems, *new.problems),
    )


class _Objects:
    """Finds the objects of a URL, each once for draft and live."""

    def __init__(self, rights: Rights, stack: ExitStack) -> None:
        self._rights, self._stack = rights, stack
        self._seconds = conf.PREVIEW_SECONDS
        self._deadline = monotonic() + self._seconds
        self._protected: set[str] = set()
        self._found: dict[tuple[type[Model], str, str], tuple[Fetched, Trial | None]] = {}

    @property
    def hidden(self) -> tuple[str, ...]:
        """The labels of the models of objects that may not be viewed."""
        trials = [trial for _fetched, trial in self._found.values() if trial]
        return tuple(sorted({label for trial in trials for label in trial.hidden}))

    def look_up(self, lookup: Lookup, text: str) -> tuple[Fetched, Trial | None]:
        """What a reference finds, and the object to be tried if it finds one."""
        key = lookup.model, lookup.source, text
        if key not in self._found:
            found = self._fetched(lookup, text)
            trial = self._trial(found.obj) if found.status is Outcome.FOUND else None
            self._found[key] = found, trial
        return self._found[key]

    def _fetched(self, lookup: Lookup, text: str) -> Fetched:
        if monotonic() > self._deadline:
            return Fetched(Outcome.FAILED, error=OutOfTime())
        try:
            self._protect(lookup.model)
        except Exception as error:  # noqa: BLE001 a router of the host, or a database that is away
            return Fetched(Outcome.FAILED, error=error)
        return lookup.fetch(text, visible=self._rights.visible)

    def _protect(self, model: type[Model]) -> None:
        """Roll back at the end what is written to the databases of this model."""
        used = {write_database(), router.db_for_read(model), router.db_for_write(model)}
        left = max(self._deadline - monotonic(), 0)
        protection = trial_transaction(used - self._protected, left)
        self._stack.enter_context(protection)
        self._protected |= used

    def _trial(self, obj: Model) -> Trial:
        rights = self._rights
        trial = Trial(obj, rights.may_view, rights.may_view_all, self._seconds)
        trial.deadline = self._deadline  # one for all objects of the URL
        return trial


class _VisibleOnly(Resolver):
    """Answers the references of one snapshot, and keeps what the previews of objects say."""

    def __init__(self, snapshot: Snapshot, objects: _Objects) -> None:
        super().__init__(snapshot.by_prefix)
        self._objects, self._models = objects, snapshot.by_prefix
        self._tried = Tried()
        self.graces: dict[str, Grace | None] = {}
        snapshot.resolver = self

    def resolve(self, wanted: Sequence[tuple[Lookup, str]], fault: Fault) -> list[Resolved]:
        """The result of each reference, in the same order. Never raises."""
        return [self._resolved(lookup, text) for lookup, text in wanted]

    def event(self, read: ReadUrl) -> Tried:
        """The whole event, with what the previews of its objects say."""
        self._tried.values = {**read.values}
        return self._tried

    def _resolved(self, lookup: Lookup, text: str) -> Resolved:
        found, trial = self._objects.look_up(lookup, text)
        if trial is None:
            return Resolved(found.status, error=found.error)
        compiled = self._models[lookup.prefix]
        one, all_of = trial.tried(compiled), self._tried
        all_of.unshown |= one.unshown
        all_of.counted += one.counted
        all_of.problems += one.problems
        all_of.queries += one.queries
        self.graces |= graces_of(compiled)
        return Resolved(Outcome.FOUND, one.values)
