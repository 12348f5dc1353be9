"""Start an empty map from a proposal that is made of the host's models."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.formats import localize
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trackadmin import document as documents
from trackadmin import editing
from trackadmin.admin.forms.notes import DIGEST
from trackadmin.admin.forms.starter import StarterForm
from trackadmin.admin.page_parameters import matching
from trackadmin.admin.screen import Screen
from trackadmin.exceptions import DraftChanged, InvalidMap


class StartScreen(Screen):
    """The proposal; what is ticked becomes the draft, as one edit."""

    template_name = "admin/trackadmin/start.html"
    to_read = to_write = "start"
    tab = "map"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The proposal, or why this map gets none."""
        draft = editing.build_document(self.tracking_map)
        if draft.models:
            return self.page(_("Starter map"))
        return self._proposal(
            StarterForm(editing.proposals()), documents.digest(documents.dump(draft))
        )

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Save what was ticked, unless the map is no longer as the page showed it."""
        expected = matching(request.POST, "expected", DIGEST)
        form = StarterForm(editing.proposals(), request.POST)
        chosen = form.selected()
        if not chosen:
            return self._proposal(form, expected, nothing=True)
        try:
            changes = editing.start(
                self.tracking_map, chosen, by=request.user, expected=expected
            ).changes
        except (DraftChanged, InvalidMap):
            told = _("Somebody changed this map in the meantime. Nothing was saved.")
            messages.warning(request, told)
            return self.go("change", map_id)
        self.log_change(self.tracking_map, "Started from a proposal.", *changes)
        told = ngettext(
            "%(count)s tracked model was saved in the draft. Look at it, then publish.",
            "%(count)s tracked models were saved in the draft. Look at them, then publish.",
            len(chosen),
        )
        messages.success(request, told % {"count": localize(len(chosen))})
        return self.go("change", map_id)

    def _proposal(self, form: StarterForm, expected: str, *, nothing: bool = False) -> HttpResponse:
        return self.page(_("Starter map"), form=form, expected=expected, nothing=nothing)
