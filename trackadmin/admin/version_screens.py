"""The pages of published versions: the timeline, and one version."""

from __future__ import annotations

import json
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.differences import faults
from trackadmin.admin.page_parameters import listed, number
from trackadmin.admin.readable_version import readable, readable_actions, readable_settings
from trackadmin.admin.screen import Screen
from trackadmin.document.structure import in_order
from trackadmin.editing import Contents
from trackadmin.exceptions import UnknownVersion
from trackadmin.models import MapVersion

#: Versions on one page, and tracked models on the page of one version.
PER_PAGE, MODELS_AT_ONCE = 25, 50
#: The longest document that its page shows, in characters; a longer one can be downloaded.
LONGEST_SHOWN = 200_000


class VersionsScreen(Screen):
    """All versions of a map as a timeline, newest first."""

    template_name = "admin/trackadmin/versions.html"
    tab = "versions"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The list."""
        versions = editing.versions(self.tracking_map).defer("document")
        newest = versions.values_list("number", flat=True).first()
        wanted = number(request.GET, "summary")
        shown = listed(request.GET, versions, PER_PAGE)
        return self.page(
            _("Versions"),
            versions=shown,
            entries=editing.timeline(self.tracking_map, [*shown], wanted=wanted),
            newest=newest,
        )


class VersionScreen(Screen):
    """One version, to read."""

    template_name = "admin/trackadmin/version.html"
    tab = "versions"

    @cached_property
    def version(self) -> MapVersion:
        """The version of the page's address; a 404 if there is none."""
        try:
            return editing.get_version(self.tracking_map, self.kwargs["number"])
        except UnknownVersion as unknown:
            raise Http404(str(unknown)) from unknown

    def get(self, request: HttpRequest, map_id: int, number: int) -> HttpResponse:
        """Show the version in readable form, a few of its models at a time."""
        contents, text = self.contents, self.version.document
        prefixes = [prefix for prefix, _entry in in_order(contents.document.models)]
        shown = listed(request.GET, prefixes, MODELS_AT_ONCE)
        return self.version_page(
            _("Version %(number)s") % {"number": number},
            listed=shown,
            models=readable(contents, shown.object_list),
            actions=readable_actions(contents),
            settings=readable_settings(contents),
            remarks=editing.remarks_of(self.version),
            json=_indented(text) if len(text) <= LONGEST_SHOWN else "",
        )

    @cached_property
    def contents(self) -> Contents:
        """What the version contains."""
        return editing.contents(self.version)

    def version_page(self, title: str, *crumbs: tuple[str, str], **context: Any) -> HttpResponse:
        """A page about the version, with what the code no longer has."""
        contents = self.contents
        return self.page(
            title,
            (_("Versions"), self.address("versions", self.tracking_map.pk)),
            *crumbs,
            version=self.version,
            live=editing.live_version(self.tracking_map),
            unreadable=contents.unreadable,
            drift=faults(contents.drift),
            **context,
        )


class VersionDoor(Screen):
    """Redirects from a version in the admin's list to its page."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: HttpRequest, version_id: int) -> HttpResponse:
        """Redirect; an unknown version is a 404."""
        version = MapVersion.objects.defer("document").filter(pk=version_id).first()
        if version is None:
            raise Http404(_("There is no such version."))
        return self.go("version", version.map_id, version.number)


class DocumentScreen(VersionScreen):
    """The document of a version, exactly as it was published, as a file."""

    def get(self, request: HttpRequest, map_id: int, number: int) -> HttpResponse:
        """Return the canonical text; its SHA-256 is the version's digest."""
        name = f"{self.tracking_map.slug}-version-{number}.json"
        return HttpResponse(
            self.version.document,
            content_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def _indented(text: str) -> str:
    """The document indented for reading; unchanged if it is not JSON."""
    try:
        return json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False)
    except ValueError:
        return text
