"""What a user may do with tracking maps, by Django's own permissions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.contrib.admin import AdminSite

from trackadmin.models import TrackedAction


@dataclass(frozen=True, slots=True)
class Permissions:
    """Whether the user may do each thing that the pages offer; templates show buttons by it."""

    view: bool
    #: Whether there are pages of single actions: a site may have registered the other models only.
    open_action: bool
    add_map: bool
    change_map: bool
    delete_map: bool
    add_model: bool
    change_model: bool
    delete_model: bool
    add_action: bool
    change_action: bool
    delete_action: bool
    #: To replace the whole draft.
    change_draft: bool
    #: To start an empty map from a proposal.
    start: bool
    publish: bool
    roll_back: bool
    #: To ask for a review, to withdraw the request, and to comment.
    ask_review: bool
    comment: bool
    #: To approve, and to ask for changes.
    review: bool
    #: To publish without approval.
    override: bool
    #: Whether personal values are shown where objects are summed up, instead of being masked.
    personal: bool
    #: Of the whole site, whatever maps they may view.
    view_deliveries: bool
    change_deliveries: bool
    #: To choose who gets messages about a map. The choice is not part of the map.
    choose_recipients: bool

    def without_edits(self) -> Permissions:
        """What is left of it for a map that no page may change."""
        edits = ("map", "model", "action")
        refused = {f"{verb}_{what}": False for what in edits for verb in ("change", "delete")}
        added = {"add_model": False, "add_action": False, "change_draft": False, "start": False}
        return replace(self, **refused, **added)


def permissions_of(user: Any, site: AdminSite) -> Permissions:
    """What ``user`` may do on the pages of an admin site.

    As in Django, a permission to change includes the one to view.
    """

    def may(codename: str) -> bool:
        return bool(user.has_perm(f"trackadmin.{codename}"))

    change_map = may("change_trackingmap")
    view = change_map or may("view_trackingmap")
    change_draft = view and may("change_trackedmodel") and may("change_trackedaction")
    change_model = view and may("change_trackedmodel")
    open_action = view and site.is_registered(TrackedAction)
    publish = view and may("publish_trackingmap")
    review = view and may("review_trackingmap")
    edits = change_map or change_model or (view and may("change_trackedaction"))
    return Permissions(
        view=view,
        open_action=open_action,
        add_map=view and may("add_trackingmap"),
        change_map=change_map,
        delete_map=view and may("delete_trackingmap"),
        add_model=view and may("add_trackedmodel"),
        change_model=change_model,
        delete_model=view and may("delete_trackedmodel"),
        add_action=open_action and may("add_trackedaction"),
        change_action=open_action and may("change_trackedaction"),
        delete_action=open_action and may("delete_trackedaction"),
        change_draft=change_draft,
        start=change_draft and may("add_trackedmodel"),
        publish=publish,
        # Who may publish can also reset the draft and publish that.
        roll_back=publish or (view and may("roll_back_trackingmap")),
        ask_review=edits,
        comment=edits or review,
        review=review,
        override=view and may("override_review"),
        personal=view and may("view_personal_values"),
        view_deliveries=may("view_delivery") or may("change_delivery"),
        change_deliveries=may("change_delivery"),
        choose_recipients=change_map,
    )
