"""The page that rolls a map back to an old version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from trackadmin import editing, texts
from trackadmin.admin.differences import faults, grouped
from trackadmin.admin.forms import RollBackForm
from trackadmin.admin.version_screens import VersionScreen
from trackadmin.conf import conf
from trackadmin.document import Document
from trackadmin.exceptions import (
    DocumentError,
    DraftChanged,
    InvalidMap,
    LiveChanged,
    NotApproved,
    NoteRequired,
    NothingChanged,
)
from trackadmin.models import MapVersion
from trackadmin.texts import Text


class RollBackScreen(VersionScreen):
    """Publish an old version again as a new one."""

    template_name = "admin/trackadmin/roll_back.html"
    to_read = to_write = "roll_back"

    def get(self, request: HttpRequest, map_id: int, number: int) -> HttpResponse:
        """Show what would change, and what is no longer in the code."""
        return self._confirmation()

    def post(self, request: HttpRequest, map_id: int, number: int) -> HttpResponse:
        """Roll back. The draft changes too if the box was checked."""
        form = RollBackForm(request.POST)
        valid = form.is_valid()
        self._require_rights(form)
        if not valid:
            return self._confirmation(form)
        if form.cleaned_data["only_draft"]:
            self._reset_draft(form.cleaned_data["expected"])
            return self.go("publish", self.tracking_map.pk)
        try:
            version = self._roll_back(form)
        except (DraftChanged, LiveChanged, NothingChanged) as changed:
            return self._sent_twice(form) or self._confirmation(changed=changed)
        except NotApproved as missing:
            return self._confirmation(form, not_approved=missing)
        except NoteRequired as missing:
            form.add_error("note", str(missing))
            return self._confirmation(form)
        except DocumentError as refusal:
            return self._confirmation(form, refusal=refusal, problems=faults(refusal.problems))
        if form.cleaned_data["reset_draft"]:
            self._reset_draft(form.cleaned_data["expected"])
        return self.go("version", self.tracking_map.pk, version.number)

    def _require_rights(self, form: RollBackForm) -> None:
        """What is ticked may need more than a rollback does."""
        given = form.cleaned_data
        if (given.get("reset_draft") or given.get("only_draft")) and not self.may.change_draft:
            raise PermissionDenied
        if given.get("override") and not self.may.override:
            raise PermissionDenied

    def _sent_twice(self, form: RollBackForm) -> HttpResponse | None:
        """The answer to the second click of a double click, which the browser shows."""
        live, seen = editing.live_version(self.tracking_map), form.cleaned_data["expected_live"]
        if live is None or seen == editing.live_token(live):
            return None
        if live.restores != self.version.number:
            return None
        message = _("Version %(number)s is live. It restores version %(restored)s.") % {
            "number": live.number,
            "restored": live.restores,
        }
        messages.info(self.request, message)
        return self.go("version", self.tracking_map.pk, live.number)

    def _roll_back(self, form: RollBackForm) -> MapVersion:
        """The new version; the live one if it has the same content and only the draft changes."""
        data = form.cleaned_data
        try:
            version = editing.roll_back(
                self.tracking_map,
                to=self.version.number,
                by=self.request.user,
                note=data["note"],
                expected=data["expected"] if data["reset_draft"] else None,
                expected_live=data["expected_live"],
                refuse_same=True,
                override=data["override"],
            )
        except NothingChanged as same:
            if not data["reset_draft"]:
                raise
            return editing.get_version(self.tracking_map, same.number)
        self._tell(
            texts.gettext(
                "The map was rolled back to version %(number)s, which is live as version %(live)s.",
                number=str(self.version.number),
                live=str(version.number),
            )
        )
        return version

    def _reset_draft(self, expected: str) -> None:
        """Reset the draft too. If that is refused, the rollback remains."""
        number, by = self.version.number, self.request.user
        try:
            editing.restore_draft(self.tracking_map, number, by=by, expected=expected)
        except InvalidMap as refusal:
            self._not_reset(refusal.summary)
        except DraftChanged as changed:
            self._not_reset(str(changed))
        else:
            self._tell(
                texts.gettext("The draft was reset to version %(number)s.", number=str(number))
            )

    def _not_reset(self, why: str) -> None:
        messages.error(self.request, _("The draft was not reset. %(reason)s") % {"reason": why})

    def _tell(self, message: Text) -> None:
        self.log_change(self.tracking_map, message)
        messages.success(self.request, str(message))

    def _confirmation(self, form: RollBackForm | None = None, **context: Any) -> HttpResponse:
        """The page. Without a form it makes one that holds what the page shows now."""
        live = editing.live_version(self.tracking_map)
        number = self.version.number
        now, unreadable = editing.readable_document(live) if live else (Document(), "")
        then, unreadable_then = editing.readable_document(self.version)
        difference = editing.diff(now, then)
        return self.version_page(
            _("Roll back to version %(number)s") % {"number": number},
            (
                _("Version %(number)s") % {"number": number},
                self.address("version", self.tracking_map.pk, number),
            ),
            form=form or self._form(live),
            groups=grouped(difference),
            leaving=[] if unreadable_then else editing.leaving(self.tracking_map, live, then),
            same=live is not None and not difference and not unreadable,
            needs_approval=conf.REVIEWS["ROLLBACKS"] and not self._agreed().enough,
            next_number=live.number + 1 if live else number + 1,
            **context,
        )

    def _agreed(self) -> editing.Agreement:
        """What people say of a draft that is what the version was."""
        return editing.agreement(self.tracking_map, self.version.digest)

    def _form(self, live: MapVersion | None) -> RollBackForm:
        shown = {
            "expected": editing.draft_digest(self.tracking_map),
            "expected_live": editing.live_token(live),
        }
        if self.request.method == "POST":
            note = self.request.POST.get("note", "")
            return RollBackForm({"note": note, **shown})
        return RollBackForm(initial=shown)
