"""What the tests of the admin's pages share: users, addresses, and filling in a page's form."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import django
import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.test import override_settings
from django.urls import reverse
from django.utils.text import capfirst

from tests.maps import EXAMPLE
from trackadmin import editing
from trackadmin.document import ActionEntry
from trackadmin.models import MapVersion, TrackingMap

MARKS = [
    pytest.mark.django_db,
    # The theme's own chooser asks for a middleware that the test host does not have.
    pytest.mark.filterwarnings("ignore:Language chooser"),
]


def published_example():
    """The contract's example, published as version 1; the draft is the same."""
    editing.import_document("default", EXAMPLE)
    editing.publish("default", by=None, note="First.")
    return TrackingMap.objects.get(slug="default")


def edit(tracking_map, prefix, **fields):
    """Change a tracked model in the draft as somebody else would."""
    entry = editing.build_document(tracking_map).models[prefix]
    row = tracking_map.tracked_models.get(prefix=prefix)
    return editing.save_tracked_model(
        tracking_map, prefix, replace(entry, **fields), tracked_model=row
    ).row


def person(*codenames, staff=True):
    """A user with these permissions on trackadmin's models, and no other."""
    name = f"user{User.objects.count()}"
    user = User.objects.create_user(name, password=name, is_staff=staff)
    wanted = Permission.objects.filter(content_type__app_label="trackadmin", codename__in=codenames)
    assert len(wanted) == len(codenames), codenames
    user.user_permissions.set(wanted)
    return user


def client_of(client, *codenames):
    client.force_login(person(*codenames))
    return client


class OfObjects:
    """A backend that gives permissions for objects, as django-guardian's does."""

    shown = frozenset()

    def authenticate(self, request, **credentials):
        return None

    def has_perm(self, user, perm, obj=None):
        return obj is not None and obj.pk in self.shown and perm.startswith("host.view_")


@contextmanager
def registered(model, **members):
    """The model in the host's admin for a while, with these methods."""
    # Not on the index: the addresses of the site are made already.
    members = {"has_module_permission": lambda self, request: False, **members}
    admin.site.register(model, type("HostAdmin", (admin.ModelAdmin,), members))
    try:
        yield admin.site.get_model_admin(model)
    finally:
        admin.site.unregister(model)


def without_the_theme():
    """The test host's templates with Django's own frame in place of the theme's."""
    folder = Path(django.__file__).parent / "contrib/admin/templates"
    frame = {"admin/base_site.html": (folder / "admin/base_site.html").read_text()}
    options = settings.TEMPLATES[0]["OPTIONS"]
    loaders = [
        ("django.template.loaders.locmem.Loader", frame),
        "django.template.loaders.filesystem.Loader",
        "django.template.loaders.app_directories.Loader",
    ]
    kept = [("django.template.loaders.cached.Loader", loaders)]
    changed = {**settings.TEMPLATES[0], "OPTIONS": {**options, "loaders": kept}}
    changed["APP_DIRS"] = False
    return override_settings(TEMPLATES=[changed])


def map_page(page, *args):
    return reverse(f"admin:trackadmin_trackingmap_{page}", args=args)


def model_page(page, *args):
    return reverse(f"admin:trackadmin_trackedmodel_{page}", args=args)


def action_page(page, *args):
    return reverse(f"admin:trackadmin_trackedaction_{page}", args=args)


def some_actions(row):
    """An action that was edited once, and the edit that deleted another one, called gone."""
    known = row.actions.filter(name="signup").first()
    if known is None:
        kept = ActionEntry("Signup.", brings={"User": "required"})
        known = editing.save_action(row, "signup", kept).row
        editing.save_action(row, "signup", replace(kept, owner="Owner1"), action=known)
        known.refresh_from_db()
    if not (deletions := [e for e in editing.history(row) if e.deleted_actions]):
        editing.delete_action(editing.save_action(row, "gone", ActionEntry()).row)
        deletions = editing.history(row, limit=1)
    return known, deletions[0].revision


#: What only takes a form, and leads to another page.
POSTED = {
    "trackingmap_move",
    "trackingmap_move_action",
    "trackingmap_fix",
    "trackingmap_ask_review",
    "trackingmap_decide",
    "trackingmap_withdraw_review",
}
#: Files.
DOWNLOADS = {
    "trackingmap_changelog",
    "trackingmap_dictionary_file",
    "trackingmap_document",
    "trackingmap_export",
}
#: No page that a person opens: these, a redirect, and what scripts ask for.
NO_PAGES = {
    *POSTED,
    *DOWNLOADS,
    "mapversion_change",
    "trackingmap_search",
    "trackedmodel_presence",
    "trackedaction_presence",
}


def pages_of(row, *, version=1):
    """Every address of ours by the end of its name, with a valid path.

    A map whose model CompanyAccount was deleted; a test says that none is missing.
    """
    pk, model = row.pk, row.tracked_models.get(prefix="User")
    edits = editing.history(model)
    deletion = next(e for e in editing.history(row) if e.deleted)
    action, action_deletion = some_actions(row)
    first = editing.history(action)[-1].revision
    return {
        "trackingmap_add": map_page("add"),
        "trackingmap_help": map_page("help"),
        "trackingmap_tracked": map_page("tracked"),
        "trackingmap_change": map_page("change", pk),
        "trackingmap_delete": map_page("delete", pk),
        "trackingmap_history": map_page("history", pk),
        "trackingmap_bring_back": map_page("bring_back", pk, deletion.revision),
        "trackingmap_bring_back_action": map_page("bring_back_action", pk, action_deletion),
        "trackingmap_move": map_page("move", pk),
        "trackingmap_actions": map_page("actions", pk),
        "trackingmap_move_action": map_page("move_action", pk),
        "trackingmap_dictionary": map_page("dictionary", pk),
        "trackingmap_dictionary_file": map_page("dictionary_file", pk),
        "trackingmap_events": map_page("events", pk),
        "trackingmap_undecided": map_page("undecided", pk),
        "trackingmap_picture": map_page("picture", pk),
        "trackingmap_quality": map_page("quality", pk),
        "trackingmap_usage": map_page("usage", pk),
        "trackingmap_import": map_page("import", pk),
        "trackingmap_export": map_page("export", pk),
        "trackingmap_messages": map_page("messages", pk),
        "trackingmap_start": map_page("start", pk),
        "trackingmap_fix": map_page("fix", pk),
        "trackingmap_publish": map_page("publish", pk),
        "trackingmap_effect": map_page("effect", pk),
        "trackingmap_ask_review": map_page("ask_review", pk),
        "trackingmap_comment": map_page("comment", pk),
        "trackingmap_decide": map_page("decide", pk),
        "trackingmap_withdraw_review": map_page("withdraw_review", pk),
        "trackingmap_preview": map_page("preview", pk),
        "trackingmap_try_url": map_page("try_url", pk),
        "trackingmap_explain_event": map_page("explain_event", pk),
        "trackingmap_search": map_page("search", pk),
        "trackingmap_compare": map_page("compare", pk),
        "trackingmap_changelog": map_page("changelog", pk),
        "trackingmap_versions": map_page("versions", pk),
        "trackingmap_backfills": map_page("backfills", pk),
        "trackingmap_version": map_page("version", pk, version),
        "trackingmap_document": map_page("document", pk, version),
        "trackingmap_roll_back": map_page("roll_back", pk, version),
        "trackingmap_changelist": map_page("changelist"),
        "trackedmodel_add": model_page("add"),
        "trackedmodel_change": model_page("change", model.pk),
        "trackedmodel_delete": model_page("delete", model.pk),
        "trackedmodel_history": model_page("history", model.pk),
        "trackedmodel_undo": model_page("undo", model.pk, edits[-1].revision),
        "trackedmodel_presence": model_page("presence", model.pk),
        "trackedmodel_profile": model_page("profile", model.pk),
        "trackedmodel_changelist": model_page("changelist"),
        "trackedaction_add": action_page("add"),
        "trackedaction_change": action_page("change", action.pk),
        "trackedaction_delete": action_page("delete", action.pk),
        "trackedaction_history": action_page("history", action.pk),
        "trackedaction_presence": action_page("presence", action.pk),
        "trackedaction_undo": action_page("undo", action.pk, first),
        "trackedaction_changelist": action_page("changelist"),
        "delivery_changelist": reverse("admin:trackadmin_delivery_changelist"),
        "mapversion_changelist": reverse("admin:trackadmin_mapversion_changelist"),
        "mapversion_change": reverse(
            "admin:trackadmin_mapversion_change", args=[MapVersion.objects.get(number=version).pk]
        ),
    }


def filled(form, **changes):
    """What a browser sends for a tracked model's form, with these changes.

    A changed field that is None is not sent, as a box that is not ticked.
    """
    sent = {}
    for each in form._forms():
        for field in each:
            value = field.value()
            if value is True:
                sent[field.html_name] = "on"
            elif value not in (None, False):
                sent[field.html_name] = value
    sent["map"] = "1"
    sent["model"] = form.entry.model
    sent |= changes
    return {name: value for name, value in sent.items() if value is not None}


def said(response):
    """The messages that the next page shows.

    Django gives each a capital letter, so none begins with a name, which would be another then.
    """
    messages = [str(message) for message in response.context["messages"]]
    assert messages == [*map(capfirst, messages)]
    return messages
