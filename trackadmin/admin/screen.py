"""The base of all our pages: checks the permission and renders the admin's frame."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.contrib.admin.widgets import get_select2_language
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import View

from trackadmin import editing
from trackadmin.admin.page_parameters import Unreadable, number
from trackadmin.admin.permissions import Permissions, permissions_of
from trackadmin.admin.viewer import Viewer
from trackadmin.exceptions import ManagedByCode
from trackadmin.models import CodeLock, TrackingMap
from trackadmin.texts import english

# Django's class takes a type argument only for the type checker.
if TYPE_CHECKING:
    AnyAdmin = ModelAdmin[Any]
else:
    AnyAdmin = ModelAdmin


class Screen(View):
    """A page that belongs to a tracking map.

    A subclass gives the template, the permissions its GET and its POST need (names of
    :class:`Permissions`), and ``get`` or ``post``.
    """

    http_method_names = ["get", "head", "post", "options"]
    model_admin: AnyAdmin = None  # type: ignore[assignment] # as_view gives it
    template_name = ""
    to_read = "view"
    to_write = "change_model"
    #: The tab of the map's pages that this page belongs to.
    tab = ""

    @cached_property
    def may(self) -> Permissions:
        """What the user may do."""
        return permissions_of(self.request.user, self.model_admin.admin_site)

    @cached_property
    def tracking_map(self) -> TrackingMap:
        """The map of the page's address; a 404 if there is none."""
        found = TrackingMap.objects.filter(pk=self.kwargs["map_id"]).first()
        if found is None:
            raise Http404(_("There is no such tracking map."))
        return found

    def map_of_parameter(self) -> TrackingMap:
        """The map that the parameter ``map`` names, or the first one if the address has none."""
        wanted = number(self.request.GET, "map")
        maps = TrackingMap.objects.all()
        found = maps.first() if wanted is None else maps.filter(pk=wanted).first()
        if found is None:
            raise Http404(_("There is no such tracking map."))
        return found

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Refuse users without the permission, and parameters that cannot be read."""
        needed = self.to_write if request.method == "POST" else self.to_read
        if not getattr(self.may, needed):
            raise PermissionDenied
        try:
            return super().dispatch(request, *args, **kwargs)
        except Unreadable as unreadable:
            return refusal(self.model_admin, request, unreadable)
        except ManagedByCode as managed:
            # Pages do not offer it; this one was open before, or was not sent by a page.
            messages.error(request, str(managed))
            return self.go("change", self.tracking_map.pk)

    @cached_property
    def code_locks(self) -> Mapping[str, CodeLock]:
        """What of the map is managed by code, by prefix."""
        return editing.code_locks(self.tracking_map) if self.tracking_map.pk else {}

    @property
    def may_here(self) -> Permissions:
        """What the user may do with this map: buttons for edits stay away if code manages it."""
        managed = editing.WHOLE_MAP in self.code_locks
        return self.may.without_edits() if managed else self.may

    def page(self, title: str, *crumbs: tuple[str, str], **context: Any) -> TemplateResponse:
        """The page in the admin's frame. ``crumbs`` are the steps between the map and the title."""
        site = self.model_admin.admin_site
        self.request.current_app = site.name  # as ModelAdmin does
        return TemplateResponse(
            self.request,
            self.template_name,
            {
                **site.each_context(self.request),
                "opts": self.model_admin.opts,
                "title": title,
                "tracking_map": self.tracking_map,
                "crumbs": crumbs,
                "tab": self.tab,
                "may": self.may_here,
                "code_lock": self.code_locks.get(editing.WHOLE_MAP),
                "code_locks": self.code_locks,
                "select2_language": get_select2_language(),
                **context,
            },
        )

    @cached_property
    def viewer(self) -> Viewer:
        """What the user may view in the host's admin."""
        return Viewer(self.model_admin.admin_site, self.request)

    def entry_addresses(self) -> Mapping[str, str]:
        """The pages of the map's tracked models and actions, by the place that a problem names."""
        models = self.tracking_map.tracked_models.values_list("prefix", "pk")
        actions = self.tracking_map.actions.values_list("name", "pk")
        rows = {
            f"actions.{name}": ("trackedaction", pk)
            for name, pk in (actions if self.may.open_action else ())
        } | {prefix: ("trackedmodel", pk) for prefix, pk in models}
        return EntryAddresses(self.model_admin, rows)

    def log_addition(self, row: Model, *sentences: object) -> None:
        """Write to the admin's log that a row was added, in English as all of the log."""
        self.model_admin.log_addition(self.request, row, _for_log(sentences))

    def log_change(self, row: Model, *sentences: object) -> None:
        """Write to the admin's log that a row was changed, in English as all of the log."""
        self.model_admin.log_change(self.request, row, _for_log(sentences))

    def log_deletion(self, row: Model) -> None:
        """Write to the admin's log that a row was deleted; its key must still be set."""
        rows: Any = [row]
        self.model_admin.log_deletions(self.request, rows)

    def address(self, page: str, *args: object, model: str = "trackingmap") -> str:
        """The address of one of our pages."""
        return page_address(self.model_admin, page, *args, model=model)

    def go(self, page: str, *args: object, model: str = "trackingmap") -> HttpResponse:
        """A redirect to one of our pages."""
        return redirect(self.address(page, *args, model=model))


class EntryAddresses(Mapping[str, str]):
    """The address of each entry's page, made when it is asked for: a page shows few of many."""

    def __init__(self, model_admin: AnyAdmin, rows: Mapping[str, tuple[str, int]]) -> None:
        self._model_admin, self._rows = model_admin, rows

    def __getitem__(self, place: str) -> str:
        model, pk = self._rows[place]
        return page_address(self._model_admin, "change", pk, model=model)

    def __contains__(self, place: object) -> bool:
        return place in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def _for_log(sentences: Iterable[object]) -> str:
    """People of every language read the log, and Django stores one text for all of them."""
    return " ".join(map(english, sentences))


def refusal(model_admin: AnyAdmin, request: HttpRequest, unreadable: Unreadable) -> HttpResponse:
    """A 400 that names the parameter that cannot be read and says what is allowed."""
    site = model_admin.admin_site
    request.current_app = site.name  # as ModelAdmin does
    context = {
        **site.each_context(request),
        "opts": model_admin.opts,
        "title": _("This request cannot be read"),
        "refused": str(unreadable),
    }
    return TemplateResponse(request, "admin/trackadmin/refused.html", context, status=400)


def page_address(
    model_admin: AnyAdmin, page: str, *args: object, model: str = "trackingmap"
) -> str:
    """The address of one of our pages; ``page`` is the end of its name."""
    name = f"admin:trackadmin_{model}_{page}"
    return reverse(name, args=args, current_app=model_admin.admin_site.name)


def view_of(screen: type[Screen], model_admin: AnyAdmin) -> Any:
    """The view function of a screen, inside the admin's log-in and CSRF checks.

    It stays outside ``ATOMIC_REQUESTS``: the first statement of an edit must be the map's lock, and
    a transaction that has read before it fails under load.
    """
    view = transaction.non_atomic_requests(screen.as_view(model_admin=model_admin))
    return model_admin.admin_site.admin_view(view)
