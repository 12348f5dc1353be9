"""The list of a map's actions, and moving one up or down in it."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.differences import changed_actions
from trackadmin.admin.map_screens import STEPS, moved_by
from trackadmin.admin.model_list import State, state_of
from trackadmin.admin.page_parameters import choice, text
from trackadmin.admin.readable_version import ReadableAction, readable_action
from trackadmin.admin.screen import Screen
from trackadmin.admin.usage_marks import usage_marks
from trackadmin.conf import conf
from trackadmin.document import in_order
from trackadmin.exceptions import InvalidMap


@dataclass(frozen=True, slots=True)
class ActionLine:
    """An action in the list of a map."""

    pk: int
    action: ReadableAction
    #: What it brings that the map no longer has.
    missing: list[str]
    state: State


class ActionsScreen(Screen):
    """The actions of a map."""

    template_name = "admin/trackadmin/actions.html"
    tab = "actions"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The list."""
        reviewed = editing.review(self.tracking_map)
        draft, published = reviewed.draft, reviewed.published
        pks = dict(self.tracking_map.actions.values_list("name", "pk"))
        changed = changed_actions(reviewed.difference)
        lines = [
            ActionLine(
                pks[name],
                readable_action(name, entry),
                sorted(entry.brings.keys() - draft.models.keys()),
                state_of(name, published.actions, changed),
            )
            for name, entry in in_order(draft.actions)
            if name in pks
        ]
        return self.page(
            _("Actions"),
            rows=lines,
            usage_marks=usage_marks(editing.findings_of_actions(self.tracking_map, published))
            if conf.USAGE_SECONDS
            else {},
            removed=[name for name in published.actions if name not in draft.actions],
        )


class MoveActionScreen(Screen):
    """Move an action one place up or down in its map."""

    to_write = "change_action"

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Move it. A move beyond the ends changes nothing."""
        moved = text(request.POST, "action")
        step = STEPS.get(choice(request.POST, "to", STEPS), 0)
        draft = editing.build_document(self.tracking_map)
        before = [name for name, _ in in_order(draft.actions)]
        after = moved_by(before, moved, step)
        if after != before:
            self._reorder_actions(after, moved)
        return self.go("actions", self.tracking_map.pk)

    def _reorder_actions(self, order: list[str], moved: str) -> None:
        try:
            editing.order_actions(self.tracking_map, order, by=self.request.user)
        except InvalidMap:
            messages.warning(
                self.request, _("Somebody changed the map in the meantime. Try again.")
            )
        else:
            self.log_change(self.tracking_map, f"Moved {moved}.")
