"""The edit history of a map and of a tracked model, and the pages that restore from it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing
from trackadmin.admin.differences import Group, count_lines, faults, grouped
from trackadmin.admin.entry_screens import RowScreen
from trackadmin.admin.page_parameters import number, text
from trackadmin.admin.screen import Screen
from trackadmin.editing import HistoryEntry, StoredEntry
from trackadmin.exceptions import InvalidMap, StaleForm, UnknownRevision
from trackadmin.models import TrackedModel, TrackingMap

#: How many of the newest edits a page shows; older ones stay in the database.
SHOWN = 100
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
    groups = grouped(entry.changes)
    return Step(entry, entry.who or str(NOBODY), groups, count_lines(groups), links)


class MapHistoryScreen(Screen):
    """Every edit of a map's draft, newest first; what was deleted can be restored."""

    template_name = "admin/trackadmin/history.html"
    tab = "history"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The list."""
        entries = editing.history(self.tracking_map, limit=SHOWN)
        return self.page(_("History"), steps=[self._step(entry) for entry in entries])

    def _step(self, entry: HistoryEntry) -> Step:
        return step_of(entry, list(self._links(entry)) if self.may.add_model else [])

    def _links(self, entry: HistoryEntry) -> Iterator[tuple[str, str]]:
        for prefix in entry.deleted:
            if prefix not in self._prefixes:
                address = self.address("bring_back", self.tracking_map.pk, entry.revision)
                words = _("Restore %(prefix)s") % {"prefix": prefix}
                yield words, f"{address}?{urlencode({'prefix': prefix})}"

    @cached_property
    def _prefixes(self) -> set[str]:
        return set(self.tracking_map.tracked_models.values_list("prefix", flat=True))


class ModelHistoryScreen(RowScreen):
    """Every edit of one tracked model; each earlier state can be restored."""

    template_name = "admin/trackadmin/history.html"
    tab = "history"

    def get(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The list."""
        row = self.tracked_model
        entries = editing.history(row, limit=SHOWN)
        return self.page(
            _("History"),
            (row.prefix, self.address("change", row.pk, model="trackedmodel")),
            steps=list(self._steps(entries)),
            tracked_model=row,
        )

    def _steps(self, entries: Iterable[HistoryEntry]) -> Iterator[Step]:
        for place, entry in enumerate(entries):
            links = []
            # The newest edit is the state now: there is nothing to restore.
            if place and self.may.change_model and not entry.deleted:
                pk = self.tracked_model.pk
                address = self.address("undo", pk, entry.revision, model="trackedmodel")
                links.append((_("Restore this state"), address))
            yield step_of(entry, links)


class UndoScreen(RowScreen):
    """Restore a tracked model as it was after an earlier edit."""

    template_name = "admin/trackadmin/undo.html"
    to_read = "change_model"
    tab = "history"

    def get(self, request: HttpRequest, object_id: int, revision: int) -> HttpResponse:
        """Show what that changes in the draft."""
        return self._confirmation()

    def post(self, request: HttpRequest, object_id: int, revision: int) -> HttpResponse:
        """Restore it, unless somebody saved it since the page was opened."""
        seen, row = number(request.POST, "seen"), self.tracked_model
        try:
            editing.undo(row, revision, seen=seen, by=request.user)
            row.refresh_from_db()
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
        told = _("%(prefix)s was restored in the draft as it was then.") % {"prefix": row.prefix}
        messages.success(request, told)
        return self.go("change", row.pk, model="trackedmodel")

    def _confirmation(self, **context: Any) -> HttpResponse:
        row, stored = self.tracked_model, self._stored
        return self.page(
            _("Restore %(prefix)s") % {"prefix": row.prefix},
            (row.prefix, self.address("change", row.pk, model="trackedmodel")),
            (_("History"), self.address("history", row.pk, model="trackedmodel")),
            tracked_model=row,
            lead=_("This restores %(prefix)s as it was after edit %(number)s.")
            % {"prefix": row.prefix, "number": stored.revision},
            groups=grouped(editing.entry_diff({row.prefix: self.entry}, stored.name, stored.entry)),
            button=_("Restore this state"),
            seen=row.lock_version,
            back=self.address("history", row.pk, model="trackedmodel"),
            **context,
        )

    @cached_property
    def _stored(self) -> StoredEntry:
        return as_it_was(self.tracked_model, self.kwargs["revision"])


class BringBackScreen(Screen):
    """Restore a deleted tracked model in the draft."""

    template_name = "admin/trackadmin/undo.html"
    to_read = "add_model"
    to_write = "add_model"
    tab = "history"

    def get(self, request: HttpRequest, map_id: int, revision: int) -> HttpResponse:
        """Show what would be restored."""
        return self._confirmation()

    def post(self, request: HttpRequest, map_id: int, revision: int) -> HttpResponse:
        """Restore it."""
        stored = self._stored
        if TrackedModel.objects.filter(pk=stored.pk).exists():
            return self._confirmation(
                refusal=_("%(prefix)s is already in the draft.") % {"prefix": stored.name}
            )
        try:
            row = editing.undo(
                self.tracking_map, revision, prefix=stored.name, seen=0, by=request.user
            )
        except (InvalidMap, StaleForm, UnknownRevision) as refusal:
            problems = faults(getattr(refusal, "problems", ()))
            summary = getattr(refusal, "summary", str(refusal))
            return self._confirmation(refusal=summary, problems=problems)
        self.log_addition(row, "Restored.")
        told = _("%(prefix)s was restored in the draft.") % {"prefix": row}
        messages.success(request, told)
        return self.go("change", row.pk, model="trackedmodel")

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
        prefix = text(self.request.GET, "prefix")
        stored = as_it_was(self.tracking_map, self.kwargs["revision"], prefix=prefix)
        if not stored.deleted:
            raise Http404(_("This edit did not delete a tracked model with this prefix."))
        return stored


def as_it_was(
    subject: TrackedModel | TrackingMap, revision: int, *, prefix: str = ""
) -> StoredEntry:
    """The state after an edit; a 404 if there is no such edit."""
    try:
        return editing.as_it_was(subject, revision, prefix=prefix)
    except UnknownRevision as unknown:
        raise Http404(str(unknown)) from unknown
