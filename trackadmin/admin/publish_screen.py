"""The page that reviews the draft and publishes it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.count_costs import new_counts
from trackadmin.admin.differences import faults, grouped
from trackadmin.admin.forms import PublishForm, RemarkForm
from trackadmin.admin.screen import Screen
from trackadmin.admin.viewer import Viewer
from trackadmin.editing import Review
from trackadmin.exceptions import (
    DraftChanged,
    InvalidMap,
    LeavesEarly,
    LiveChanged,
    NotApproved,
    NoteRequired,
    NothingChanged,
)


class PublishScreen(Screen):
    """Compares the draft with the live version, and publishes exactly what was reviewed."""

    template_name = "admin/trackadmin/publish.html"
    to_write = "publish"
    tab = "publish"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Show the review."""
        return self._review()

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Publish, or show the review again with the reason why that failed."""
        form = PublishForm(request.POST)
        valid = form.is_valid()
        if form.cleaned_data.get("override") and not self.may.override:
            raise PermissionDenied
        if not valid:
            return self._review(form)
        try:
            version = editing.publish(
                self.tracking_map,
                by=request.user,
                note=form.cleaned_data["note"],
                expected=form.cleaned_data["expected"],
                expected_live=form.cleaned_data["expected_live"],
                refuse_same=True,
                leave_early=self._early() if form.cleaned_data["leave_early"] else (),
                override=form.cleaned_data["override"],
            )
        except (DraftChanged, LiveChanged, NothingChanged) as changed:
            return self._sent_twice(form) or self._review(again=True, changed=changed)
        except NoteRequired as missing:
            form.add_error("note", str(missing))
            return self._review(form)
        except NotApproved as missing:
            return self._review(form, not_approved=missing)
        except LeavesEarly as early:
            form.add_error("leave_early", early.summary)
            return self._review(form)
        except InvalidMap as refusal:
            return self._review(form, refusal=refusal)
        self.log_change(self.tracking_map, f"Published version {version.number}.")
        messages.success(request, _("Version %(number)s is live.") % {"number": version.number})
        return self.go("version", self.tracking_map.pk, version.number)

    def review_title(self) -> str:
        """What the page is called: not everybody may publish."""
        return _("Review and publish") if self.may.publish else _("Review")

    def _early(self) -> list[str]:
        """The names that the page listed. The form says which draft and which version it shows."""
        return [each.name for each in editing.review(self.tracking_map).leaving]

    def _sent_twice(self, form: PublishForm) -> HttpResponse | None:
        """The answer to the second click of a double click, which the browser shows."""
        live, data = editing.live_version(self.tracking_map), form.cleaned_data
        if live is None or data["expected_live"] == editing.live_token(live):
            return None
        if live.digest != data["expected"]:
            return None
        told = _("Version %(number)s is live. It is what you reviewed.") % {"number": live.number}
        messages.info(self.request, told)
        return self.go("version", self.tracking_map.pk, live.number)

    def _review(
        self,
        form: PublishForm | None = None,
        *,
        again: bool = False,
        remark: RemarkForm | None = None,
        **context: Any,
    ) -> HttpResponse:
        """The page. ``again`` keeps the note and shows the draft as it is now."""
        reviewed, addresses = editing.review(self.tracking_map), self.entry_addresses()
        agreed = editing.agreement(self.tracking_map, reviewed.digest)
        if again:
            note = self.request.POST.get("note", "")
            form = PublishForm({"note": note, **_reviewed(reviewed)})
        return self.page(
            self.review_title(),
            form=form or PublishForm(initial=_reviewed(reviewed)),
            review=reviewed,
            groups=grouped(reviewed.difference, remarks=agreed.remarks),
            agreed=agreed,
            remark=remark or RemarkForm(initial={"reviewed": agreed.digest}),
            may_approve=editing.may_approve(self.tracking_map, self.request.user),
            counts=new_counts(
                self.tracking_map,
                reviewed.draft,
                reviewed.published,
                Viewer(self.model_admin.admin_site, self.request),
            ),
            errors=faults(reviewed.errors, addresses),
            warnings=faults((p for p in reviewed.problems if p.level != "error"), addresses),
            next_number=reviewed.live.number + 1 if reviewed.live else 1,
            **context,
        )


def _reviewed(reviewed: Review) -> dict[str, str]:
    """What the page shows now, for the hidden fields of the form."""
    return {"expected": reviewed.digest, "expected_live": editing.live_token(reviewed.live)}
