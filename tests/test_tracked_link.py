"""The link "What is tracked" on the host's own pages: who sees it, and that it costs nothing."""

from pathlib import Path

import django
import pytest
from django.conf import settings as site
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.template import Context, Template
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse

from demo.models import CompanyAccount
from tests import screens
from tests.host.models import Order, Place, Restaurant
from tests.screens import map_page, person, registered
from tests.wide.models import Grid
from trackadmin import editing
from trackadmin.admin.registry import TrackedModelAdmin, TrackingMapAdmin
from trackadmin.codes import FaultCode
from trackadmin.models import TrackedModel, TrackingMap
from trackadmin.runtime import fault_counts
from trackadmin.templatetags import trackadmin as tags
from trackadmin.testing import reset

pytestmark = screens.MARKS

LINK = "What is tracked"
OURS = ("view_trackingmap",)


@pytest.fixture
def company():
    return CompanyAccount.objects.create(name="A & B")


def page_of(obj, name="admin"):
    meta = obj._meta
    return reverse(
        f"admin:{meta.app_label}_{meta.model_name}_change", args=[obj.pk], current_app=name
    )


def staff(*codenames, ours=OURS):
    """A user with these permissions on the host's models, and these on tracking maps."""
    user = person(*ours)
    user.user_permissions.add(*Permission.objects.filter(codename__in=codenames))
    return user


def shown(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def with_templates(**replaced):
    """The host's templates with some of them replaced."""
    options = site.TEMPLATES[0]["OPTIONS"]
    loaders = [
        ("django.template.loaders.locmem.Loader", replaced.pop("given")),
        "django.template.loaders.filesystem.Loader",
        "django.template.loaders.app_directories.Loader",
    ]
    changed = {**site.TEMPLATES[0], "OPTIONS": {**options, "loaders": loaders}, "APP_DIRS": False}
    return override_settings(TEMPLATES=[changed])


def djangos_own():
    """The object's tools as Django makes them, without our template."""
    folder = Path(django.__file__).parent / "contrib/admin/templates/admin"
    return (folder / "change_form_object_tools.html").read_text()


# Who sees it --------------------------------------------------------------------------------------


def test_it_leads_to_the_page_about_the_object(admin_client, company):
    html = shown(admin_client, page_of(company))
    address = f"{map_page('tracked')}?model=demo.companyaccount&amp;object={company.pk}"
    assert html.count(f'href="{address}"') == 1
    assert 'class="historylink"' in html
    assert admin_client.get(address.replace("&amp;", "&")).status_code == 200


@pytest.mark.parametrize("host", ["view_companyaccount", "change_companyaccount"])
@pytest.mark.parametrize("ours", ["view_trackingmap", "change_trackingmap"])
def test_who_may_view_the_object_and_tracking_maps_sees_it(client, company, host, ours):
    client.force_login(staff(host, ours=[ours]))
    assert LINK in shown(client, page_of(company))


@pytest.mark.parametrize("ours", [(), ("add_trackingmap", "view_trackedmodel")])
def test_who_may_not_view_tracking_maps_does_not_see_it(client, company, ours):
    client.force_login(staff("change_companyaccount", ours=ours))
    html = shown(client, page_of(company))
    assert 'class="historylink"' in html
    assert LINK not in html


def test_a_new_object_and_a_popup_have_none(admin_client, company):
    assert LINK not in shown(admin_client, reverse("admin:demo_companyaccount_add"))
    assert LINK not in shown(admin_client, page_of(company) + "?_popup=1")


def test_a_model_that_no_map_can_track_has_none(admin_client, company, settings):
    settings.TRACKADMIN = {"EXCLUDE": ["demo.CompanyAccount"]}
    assert LINK not in shown(admin_client, page_of(company))


def test_a_child_of_a_model_that_can_be_tracked_has_one(settings):
    settings.TRACKADMIN = {"MODELS": ["host.Place"]}
    inn = Restaurant.objects.create(name="Inn", stars=1)
    assert "model=host.restaurant" in rendered(inn)


@pytest.mark.parametrize("number", ["a/b?c=d&e", "_5F", '"><script>'])
def test_any_key_is_written_so_that_it_is_found_again(admin_client, number):
    order = Order.objects.create(number=number)
    html = rendered(order)
    assert "<script>" not in html
    address = html.split('href="')[1].split('"')[0].replace("&amp;", "&")
    found = admin_client.get(address)
    assert found.status_code == 200
    assert found.context["facts"].model is Order


def test_a_key_of_two_columns_is_found_again(admin_client):
    html = rendered(Grid.objects.create(north=3, east=4))
    address = html.split('href="')[1].split('"')[0].replace("&amp;", "&")
    assert admin_client.get(address).status_code == 200


# What it costs ------------------------------------------------------------------------------------


def queries_of(client, address):
    client.get(address)  # the theme makes its own row on the first page
    with CaptureQueriesContext(connection) as captured:
        html = shown(client, address)
    return len(captured), html


@pytest.mark.parametrize("who", ["superuser", "product team", "view only", "not ours"])
def test_it_costs_the_hosts_page_no_query(client, admin_user, company, who):
    """In a fresh process, with a published map: nothing is looked up to show the link."""
    editing.publish("default", by=None)
    users = {
        "superuser": lambda: admin_user,
        "product team": lambda: staff("change_companyaccount"),
        "view only": lambda: staff("view_companyaccount"),
        "not ours": lambda: staff("change_companyaccount", ours=()),
    }
    client.force_login(users[who]())
    reset()
    ours, html = queries_of(client, page_of(company))
    assert (LINK in html) == (who != "not ours")
    with with_templates(given={"admin/change_form_object_tools.html": djangos_own()}):
        without, html = queries_of(client, page_of(company))
    assert LINK not in html
    assert ours == without


# It never breaks the page -------------------------------------------------------------------------


class Broken:
    """What raises whatever it is asked for."""

    def __getattr__(self, name):
        raise RuntimeError("secret of the host")


@pytest.mark.parametrize("broken", ["catalog", "reverse", "key_text"])
def test_an_error_leaves_the_page_as_it_is(admin_client, company, monkeypatch, caplog, broken):
    """It is counted, and the log has no text of the error."""
    reset()

    def fails(*args, **kwargs):
        raise RuntimeError("secret of the host")

    monkeypatch.setattr(tags, broken, fails)
    html = shown(admin_client, page_of(company))
    assert 'class="historylink"' in html
    assert LINK not in html
    assert fault_counts() == {FaultCode.LINK_FAILED: 1}
    assert "secret of the host" not in caplog.text
    reset()


@pytest.mark.parametrize("strict", [True, False])
def test_it_raises_in_no_mode(strict, settings):
    settings.TRACKADMIN = {"STRICT": strict}
    for context in ({"request": Broken(), "opts": Broken(), "original": Broken()}, {}):
        assert Template(TAG).render(Context(context)).strip() == ""
    reset()


office = AdminSite(name="office")
office.register(TrackingMap, TrackingMapAdmin)
office.register(TrackedModel, TrackedModelAdmin)
office.register(CompanyAccount)
plain = AdminSite(name="plain")
plain.register(CompanyAccount)
urlpatterns = [
    path("admin/", admin.site.urls),
    path("office/", office.urls),
    path("plain/", plain.urls),
]


def test_each_admin_site_links_to_its_own_page_and_one_without_ours_to_none(
    admin_client, company, settings
):
    settings.ROOT_URLCONF = __name__
    assert 'href="/office/trackadmin/trackingmap/what-is' in shown(
        admin_client, page_of(company, "office")
    )
    assert 'href="/admin/trackadmin/trackingmap/what-is' in shown(
        admin_client, page_of(company, "admin")
    )
    reset()
    html = shown(admin_client, page_of(company, "plain"))
    assert 'class="historylink"' in html
    assert LINK not in html
    assert fault_counts() == {}  # nothing is wrong with such a site


def test_a_template_of_the_hosts_own_keeps_its_tools(admin_client):
    """It is extended; one that is not reached by ours uses the tag."""
    with registered(Place):
        inn = Place.objects.create(name="Inn")
    assert rendered(inn).startswith("<li><a href=")
    given = {"admin/change_form_object_tools.html": "{% load trackadmin %}Mine" + TAG}
    company = CompanyAccount.objects.create(name="Another")
    with with_templates(given=given):
        html = shown(admin_client, page_of(company))
    assert "Mine<li>" in html
    assert html.count(LINK) == 1


TAG = "{% load trackadmin %}{% what_is_tracked %}"


class Request:
    """A request of somebody who may do everything."""

    current_app = "admin"
    user = User(is_superuser=True, is_active=True)


def rendered(obj):
    """The tag on the page of this object."""
    context = {"request": Request(), "opts": obj._meta, "original": obj}
    return Template(TAG).render(Context(context))
