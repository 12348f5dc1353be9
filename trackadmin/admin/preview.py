"""Try the draft on a real object, beside what is live. Writes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils.functional import cached_property

from trackadmin import editing
from trackadmin.admin.differences import faults
from trackadmin.admin.hidden import hidden_names
from trackadmin.admin.parameters import choice, number, text
from trackadmin.admin.review import read
from trackadmin.admin.samples import Samples, SampleSearch, may_view
from trackadmin.admin.screen import Screen
from trackadmin.catalog import ModelFacts, catalog
from trackadmin.document import Document, ModelEntry
from trackadmin.document.structure import in_order
from trackadmin.editing import PreviewRow

PRIMARY_KEY = "pk"
#: Stands for a value of a related object that the user may not view.
HIDDEN = "hidden"


class PreviewBase(Screen):
    """The draft and the tracked model that the address names."""

    @cached_property
    def draft(self) -> Document:
        """The map as it is in the draft."""
        return editing.build_document(self.tracking_map)

    @cached_property
    def prefix(self) -> str:
        """The tracked model to try; empty until one is chosen. One that is not there is a 404."""
        asked = text(self.request.GET, "model")
        if asked and asked not in self.draft.models:
            raise Http404(f"The draft has no tracked model {asked!r}.")
        return asked

    @property
    def entry(self) -> ModelEntry:
        """That model in the draft."""
        return self.draft.models[self.prefix]

    @cached_property
    def facts(self) -> ModelFacts | None:
        """The host's model; ``None`` before one is chosen or where the code no longer has it."""
        return catalog().get(self.entry.model) if self.prefix else None

    @cached_property
    def samples(self) -> Samples | None:
        """The objects to choose from."""
        if self.facts is None:
            return None
        return Samples(self.facts, self.model_admin.admin_site, self.request)


class SearchScreen(PreviewBase):
    """What the select box of the preview asks for."""

    def get(self, request: HttpRequest, map_id: int) -> HttpResponseBase:
        """Matching objects as JSON, in the form of Django's autocomplete."""
        if self.samples is None:
            raise Http404("No tracked model is chosen.")
        number(request.GET, "page")
        text(request.GET, "term")
        view = SampleSearch.as_view(samples=self.samples, admin_site=self.model_admin.admin_site)
        return view(request)


@dataclass(frozen=True, slots=True)
class Asked:
    """Which object the address names: picked by its primary key, or typed in."""

    picked: str
    #: The way in which :attr:`value` names it.
    by: str
    value: str


class PreviewScreen(PreviewBase):
    """Choose a tracked model, choose an object, see what the draft makes of it."""

    template_name = "admin/trackadmin/preview.html"
    tab = "preview"

    def get(self, request: HttpRequest, map_id: int) -> HttpResponse:
        """The page, as far as the choices go."""
        context: dict[str, Any] = {
            "choices": [(prefix, entry.model) for prefix, entry in in_order(self.draft.models)],
            "prefix": self.prefix,
            "facts": self.facts,
            "samples": self.samples,
        }
        if self.prefix and self.facts is None:
            context["why_not"] = catalog().why_not(self.entry.model)
        elif self.samples is not None:
            context |= self._chosen(self.samples)
        return self.page("Preview", **context)

    def _chosen(self, samples: Samples) -> dict[str, Any]:
        if samples.why_not:
            return {"why_not": samples.why_not}
        asked = self._asked()
        obj = self._object(samples, asked)
        return {
            "newest": samples.newest(),
            "ways": self._ways(),
            "by": asked.by,
            "value": asked.value,
            "object": obj,
            "missing": bool(asked.picked or asked.value) and obj is None,
            **(self._tried(obj) if obj is not None else {}),
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
        """The ways to name an object by hand: the output name, and the attribute behind it."""
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

    def _tried(self, obj: models.Model) -> dict[str, Any]:
        preview = editing.preview(self.tracking_map, obj, document=self.draft)
        hidden = self._hidden(obj)
        statuses = [row.status for row in preview.rows]
        counts = [(word, statuses.count(word)) for word in ("new", "changed", "gone", "same")]
        return {
            "preview": preview,
            "problems": faults(preview.problems, self.model_addresses()),
            "rows": [shown(row, hidden) for row in preview.rows],
            "hidden": sorted(set(hidden.values())),
            "json": values_as_json(preview.values, hidden),
            "counts": [(word, count) for word, count in counts if count],
        }

    def _hidden(self, obj: models.Model) -> Mapping[str, str]:
        """What comes along of models that the user may not view, in the draft or live."""
        live = editing.live_version(self.tracking_map)
        published = read(live)[0] if live else Document()
        site, request = self.model_admin.admin_site, self.request

        def viewable(model: type[models.Model]) -> bool:
            return may_view(model, site, request)

        in_draft, in_live = (hidden_names(d, obj, viewable) for d in (self.draft, published))
        return {**in_draft, **in_live}


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row of the comparison with its values as JSON text."""

    name: str
    draft: str
    live: str
    status: str


def shown(row: PreviewRow, hidden: Mapping[str, str]) -> ShownRow:
    """The row for the page: a text keeps its quotes, so that 1 and "1" look different."""
    if row.name in hidden:
        return ShownRow(row.name, HIDDEN, HIDDEN, row.status)
    draft, live = (json.dumps(value, ensure_ascii=False) for value in (row.draft, row.live))
    return ShownRow(row.name, draft, live, row.status)


def values_as_json(values: Mapping[str, Any], hidden: Mapping[str, str]) -> str:
    """All values as indented JSON."""
    seen = {name: HIDDEN if name in hidden else value for name, value in values.items()}
    return json.dumps(seen, indent=2, ensure_ascii=False)
