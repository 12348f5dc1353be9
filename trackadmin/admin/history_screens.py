"""The edit history of a map, a tracked model and an action, and the pages that restore from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing
from trackadmin.admin.action_form_screens import ActionRowScreen
from trackadmin.admin.differences import Group, faults, grouped
from trackadmin.admin.edit_list import EditList
from trackadmin.admin.entry_screens import HeadScreen, RowScreen
from trackadmin.admin.page_parameters import number, text
from trackadmin.admin.screen import Screen
from trackadmin.editing import Head, HistoryEntry, StoredEntry
from trackadmin.exceptions import InvalidMap, StaleForm, UnknownRevision
from trackadmin.models import TrackingMap

#: How many rows of the history it reads; an import has one for each attribute of a map.
MOST_ROWS = 2000
#: Of how many tracked models it tells what one large edit changed.
MOST_MODELS = 30
NOBODY = gettext_lazy("Code or a command")


@dataclass(frozen=True, slots=True)
class Step:
    """One edit as the page shows it."""

    entry: HistoryEntry
    who: str
    groups: list[Group]
    count: int
    #: The links beside the edit: words and address.
    links: list[tuple[str, str]] = field(default_factory=list)


def step_of(entry: HistoryEntry, links: list[tuple[str, str]]) -> Step:
    """The edit as the page shows it."""
    who, count = entry.who or str(NOBODY), len(entry.changes.changes)
    return Step(entry, who, grouped(entry.changes), count, links)


class MapHistoryScreen(Screen):
    """Every edit of a map's draft, newest first; what was deleted can be restored."""

    template_name = "admin/trackadmin/history.html"
    tab = "history"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The list."""
        edit = number(request.GET, "edit")
        if edit is not None:
            return self.page(_("History"), steps=[self._step(self._one_edit(edit))], edit=edit)
        edits = EditList(self.tracking_map, request.GET)
        steps = [self._step(entry) for entry in edits.entries(most_rows=MOST_ROWS)]
        return self.page(_("History"), steps=steps, **edits.context())

    def _one_edit(self, edit: int) -> HistoryEntry:
        """One edit, however large; a 404 if there is none."""
        found = editing.history_of_edit(self.tracking_map, edit, most=MOST_MODELS)
        if found is None:
            raise Http404(_("There is no such edit."))
        return found

    def _step(self, entry: HistoryEntry) -> Step:
        models = entry.deleted if self.may.add_model else ()
        actions = entry.deleted_actions if self.may.add_action else ()
        links = [
            *self._links(entry, "bring_back", "prefix", set(models) - self._prefixes),
            *self._links(entry, "bring_back_action", "action", set(actions) - self._actions),
        ]
        return step_of(entry, links)

    def _links(
        self, entry: HistoryEntry, page: str, parameter: str, names: set[str]
    ) -> Iterator[tuple[str, str]]:
        for name in sorted(names):
            address = self.address(page, self.tracking_map.pk, entry.revision)
            words = _("Restore %(prefix)s") % {"prefix": name}
            yield words, f"{address}?{urlencode({parameter: name})}"

    @cached_property
    def _prefixes(self) -> set[str]:
        return set(self.tracking_map.tracked_models.values_list("prefix", flat=True))

    @cached_property
    def _actions(self) -> set[str]:
        return set(self.tracking_map.actions.values_list("name", flat=True))


class HeadHistoryScreen(HeadScreen):
    """Every edit of one tracked model or action; each earlier state can be restored."""

    template_name = "admin/trackadmin/history.html"
    tab = "history"
    #: The permission to restore.
    to_restore = "change_model"

    def get(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The list."""
        row = self.head_row
        edits = EditList(row, request.GET)
        return self.page(
            _("History"),
            (str(row), self.page_of_row("change")),
            steps=list(self._steps(edits.entries(), newest=edits.is_start)),
            subject=row,
            **edits.context(),
        )

    def _steps(self, entries: Iterable[HistoryEntry], newest: bool) -> Iterator[Step]:
        for entry in entries:
            links = []
            gone = entry.deleted or entry.deleted_actions
            wrote = bool(entry.prefixes or entry.actions)  # a waiver writes nothing of the row
            # The newest edit is the state now: there is nothing to restore.
            if wrote and not newest and getattr(self.may, self.to_restore) and not gone:
                links.append((_("Restore this state"), self.page_of_row("undo", entry.revision)))
            newest &= not wrote
            yield step_of(entry, links)


class HeadUndoScreen(HeadScreen):
    """Restore a tracked model or an action as it was after an earlier edit."""

    template_name = "admin/trackadmin/undo.html"
    to_read = "change_model"
    tab = "history"

    def get(self, request: HttpRequest, object_id: int, revision: int) -> HttpResponse:
        """Show what that changes in the draft."""
        return self._confirmation()

    def post(self, request: HttpRequest, object_id: int, revision: int) -> HttpResponse:
        """Restore it, unless somebody saved it since the page was opened."""
        seen, row = number(request.POST, "seen"), self.head_row
        try:
            row = editing.undo(row, revision, seen=seen, by=request.user)
        except UnknownRevision as unknown:
            raise Http404(str(unknown)) from unknown
        except StaleForm as stale:
            if stale.current is None:
                raise Http404(str(stale)) from stale
            row.refresh_from_db()
            return self._confirmation(refusal=str(stale))
        except InvalidMap as refusal:
            return self._confirmation(refusal=refusal.summary, problems=faults(refusal.problems))
        self.log_change(row, f"Restored as it was after edit {revision}.")
        told = _("Restored %(prefix)s in the draft as it was then.") % {"prefix": row}
        messages.success(request, told)
        return self.go("change", row.pk, model=self.model)

    def _confirmation(self, **context: Any) -> HttpResponse:
        row, stored = self.head_row, self._stored
        return self.page(
            _("Restore %(prefix)s") % {"prefix": row},
            (str(row), self.page_of_row("change")),
            (_("History"), self.page_of_row("history")),
            subject=row,
            lead=_("This restores %(prefix)s as it was after edit %(number)s.")
            % {"prefix": row, "number": stored.revision},
            groups=grouped(self.would_change(stored.name, stored.entry)),
            button=_("Restore this state"),
            seen=row.lock_version,
            back=self.page_of_row("history"),
            **context,
        )

    @cached_property
    def _stored(self) -> StoredEntry:
        return as_it_was(self.head_row, self.kwargs["revision"])


class ModelHistoryScreen(RowScreen, HeadHistoryScreen):
    """Every edit of one tracked model."""


class UndoScreen(RowScreen, HeadUndoScreen):
    """Restore a tracked model as it was after an earlier edit."""


class ActionHistoryScreen(ActionRowScreen, HeadHistoryScreen):
    """Every edit of one action."""

    to_restore = "change_action"


class ActionUndoScreen(ActionRowScreen, HeadUndoScreen):
    """Restore an action as it was after an earlier edit."""

    to_read = "change_action"


class BringBackScreen(Screen):
    """Restore a deleted tracked model in the draft."""

    template_name = "admin/trackadmin/undo.html"
    to_read = "add_model"
    to_write = "add_model"
    tab = "history"
    #: The parameter with the name that it had.
    parameter = "prefix"
    model = "trackedmodel"
    #: Gives the row with a key.
    row_of: Callable[[int], Head | None] = staticmethod(editing.draft_row)
    #: What a 404 says of an edit that deleted nothing of this name.
    not_deleted = gettext_lazy("This edit did not delete a tracked model with this prefix.")

    def get(self, request: HttpRequest, map_id: int, revision: int) -> HttpResponse:
        """Show what would be restored."""
        return self._confirmation()

    def post(self, request: HttpRequest, map_id: int, revision: int) -> HttpResponse:
        """Restore it."""
        stored = self._stored
        if self.row_of(stored.pk):
            return self._confirmation(
                refusal=_("%(prefix)s is already in the draft.") % {"prefix": stored.name}
            )
        named = {self.parameter: stored.name}
        try:
            row = editing.undo(self.tracking_map, revision, **named, seen=0, by=request.user)
        except (InvalidMap, StaleForm, UnknownRevision) as refusal:
            problems = faults(getattr(refusal, "problems", ()))
            summary = getattr(refusal, "summary", str(refusal))
            return self._confirmation(refusal=summary, problems=problems)
        self.log_addition(row, "Restored.")
        told = _("Restored %(prefix)s in the draft.") % {"prefix": row}
        messages.success(request, told)
        return self.go("change", row.pk, model=self.model)

    def _confirmation(self, **context: Any) -> HttpResponse:
        stored = self._stored
        history = self.address("history", self.tracking_map.pk)
        restore = _("Restore %(prefix)s") % {"prefix": stored.name}
        return self.page(
            restore,
            (_("History"), history),
            lead=_("This restores %(prefix)s in the draft as it was before it was deleted.")
            % {"prefix": stored.name},
            groups=grouped(editing.entry_diff({}, stored.name, stored.entry)),
            button=restore,
            back=history,
            **context,
        )

    @cached_property
    def _stored(self) -> StoredEntry:
        named = {self.parameter: text(self.request.GET, self.parameter)}
        stored = as_it_was(self.tracking_map, self.kwargs["revision"], **named)
        if not stored.deleted:
            raise Http404(self.not_deleted)
        return stored


class BringBackActionScreen(BringBackScreen):
    """Restore a deleted action in the draft."""

    to_read = "add_action"
    to_write = "add_action"
    parameter = "action"
    model = "trackedaction"
    row_of = staticmethod(editing.action_row)
    not_deleted = gettext_lazy("This edit did not delete an action with this name.")


def as_it_was(subject: Head | TrackingMap, revision: int, **named: str) -> StoredEntry:
    """The state after an edit; a 404 if there is no such edit."""
    try:
        return editing.as_it_was(subject, revision, **named)
    except UnknownRevision as unknown:
        raise Http404(str(unknown)) from unknown
