"""The pages that add a map and delete one that was never published."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.forms import AddMapForm
from trackadmin.admin.page_parameters import text
from trackadmin.admin.screen import Screen
from trackadmin.exceptions import DraftChanged
from trackadmin.models import TrackingMap


class AddMapScreen(Screen):
    """A new, empty map."""

    template_name = "admin/trackadmin/add_map.html"
    to_read = "add_map"
    to_write = "add_map"
    tab = "add"

    @cached_property
    def tracking_map(self) -> TrackingMap:
        """The map to add, which is not saved yet."""
        return TrackingMap()

    def get(self, request: HttpRequest) -> HttpResponse:
        """The form."""
        return self.page(_("Add a tracking map"), form=AddMapForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Add the map."""
        form = AddMapForm(request.POST)
        if form.is_valid():
            try:
                added = editing.add_map(**form.cleaned_data, by=request.user)
            except IntegrityError:
                form.add_error("slug", _("Somebody has just used this slug. Choose another."))
            else:
                self.log_addition(added, "Added.")
                told = _("The map %(name)s was added. Now choose what it tracks.") % {"name": added}
                messages.success(request, told)
                return self.go("change", added.pk)
        return self.page(_("Add a tracking map"), form=form)


class DeleteMapScreen(Screen):
    """Delete a map that was never published; a published one is kept forever."""

    template_name = "admin/trackadmin/delete_map.html"
    to_read = "delete_map"
    to_write = "delete_map"
    tab = "map"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Show what is deleted, or why the map cannot be deleted."""
        return self._confirmation()

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Delete it."""
        tracking_map = self.tracking_map
        pk, name = tracking_map.pk, str(tracking_map)
        expected = text(request.POST, "expected") if "expected" in request.POST else None
        try:
            editing.delete_map(tracking_map, expected=expected, by=request.user)
        except ProtectedError:
            return self._confirmation()
        except DraftChanged as changed:
            return self._confirmation(changed=changed)
        tracking_map.pk = pk
        self.log_deletion(tracking_map)
        messages.success(request, _("The map %(name)s was deleted.") % {"name": name})
        return self.go("changelist")

    def _confirmation(self, **context: Any) -> HttpResponse:
        return self.page(
            _("Delete %(name)s?") % {"name": self.tracking_map},
            (_("Delete"), ""),
            tracked=list(self.tracking_map.tracked_models.values_list("prefix", flat=True)),
            actions=list(self.tracking_map.actions.values_list("name", flat=True)),
            published=editing.versions(self.tracking_map).count(),
            expected=editing.draft_digest(self.tracking_map),
            **context,
        )
