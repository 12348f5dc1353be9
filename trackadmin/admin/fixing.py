"""Put right, with one click, what is mechanically wrong with the draft."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from trackadmin import editing
from trackadmin.admin.forms.notes import DIGEST
from trackadmin.admin.parameters import matching
from trackadmin.admin.screen import Screen
from trackadmin.exceptions import DraftChanged


class FixScreen(Screen):
    """Make the changes that the page listed; they are one edit in the history."""

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Make them, unless somebody changed the draft since they were listed."""
        expected = matching(request.POST, "expected", DIGEST)
        try:
            done = editing.fix_draft(self.tracking_map, by=request.user, expected=expected)
        except DraftChanged:
            what = "Somebody changed the draft meanwhile. Nothing was put right: look at the list."
            messages.warning(request, what)
            return self.go("publish", self.tracking_map.pk)
        if done:
            words = " ".join(f"{each.where}: {each.message}" for each in done)
            self.model_admin.log_change(request, self.tracking_map, words)
            messages.success(request, f"Put right in the draft: {len(done)}. History can undo it.")
        return self.go("publish", self.tracking_map.pk)
