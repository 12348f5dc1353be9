"""The pages that add, edit and delete an action."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing
from trackadmin.admin.differences import faults
from trackadmin.admin.entry_screens import DELETED, WAS, ChangeHeadScreen, FormScreen, HeadScreen
from trackadmin.admin.forms import ActionForm
from trackadmin.admin.forms.action import ASKS
from trackadmin.admin.page_parameters import choice, number
from trackadmin.admin.usage_marks import UsageMark, usage_marks
from trackadmin.conf import conf
from trackadmin.document import ActionEntry
from trackadmin.editing import Saved
from trackadmin.exceptions import StaleForm
from trackadmin.models import TrackedAction, TrackingMap


class ActionFormScreen(FormScreen):
    """What adding and changing an action share."""

    template_name = "admin/trackadmin/action.html"
    tab = "actions"
    asks = ASKS

    def save(self, form: ActionForm, row: Any) -> Saved[Any]:
        """Write the form to the row; ``None`` adds one."""
        return editing.save_action(
            self.tracking_map,
            form.chosen_name,
            form.as_entry(),
            action=row,
            both_until=form.head.both_until,
            seen=form.seen,
            by=self.request.user,
        )

    def action_form(self, name: str, entry: ActionEntry, **given: Any) -> ActionForm:
        """The form, with the tracked models and the other actions of the draft."""
        models, actions = self.tracking_map.tracked_models, self.tracking_map.actions
        return ActionForm(
            name,
            entry,
            prefixes=list(models.values_list("prefix", flat=True)),
            others=list(actions.exclude(name=name).values_list("name", flat=True)),
            asked=self.asked,
            is_live=self._is_live,
            **given,
        )

    def _is_live(self, name: str) -> bool:
        return name in self.published.actions

    def action_page(
        self, form: ActionForm, title: str, *crumbs: tuple[str, str], **context: Any
    ) -> HttpResponse:
        """The page with the form. A refused form keeps what the user wrote."""
        return self.page(
            title,
            (_("Actions"), self.address("actions", self.tracking_map.pk)),
            *crumbs,
            form=form,
            asked=self.asked,
            problems=faults(form.problems),
            **context,
        )


class ActionRowScreen(HeadScreen):
    """What the pages of one action share."""

    model = "trackedaction"
    to_write = "change_action"

    row_of = staticmethod(editing.action_row)
    no_row = gettext_lazy("There is no such action. It may have been deleted.")


class ChangeActionScreen(ActionFormScreen, ActionRowScreen, ChangeHeadScreen):
    """The form of an action."""

    to_write = "change_action"

    def form_of_row(self, data: Any = None, seen: int | None = None) -> ActionForm:
        """The form, with what was sent or what the draft has."""
        row = self.head_row
        seen = row.lock_version if seen is None else seen
        return self.action_form(str(row), self.entry, seen=seen, data=data)

    def form_page(self, form: ActionForm, **context: Any) -> HttpResponse:
        """The page with the form."""
        row = self.head_row
        return self.action_page(
            form,
            str(row),
            action=row,
            writable=self.may_here.change_action,
            presence=self.presence(),
            usage_marks=self._usage_marks(),
            **context,
        )

    def _usage_marks(self) -> list[UsageMark]:
        """What usage says about the action. Two queries."""
        if not conf.USAGE_SECONDS:
            return []
        findings = editing.findings_of_actions(self.tracking_map, self.published)
        return usage_marks(findings).get(str(self.head_row), [])

    def go_back(self, map_id: int) -> HttpResponse:
        """A redirect to the list that the row is in."""
        return self.go("actions", map_id)

    def address_to_add_again(self) -> str:
        """The form that adds the action that somebody deleted."""
        tracking_map = number(self.request.POST, "map")
        if tracking_map is None:
            raise Http404(str(self.no_row))
        query = urlencode({"map": tracking_map, DELETED: "1", WAS: self.kwargs["object_id"]})
        return f"{self.address('add', model=self.model)}?{query}"


class AddActionScreen(ActionFormScreen):
    """The form of a new action."""

    to_read = "add_action"
    to_write = "add_action"

    @cached_property
    def tracking_map(self) -> TrackingMap:
        """The map that the address names, or the first one if it names none."""
        return self.map_of_parameter()

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show an empty form."""
        return self._form_page(self.action_form("", self._empty()))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Add the action."""
        entry = self.deleted_entry(TrackedAction) or self._empty()
        form = self.action_form("", entry, data=request.POST)
        deleted = choice(request.GET, DELETED, ["1"]) == "1"
        if self.asked or deleted:
            return self._form_page(form, deleted=deleted)
        saved = self.attempt(form, None)
        if saved is None:
            return self._form_page(form)
        self.log_addition(saved.row, "Added to the tracking map.")
        told = _("Added %(prefix)s to the draft. Publish to make it live.")
        messages.success(request, told % {"prefix": saved.row})
        return self.go("actions", saved.row.map_id)

    def _empty(self) -> ActionEntry:
        last = self.tracking_map.actions.aggregate(last=Max("position"))["last"]
        return ActionEntry(position=0 if last is None else last + 1)

    def _form_page(self, form: ActionForm, **context: Any) -> HttpResponse:
        query = urlencode({"map": self.tracking_map.pk, **self.query_of_deleted()})
        address = f"{self.address('add', model='trackedaction')}?{query}"
        return self.action_page(
            form, _("Add an action"), adding=True, writable=True, address=address, **context
        )


class DeleteActionScreen(ActionRowScreen):
    """Show what is deleted with an action, then delete it from the draft."""

    template_name = "admin/trackadmin/delete_action.html"
    to_read = "delete_action"
    to_write = "delete_action"
    tab = "actions"

    def get(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Show what is deleted."""
        return self._confirmation()

    def post(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Delete it, unless somebody saved it in the meantime."""
        row: Any = self.head_row
        pk, seen = row.pk, number(request.POST, "seen")
        try:
            editing.delete_action(row, seen=seen, by=request.user)
        except StaleForm as stale:
            if stale.current is not None:
                row.refresh_from_db()
            return self._confirmation(stale=stale)
        row.pk = pk
        self.log_deletion(row)
        told = _("Deleted %(prefix)s from the draft. You can restore it from the history.")
        messages.success(request, told % {"prefix": row})
        return self.go("actions", row.map_id)

    def _confirmation(self, **context: Any) -> HttpResponse:
        row: Any = self.head_row
        others = self.tracking_map.actions.filter(successor=row.name)
        return self.page(
            _("Delete %(name)s?") % {"name": row},
            (_("Actions"), self.address("actions", self.tracking_map.pk)),
            (str(row), self.page_of_row("change")),
            action=row,
            entry=self.entry,
            replaces=list(others.values_list("name", flat=True)),
            **context,
        )
