"""Add a tracked model: choose one of the host's models, then fill in its form."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from trackadmin.admin.entry_screens import DELETED, EntryScreen, add_address
from trackadmin.admin.forms import EntryForm
from trackadmin.admin.page_parameters import choice, text
from trackadmin.admin.suggestions import models_left, suggested_entry
from trackadmin.catalog import ModelFacts, catalog
from trackadmin.document import ModelEntry
from trackadmin.models import TrackedModel, TrackingMap


class AddScreen(EntryScreen):
    """Choose a model of the host that is not tracked yet, then fill in its form."""

    to_read = "add_model"
    to_write = "add_model"

    @cached_property
    def tracking_map(self) -> TrackingMap:
        """The map that the address names, or the first one if it names none."""
        return self.map_of_parameter()

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the choice of a model, or the form of the chosen one."""
        facts = self._chosen_model()
        if facts is None:
            return self._choice()
        entry = suggested_entry(facts, self._next_position())
        form = EntryForm(facts, facts.name, entry)
        return self._form_page(form, facts)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Add the tracked model."""
        facts = catalog().get(text(request.GET, "model"))
        if facts is None:
            return self._choice()
        entry = self.deleted_entry(TrackedModel)
        if entry is None or entry.model != facts.label:
            entry = ModelEntry(model=facts.label, position=self._next_position())
        form = EntryForm(facts, facts.name, entry, data=request.POST, asked=self.asked)
        deleted = choice(request.GET, DELETED, ["1"]) == "1"
        saved = None if deleted or self.asked else self.attempt(form, None)
        if saved is None:
            return self._form_page(form, facts, deleted=deleted)
        added = saved.row
        self.log_addition(added, "Added to the tracking map.")
        messages.success(
            request,
            _("Added %(prefix)s to the draft. Publish to make it live.") % {"prefix": added.prefix},
        )
        return self.go("change", added.map_id)

    def _chosen_model(self) -> ModelFacts | None:
        facts = catalog().get(text(self.request.GET, "model"))
        return None if facts is None or facts.label in self._tracked_rows else facts

    def _choice(self) -> HttpResponse:
        self.template_name = "admin/trackadmin/choose_model.html"
        wanted = text(self.request.GET, "model")
        return self.page(
            _("Add a tracked model"),
            groups=models_left(self._tracked_rows),
            wanted=wanted,
            tracked_already=self._tracked_rows.get(wanted.lower()),
            why_not=catalog().why_not(wanted) if wanted else "",
        )

    def _next_position(self) -> int:
        return max((row.position for row in self._tracked_rows.values()), default=-1) + 1

    def _form_page(self, form: EntryForm, facts: ModelFacts, **context: Any) -> HttpResponse:
        return self.entry_page(
            form,
            _("Add %(model)s") % {"model": facts.name},
            adding=True,
            writable=True,
            facts=facts,
            action=add_address(self, self.tracking_map.pk, facts.label, **self.query_of_deleted()),
            **context,
        )
