"""The objects that an editor may try a map on: those the host's own admin shows to them."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.admin.exceptions import NotRegistered
from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import DatabaseError, models
from django.http import Http404, HttpRequest

from trackadmin.catalog import ModelFacts

#: How many of the newest objects a page offers to pick at once.
NEWEST = 6


class Samples:
    """The objects of one model that the user may view in the host's admin."""

    def __init__(self, facts: ModelFacts, site: AdminSite, request: HttpRequest) -> None:
        self.facts = facts
        self.request = request
        self.admin = _admin_of(facts.model, site)

    @property
    def why_not(self) -> str:
        """Why there are none to choose from; empty where there are."""
        if self.admin is None:
            return f"{self.facts.cased_label} is not in this admin, so its objects cannot be shown."
        if not self.admin.has_view_permission(self.request):
            return f"You may not view the objects of {self.facts.cased_label}."
        return ""

    @property
    def searchable(self) -> bool:
        """Whether the host's admin says how to search them."""
        return self.admin is not None and bool(self.admin.get_search_fields(self.request))

    def newest(self) -> list[models.Model]:
        """The last few by primary key."""
        return [obj for obj in self.all().order_by("-pk")[:NEWEST] if self.visible(obj)]

    def by_key(self, value: str) -> models.Model | None:
        """The object of this primary key in text; ``None`` if there is none to be seen."""
        return self.by("pk", value)

    def by(self, attribute: str, value: str) -> models.Model | None:
        """The one object with this value; ``None`` if there is none, or more than one."""
        if not value:
            return None
        rows = self.all()
        try:
            found: list[models.Model] = list(rows.filter(**{f"{attribute}__exact": value})[:2])
        except (ValueError, TypeError, ValidationError, OverflowError, DatabaseError):
            return None  # the text is none of that field's values
        return found[0] if len(found) == 1 and self.visible(found[0]) else None

    def all(self) -> models.QuerySet[Any]:
        """What the host's admin lists for this user."""
        if self.why_not or self.admin is None:
            return self.facts.model._default_manager.none()
        return self.admin.get_queryset(self.request)

    def visible(self, obj: models.Model) -> bool:
        """Whether the host's admin lets the user view this very object."""
        return self.admin is not None and self.admin.has_view_permission(self.request, obj)


def may_view(model: type[models.Model], site: AdminSite, request: HttpRequest) -> bool:
    """Whether the user may view objects of this model at all, in the admin or by permission."""
    admin = _admin_of(model, site)
    if admin is not None:
        return admin.has_view_permission(request)
    return request.user.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")


class SampleSearch(AutocompleteJsonView):
    """Django's own search for a select box, over one model that the map tracks."""

    samples: Samples = None  # type: ignore[assignment] # as_view gives it

    def process_request(self, request: HttpRequest) -> Any:
        """What Django's view finds in a form field, we know from the address."""
        if self.samples.why_not:
            raise PermissionDenied
        if not self.samples.searchable:
            raise Http404("The admin of this model does not say how to search it.")
        return request.GET.get("term", ""), self.samples.admin, None, "pk"

    def get_queryset(self) -> models.QuerySet[Any]:
        """What the host's admin finds."""
        admin = self.samples.admin
        found, duplicates = admin.get_search_results(  # type: ignore[union-attr] # see above
            self.request, self.samples.all(), self.term
        )
        found = found.distinct() if duplicates else found
        return found if found.ordered else found.order_by("pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A page of what was found, without what the user may not view."""
        context: dict[str, Any] = super().get_context_data(**kwargs)
        found = context["object_list"]
        return {**context, "object_list": [obj for obj in found if self.samples.visible(obj)]}


def _admin_of(model: type[models.Model], site: AdminSite) -> ModelAdmin[Any] | None:
    try:
        return site.get_model_admin(model)
    except NotRegistered:
        return None
