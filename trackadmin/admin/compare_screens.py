"""The pages that compare two versions, or a version and the draft."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin import editing
from trackadmin.admin.differences import MOST_TOLD, grouped
from trackadmin.admin.page_parameters import (
    LARGEST_NUMBER,
    Unreadable,
    choice,
    text,
    whole_number,
)
from trackadmin.admin.screen import Screen
from trackadmin.document import Document
from trackadmin.exceptions import DocumentError, UnknownVersion
from trackadmin.models import MapVersion

#: How many versions a select box offers; where there are more, their number is typed.
MOST_SIDES = 200
DRAFT = "draft"
#: The files of a changelog: type and label.
TYPES = {"markdown": "text/markdown", "text": "text/plain", "json": "application/json"}
FORMATS = [("markdown", "Markdown"), ("text", gettext_lazy("Text")), ("json", "JSON")]


class SidesScreen(Screen):
    """A page about two sides of a comparison, which its address names."""

    tab = "versions"
    http_method_names = ["get", "head", "options"]

    @cached_property
    def sides(self) -> dict[str, str]:
        """The two sides as the address has them; the live version and the draft without."""
        query = self.request.GET
        return {
            "old": text(query, "old", self.numbers[0] if self.numbers else DRAFT),
            "new": text(query, "new", DRAFT),
        }

    @cached_property
    def numbers(self) -> list[str]:
        """The numbers of the newest versions."""
        rows = editing.versions(self.tracking_map).values_list("number", flat=True)
        return [*map(str, rows[: MOST_SIDES + 1])]

    def version_of(self, name: str) -> MapVersion | None:
        """The version on a side, ``None`` for the draft; a 404 if there is none."""
        side = self.sides[name]
        if side == DRAFT:
            return None
        wanted = whole_number(side)
        if wanted is None:
            legal = _("Give the number of a version, or “%(draft)s”.") % {"draft": DRAFT}
            raise Unreadable(name, side, legal)
        try:
            return editing.get_version(self.tracking_map, wanted)
        except UnknownVersion as unknown:
            raise Http404(str(unknown)) from unknown


class CompareScreen(SidesScreen):
    """Two versions, or a version and the draft, in words."""

    template_name = "admin/trackadmin/compare.html"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Show the choice of two sides, and what differs."""
        read = [self._document_on(name) for name in self.sides]
        difference = editing.diff(*(document for document, _fault in read))
        everything = choice(request.GET, "all", ["1"]) == "1"
        return self.page(
            _("Compare"),
            (_("Versions"), self.address("versions", self.tracking_map.pk)),
            choices=self._choices(),
            chosen=self.sides,
            query=urlencode(self.sides),
            formats=FORMATS,
            faults=[fault for _document, fault in read if fault],
            groups=grouped(difference, most=None if everything else MOST_TOLD),
            all_changes="?" + urlencode({**self.sides, "all": 1}),
            early=self._early(),
            count=len(difference.changes),
        )

    def _early(self) -> list[MapVersion]:
        """The versions after the one and up to the other in which names left early."""
        numbers = sorted(whole_number(side) or LARGEST_NUMBER for side in self.sides.values())
        between = editing.versions(self.tracking_map).defer("document").exclude(left_early="")
        return list(between.filter(number__gt=numbers[0], number__lte=numbers[1]))

    def _choices(self) -> list[str]:
        """The sides to choose from; none where there are too many, so that one is typed."""
        return [DRAFT, *self.numbers] if len(self.numbers) <= MOST_SIDES else []

    def _document_on(self, name: str) -> tuple[Document, str]:
        """The document on a side, and why it cannot be read."""
        version = self.version_of(name)
        if version is None:
            return editing.build_document(self.tracking_map), ""
        document, unreadable = editing.readable_document(version)
        if not unreadable:
            return document, ""
        values = {"number": version.number, "reason": unreadable}
        return document, _("Version %(number)s cannot be read. %(reason)s") % values


class ChangelogScreen(SidesScreen):
    """The same as a file, with who published what."""

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Return the file; a 404 if one side cannot be read."""
        wanted = choice(request.GET, "format", [*TYPES], "markdown")
        sides = [self.version_of(name) for name in self.sides]
        try:
            found = editing.changelog(self.tracking_map, *sides)
        except DocumentError as error:
            raise Http404(error.summary) from error
        parts = [self.tracking_map.slug, *self.sides.values()]
        name = f"{'-'.join(parts)}.{editing.CHANGELOG_FORMATS[wanted]}"
        return HttpResponse(
            editing.changelog_text(found, wanted),
            content_type=f"{TYPES[wanted]}; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
