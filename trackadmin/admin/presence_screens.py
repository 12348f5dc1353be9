"""Who else has the form of a tracked model or an action open: the line on its page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse

from trackadmin import editing
from trackadmin.admin.action_form_screens import ActionRowScreen
from trackadmin.admin.entry_screens import HeadScreen, RowScreen
from trackadmin.admin.page_parameters import choice


class PresenceScreen(HeadScreen):
    """What a script of an open form says and asks; a GET only asks."""

    def get(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Return the line."""
        return JsonResponse({"words": self.presence_words()})

    def post(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Note that the form is open, or was closed; return the line."""
        row = self.head_row
        if choice(request.POST, "closed", ["", "1"]) == "1":
            editing.forget_presence(row, request.user)
        else:
            editing.note_presence(row, request.user)
        return self.get(request, object_id)


class ModelPresenceScreen(RowScreen, PresenceScreen):
    """Who else has the form of a tracked model open."""


class ActionPresenceScreen(ActionRowScreen, PresenceScreen):
    """Who else has the form of an action open."""
