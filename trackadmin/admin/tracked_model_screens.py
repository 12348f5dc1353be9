"""The pages that edit and delete a tracked model."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.differences import grouped
from trackadmin.admin.entry_screens import DELETED, RowScreen, add_address
from trackadmin.admin.forms import EntryForm
from trackadmin.admin.page_parameters import number, text
from trackadmin.catalog import catalog
from trackadmin.document import Diff
from trackadmin.exceptions import StaleForm
from trackadmin.models import TrackedModel


class ChangeScreen(RowScreen):
    """The form of a tracked model."""

    def get(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show the form with what the draft has."""
        return self._form_page(self._form())

    def post(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Save the form, or show it again with what was wrong."""
        if self.row is None:
            return self._deleted(request)
        form = self._form(request)
        if self.asked:
            return self._form_page(form)
        try:
            saved = self.attempt(form, self.tracked_model)
        except StaleForm as stale:
            return (
                self._deleted(request) if stale.current is None else self._stale_page(form, stale)
            )
        if saved is None:
            return self._form_page(form)
        self._tell(saved.row, saved.changes)
        if "_continue" in request.POST:
            return self.go("change", saved.row.pk, model="trackedmodel")
        return self.go("change", saved.row.map_id)

    def _form(self, request: HttpRequest | None = None) -> EntryForm:
        row = self.tracked_model
        facts = catalog().get(row.model_label)
        data = request.POST if request else None
        seen, asked = row.lock_version, self.asked
        return EntryForm(facts, row.prefix, self.entry, seen=seen, data=data, asked=asked)

    def _form_page(self, form: EntryForm, **context: Any) -> HttpResponse:
        row = self.tracked_model
        return self.entry_page(
            form,
            row.prefix,
            tracked_model=row,
            facts=form.facts,
            why_not=catalog().why_not(row.model_label),
            writable=self.may.change_model,
            **context,
        )

    def _deleted(self, request: HttpRequest) -> HttpResponse:
        """Send the input to the form that adds the model again, since somebody deleted it."""
        tracking_map, label = number(request.POST, "map"), text(request.POST, "model")
        if tracking_map is None or catalog().get(label) is None:
            raise Http404(_("There is no such tracked model. It may have been deleted."))
        address = add_address(self, tracking_map, label, **{DELETED: "1"})
        # 307: the browser sends the same form there.
        return HttpResponse(status=307, headers={"Location": address})

    def _stale_page(self, form: EntryForm, stale: StaleForm) -> HttpResponse:
        """Show what others changed, what this form would change now, and the form as it was."""
        data = self.request.POST.copy()
        data["seen"] = str(stale.current)
        again = EntryForm(
            form.facts, self.tracked_model.prefix, self.entry, seen=stale.current, data=data
        )
        missed = max((stale.current or 0) - (stale.seen or 0), 1)
        now = {self.tracked_model.prefix: self.entry}
        would = editing.entry_diff(now, form.prefix, form.as_entry())
        return self._form_page(
            again,
            stale=stale,
            missed=[
                (entry, grouped(entry.changes))
                for entry in editing.history(self.tracked_model, limit=missed)
            ],
            would=grouped(would),
        )

    def _tell(self, saved: TrackedModel, changes: Diff) -> None:
        if not changes:
            told = _("Nothing was changed: %(prefix)s is as it was.") % {"prefix": saved.prefix}
            messages.info(self.request, told)
            return
        self.log_change(saved, *changes.changes)
        told = _("%(prefix)s was saved in the draft. Publish to make it live.")
        messages.success(self.request, told % {"prefix": saved.prefix})


class DeleteScreen(RowScreen):
    """Show what is deleted with a tracked model, then delete it from the draft."""

    template_name = "admin/trackadmin/delete_tracked_model.html"
    to_read = "delete_model"
    to_write = "delete_model"

    def get(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what is deleted."""
        return self._confirmation()

    def post(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Delete it, unless somebody saved it in the meantime."""
        row = self.tracked_model
        pk, seen = row.pk, number(request.POST, "seen")
        try:
            editing.delete_tracked_model(row, seen=seen, by=request.user)
        except StaleForm as stale:
            if stale.current is not None:
                row.refresh_from_db()
            return self._confirmation(stale=stale)
        row.pk = pk
        self.log_deletion(row)
        told = _("%(prefix)s was deleted from the draft. You can restore it from the history.")
        messages.success(request, told % {"prefix": row.prefix})
        return self.go("change", row.map_id)

    def _confirmation(self, **context: Any) -> HttpResponse:
        row = self.tracked_model
        change = self.address("change", row.pk, model="trackedmodel")
        return self.page(
            _("Delete %(name)s?") % {"name": row.prefix},
            (row.prefix, change),
            tracked_model=row,
            entry=self.entry,
            parents=self._parents(),
            **context,
        )

    def _parents(self) -> list[tuple[str, str]]:
        """The (prefix, accessor) pairs of the children that are this model."""
        label = self.tracked_model.model_label
        found = []
        for prefix, entry in self.draft.models.items():
            facts = catalog().get(entry.model)
            for accessor in entry.children:
                relation = facts.relations.get(accessor) if facts else None
                if relation is not None and relation.target == label:
                    found.append((prefix, accessor))
        return found
