"""Bring an old version back: what that changes, what no longer resolves, and the button."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from trackadmin import editing
from trackadmin.admin.differences import faults, grouped
from trackadmin.admin.forms import RollBackForm
from trackadmin.admin.review import read
from trackadmin.admin.versions import VersionScreen
from trackadmin.document import Document
from trackadmin.exceptions import DocumentError, InvalidMap, NoteRequired


class RollBackScreen(VersionScreen):
    """Bring an old version back as a new one."""

    template_name = "admin/trackadmin/roll_back.html"
    to_read = "publish"
    to_write = "publish"

    def get(self, request: HttpRequest, map_id: int, number: int) -> HttpResponse:
        """What would change, and what no longer resolves."""
        return self._confirmation(RollBackForm())

    def post(self, request: HttpRequest, map_id: int, number: int) -> HttpResponse:
        """Roll back; the draft follows only where that was ticked."""
        form = RollBackForm(request.POST)
        if not form.is_valid():
            return self._confirmation(form)
        note = form.cleaned_data["note"]
        try:
            version = editing.roll_back(self.tracking_map, to=number, by=request.user, note=note)
        except NoteRequired as missing:
            form.add_error("note", str(missing))
            return self._confirmation(form)
        except DocumentError as refusal:
            return self._confirmation(form, refusal=refusal, problems=faults(refusal.problems))
        message = f"Rolled back to version {number}: it is live as version {version.number}."
        self.model_admin.log_change(request, self.tracking_map, message)
        messages.success(request, message)
        if form.cleaned_data["reset_draft"]:
            self._reset_draft(number)
        return self.go("version", self.tracking_map.pk, version.number)

    def _reset_draft(self, number: int) -> None:
        """The second, explicit choice; its refusal leaves the rollback as it is."""
        try:
            editing.restore_draft(self.tracking_map, number, by=self.request.user)
        except InvalidMap as refusal:
            messages.error(self.request, f"The draft was not reset. {refusal.summary}")
            return
        message = f"The draft was reset to version {number}."
        self.model_admin.log_change(self.request, self.tracking_map, message)
        messages.success(self.request, message)

    def _confirmation(self, form: RollBackForm, **context: Any) -> HttpResponse:
        live = editing.live_version(self.tracking_map)
        number = self.version.number
        now = read(live)[0] if live else Document()
        difference = editing.diff(now, read(self.version)[0])
        return self.version_page(
            f"Roll back to version {number}",
            (f"Version {number}", self.address("version", self.tracking_map.pk, number)),
            form=form,
            groups=grouped(difference),
            is_live=live is not None and live.number == number,
            next_number=live.number + 1 if live else number + 1,
            **context,
        )
