"""Registers trackadmin's models in the admin and gives each page its address."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import BadRequest
from django.db.models import Count, OuterRef, Subquery
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import truncatechars
from django.urls import URLPattern, path
from django.utils.formats import date_format, localize
from django.utils.text import capfirst
from django.utils.timezone import is_aware, localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from trackadmin.admin.action_form_screens import (
    AddActionScreen,
    ChangeActionScreen,
    DeleteActionScreen,
)
from trackadmin.admin.actions_screen import ActionsScreen, MoveActionScreen
from trackadmin.admin.add_model_screen import AddScreen
from trackadmin.admin.backfills_screen import BackfillsScreen
from trackadmin.admin.compare_screens import ChangelogScreen, CompareScreen
from trackadmin.admin.deliveries_screen import DeliveriesScreen
from trackadmin.admin.dictionary_screen import DictionaryFile, DictionaryScreen
from trackadmin.admin.effect_screen import EffectScreen
from trackadmin.admin.events_screen import EventsScreen
from trackadmin.admin.explain_event_screen import ExplainEventScreen
from trackadmin.admin.fix_screen import FixScreen
from trackadmin.admin.help_screen import HelpScreen
from trackadmin.admin.history_screens import (
    NOBODY,
    ActionHistoryScreen,
    ActionUndoScreen,
    BringBackActionScreen,
    BringBackScreen,
    MapHistoryScreen,
    ModelHistoryScreen,
    UndoScreen,
)
from trackadmin.admin.import_screen import ExportScreen, ImportScreen
from trackadmin.admin.list_query import check_list_query, check_search, refuse_missing_page
from trackadmin.admin.map_screens import MapScreen, MoveScreen
from trackadmin.admin.messages_screen import MessagesScreen
from trackadmin.admin.page_parameters import Unreadable
from trackadmin.admin.picture_screen import PictureScreen
from trackadmin.admin.presence_screens import ActionPresenceScreen, ModelPresenceScreen
from trackadmin.admin.preview_screens import PreviewScreen, SearchScreen
from trackadmin.admin.profile_screen import ProfileScreen
from trackadmin.admin.publish_screen import PublishScreen
from trackadmin.admin.quality_screen import QualityScreen
from trackadmin.admin.review_screens import (
    AskScreen,
    CommentScreen,
    DecideScreen,
    WithdrawScreen,
)
from trackadmin.admin.roll_back_screen import RollBackScreen
from trackadmin.admin.screen import AnyAdmin, Screen, refusal, view_of
from trackadmin.admin.start_screen import StartScreen
from trackadmin.admin.tracked_model_screens import ChangeScreen, DeleteScreen
from trackadmin.admin.tracked_object_screen import TrackedObjectScreen
from trackadmin.admin.try_url_screen import TryUrlScreen
from trackadmin.admin.undecided_screen import UndecidedScreen
from trackadmin.admin.unpublished_map_screens import AddMapScreen, DeleteMapScreen
from trackadmin.admin.usage_screen import UsageScreen
from trackadmin.admin.version_screens import (
    DocumentScreen,
    VersionDoor,
    VersionScreen,
    VersionsScreen,
)
from trackadmin.models import Delivery, MapVersion, TrackedAction, TrackedModel, TrackingMap


class ScreenAdmin(AnyAdmin):
    """Django's list and permissions, with our own pages instead of the automatic forms."""

    #: The path under the model's address, the end of its name, and the page.
    screens: tuple[tuple[str, str, type[Screen]], ...] = ()
    #: No action changes many rows at once: each edit is one editing call with its own history.
    actions = None
    #: The section of the handbook that its list leads to.
    help_section = "map"

    def get_urls(self) -> list[URLPattern]:
        """Our pages, and only the list of Django's own, unless the list is ours."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        ours = [
            path(route, view_of(screen, self), name=f"{name}_{page}")
            for route, page, screen in self.screens
        ]
        if any(url.name == f"{name}_changelist" for url in ours):
            return ours
        return ours + [url for url in super().get_urls() if url.name == f"{name}_changelist"]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Django's list with our title; a parameter that cannot be read is refused."""
        title = capfirst(self.opts.verbose_name_plural)
        try:
            check_list_query(request.GET, self)
        except Unreadable as unreadable:
            return refusal(self, request, unreadable)
        response = super().changelist_view(
            request,
            {"title": title, "help_section": self.help_section, **(extra_context or {})},
        )
        refuse_missing_page(response)
        return response

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """Refuse text that cannot be searched for, also in Django's own select boxes."""
        try:
            check_search(search_term)
        except Unreadable as unreadable:
            raise BadRequest(str(unreadable)) from unreadable
        return super().get_search_results(request, queryset, search_term)

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        """The first column is the link."""
        return list(list_display)[:1]


@admin.register(TrackingMap)
class TrackingMapAdmin(ScreenAdmin):
    """Maps: the list, and every page of a map."""

    list_display = ("name", "slug", "tracked", "live")
    ordering = ("name", "pk")
    search_fields = ("name", "slug", "description")
    screens = (
        ("add/", "add", AddMapScreen),
        ("help/", "help", HelpScreen),
        ("what-is-tracked/", "tracked", TrackedObjectScreen),
        ("<int:map_id>/change/", "change", MapScreen),
        ("<int:map_id>/delete/", "delete", DeleteMapScreen),
        ("<int:map_id>/history/", "history", MapHistoryScreen),
        ("<int:map_id>/history/<int:revision>/bring-back/", "bring_back", BringBackScreen),
        (
            "<int:map_id>/history/<int:revision>/bring-back-action/",
            "bring_back_action",
            BringBackActionScreen,
        ),
        ("<int:map_id>/move/", "move", MoveScreen),
        ("<int:map_id>/actions/", "actions", ActionsScreen),
        ("<int:map_id>/actions/move/", "move_action", MoveActionScreen),
        ("<int:map_id>/dictionary/", "dictionary", DictionaryScreen),
        ("<int:map_id>/dictionary/file/", "dictionary_file", DictionaryFile),
        ("<int:map_id>/events/", "events", EventsScreen),
        ("<int:map_id>/undecided/", "undecided", UndecidedScreen),
        ("<int:map_id>/picture/", "picture", PictureScreen),
        ("<int:map_id>/quality/", "quality", QualityScreen),
        ("<int:map_id>/usage/", "usage", UsageScreen),
        ("<int:map_id>/messages/", "messages", MessagesScreen),
        ("<int:map_id>/import/", "import", ImportScreen),
        ("<int:map_id>/export/", "export", ExportScreen),
        ("<int:map_id>/start/", "start", StartScreen),
        ("<int:map_id>/fix/", "fix", FixScreen),
        ("<int:map_id>/publish/", "publish", PublishScreen),
        ("<int:map_id>/publish/effect/", "effect", EffectScreen),
        ("<int:map_id>/publish/ask/", "ask_review", AskScreen),
        ("<int:map_id>/publish/comment/", "comment", CommentScreen),
        ("<int:map_id>/publish/decide/", "decide", DecideScreen),
        ("<int:map_id>/publish/withdraw/", "withdraw_review", WithdrawScreen),
        ("<int:map_id>/preview/", "preview", PreviewScreen),
        ("<int:map_id>/preview/search/", "search", SearchScreen),
        ("<int:map_id>/preview/url/", "try_url", TryUrlScreen),
        ("<int:map_id>/preview/event/", "explain_event", ExplainEventScreen),
        ("<int:map_id>/compare/", "compare", CompareScreen),
        ("<int:map_id>/compare/changelog/", "changelog", ChangelogScreen),
        ("<int:map_id>/versions/", "versions", VersionsScreen),
        ("<int:map_id>/versions/backfills/", "backfills", BackfillsScreen),
        ("<int:map_id>/versions/<int:number>/", "version", VersionScreen),
        ("<int:map_id>/versions/<int:number>/document.json", "document", DocumentScreen),
        ("<int:map_id>/versions/<int:number>/roll-back/", "roll_back", RollBackScreen),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        """The maps with what the list shows of them, in one query."""
        newest = MapVersion.objects.filter(map=OuterRef("pk")).order_by("-number")
        rows = super().get_queryset(request)
        return rows.annotate(
            tracked_count=Count("tracked_models"),
            live_number=Subquery(newest.values("number")[:1]),
            live_since=Subquery(newest.values("created_at")[:1]),
        )

    @admin.display(description=gettext_lazy("Tracked models"))
    def tracked(self, row: Any) -> str:
        """How many models the draft tracks."""
        return str(localize(row.tracked_count))

    @admin.display(description=gettext_lazy("Live"))
    def live(self, row: Any) -> str:
        """The live version and since when."""
        if row.live_number is None:
            return _("not published")
        since = localtime(row.live_since) if is_aware(row.live_since) else row.live_since
        return _("version %(number)s, since %(date)s") % {
            "number": row.live_number,
            "date": date_format(since),
        }


@admin.register(TrackedModel)
class TrackedModelAdmin(ScreenAdmin):
    """Tracked models of all maps, to search, and the pages of one."""

    list_display = ("prefix", "model_label", "map", "key", "owner")
    list_filter = ("map",)
    list_select_related = ("map",)
    search_fields = (
        "prefix",
        "model_label",
        "owner",
        "description",
        "attributes__name",
        "aggregates__name",
    )
    screens = (
        ("add/", "add", AddScreen),
        ("<int:object_id>/change/", "change", ChangeScreen),
        ("<int:object_id>/delete/", "delete", DeleteScreen),
        ("<int:object_id>/history/", "history", ModelHistoryScreen),
        ("<int:object_id>/history/<int:revision>/undo/", "undo", UndoScreen),
        ("<int:object_id>/presence/", "presence", ModelPresenceScreen),
        ("<int:object_id>/profile/", "profile", ProfileScreen),
    )


@admin.register(TrackedAction)
class TrackedActionAdmin(ScreenAdmin):
    """Actions of all maps, to search, and the pages of one."""

    help_section = "actions"
    list_display = ("name", "map", "state", "owner", "until")
    list_filter = ("map",)
    list_select_related = ("map",)
    search_fields = ("name", "owner", "description", "parameters__name")
    screens = (
        ("add/", "add", AddActionScreen),
        ("<int:object_id>/change/", "change", ChangeActionScreen),
        ("<int:object_id>/delete/", "delete", DeleteActionScreen),
        ("<int:object_id>/history/", "history", ActionHistoryScreen),
        ("<int:object_id>/presence/", "presence", ActionPresenceScreen),
        ("<int:object_id>/history/<int:revision>/undo/", "undo", ActionUndoScreen),
    )


@admin.register(MapVersion)
class MapVersionAdmin(ScreenAdmin):
    """Versions of all maps; they can only be read."""

    help_section = "versions"
    list_display = ("number", "map", "created_at", "who", "what_for")
    list_filter = ("map",)
    list_select_related = ("map", "author")
    search_fields = ("note", "digest")
    screens = (("<int:version_id>/change/", "change", VersionDoor),)

    def get_queryset(self, request: HttpRequest) -> Any:
        """The rows without the documents, which may be long."""
        return super().get_queryset(request).defer("document")

    @admin.display(description=gettext_lazy("Author"), ordering="author")
    def who(self, row: MapVersion) -> str:
        """The author's user name. The text of a user object is the host's code and may raise."""
        return row.author.get_username() if row.author else str(NOBODY)

    @admin.display(description=gettext_lazy("Note"), ordering="note")
    def what_for(self, row: MapVersion) -> str:
        """The beginning of the note."""
        return truncatechars(row.note, 120)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only a publish or a rollback makes a version."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A version is never changed."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A version is never deleted."""
        return False


@admin.register(Delivery)
class DeliveryAdmin(ScreenAdmin):
    """Deliveries to the sinks of the site: one page of ours in place of the list."""

    screens = (("", "changelist", DeliveriesScreen),)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only a worker makes one."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only ``trackadmin prune`` deletes one."""
        return False
