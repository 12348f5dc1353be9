"""What a user may do with tracking maps, by Django's own permissions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Permissions:
    """Whether the user may do each thing that the pages offer; templates show buttons by it."""

    view: bool
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
    publish: bool


def permissions_of(user: Any) -> Permissions:
    """What ``user`` may do. As in Django, a permission to change includes the one to view."""

    def may(codename: str) -> bool:
        return bool(user.has_perm(f"trackadmin.{codename}"))

    change_map = may("change_trackingmap")
    view = change_map or may("view_trackingmap")
    return Permissions(
        view=view,
        add_map=view and may("add_trackingmap"),
        change_map=change_map,
        delete_map=view and may("delete_trackingmap"),
        add_model=view and may("add_trackedmodel"),
        change_model=view and may("change_trackedmodel"),
        delete_model=view and may("delete_trackedmodel"),
        add_action=view and may("add_trackedaction"),
        change_action=view and may("change_trackedaction"),
        delete_action=view and may("delete_trackedaction"),
        change_draft=view and may("change_trackedmodel") and may("change_trackedaction"),
        publish=view and may("publish_trackingmap"),
    )
