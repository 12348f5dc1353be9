"""The objects that a preview offers: those that the host's own admin shows to the user."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DataError, models
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _

from trackadmin.admin.viewer import Doing, Viewer, host_code, label_of
from trackadmin.catalog import ModelFacts, key_text

#: How many of the newest objects a page offers.
NEWEST = 6


@dataclass(frozen=True, slots=True)
class Sample:
    """An object as a page offers it."""

    #: Its primary key as it is written in an address.
    key: str
    label: str


class Samples:
    """The objects of one model that the user may view."""

    def __init__(self, facts: ModelFacts, viewer: Viewer) -> None:
        self.facts, self.viewer, self.model = facts, viewer, facts.model
        self.admin = viewer.admin_of(facts.model)

    @property
    def why_not(self) -> str:
        """Why there is nothing to choose from; empty if there is."""
        with host_code(Doing.ADMIN, self.facts.cased_label):
            if self.viewer.permits(self.model):
                return ""
        return self.not_viewable

    @property
    def not_viewable(self) -> str:
        """What a page says if the user may not view the objects."""
        return _("You may not view the objects of %(model)s.") % {"model": self.facts.cased_label}

    @property
    def searchable(self) -> bool:
        """Whether the host's admin has search fields."""
        with host_code(Doing.ADMIN, self.facts.cased_label):
            return bool(self.admin and self.admin.get_search_fields(self.viewer.request))

    def newest(self) -> list[Sample]:
        """The last few objects by primary key."""
        with host_code(Doing.LIST, self.facts.cased_label):
            return [sample(obj) for obj in self.newest_objects(NEWEST)]

    def newest_objects(self, most: int) -> list[models.Model]:
        """Of the last objects by primary key, at most so many, those that the user may view."""
        with host_code(Doing.LIST, self.facts.cased_label):
            rows = self.viewer.rows(self.model).order_by("-pk")[:most]
            return [obj for obj in rows if self.visible(obj)]

    def matching(self, term: str) -> models.QuerySet[Any]:
        """The rows that the search of the host's admin finds; only where there is one."""
        rows, request = self.viewer.rows(self.model), self.viewer.request
        found, duplicates = self.admin.get_search_results(request, rows, term)  # type: ignore[union-attr] # searchable is asked before
        found = found.distinct() if duplicates else found
        return found if found.ordered else found.order_by("pk")

    def found(self, term: str) -> list[Sample]:
        """The first few objects that the search of the host's admin finds."""
        with host_code(Doing.SEARCH, self.facts.cased_label):
            rows = self.matching(term)[:NEWEST]
            return [sample(obj) for obj in rows if self.visible(obj)]

    def by_key(self, text: str) -> models.Model | None:
        """The object with this primary key; ``None`` if there is none or it may not be viewed."""
        columns = _key_columns(self.model)
        if not text or len(columns) < 2:
            return self.by("pk", text)
        try:
            parts = zip(columns, json.loads(text), strict=True)
            key = tuple(column.get_prep_value(part) for column, part in parts)
        except (ValueError, TypeError, RecursionError):
            return None
        return self.by("pk", key)

    def by(self, attribute: str, value: Any) -> models.Model | None:
        """The object with this value; ``None`` if there is none, or more than one.

        An object may be one of few that the user may view, so the model alone is not asked.
        """
        if not value:
            return None
        with host_code(Doing.LIST, self.facts.cased_label):
            rows = self.viewer.rows(self.model)
            try:
                rows = rows.filter(**{f"{attribute}__exact": value})[:2]
            except (ValueError, TypeError, ValidationError, OverflowError):
                return None  # the field cannot have this value
            try:
                found: list[models.Model] = list(rows)
            except (DataError, OverflowError):
                return None  # the column cannot store it
            return found[0] if len(found) == 1 and self.visible(found[0]) else None

    def visible(self, obj: models.Model) -> bool:
        """Whether the user may view this object, which is in the list."""
        return self.viewer.may_view_row(self.model, obj)


def sample(obj: models.Model) -> Sample:
    """The object as a page offers it."""
    return Sample(key_text(obj), label_of(obj))


class SampleSearch(AutocompleteJsonView):
    """Django's own search for a select box, over one model that the map tracks."""

    samples: Samples = None  # type: ignore[assignment] # as_view gives it

    def process_request(self, request: HttpRequest) -> Any:
        """Take from the address what Django's view reads from a form field."""
        if self.samples.why_not:
            raise PermissionDenied
        if not self.samples.searchable:
            raise Http404(_("The admin of this model has no search fields."))
        return request.GET.get("term", ""), self.samples.admin, None, "pk"

    def get_queryset(self) -> models.QuerySet[Any]:
        """The rows that the host's admin finds."""
        return self.samples.matching(self.term)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of the found objects that the user may view."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        found = context["object_list"]
        return {**context, "object_list": [obj for obj in found if self.samples.visible(obj)]}

    def serialize_result(self, obj: models.Model, to_field_name: str) -> dict[str, str]:
        """One entry of the select box."""
        offered = sample(obj)
        return {"id": offered.key, "text": offered.label}


def _key_columns(model: type[models.Model]) -> Sequence[Any]:
    """The fields of the primary key; a composite key has several."""
    return model._meta.pk_fields
