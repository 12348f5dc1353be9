"""What people do in a review: ask, comment, approve, ask for changes, withdraw."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.forms import RemarkForm
from trackadmin.admin.page_parameters import matching, text
from trackadmin.admin.publish_screen import PublishScreen
from trackadmin.exceptions import DraftChanged, NothingChanged, ReviewRefused
from trackadmin.models.review_requests import APPROVE, CHANGES, REMARK_PLACE_LENGTH


class RemarkScreen(PublishScreen):
    """One thing that a person says. If it is refused, the page of the review keeps the words."""

    http_method_names = ["post", "options"]

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Say it, or show the review again with the reason why that failed."""
        form = RemarkForm(request.POST)
        if not form.is_valid():
            return self._review(remark=form)
        try:
            self.say(form)
        except (DraftChanged, NothingChanged, ReviewRefused) as refused:
            return self._review(remark=self.again(form), refused=refused)
        messages.success(request, self.told_of())
        return self.go("publish", self.tracking_map.pk)

    def say(self, form: RemarkForm) -> None:
        """Call the operation."""
        raise NotImplementedError

    def told_of(self) -> str:
        """What the next page says."""
        return _("Your comment was saved.")

    def said_by(self, form: RemarkForm) -> dict[str, Any]:
        """Who says what about which draft, for the operation."""
        data = form.cleaned_data
        return {"by": self.request.user, "words": data["words"], "expected": data["reviewed"]}

    def again(self, form: RemarkForm) -> RemarkForm:
        """The words that were refused, about the draft as it is now."""
        now = editing.draft_digest(self.tracking_map)
        return RemarkForm({**form.cleaned_data, "reviewed": now})


class AskScreen(RemarkScreen):
    """Ask for a review."""

    to_write = "ask_review"

    def say(self, form: RemarkForm) -> None:
        """Ask; a second time, if a review is open."""
        editing.ask_for_review(self.tracking_map, **self.said_by(form))

    def told_of(self) -> str:
        """That others can see it."""
        return _("You asked for a review. Others see it on Home and on the page of the map.")


class WithdrawScreen(RemarkScreen):
    """End the review without a publish."""

    to_write = "ask_review"

    def say(self, form: RemarkForm) -> None:
        """Withdraw, whatever the draft is by now."""
        words = form.cleaned_data["words"]
        editing.withdraw_request(self.tracking_map, by=self.request.user, words=words)

    def told_of(self) -> str:
        """That nothing waits any more."""
        return _("The request was withdrawn. The draft stays as it is.")


class CommentScreen(RemarkScreen):
    """Comment on the whole draft, or on one line of what changes."""

    http_method_names = ["get", "head", "post", "options"]
    template_name = "admin/trackadmin/comment.html"
    to_write = "comment"
    to_read = "comment"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The form for one line; the page of the review shows it below the line."""
        place = text(request.GET, "place", most=REMARK_PLACE_LENGTH)
        reviewed = editing.draft_digest(self.tracking_map)
        form = RemarkForm(initial={"place": place, "reviewed": reviewed}, auto_id=f"id_{place}_%s")
        back = (self.review_title(), self.address("publish", self.tracking_map.pk))
        return self.page(_("Comment"), back, place=place, remark=form)

    def say(self, form: RemarkForm) -> None:
        """Comment."""
        place = form.cleaned_data["place"]
        editing.comment_on(self.tracking_map, place=place, **self.said_by(form))


class DecideScreen(RemarkScreen):
    """Approve the draft, or ask for changes."""

    to_write = "review"

    def told_of(self) -> str:
        """What was decided."""
        if self.request.POST["verdict"] == APPROVE:
            return _("You approved this draft.")
        return _("You asked for changes of this draft.")

    def say(self, form: RemarkForm) -> None:
        """Decide as the button says."""
        verdict = matching(self.request.POST, "verdict", f"{APPROVE}|{CHANGES}")
        if verdict == APPROVE:
            editing.approve(self.tracking_map, **self.said_by(form))
            self.log_change(self.tracking_map, "Approved the draft.")
        else:
            editing.ask_for_changes(self.tracking_map, **self.said_by(form))
            self.log_change(self.tracking_map, "Asked for changes of the draft.")
