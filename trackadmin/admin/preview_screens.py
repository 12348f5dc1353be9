"""Compare the values of a real object in the draft and in the live version; writes nothing."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.formats import localize
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trackadmin import editing
from trackadmin.admin.count_costs import counted_in_words
from trackadmin.admin.differences import faults
from trackadmin.admin.page_parameters import choice, number, text
from trackadmin.admin.samples import Samples, SampleSearch, sample
from trackadmin.admin.screen import Screen
from trackadmin.admin.viewer import Doing, HostFailed, Viewer, host_code
from trackadmin.catalog import ModelFacts, catalog
from trackadmin.document import Document, ModelEntry
from trackadmin.document.structure import in_order
from trackadmin.editing import Grace, Preview, PreviewRow, Unshown

PRIMARY_KEY = "pk"
#: What a page shows in place of a value.
UNSHOWN = {
    Unshown.HIDDEN: gettext_lazy("hidden"),
    Unshown.LATE: gettext_lazy("not computed: time limit"),
}


class Status(models.TextChoices):
    """How a name of the draft differs from the live version, in the order of their counts."""

    NEW = "new", gettext_lazy("new")
    CHANGED = "changed", gettext_lazy("changed")
    GONE = "gone", gettext_lazy("gone")
    SAME = "same", gettext_lazy("same")
    UNKNOWN = "unknown", gettext_lazy("unknown")


class PreviewBase(Screen):
    """The draft and the tracked model that the address names."""

    @cached_property
    def draft(self) -> Document:
        """The draft of the map."""
        return editing.build_document(self.tracking_map)

    @cached_property
    def prefix(self) -> str:
        """The prefix of the chosen tracked model; empty if none is chosen, a 404 if unknown."""
        asked = text(self.request.GET, "model")
        if asked and asked not in self.draft.models:
            raise Http404(_("The draft has no tracked model “%(name)s”.") % {"name": asked})
        return asked

    @property
    def entry(self) -> ModelEntry:
        """The chosen tracked model in the draft."""
        return self.draft.models[self.prefix]

    @cached_property
    def facts(self) -> ModelFacts | None:
        """The host's model; ``None`` if none is chosen or the code no longer has it."""
        return catalog().get(self.entry.model) if self.prefix else None

    @cached_property
    def samples(self) -> Samples | None:
        """The objects to choose from."""
        if self.facts is None:
            return None
        return Samples(self.facts, self._viewer)

    @cached_property
    def _viewer(self) -> Viewer:
        return Viewer(self.model_admin.admin_site, self.request)


class SearchScreen(PreviewBase):
    """Answers the search in the preview's select box."""

    def get(self, request: HttpRequest, map_id: int) -> HttpResponseBase:
        """Return matching objects as JSON, in the format of Django's autocomplete."""
        if self.samples is None:
            raise Http404(_("No tracked model is chosen."))
        number(request.GET, "page")
        text(request.GET, "term")
        view = SampleSearch.as_view(samples=self.samples, admin_site=self.model_admin.admin_site)
        try:
            with host_code(Doing.SEARCH, self.samples.facts.cased_label):
                return view(request)
        except HostFailed as failed:
            # An entry that cannot be chosen, since the select box shows only entries.
            told = {"id": "", "text": str(failed), "disabled": True}
            return JsonResponse({"results": [told], "pagination": {"more": False}})


@dataclass(frozen=True, slots=True)
class Asked:
    """The object that the address names: chosen by its primary key, or typed in."""

    picked: str
    #: The attribute that :attr:`value` belongs to.
    by: str
    value: str


class PreviewScreen(PreviewBase):
    """Choose a tracked model and an object, and compare its values."""

    template_name = "admin/trackadmin/preview.html"
    tab = "preview"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """Show the page, as far as something is chosen."""
        context: dict[str, Any] = {
            "choices": [(prefix, entry.model) for prefix, entry in in_order(self.draft.models)],
            "prefix": self.prefix,
            "facts": self.facts,
        }
        if self.prefix and self.facts is None:
            context["why_not"] = catalog().why_not(self.entry.model)
        elif self.samples is not None:
            try:
                context |= self._chosen_object(self.samples)
            except HostFailed as failed:
                context["why_not"] = str(failed)
        return self.page(_("Preview"), **context)

    def _chosen_object(self, samples: Samples) -> dict[str, Any]:
        asked = self._asked()
        obj = self._object(samples, asked)
        why_not = samples.why_not
        if obj is None and why_not:
            return {"why_not": why_not}
        return {
            "choosable": True,
            "searchable": not why_not and samples.searchable,
            "newest": [] if why_not else samples.newest(),
            "ways": self._ways(),
            "by": asked.by,
            "value": asked.value,
            "object": obj,
            "picked": None if obj is None else sample(obj),
            "missing": bool(asked.picked or asked.value) and obj is None,
            **(self._tried(samples, obj) if obj is not None else {}),
        }

    def _asked(self) -> Asked:
        query = self.request.GET
        by = choice(query, "by", list(dict(self._ways())), PRIMARY_KEY)
        return Asked(text(query, "object"), by, text(query, "value").strip())

    def _object(self, samples: Samples, asked: Asked) -> models.Model | None:
        if asked.value:
            return samples.by(dict(self._ways())[asked.by], asked.value)
        return samples.by_key(asked.picked)

    def _ways(self) -> list[tuple[str, str]]:
        """The attributes by which an object can be found: output name and source."""
        facts = self.facts
        sources = [
            (name, self.entry.attributes[name].source)
            for name in self.entry.lookups()
            if name in self.entry.attributes
        ]
        known = [
            (name, source)
            for name, source in sources
            if facts and (found := facts.attribute(source)) and found.lookupable
        ]
        return [*known, (PRIMARY_KEY, PRIMARY_KEY)]

    def _tried(self, samples: Samples, obj: models.Model) -> dict[str, Any]:
        viewer = self._viewer
        with host_code(Doing.VALUES, samples.facts.cased_label):
            preview = editing.preview(
                self.tracking_map,
                obj,
                document=self.draft,
                may_view=viewer.may_view,
                may_view_all=viewer.may_view_all,
            )
        return {
            "preview": preview,
            "problems": faults(preview.problems, self.entry_addresses()),
            "rows": [shown_row(row, preview) for row in preview.rows],
            "counted": [counted_in_words(each) for each in preview.counted],
            "hidden": preview.hidden,
            "json": values_as_json(preview),
            "counts": list(counts_of(preview)),
        }


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the comparison with its values as JSON text."""

    name: str
    draft: str
    live: str
    status: Status
    grace: Grace | None = None


def counts_of(preview: Preview) -> Iterator[str]:
    """How many names have each status, in words."""
    found = Counter[str](row.status for row in preview.rows)
    for status in Status:
        if count := found[status]:
            yield _counted(status, count) % {"count": localize(count)}


def _counted(status: Status, count: int) -> str:
    match status:
        case Status.NEW:
            return ngettext("%(count)s new", "%(count)s new", count)
        case Status.CHANGED:
            return ngettext("%(count)s changed", "%(count)s changed", count)
        case Status.GONE:
            return ngettext("%(count)s gone", "%(count)s gone", count)
        case Status.SAME:
            return ngettext("%(count)s the same", "%(count)s the same", count)
        case Status.UNKNOWN:
            return ngettext("%(count)s unknown", "%(count)s unknown", count)


def shown_row(row: PreviewRow, preview: Preview) -> ShownRow:
    """The row as the page shows it. A text keeps its quotes, so that 1 and "1" look different."""
    draft, live = preview.unshown.get(row.name), preview.live_unshown.get(row.name)
    if Unshown.HIDDEN in (draft, live):
        draft = live = Unshown.HIDDEN
    return ShownRow(
        row.name,
        value_text(row.draft, draft),
        value_text(row.live, live),
        Status(row.status),
        row.grace,
    )


def values_as_json(preview: Preview) -> str:
    """All the draft's values as indented JSON."""
    unshown = {name: str(UNSHOWN[why]) for name, why in preview.unshown.items()}
    return json.dumps({**preview.values, **unshown}, indent=2, ensure_ascii=False)


def value_text(value: Any, why: Unshown | None) -> str:
    """The value as JSON text, or why it is not shown."""
    return str(UNSHOWN[why]) if why else json.dumps(value, ensure_ascii=False)
