"""The pages that edit and delete a tracked model."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject, cached_property
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.entry_screens import DELETED, WAS, ChangeHeadScreen, RowScreen, add_address
from trackadmin.admin.forms import EntryForm
from trackadmin.admin.forms.entry import nothing_is_live
from trackadmin.admin.forms.old_name import OldNameForm
from trackadmin.admin.forms.rows import AttributeRow, RelationRow, goes_out
from trackadmin.admin.object_panel import PREVIEW
from trackadmin.admin.page_parameters import number, text
from trackadmin.admin.usage_marks import UsageMark, usage_marks
from trackadmin.catalog import catalog
from trackadmin.conf import conf
from trackadmin.document import ModelEntry
from trackadmin.exceptions import StaleForm


class ChangeScreen(RowScreen, ChangeHeadScreen):
    """The form of a tracked model."""

    def form_of_row(self, data: Any = None, seen: int | None = None) -> EntryForm:
        """The form, with what was sent or what the draft has."""
        row = self.tracked_model
        return EntryForm(
            catalog().get(row.model_label),
            row.prefix,
            self.entry,
            seen=row.lock_version if seen is None else seen,
            data=data,
            asked=self.asked,
            tracked_as=self._tracked_as,
            # A preview shows a name that is gone; only a save asks what happens to it.
            is_live=nothing_is_live if self.asked == PREVIEW else self._is_live,
        )

    def form_page(self, form: EntryForm, **context: Any) -> HttpResponse:
        """The page with the form."""
        row = self.tracked_model
        lock = self.code_locks.get(editing.WHOLE_MAP) or self.code_locks.get(row.prefix)
        return self.entry_page(
            form,
            row.prefix,
            tracked_model=row,
            facts=form.facts,
            profiled=form.facts is not None and self.viewer.may_view(form.facts.model, None),
            why_not=catalog().why_not(row.model_label),
            writable=self.may_here.change_model and not lock,
            code_lock=lock,
            presence=self.presence(),
            # Asked for by the rows of attributes, which not every answer has.
            usage_marks=SimpleLazyObject(self._usage_marks),
            **context,
        )

    def address_to_add_again(self) -> str:
        """The form that adds the model that somebody deleted."""
        query = self.request.POST
        tracking_map, label = number(query, "map"), text(query, "model")
        if tracking_map is None or catalog().get(label) is None:
            raise Http404(str(self.no_row))
        was = str(self.kwargs["object_id"])
        return add_address(self, tracking_map, label, **{DELETED: "1", WAS: was})

    def _tracked_as(self, label: str) -> str:
        row = self.target_of(label)["row"]
        return row.prefix if row else ""

    def _usage_marks(self) -> dict[str, list[UsageMark]]:
        """What usage says about the attributes that are live, by name. Two queries."""
        if not conf.USAGE_SECONDS:
            return {}
        prefix, _entry = self._live_entry
        return usage_marks(editing.findings_of_model(self.tracking_map, self.published, prefix))

    def _is_live(self, form: OldNameForm) -> bool:
        """Whether the old name of a row goes out by the live version."""
        prefix, live = self._live_entry
        if isinstance(form, AttributeRow):
            return goes_out(live.attributes.get(form.old_name))
        if isinstance(form, RelationRow):
            child = live.children.get(form.facts.accessor)
            return child is not None and (child.prefix or form.tracked_as) == form.old_name
        return prefix == form.old_name

    @cached_property
    def _live_entry(self) -> tuple[str, ModelEntry]:
        """The tracked model as the live version has it; without a prefix where it has it not."""
        label = self.entry.model
        models = ((p, each) for p, each in self.published.models.items() if each.model == label)
        return next(models, ("", ModelEntry(label)))


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
        told = _("Deleted %(prefix)s from the draft. You can restore it from the history.")
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
            actions=[
                name for name, action in self.draft.actions.items() if row.prefix in action.brings
            ],
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
