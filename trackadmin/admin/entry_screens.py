"""What the pages of a tracked model share: showing the form and trying to save it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.differences import faults
from trackadmin.admin.forms import EntryForm
from trackadmin.admin.forms.aggregate_list import ASKS
from trackadmin.admin.page_parameters import choice, matching
from trackadmin.admin.screen import Screen
from trackadmin.catalog import catalog
from trackadmin.document import Document, ModelEntry
from trackadmin.exceptions import InvalidMap
from trackadmin.models import TrackedModel, TrackingMap

#: A parameter of the form that adds a model: show what was sent without saving it.
DELETED = "deleted"
#: A parameter of the form: show it again, with this done, without saving it.
SHOW = "_show"
#: A parameter of the script: answer with this part of the page only.
PART = "_part"


class EntryScreen(Screen):
    """What adding and changing share: showing the form and trying to save it."""

    template_name = "admin/trackadmin/tracked_model.html"
    tab = "map"

    @cached_property
    def draft(self) -> Document:
        """The draft of the map."""
        return editing.build_document(self.tracking_map)

    def attempt(self, form: EntryForm, tracked_model: TrackedModel | None) -> editing.Saved | None:
        """Save the form. If it is refused, put the problems into the form and return ``None``."""
        if not form.is_valid():
            return None
        try:
            return editing.save_tracked_model(
                self.tracking_map,
                form.prefix,
                form.as_entry(),
                tracked_model=tracked_model,
                seen=form.seen,
                by=self.request.user,
            )
        except InvalidMap as refusal:
            form.refuse(refusal.problems)
            return None

    @cached_property
    def asked(self) -> str:
        """What the form asks for instead of being saved; empty if it is to be saved."""
        return matching(self.request.POST, SHOW, ASKS)

    def entry_page(
        self, form: EntryForm, title: str, *crumbs: tuple[str, str], **context: Any
    ) -> HttpResponse:
        """The page with the form. A refused form keeps what the user wrote."""
        if choice(self.request.POST, PART, ["aggregates"]):
            self.template_name = "admin/trackadmin/includes/aggregates.html"
        return self.page(
            title,
            *crumbs,
            form=form,
            asked=self.asked,
            problems=faults(form.problems),
            relations=[(row, self._target_of(row.facts.target)) for row in form.relations],
            **context,
        )

    def _target_of(self, label: str) -> dict[str, Any]:
        """The model that a relation leads to, and how this map tracks it."""
        facts = catalog().get(label)
        labels = [label, *(facts.ancestors if facts else ())]
        row = next(
            (self._tracked_rows[name] for name in labels if name in self._tracked_rows), None
        )
        return {"label": facts.cased_label if facts else label, "offered": facts, "row": row}

    @cached_property
    def _tracked_rows(self) -> dict[str, TrackedModel]:
        return {row.model_label: row for row in self.tracking_map.tracked_models.all()}


class RowScreen(EntryScreen):
    """What the pages of one tracked model share: its row and its entry in the draft."""

    @cached_property
    def row(self) -> TrackedModel | None:
        """The row of the page's address; ``None`` if there is none."""
        return editing.draft_row(self.kwargs["object_id"])

    @property
    def tracked_model(self) -> TrackedModel:
        """The row of the page's address; a 404 if there is none."""
        if self.row is None:
            raise Http404(_("There is no such tracked model. It may have been deleted."))
        return self.row

    @cached_property
    def tracking_map(self) -> TrackingMap:
        """The map of the tracked model."""
        return self.tracked_model.map

    @cached_property
    def entry(self) -> ModelEntry:
        """The tracked model as the draft has it."""
        return editing.entry_of(self.tracked_model)


def add_address(screen: Screen, map_id: int, label: str, **more: str) -> str:
    """The address of the form that adds a host model to a map."""
    query = urlencode({"map": map_id, "model": label, **more})
    return f"{screen.address('add', model='trackedmodel')}?{query}"
