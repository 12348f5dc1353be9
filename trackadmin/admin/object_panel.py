"""What one real object would send by the form of a tracked model, as the form is now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.differences import faults
from trackadmin.admin.forms import EntryForm
from trackadmin.admin.page_parameters import query_of, text
from trackadmin.admin.preview_result import Status, preview_for, shown_preview
from trackadmin.admin.recent_samples import RecentSamples, place_of, remembered_keys
from trackadmin.admin.samples import Sample, Samples, sample
from trackadmin.admin.screen import Screen
from trackadmin.admin.viewer import HostFailed
from trackadmin.catalog import ModelFacts
from trackadmin.document import Document
from trackadmin.exceptions import InvalidMap
from trackadmin.models import TrackedModel

#: What the form asks for, and the part of the page that answers it.
PREVIEW = "preview"
#: The chosen object, what was searched for, and what had been searched for before.
OBJECT, FIND, FOUND = "_object", "_find", "_found"


class ObjectPanel:
    """The part of a page that shows one object; it asks nothing of the host before it is shown."""

    def __init__(self, screen: Screen, facts: ModelFacts) -> None:
        self.screen, self.facts = screen, facts
        self._query = query_of(screen.request)

    @property
    def remembered(self) -> bool:
        """Whether the person looked at an object of this model before."""
        place = place_of(self.screen.tracking_map, self.facts.label)
        return bool(remembered_keys(self.screen.request.session, place))

    def answer(self, form: EntryForm, row: TrackedModel | None) -> dict[str, Any]:
        """What the template shows: the choice of an object, and its values or what stops them."""
        try:
            document, stopped = self._document(form, row)
            return {"open": True, **stopped, **self._choice_and_values(document)}
        except HostFailed as failed:
            return {"open": True, "why_not": str(failed)}

    # What the form says -----------------------------------------------------------------------

    def _document(
        self, form: EntryForm, row: TrackedModel | None
    ) -> tuple[Document | None, dict[str, Any]]:
        """The draft with what the form says, or the errors that stop it."""
        if form.data is None:
            name, entry = str(form.head["prefix"].initial), form.entry
        elif form.is_valid():
            name, entry = form.chosen_name, form.as_entry()
        else:
            return None, {"stopped": True, "marks": form.marks}
        tracking_map = self.screen.tracking_map
        try:
            return editing.draft_with(tracking_map, name, entry, tracked_model=row), {}
        except InvalidMap as refusal:
            return None, {"stopped": True, "faults": faults(refusal.problems)}

    # Which object -----------------------------------------------------------------------------

    @cached_property
    def _samples(self) -> Samples:
        return Samples(self.facts, self.screen.viewer)

    @cached_property
    def _recent(self) -> RecentSamples:
        return RecentSamples(self.screen.request, self.screen.tracking_map, self._samples)

    def _choice_and_values(self, document: Document | None) -> dict[str, Any]:
        why_not, term = self._samples.why_not, text(self._query, FIND).strip()
        searchable = not why_not and self._samples.searchable
        found = self._samples.found(term) if searchable and term else []
        newest = [] if why_not else self._samples.newest()
        key = self._chosen_key(term, found, newest)
        obj = self._samples.by_key(key)
        if obj is not None:
            self._recent.remember(obj)
        recent = self._recent.still_there()
        if why_not and not recent:
            return {"why_not": why_not}
        return {
            "facts": self.facts,
            "groups": _sample_groups(found, recent, newest),
            "searchable": searchable,
            "term": term,
            "nothing_found": bool(term) and not found,
            "picked": sample(obj) if obj is not None else None,
            "missing": bool(key) and obj is None,
            "result": self._previewed(obj, document),
        }

    def _chosen_key(self, term: str, found: list[Sample], newest: list[Sample]) -> str:
        """The first one that a new search found, or the chosen one, or the last one, or any."""
        asked = text(self._query, OBJECT)
        if found and term != text(self._query, FOUND):
            return found[0].key
        offered = self._recent.still_there() if not asked else []
        return asked or next((each.key for each in [*offered, *newest]), "")

    # What it sends ----------------------------------------------------------------------------

    def _previewed(self, obj: Model | None, document: Document | None) -> dict[str, Any] | None:
        if obj is None or document is None:
            return None
        tracking_map = self.screen.tracking_map
        preview = preview_for(
            self.screen.viewer, self.facts, tracking_map, obj, document, whole_map=False
        )
        shown = shown_preview(preview, self.screen.entry_addresses() if preview.problems else {})
        rows = shown["rows"]
        return {
            **shown,
            "differing": [row for row in rows if row.status != Status.SAME],
            "same": [row for row in rows if row.status == Status.SAME],
        }


def _sample_groups(
    found: Iterable[Sample], recent: Iterable[Sample], newest: Iterable[Sample]
) -> list[tuple[str, list[Sample]]]:
    """The objects to choose from, each once."""
    seen, groups = set[str](), []
    for title, offered in (
        (_("Found"), found),
        (_("Looked at before"), recent),
        (_("Newest"), newest),
    ):
        new = [each for each in offered if each.key not in seen]
        seen |= {each.key for each in new}
        groups += [(title, new)] if new else []
    return groups
