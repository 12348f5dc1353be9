"""The page of a profile: it shows only what the host's admin shows, and only when asked."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from tests import screens
from tests.host.models import Everything, Parcel, Place, PlaceProxy, TenantManager
from tests.maps import attribute, document, tracked
from tests.screens import map_page, model_page, person, registered
from trackadmin import editing
from trackadmin.admin import profile_screen
from trackadmin.admin.profile_screen import percent
from trackadmin.editing import profiling, table_sizes
from trackadmin.exceptions import TenantError
from trackadmin.models import MapVersion, TrackingMap

pytestmark = [*screens.MARKS, pytest.mark.usefixtures("quiet_profiles")]

MAP = document(
    Everything=tracked(
        "host.everything",
        ["slug", ("text", attribute("text", privacy="pseudonymised")), "status"],
        key="slug",
    ),
    Proxy=tracked("host.placeproxy", ["name"]),
    Parcel=tracked("host.parcel", ["tenant"]),
)
SHOW = "Show a profile of the data"


@pytest.fixture
def row():
    editing.import_document("default", MAP)
    for name in ("a", "b"):
        Everything.objects.create(
            slug=f"slug-{name}", text=f"text-{name}", contact=f"{name}@secret.example", flag=True
        )
    return TrackingMap.objects.get().tracked_models.get(prefix="Everything")


def staff(*models, personal=False):
    """A user who reads maps and may view objects of these models."""
    user = person("view_trackingmap", *(["view_personal_values"] if personal else []))
    names = [f"view_{model.__name__.lower()}" for model in models]
    user.user_permissions.add(
        *Permission.objects.filter(content_type__app_label="host", codename__in=names)
    )
    return user


def opened(client, row, page="profile", **query):
    response = client.get(model_page(page, row.pk), query)
    assert response.status_code == 200
    return response.content.decode()


def kept():
    """The profiles in the cache."""
    keys = (key.split(":", 2)[2] for key in cache._cache)
    return [cache.get(key) for key in [*keys] if key.startswith("trackadmin.profile")]


@pytest.fixture
def viewer(client):
    client.force_login(staff(Everything))
    return client


# What it shows -----------------------------------------------------------------------------------


def test_the_page_says_how_each_attribute_is_filled(viewer, row):
    html = re.sub(r"\s+", " ", opened(viewer, row))
    assert "From all 2 objects that you may view, read in" in html
    slug = html.partition('data-beside="Everything.slug"')[2].partition("</td>")[0]
    assert '<rect width="100"' in slug
    assert "100% filled" in slug
    assert "2 different values" in slug
    assert "slug-b" in slug
    flag = html.partition('data-beside="Everything.flag"')[2].partition("</td>")[0]
    assert "<span>Yes <strong>100%</strong></span>" in flag
    status = html.partition('data-beside="Everything.status"')[2].partition("</td>")[0]
    assert "<span>New <strong>100%</strong></span>" in status
    double = html.partition('data-beside="Everything.double"')[2].partition("</td>")[0]
    assert "the site’s code computes it" in double


def test_labels_are_in_the_language_of_the_reader_also_of_a_kept_profile(viewer, row):
    opened(viewer, row)
    with translation.override("de"):
        html = opened(viewer, row)
    assert "<span>Ja <strong>" in html


@pytest.mark.parametrize(
    ("part", "whole", "told"),
    [
        *((0, 0, "0%"), (0, 9, "0%"), (1, 1000, "less than 1%")),
        *((1, 3, "33%"), (999, 1000, "more than 99%"), (5, 5, "100%")),
    ],
)
def test_only_nothing_is_0_percent_and_only_all_is_100(part, whole, told):
    assert percent(part, whole) == told


def test_a_sample_says_of_how_many_it_is(viewer, row, monkeypatch):
    with override_settings(TRACKADMIN={"PROFILE_ROWS": 1}):
        html = opened(viewer, row)
        assert "From the last 1 of 2 objects" in html
        assert "at least 1 different value" in html
        monkeypatch.setattr(table_sizes, "MOST_COUNTED", 1)
        assert "From the last 1 of more than 1 objects" in opened(viewer, row, fresh=1)


def test_what_was_not_reached_is_said(viewer, row, monkeypatch):
    ticks = iter(range(0, 1_000_000, 100))
    monkeypatch.setattr(profiling, "monotonic", lambda: next(ticks))
    assert "The time was over before all was read" in opened(viewer, row)


def test_an_empty_table_is_said(viewer, row):
    Everything.objects.all().delete()
    assert "There are no objects that you may view." in opened(viewer, row)


def test_read_again_reads_again(viewer, row):
    opened(viewer, row)
    Everything.objects.create(slug="slug-new")
    html = opened(viewer, row)
    assert "slug-new" not in html
    assert f"{model_page('profile', row.pk)}?fresh=1" in html
    assert "slug-new" in opened(viewer, row, fresh=1)


# Who may see it ----------------------------------------------------------------------------------


def tells_nothing(html):
    assert not re.search(r"slug-[ab]|text-[ab]|secret|different value|filled", html)


def test_without_the_right_to_view_the_model_there_is_no_link_and_no_data(client, row):
    client.force_login(staff())
    assert SHOW not in opened(client, row, "change")
    with CaptureQueriesContext(connection) as sent:
        html = opened(client, row)
    assert "You may not view the objects of host.Everything" in html
    tells_nothing(html)
    assert "host_everything" not in str(sent.captured_queries)


def test_without_a_right_to_maps_there_is_no_page(client, row):
    user = User.objects.create_user("nobody", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_everything"))
    client.force_login(user)
    assert client.get(model_page("profile", row.pk)).status_code == 403


def test_personal_values_need_their_right_and_are_never_kept(client, row):
    for personal in (True, False, True):
        client.force_login(staff(Everything, personal=personal))
        html = opened(client, row)
        assert ("a@secret.example" in html) == personal
        assert ("text-a" in html) == personal  # not personal by its look: the map says so
        assert ("Values are hidden" in html) != personal
        assert "secret" not in str(kept())
    assert kept()


def test_rows_that_the_hosts_admin_does_not_list_are_never_summed_up(viewer, row):
    def get_queryset(self, request):
        return Everything.objects.filter(slug="slug-a")

    with registered(Everything, get_queryset=get_queryset):
        html = opened(viewer, row)
    assert "slug-a" in html
    assert "slug-b" not in html
    assert "From the only object that you may view" in html


def test_a_profile_is_kept_for_one_person(client, row):
    """The host's admin may list other rows for each."""

    def get_queryset(self, request):
        return Everything.objects.filter(slug=f"slug-{request.user.first_name}")

    with registered(Everything, get_queryset=get_queryset):
        for name, other in (("a", "b"), ("b", "a"), ("a", "b")):
            user = staff(Everything)
            user.first_name = name
            user.save()
            client.force_login(user)
            html = opened(client, row)
            assert f"slug-{name}" in html
            assert f"slug-{other}" not in html


def test_nobody_gets_what_was_kept_for_another(viewer, row):
    """Also where both have the same rows: a host may hide them in a way that no SQL shows."""
    opened(viewer, row)
    Everything.objects.create(slug="slug-new")
    assert "slug-new" not in opened(viewer, row)
    viewer.force_login(staff(Everything))
    assert "slug-new" in opened(viewer, row)


def test_a_profile_is_kept_for_one_tenant(viewer, row, monkeypatch):
    tenant = ["red"]
    monkeypatch.setattr(profile_screen, "place", lambda: tuple(tenant))
    opened(viewer, row)
    Everything.objects.create(slug="slug-new")
    assert "slug-new" not in opened(viewer, row)
    tenant[:] = ["blue"]
    assert "slug-new" in opened(viewer, row)


def test_without_a_place_nothing_is_kept(viewer, row, monkeypatch):
    def place():
        raise TenantError

    monkeypatch.setattr(profile_screen, "place", place)
    assert "slug-a" in opened(viewer, row)
    assert not kept()


def test_an_admin_that_decides_for_each_object_is_asked_about_each(viewer, row):
    def has_view_permission(self, request, obj=None):
        return obj is None or obj.slug == "slug-a"

    with registered(Everything, has_view_permission=has_view_permission):
        html = opened(viewer, row)
    assert "slug-a" in html
    assert "slug-b" not in html
    assert not kept()  # the answers may differ next time


def test_an_admin_that_raises_permits_nothing(viewer, row, caplog):
    def has_view_permission(self, request, obj=None):
        if obj is not None:
            raise RuntimeError(obj.text)
        return True

    with registered(Everything, has_view_permission=has_view_permission):
        tells_nothing(opened(viewer, row).replace("is filled if", ""))

    def raises(self, request, *args):
        raise RuntimeError("text-a")

    with registered(Everything, get_queryset=raises):
        html = opened(viewer, row)
    assert "The list of host.Everything raised RuntimeError" in html
    tells_nothing(html)


def test_a_manager_that_raises_is_told(client, row, monkeypatch, caplog):
    def raises(self):
        raise RuntimeError("secret")

    client.force_login(staff(Parcel))
    monkeypatch.setattr(TenantManager, "get_queryset", raises)
    parcel = TrackingMap.objects.get().tracked_models.get(prefix="Parcel")
    html = opened(client, parcel)
    assert "The list of host.Parcel raised RuntimeError" in html
    tells_nothing(html)


def test_the_admin_of_a_parent_hides_rows_of_a_model_without_one(client, row):
    """A proxy shows the very rows that the admin of the model behind it hides."""
    Place.objects.create(name="seen")
    Place.objects.create(name="unseen")
    proxy = TrackingMap.objects.get().tracked_models.get(prefix="Proxy")
    client.force_login(staff(Place, PlaceProxy))

    def get_queryset(self, request):
        return Place.objects.filter(name="seen")

    with registered(Place, get_queryset=get_queryset):
        html = opened(client, proxy)
    assert "&quot;seen&quot;" in html
    assert "unseen" not in html


# Never holding up another page, and writing nothing ----------------------------------------------


def test_the_tracked_models_page_sends_no_query_for_it(client, row):
    counts = {}
    client.force_login(staff(Everything))
    opened(client, row, "change")  # the theme and the content types are kept from here on
    for user in (staff(), staff(Everything)):
        client.force_login(user)
        with CaptureQueriesContext(connection) as sent:
            html = opened(client, row, "change")
        counts[SHOW in html] = len(sent)
        assert "host_everything" not in str(sent.captured_queries)
    assert counts[True] == counts[False]


def test_the_link_leads_to_the_part_that_it_shows_in_place(viewer, row):
    place = f'data-into="profile-{row.pk}"'
    html = opened(viewer, row, "change")
    assert f'href="{model_page("profile", row.pk)}" {place}' in html
    assert f'id="profile-{row.pk}"' in html
    assert 'data-profile-of="Everything.slug"' in html
    profile = opened(viewer, row)
    assert f'id="profile-{row.pk}"' in profile
    assert 'data-beside="Everything.slug"' in profile
    assert "data-profile-of" not in profile


def test_the_undecided_page_has_the_same_links_for_those_who_may_view(client, row):
    for user, there in ((staff(Everything), True), (staff(), False)):
        client.force_login(user)
        html = client.get(map_page("undecided", row.map_id)).content.decode()
        assert (f'href="{model_page("profile", row.pk)}"' in html) == there
        assert ('data-profile-of="Everything.integer"' in html) == there
        assert 'data-profile-of="Everything.slug"' not in html  # decided


def test_a_profile_writes_nothing(viewer, row):
    def get(**query):
        with CaptureQueriesContext(connection) as sent:
            opened(viewer, row, **query)
        return [q["sql"] for q in sent.captured_queries]

    get()  # the theme writes its own row once
    version, seen = MapVersion.objects.count(), row.lock_version
    for sql in get(fresh=1):
        assert sql.startswith(("SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK", "DECLARE", "FETCH"))
    row.refresh_from_db()
    assert (MapVersion.objects.count(), row.lock_version) == (version, seen)
    assert viewer.post(model_page("profile", row.pk)).status_code in (403, 405)


def test_a_model_that_the_code_lost_has_no_profile(admin_client, row):
    type(row).objects.filter(pk=row.pk).update(model_label="host.gone")
    html = opened(admin_client, row)
    assert "host.gone" in html
    assert SHOW not in opened(admin_client, row, "change")
