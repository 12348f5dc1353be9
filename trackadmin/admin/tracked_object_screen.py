"""What goes out of one object of the host now, and which entry makes each name. Writes nothing."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.admin.utils import quote
from django.db.models import Model, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.differences import Fault, faults
from trackadmin.admin.page_parameters import text
from trackadmin.admin.preview_result import value_text
from trackadmin.admin.samples import Samples
from trackadmin.admin.screen import Screen
from trackadmin.admin.viewer import Doing, HostFailed, Viewer, host_code, label_of
from trackadmin.catalog import ModelFacts, catalog
from trackadmin.editing import Grace, TrackedName, TrackedObject
from trackadmin.models import MapVersion, TrackedModel, TrackingMap


@dataclass(frozen=True, slots=True)
class NameRow:
    """One name with its value as JSON text."""

    name: str
    value: str
    shown: bool
    grace: Grace | None
    path: str
    prefix: str
    #: The page of the tracked model that makes the name; empty if the draft has it no more.
    address: str
    description: str


@dataclass(frozen=True, slots=True)
class Section:
    """What one map sends of the object."""

    version: MapVersion
    rows: list[NameRow]
    hidden: tuple[str, ...]
    url: str
    problems: list[Fault]
    signed_only: bool


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A map that sends nothing of the object, with the one thing to do about it."""

    tracking_map: TrackingMap
    #: The page of the tracked model in the draft; empty where the draft does not have it either.
    in_draft: str
    problems: list[Fault]


class TrackedObjectScreen(Screen):
    """The page that an object's own page in the host's admin links to."""

    template_name = "admin/trackadmin/tracked_object.html"

    @cached_property
    def tracking_map(self) -> TrackingMap:
        """The page belongs to no map."""
        return TrackingMap()

    def get(self, request: HttpRequest) -> HttpResponse:
        """What each map sends; a 404 for an object that is not there or may not be viewed."""
        facts = catalog().of_objects(text(request.GET, "model"))
        key = text(request.GET, "object")
        if facts is None:
            raise self._not_there()
        viewer = Viewer(self.model_admin.admin_site, request)
        try:
            obj = Samples(facts, viewer).by_key(key)
            if obj is None:
                raise self._not_there()
            with host_code(Doing.VALUES, facts.cased_label):
                found = editing.what_is_tracked(
                    obj, may_view=viewer.may_view, may_view_all=viewer.may_view_all
                )
        except HostFailed as failed:
            return self.page(_("What is tracked"), why_not=str(failed))
        return self._object_page(facts, obj, viewer, found)

    def _not_there(self) -> Http404:
        return Http404(_("There is no such object, or you may not view it."))

    def _object_page(
        self, facts: ModelFacts, obj: Model, viewer: Viewer, found: list[TrackedObject]
    ) -> HttpResponse:
        label, address = label_of(obj), self._page_of(facts, obj, viewer)
        pages = _Pages(self, facts, found)
        sending = {each.version.map_id: each for each in found if each.prefix}
        broken = {each.version.map_id: each.problems for each in found}
        return self.page(
            _("What is tracked"),
            *([(label, address)] if address else []),
            label=label,
            facts=facts,
            object_page=address,
            sections=[_section(each, pages) for each in sending.values()],
            elsewhere=[
                Elsewhere(each, pages.in_draft(each.pk), faults(broken.get(each.pk, ())))
                for each in TrackingMap.objects.order_by("name", "pk")
                if each.pk not in sending
            ],
            to_add=self._label_to_add(facts),
        )

    def _page_of(self, facts: ModelFacts, obj: Model, viewer: Viewer) -> str:
        """The object's own page in the host's admin; empty where it has none."""
        if viewer.admin_of(facts.model) is None:
            return ""
        meta = facts.model._meta
        name = f"admin:{meta.app_label}_{meta.model_name}_change"
        try:
            site = self.model_admin.admin_site.name
            return reverse(name, args=(quote(obj.pk),), current_app=site)
        except NoReverseMatch:
            return ""

    def _label_to_add(self, facts: ModelFacts) -> str:
        """The model that a map can track, this one or one that it descends from."""
        if not self.may.add_model:
            return ""
        return next(each for each in (facts.label, *facts.ancestors) if catalog().get(each))


class _Pages:
    """The pages of the tracked models that the object's page links to, found by one query."""

    def __init__(self, screen: Screen, facts: ModelFacts, found: Iterable[TrackedObject]) -> None:
        self._screen = screen
        lineage = [facts.label, *facts.ancestors]
        prefixes = {name.prefix for each in found for name in each.names}
        wanted = Q(prefix__in=prefixes) | Q(model_label__in=lineage)
        rows = TrackedModel.objects.filter(wanted).values_list(
            "map_id", "prefix", "model_label", "pk"
        )
        self._by_prefix: dict[tuple[int, str], int] = {}
        self._in_draft: dict[int, int] = {}
        for map_id, prefix, label, pk in rows:
            self._by_prefix[map_id, prefix] = pk
            if label in lineage:
                self._in_draft[map_id] = pk

    def of_prefix(self, map_id: int, prefix: str) -> str:
        """The page of a tracked model; empty if the draft has it no more."""
        return self._address(self._by_prefix.get((map_id, prefix)))

    def in_draft(self, map_id: int) -> str:
        """The page of the tracked model that the object is in this map's draft, if it is one."""
        return self._address(self._in_draft.get(map_id))

    def _address(self, pk: int | None) -> str:
        return "" if pk is None else self._screen.address("change", pk, model="trackedmodel")


def _section(found: TrackedObject, pages: _Pages) -> Section:
    map_id = found.version.map_id
    return Section(
        found.version,
        [_name_row(name, pages.of_prefix(map_id, name.prefix)) for name in found.names],
        found.hidden,
        found.url,
        faults(found.problems),
        found.signed_only,
    )


def _name_row(name: TrackedName, address: str) -> NameRow:
    return NameRow(
        name.name,
        value_text(name.value, name.unshown),
        name.unshown is None,
        name.grace,
        name.path,
        name.prefix,
        address,
        name.description,
    )
