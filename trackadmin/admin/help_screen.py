"""The handbook for the product team, as a page of the admin."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from trackadmin.admin.screen import Screen
from trackadmin.models import TrackingMap

#: The language of the handbook where there is none in the reader's.
ENGLISH = "en"


class HelpScreen(Screen):
    """The handbook in the reader's language. Each page leads to its own section."""

    template_name = "admin/trackadmin/help.html"

    @cached_property
    def tracking_map(self) -> TrackingMap:
        """None: the handbook is the same for all maps."""
        return TrackingMap()

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        language = (get_language() or ENGLISH).partition("-")[0]
        pages = [f"admin/trackadmin/handbook/{each}.html" for each in (language, ENGLISH)]
        return self.page(_("Help"), pages=pages)
