"""Apply the automatic fixes of a draft."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trackadmin import editing
from trackadmin.admin.forms.notes import DIGEST
from trackadmin.admin.page_parameters import matching
from trackadmin.admin.screen import Screen
from trackadmin.exceptions import DraftChanged


class FixScreen(Screen):
    """Apply the fixes that the page listed, as one edit."""

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Apply them, unless somebody changed the draft since they were listed."""
        expected = matching(request.POST, "expected", DIGEST)
        try:
            done = editing.fix_draft(self.tracking_map, by=request.user, expected=expected)
        except DraftChanged:
            what = _(
                "Somebody changed the draft in the meantime. Nothing was fixed: review the list."
            )
            messages.warning(request, what)
            return self.go("publish", self.tracking_map.pk)
        if done:
            self.log_change(self.tracking_map, *done)
            told = ngettext(
                "%(count)s error was fixed in the draft. You can undo this in the history.",
                "%(count)s errors were fixed in the draft. You can undo this in the history.",
                len(done),
            )
            messages.success(request, told % {"count": localize(len(done))})
        return self.go("publish", self.tracking_map.pk)
