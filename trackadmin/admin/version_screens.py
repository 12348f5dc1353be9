"""The pages of published versions: the list, one version, two versions compared."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.differences import MOST_TOLD, faults, grouped
from trackadmin.admin.page_parameters import (
    LARGEST_NUMBER,
    Unreadable,
    choice,
    listed,
    text,
    whole_number,
)
from trackadmin.admin.readable_version import readable, readable_actions, readable_settings
from trackadmin.admin.screen import Screen
from trackadmin.document import Document
from trackadmin.document.structure import in_order
from trackadmin.editing import Contents
from trackadmin.exceptions import UnknownVersion
from trackadmin.models import MapVersion

#: Versions on one page, and tracked models on the page of one version.
PER_PAGE, MODELS_AT_ONCE = 50, 50
#: The longest document that its page shows, in characters; a longer one can be downloaded.
LONGEST_SHOWN = 200_000
#: How many versions a select box offers, newest first; older ones need their address.
MOST_SIDES = 200
DRAFT = "draft"


class VersionsScreen(Screen):
    """All versions of a map, newest first."""

    template_name = "admin/trackadmin/versions.html"
    tab = "versions"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The list."""
        versions = editing.versions(self.tracking_map).select_related("author").defer("document")
        newest = versions.values_list("number", flat=True).first()
        return self.page(
            _("Versions"), versions=listed(request.GET, versions, PER_PAGE), newest=newest
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


class CompareScreen(Screen):
    """Two versions, or a version and the draft, in words."""

    template_name = "admin/trackadmin/compare.html"
    tab = "versions"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Show the choice of two sides, and what differs."""
        sides = self._sides()
        asked = text(request.GET, "old", sides[-1][0]), text(request.GET, "new", DRAFT)
        documents, wrong = [], []
        for parameter, side in zip(("old", "new"), asked, strict=True):
            document, fault = self._side(parameter, side)
            documents.append(document)
            wrong += [fault] if fault else []
        difference = editing.diff(*documents)
        everything = choice(request.GET, "all", ["1"]) == "1"
        return self.page(
            _("Compare"),
            (_("Versions"), self.address("versions", self.tracking_map.pk)),
            sides=sides,
            old=asked[0],
            new=asked[1],
            faults=wrong,
            groups=grouped(difference, most=None if everything else MOST_TOLD),
            all_changes="?" + urlencode({"old": asked[0], "new": asked[1], "all": 1}),
            early=self._early(*asked),
            count=len(difference.changes),
        )

    def _early(self, old: str, new: str) -> list[MapVersion]:
        """The versions after the one and up to the other in which names left early."""
        numbers = sorted(whole_number(side) or LARGEST_NUMBER for side in (old, new))
        between = editing.versions(self.tracking_map).defer("document").exclude(left_early="")
        return list(between.filter(number__gt=numbers[0], number__lte=numbers[1]))

    def _sides(self) -> list[tuple[str, str]]:
        """The sides to choose from; the last one is the default."""
        numbers = editing.versions(self.tracking_map).values_list("number", flat=True)
        picks = [
            (str(number), _("Version %(number)s") % {"number": number})
            for number in numbers[:MOST_SIDES]
        ]
        return [(DRAFT, _("The draft")), *picks[1:], *picks[:1]]

    def _side(self, parameter: str, side: str) -> tuple[Document, str]:
        if side == DRAFT:
            return editing.build_document(self.tracking_map), ""
        wanted = whole_number(side)
        if wanted is None:
            legal = _("Give the number of a version, or “%(draft)s”.") % {"draft": DRAFT}
            raise Unreadable(parameter, side, legal)
        try:
            version = editing.get_version(self.tracking_map, wanted)
        except UnknownVersion as unknown:
            raise Http404(str(unknown)) from unknown
        document, unreadable = editing.readable_document(version)
        if not unreadable:
            return document, ""
        values = {"number": version.number, "reason": unreadable}
        return document, _("Version %(number)s cannot be read. %(reason)s") % values


def _indented(text: str) -> str:
    """The document indented for reading; unchanged if it is not JSON."""
    try:
        return json.dumps(json.loads(text), indent=2, sort_keys=True, ensure_ascii=False)
    except ValueError:
        return text
