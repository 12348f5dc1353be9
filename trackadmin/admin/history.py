"""Who changed what and when: of a map, of a tracked model; putting one back as it was."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property

from trackadmin import editing
from trackadmin.admin.differences import Group, count_lines, faults, grouped
from trackadmin.admin.entry_screens import RowScreen
from trackadmin.admin.parameters import number, text
from trackadmin.admin.screen import Screen
from trackadmin.document import Document
from trackadmin.editing import HistoryEntry, StoredModel
from trackadmin.exceptions import InvalidMap, StaleForm, UnknownRevision
from trackadmin.models import TrackedModel, TrackingMap

#: How many of the newest edits a page shows; older ones stay in the database.
SHOWN = 100
NOBODY = "Code or a command"


@dataclass(frozen=True, slots=True)
class Step:
    """One edit as the page shows it."""

    entry: HistoryEntry
    who: str
    groups: list[Group]
    count: int
    #: What can be done about it: words and address.
    links: list[tuple[str, str]] = field(default_factory=list)


def step_of(entry: HistoryEntry, links: list[tuple[str, str]]) -> Step:
    """The edit as the page shows it."""
    groups = grouped(entry.changes)
    return Step(entry, entry.who or NOBODY, groups, count_lines(groups), links)


class MapHistoryScreen(Screen):
    """Every edit of a map's draft, newest first; what was deleted can be brought back."""

    template_name = "admin/trackadmin/history.html"
    tab = "history"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The list."""
        entries = editing.history(self.tracking_map, limit=SHOWN)
        return self.page("History", steps=[self._step(entry) for entry in entries])

    def _step(self, entry: HistoryEntry) -> Step:
        return step_of(entry, list(self._links(entry)) if self.may.add_model else [])

    def _links(self, entry: HistoryEntry) -> Iterator[tuple[str, str]]:
        for prefix in entry.deleted:
            if prefix not in self._prefixes:
                address = self.address("bring_back", self.tracking_map.pk, entry.revision)
                yield f"Bring back {prefix}", f"{address}?{urlencode({'prefix': prefix})}"

    @cached_property
    def _prefixes(self) -> set[str]:
        return set(self.tracking_map.tracked_models.values_list("prefix", flat=True))


class ModelHistoryScreen(RowScreen):
    """Every edit of one tracked model; each earlier state can come back."""

    template_name = "admin/trackadmin/history.html"
    tab = "history"

    def get(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The list."""
        row = self.tracked_model
        entries = editing.history(row, limit=SHOWN)
        return self.page(
            "History",
            (row.prefix, self.address("change", row.pk, model="trackedmodel")),
            steps=list(self._steps(entries)),
            tracked_model=row,
        )

    def _steps(self, entries: Iterable[HistoryEntry]) -> Iterator[Step]:
        for place, entry in enumerate(entries):
            links = []
            # The newest edit is how it stands now: there is nothing to put back.
            if place and self.may.change_model and not entry.deleted:
                pk = self.tracked_model.pk
                address = self.address("undo", pk, entry.revision, model="trackedmodel")
                links.append(("Put back to this", address))
            yield step_of(entry, links)


class UndoScreen(RowScreen):
    """Put a tracked model back as it was after an earlier edit."""

    template_name = "admin/trackadmin/undo.html"
    to_read = "change_model"
    tab = "history"

    def get(self, request: HttpRequest, object_id: int, revision: int) -> HttpResponse:
        """What that changes in the draft."""
        return self._confirmation()

    def post(self, request: HttpRequest, object_id: int, revision: int) -> HttpResponse:
        """Put it back, unless somebody saved it since the page was opened."""
        seen, row = number(request.POST, "seen"), self.tracked_model
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
        self.model_admin.log_change(request, row, f"Put back as it was at edit {revision}.")
        messages.success(request, f"{row.prefix} is back in the draft as it was then.")
        return self.go("change", row.pk, model="trackedmodel")

    def _confirmation(self, **context: Any) -> HttpResponse:
        row, stored = self.tracked_model, self._stored
        now = Document(models={stored.prefix: self.entry})
        then = Document(models={stored.prefix: stored.entry})
        return self.page(
            f"Put {row.prefix} back",
            (row.prefix, self.address("change", row.pk, model="trackedmodel")),
            ("History", self.address("history", row.pk, model="trackedmodel")),
            tracked_model=row,
            lead=f"This puts {row.prefix} back as it was after edit {stored.revision}.",
            groups=grouped(editing.diff(now, then)),
            button="Put it back",
            seen=row.lock_version,
            back=self.address("history", row.pk, model="trackedmodel"),
            **context,
        )

    @cached_property
    def _stored(self) -> StoredModel:
        return as_it_was(self.tracked_model, self.kwargs["revision"])


class BringBackScreen(Screen):
    """Bring a deleted tracked model back into the draft."""

    template_name = "admin/trackadmin/undo.html"
    to_read = "add_model"
    to_write = "add_model"
    tab = "history"

    def get(self, request: HttpRequest, map_id: int, revision: int) -> HttpResponse:
        """What comes back."""
        return self._confirmation()

    def post(self, request: HttpRequest, map_id: int, revision: int) -> HttpResponse:
        """Bring it back."""
        stored = self._stored
        if TrackedModel.objects.filter(pk=stored.pk).exists():
            return self._confirmation(refusal=f"{stored.prefix} is in the draft already.")
        try:
            row = editing.undo(
                self.tracking_map, revision, prefix=stored.prefix, seen=0, by=request.user
            )
        except (InvalidMap, StaleForm, UnknownRevision) as refusal:
            problems = faults(getattr(refusal, "problems", ()))
            summary = getattr(refusal, "summary", str(refusal))
            return self._confirmation(refusal=summary, problems=problems)
        self.model_admin.log_addition(request, row, "Brought back.")
        messages.success(request, f"{row.prefix} is back in the draft.")
        return self.go("change", row.pk, model="trackedmodel")

    def _confirmation(self, **context: Any) -> HttpResponse:
        stored = self._stored
        history = self.address("history", self.tracking_map.pk)
        return self.page(
            f"Bring back {stored.prefix}",
            ("History", history),
            lead=f"This brings {stored.prefix} back into the draft as it last was.",
            groups=grouped(
                editing.diff(Document(), Document(models={stored.prefix: stored.entry}))
            ),
            button=f"Bring back {stored.prefix}",
            back=history,
            **context,
        )

    @cached_property
    def _stored(self) -> StoredModel:
        prefix = text(self.request.GET, "prefix")
        stored = as_it_was(self.tracking_map, self.kwargs["revision"], prefix=prefix)
        if not stored.deleted:
            raise Http404("That edit deleted no tracked model of this prefix.")
        return stored


def as_it_was(
    subject: TrackedModel | TrackingMap, revision: int, *, prefix: str = ""
) -> StoredModel:
    """What an edit kept; a number that no edit of it has is a 404."""
    try:
        return editing.as_it_was(subject, revision, prefix=prefix)
    except UnknownRevision as unknown:
        raise Http404(str(unknown)) from unknown
