"""Whole tables of a map on their way into files: how far each run is, and what failed."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from trackadmin import backfills
from trackadmin.admin.page_parameters import listed, number
from trackadmin.admin.screen import Screen
from trackadmin.backfills import RunProgress
from trackadmin.catalog import model_of
from trackadmin.exceptions import ExportError

#: Runs on one page.
RUNS_AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class RunRow:
    """A run as the page shows it."""

    progress: RunProgress
    #: Whether the user may view the model's objects, and so how many there are.
    is_open: bool


class BackfillsScreen(Screen):
    """The runs of a map, the newest first. They are started by the command only."""

    template_name = "admin/trackadmin/backfills.html"
    tab = "versions"
    to_write = "publish"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The list."""
        runs = listed(request.GET, backfills.runs_of(self.tracking_map.slug), RUNS_AT_ONCE)
        found = backfills.run_progress(runs.object_list)
        return self.page(
            _("Backfills"),
            (_("Versions"), self.address("versions", map_id)),
            runs=runs,
            rows=[RunRow(each, self._may_count(each.run.model)) for each in found],
        )

    def post(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Queue what is left of a run."""
        wanted = number(request.POST, "run")
        run = backfills.runs_of(self.tracking_map.slug).filter(pk=wanted or 0).first()
        if run is None:
            raise Http404(_("There is no such run."))
        try:
            count = backfills.queue_again(run)
        except ExportError as error:
            messages.error(request, str(error))
            return self.go("backfills", map_id)
        if count:
            self.log_change(
                self.tracking_map, f"Queued ranges of backfill {run.pk} again: {count}."
            )
        words = ngettext("%(count)s range was queued.", "%(count)s ranges were queued.", count)
        messages.success(request, words % {"count": count})
        return self.go("backfills", map_id)

    def _may_count(self, label: str) -> bool:
        if label not in self._open:
            model = model_of(label)
            self._open[label] = model is not None and self.viewer.may_view_every(model)
        return self._open[label]

    @cached_property
    def _open(self) -> dict[str, bool]:
        return {}
