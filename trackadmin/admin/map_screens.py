"""The page of a map: what it tracks, and how that differs from the live version."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import TextChoices
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing
from trackadmin.admin.differences import changed_prefixes, faults
from trackadmin.admin.forms import MapForm
from trackadmin.admin.page_parameters import choice, text
from trackadmin.admin.screen import Screen
from trackadmin.catalog import catalog
from trackadmin.document.structure import TRACKED, in_order
from trackadmin.editing import Review
from trackadmin.exceptions import InvalidMap, StaleForm


class State(TextChoices):
    """How a tracked model or an action of the draft differs from the live version."""

    NEW = "new", gettext_lazy("new")
    CHANGED = "changed", gettext_lazy("changed")
    SAME = "same", gettext_lazy("same")


@dataclass(frozen=True, slots=True)
class Row:
    """A tracked model in the list of a map's page."""

    pk: int
    prefix: str
    label: str
    #: The code no longer has the model, or does not offer it.
    gone: bool
    key: str
    owner: str
    description: str
    attributes: int
    aggregates: int
    children: list[str]
    state: State


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
        shown = ("name", "description", "unknown_actions", "undeclared_parameters")
        initial = {name: getattr(row, name) for name in shown}
        return MapForm(initial={**initial, "seen": row.lock_version})

    def _page(self, form: MapForm, **context: Any) -> HttpResponse:
        reviewed = editing.review(self.tracking_map)
        return self.page(
            str(self.tracking_map),
            form=form,
            review=reviewed,
            problems=faults(reviewed.problems, self.entry_addresses()),
            drift=faults(reviewed.drift, self.entry_addresses()),
            rows=self._model_rows(reviewed),
            removed=[p for p in reviewed.published.models if p not in reviewed.draft.models],
            actions=[name for name, _action in in_order(reviewed.draft.actions)],
            **context,
        )

    def _model_rows(self, reviewed: Review) -> list[Row]:
        pks = dict(self.tracking_map.tracked_models.values_list("prefix", "pk"))
        changed = changed_prefixes(reviewed.difference)
        draft = reviewed.draft
        return [
            row_of(pks[prefix], prefix, reviewed, changed)
            for prefix, _ in in_order(draft.models)
            if prefix in pks
        ]


def row_of(pk: int, prefix: str, reviewed: Review, changed: set[str]) -> Row:
    """A tracked model as the list shows it."""
    entry = reviewed.draft.models[prefix]
    facts = catalog().get(entry.model)
    return Row(
        pk=pk,
        prefix=prefix,
        label=facts.cased_label if facts else entry.model,
        gone=facts is None,
        key=entry.key,
        owner=entry.owner,
        description=entry.description,
        attributes=sum(each.decision == TRACKED for each in entry.attributes.values()),
        aggregates=sum(each.decision == TRACKED for each in entry.aggregates.values()),
        children=[
            _("%(name)s (without its own related objects)") % {"name": accessor}
            if child.alone
            else accessor
            for accessor, child in in_order(entry.children)
        ],
        state=state_of(prefix, reviewed.live, reviewed.published.models, changed),
    )


def state_of(name: str, live: object, published: Collection[str], changed: set[str]) -> State:
    """How an entry of the draft differs from the live version, if there is one."""
    if name not in published:
        return State.NEW if live else State.SAME
    return State.CHANGED if name in changed else State.SAME


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
        return self.go("change", self.tracking_map.pk)

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
