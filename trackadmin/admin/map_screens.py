"""The page of a map: what it tracks, and how that differs from the live version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.differences import faults
from trackadmin.admin.first_steps import first_steps
from trackadmin.admin.forms import MapForm
from trackadmin.admin.model_list import ModelList, page_with
from trackadmin.admin.page_parameters import choice, text
from trackadmin.admin.screen import Screen
from trackadmin.document.structure import in_order
from trackadmin.exceptions import InvalidMap, StaleForm


class MapScreen(Screen):
    """The page of a map."""

    template_name = "admin/trackadmin/map.html"
    to_write = "change_map"
    tab = "map"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The page."""
        return self._page(self._form())

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Save the map's name, its description, and what it does with unknown events."""
        form = MapForm(request.POST)
        if not form.is_valid():
            return self._page(form)
        data = form.cleaned_data
        try:
            saved = editing.save_map(
                self.tracking_map,
                name=data["name"],
                description=data["description"],
                unknown_actions=data["unknown_actions"] or None,
                undeclared_parameters=data["undeclared_parameters"] or None,
                signed_only=data["signed_only"],
                seen=data["seen"],
                by=request.user,
            )
        except StaleForm as stale:
            again = request.POST.copy()
            again["seen"] = str(stale.current)
            self.tracking_map.refresh_from_db()
            return self._page(MapForm(again), stale=stale, current=self.tracking_map)
        if saved.lock_version != data["seen"]:
            self.log_change(saved, "Changed the name, the description or a setting.")
        messages.success(request, _("The map’s name, description and settings were saved."))
        return self.go("change", saved.pk)

    def _form(self) -> MapForm:
        row = self.tracking_map
        initial = {name: getattr(row, name) for name in MapForm.base_fields if name != "seen"}
        return MapForm(initial={**initial, "seen": row.lock_version})

    def _page(self, form: MapForm, **context: Any) -> HttpResponse:
        reviewed = editing.review(self.tracking_map)
        pks = dict(self.tracking_map.tracked_models.values_list("prefix", "pk"))
        listed = ModelList(self.request.GET, reviewed, pks, self.request.user)
        addresses = self.entry_addresses()
        return self.page(
            str(self.tracking_map),
            form=form,
            review=reviewed,
            waiting=self._open_review(),
            problems=faults(reviewed.problems, addresses),
            drift=faults(reviewed.drift, addresses),
            listed=listed,
            steps=first_steps(
                self.tracking_map,
                reviewed,
                self.request,
                lambda page: self.address(page, self.tracking_map.pk),
            ),
            movable=self.may_here.change_model and listed.whole and len(listed.entries) > 1,
            actions=[name for name, _action in in_order(reviewed.draft.actions)],
            **context,
        )

    def _open_review(self) -> editing.WaitingReview | None:
        """The review that is open."""
        return next(iter(editing.waiting_reviews([self.tracking_map], self.request.user)), None)


#: The directions of a move, and by how many places each moves.
STEPS = {"up": -1, "down": 1}


class MoveScreen(Screen):
    """Move a tracked model one place up or down in its map."""

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Move it. A move beyond the ends changes nothing."""
        moved = text(request.POST, "prefix")
        step = STEPS.get(choice(request.POST, "to", STEPS), 0)
        draft = editing.build_document(self.tracking_map)
        before = [prefix for prefix, _ in in_order(draft.models)]
        after = moved_by(before, moved, step)
        if after != before:
            self._reorder(after, moved)
        page = page_with(after, moved)
        address = self.address("change", self.tracking_map.pk)
        return redirect(f"{address}?page={page}" if page > 1 else address)

    def _reorder(self, order: list[str], moved: str) -> None:
        try:
            editing.order_tracked_models(self.tracking_map, order, by=self.request.user)
        except InvalidMap:
            messages.warning(
                self.request, _("Somebody changed the map in the meantime. Try again.")
            )
        else:
            self.log_change(self.tracking_map, f"Moved {moved}.")


def moved_by(order: list[str], name: str, step: int) -> list[str]:
    """The list with one name moved by a step; unchanged beyond its ends or without the name."""
    if name not in order:
        return order
    place = order.index(name)
    rest = order[:place] + order[place + 1 :]
    target = max(place + step, 0)
    return [*rest[:target], name, *rest[target:]]
