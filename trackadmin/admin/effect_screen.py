"""The part of the review that shows what the draft changes for real objects."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.effect_words import shown_model
from trackadmin.admin.page_parameters import text
from trackadmin.admin.samples import Samples
from trackadmin.admin.screen import Screen
from trackadmin.admin.viewer import HostFailed, Viewer
from trackadmin.catalog import ModelFacts
from trackadmin.editing import Reader, Sampled


class EffectScreen(Screen):
    """Flattens objects that the user may view by the draft and by the live version."""

    template_name = "admin/trackadmin/effect.html"
    tab = "publish"
    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Show the effect on all changed models, or on the one that the address names."""
        only = text(request.GET, "model")
        found = editing.effects(self.tracking_map, self._person(), only=only)
        if only and only not in found.prefixes:
            told = _("Neither the draft nor the live version has a tracked model “%(name)s”.")
            raise Http404(told % {"name": only})
        addresses = self.entry_addresses()
        return self.page(
            _("Effect of the draft"),
            (self._review_title(), self.address("publish", map_id)),
            effects=found,
            only=only,
            models=[shown_model(each, addresses) for each in found.models],
        )

    def _review_title(self) -> str:
        return _("Review and publish") if self.may.publish else _("Review")

    def _person(self) -> Reader:
        viewer = Viewer(self.model_admin.admin_site, self.request)

        def sample_of(facts: ModelFacts, most: int) -> Sampled:
            samples = Samples(facts, viewer)
            try:
                why_not = samples.why_not
                return Sampled((), why_not) if why_not else Sampled(samples.newest_objects(most))
            except HostFailed as failed:
                return Sampled(why_not=str(failed))
            except (PermissionDenied, Http404):
                return Sampled(why_not=samples.not_viewable)

        return Reader(sample_of, viewer.may_view, viewer.may_view_all, self.may.personal)
