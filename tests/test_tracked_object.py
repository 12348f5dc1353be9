"""The page about an object of the host: what goes out of it now, which entry makes each name."""

import pytest
from django.contrib import admin
from django.contrib.admin import AdminSite
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import path, reverse

from demo.models import CompanyAccount, Country
from tests import screens
from tests.drafts import everything
from tests.host.models import Order, Person, Place, PlaceProxy, Profile, Restaurant
from tests.maps import attribute, document, tracked
from tests.screens import map_page, model_page, person, registered, without_the_theme
from tests.test_admin_pages import inline_code
from tests.test_admin_preview_rights import CHAIN, MAP, NAMES, staff
from tests.wide.models import Grid
from trackadmin import editing
from trackadmin.admin.registry import TrackedModelAdmin, TrackingMapAdmin
from trackadmin.models import MapVersion, TrackedModel, TrackingMap

pytestmark = screens.MARKS


@pytest.fixture
def published():
    editing.import_document("default", MAP)
    editing.publish("default", by=None)
    return TrackingMap.objects.get()


@pytest.fixture
def order(published):
    someone = Person.objects.create(name=CHAIN[Person])
    Profile.objects.create(person=someone, nickname=CHAIN[Profile])
    return Order.objects.create(number=CHAIN[Order], person=someone)


def asked(client, obj, model=None, key=None):
    model = model or type(obj)
    query = {"model": model._meta.label_lower, "object": str(obj.pk) if key is None else key}
    return client.get(map_page("tracked"), query)


def rows_of(response):
    return {row.name: row for section in response.context["sections"] for row in section.rows}


def publish(**models):
    editing.import_document("default", document(**models))
    editing.publish("default", by=None)


# What it shows ------------------------------------------------------------------------------------


def test_each_name_with_its_value_its_path_and_its_entry(admin_client, published, order):
    response = asked(admin_client, order)
    rows = rows_of(response)
    assert rows["Order_number"].value == f'"{order.number}"'
    nickname = rows["Profile_nickname"]
    assert (nickname.value, nickname.path) == ('"profile-secret"', "Order.person.profile.nickname")
    assert nickname.prefix == "Profile"
    page = model_page("change", published.tracked_models.get(prefix="Profile").pk)
    assert nickname.address == page
    html = response.content.decode()
    assert f'href="{page}"' in html
    assert "?Order__number=order-secret" in html
    assert "Version 1" in html


def test_an_entry_under_another_prefix_is_found(admin_client):
    """A count, a prefixed child, an attribute with another name, and a description."""
    said = attribute("name", description="What it is called.")
    publish(
        Order=tracked("host.order", ["number"], [("person", "Customer")]),
        Person=tracked("host.person", [("called", said)]),
    )
    someone = Person.objects.create(name="Ann")
    response = asked(admin_client, Order.objects.create(number="A-1", person=someone))
    row = rows_of(response)["Customer_called"]
    assert (row.prefix, row.path, row.value) == ("Person", "Order.person.called", '"Ann"')
    assert "What it is called." in response.content.decode()


def test_it_shows_what_is_live_and_not_the_draft(admin_client, order):
    """A tracked model that the draft has no more is shown without a link."""
    row = TrackingMap.objects.get().tracked_models.get(prefix="Order")
    editing.delete_tracked_model(row)
    rows = rows_of(asked(admin_client, order))
    assert rows["Order_number"].address == ""
    assert rows["Person_name"].address


def test_personal_values_are_shown_as_they_go_out(admin_client):
    pseudonym = attribute("name", privacy="pseudonymised")
    dropped = attribute("nickname", privacy="dropped")
    publish(
        Person=tracked("host.person", ["id", ("name", pseudonym)], ["profile"]),
        Profile=tracked("host.profile", ["id", ("nickname", dropped)]),
    )
    someone = Person.objects.create(name="Ann Secret")
    Profile.objects.create(person=someone, nickname="Annie Secret")
    response = asked(admin_client, someone)
    assert rows_of(response)["Person_name"].value.startswith('"default:')
    assert "Profile_nickname" not in rows_of(response)
    html = response.content.decode().replace("Ann Secret</a>", "")  # the object's own text
    assert "Annie Secret" not in html


def test_every_published_map_has_a_section(admin_client, order):
    other = editing.add_map(name="Second", slug="second", description="", by=None)
    editing.import_document(other, document(Bought=tracked("host.order", ["number"])))
    response = asked(admin_client, order)
    html = response.content.decode()
    assert "in the draft, but not live" in html
    assert model_page("change", other.tracked_models.get().pk) in html
    editing.publish(other, by=None)
    response = asked(admin_client, order)
    assert len(response.context["sections"]) == 2
    assert rows_of(response)["Bought_number"].value == '"order-secret"'
    assert not response.context["elsewhere"]


def test_what_no_map_tracks_can_be_added_by_who_may(client, published):
    company = CompanyAccount.objects.create(name="The company")
    user = person("view_trackingmap")
    viewing = Permission.objects.get(codename="view_companyaccount")
    user.user_permissions.add(viewing)
    client.force_login(user)
    html = asked(client, company).content.decode()
    assert "No published map tracks this object" in html
    add = f"?map={published.pk}&amp;model=demo.companyaccount"
    assert add not in html
    user.user_permissions.add(Permission.objects.get(codename="add_trackedmodel"))
    assert add in asked(client, company).content.decode()


def test_before_the_first_publish_it_says_so(admin_client):
    country = Country.objects.create(code="DE", name="Germany")
    html = asked(admin_client, country).content.decode()
    assert "No published map tracks this object" in html
    assert "?map=" in html


def test_a_live_version_that_cannot_be_read_is_told(admin_client, order):
    version = MapVersion.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE trackadmin_mapversion SET document = '{}'")
    html = asked(admin_client, order).content.decode()
    assert f"The live version {version.number} cannot be read" in html
    assert CHAIN[Profile] not in html


# Who sees what ------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", [Person, Profile])
def test_what_may_not_be_viewed_is_hidden_with_what_is_behind_it(client, order, missing):
    client.force_login(staff(*CHAIN.keys() - {missing}))
    response = asked(client, order)
    html = response.content.decode()
    below = [*CHAIN][[*CHAIN].index(missing) :]
    for model, secret in CHAIN.items():
        assert (secret in html) == (model not in below), model
        assert rows_of(response)[NAMES[model]].shown == (model not in below)
    assert f"{missing._meta.label}" in html


def test_each_map_says_what_it_hides_itself(client, order):
    """What was read for one map is not read again for the next one, and hidden just the same."""
    for slug, children in [("a", ["person"]), ("b", []), ("c", ["person"])]:
        other = editing.add_map(name=slug, slug=slug, description="", by=None)
        models = {"Person": tracked("host.person", [("name", attribute("name", privacy="sent"))])}
        models["Order"] = tracked("host.order", ["number"], children)
        editing.import_document(other, document(**models))
        editing.publish(other, by=None)
    client.force_login(staff(Order))
    sections = asked(client, order).context["sections"]
    found = {each.version.map.slug: each.hidden for each in sections}
    assert found.pop("default")
    assert found == {"a": ("host.Person",), "b": (), "c": ("host.Person",)}


def test_an_object_that_may_not_be_viewed_is_like_one_that_does_not_exist(client, order):
    client.force_login(staff(Person, Profile))
    refused = asked(client, order)
    missing = asked(client, order, key="nothing")
    assert refused.status_code == missing.status_code == 404
    assert CHAIN[Order] not in refused.content.decode()


def test_the_hosts_admin_decides_object_by_object(client, admin_user, order):
    """Also for a superuser: by the list, by the object, and by an error in either."""

    def nothing(self, request):
        return admin.ModelAdmin.get_queryset(self, request).none()

    def no(self, request, obj=None):
        return obj is None

    def fails(self, request):
        raise ValueError(CHAIN[Order])

    client.force_login(admin_user)
    for members in ({"get_queryset": nothing}, {"has_view_permission": no}):
        with registered(Order, **members):
            assert asked(client, order).status_code == 404
    with registered(Order, get_queryset=fails):
        html = asked(client, order).content.decode()
    assert "raised ValueError" in html
    assert CHAIN[Order] not in html


@pytest.mark.parametrize("codenames", [(), ("view_trackedmodel", "change_trackedmodel")])
def test_it_is_for_people_who_may_view_tracking_maps(client, order, codenames):
    user = person(*codenames)
    user.user_permissions.add(
        Permission.objects.get(codename="view_order", content_type__app_label="host")
    )
    client.force_login(user)
    assert asked(client, order).status_code == 403


@pytest.mark.parametrize(
    ("model", "status"), [("host.nothing", 404), ("", 404), ("x", 404), ("sessions.session", 404)]
)
def test_a_model_that_no_map_can_track_has_no_page(admin_client, model, status):
    found = admin_client.get(map_page("tracked"), {"model": model, "object": "1"})
    assert found.status_code == status


# Keys and classes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["a/b?c=d&e", "_5F", "ä ö", "100%"])
def test_any_text_as_a_key(admin_client, published, number):
    order = Order.objects.create(number=number)
    with registered(Order):
        response = asked(admin_client, order)
    assert rows_of(response)["Order_number"]


def test_a_uuid_as_a_key(admin_client, published):
    someone = Person.objects.create(name="Ann")
    assert rows_of(asked(admin_client, someone))["Person_name"].value == '"Ann"'
    assert asked(admin_client, someone, key="no uuid").status_code == 404


def test_a_key_of_two_columns(admin_client):
    publish(Grid=tracked("wide.grid", ["north"]))
    grid = Grid.objects.create(north=3, east=4)
    assert rows_of(asked(admin_client, grid, key="[3, 4]"))["Grid_north"].value == "3"
    assert asked(admin_client, grid, key="3").status_code == 404


def test_a_proxy_and_a_child_are_what_their_parent_is_tracked_as(admin_client, settings):
    """Also where only the parent is offered; then the parent can be added."""
    settings.TRACKADMIN = {"MODELS": ["host.Place"]}
    publish(Place=tracked("host.place", ["name"]))
    restaurant = Restaurant.objects.create(name="Inn", stars=3)
    for model in (Restaurant, PlaceProxy, Place):
        response = asked(admin_client, restaurant, model=model)
        assert rows_of(response)["Place_name"].value == '"Inn"', model
    other = editing.add_map(name="Second", slug="second", description="", by=None)
    html = asked(admin_client, restaurant).content.decode()
    assert f"?map={other.pk}&amp;model=host.place" in html


def test_it_leads_back_to_the_object(admin_client):
    company = CompanyAccount.objects.create(name="A & B")
    back = reverse("admin:demo_companyaccount_change", args=[company.pk])
    html = asked(admin_client, company).content.decode()
    assert html.count(f'href="{back}"') == 2  # in the breadcrumbs too
    assert "A &amp; B" in html


office = AdminSite(name="office")
office.register(TrackingMap, TrackingMapAdmin)
office.register(TrackedModel, TrackedModelAdmin)
office.register(CompanyAccount)
urlpatterns = [path("admin/", admin.site.urls), path("office/", office.urls)]


def test_another_admin_site_links_to_its_own_pages(admin_client, settings):
    settings.ROOT_URLCONF = __name__
    company = CompanyAccount.objects.create(name="The company")
    page = reverse("admin:trackadmin_trackingmap_tracked", current_app="office")
    assert page.startswith("/office/")
    html = admin_client.get(
        page, {"model": "demo.companyaccount", "object": company.pk}
    ).content.decode()
    assert f'href="/office/demo/companyaccount/{company.pk}/change/"' in html


# What it costs ------------------------------------------------------------------------------------


def test_looking_writes_nothing(admin_client, order):
    asked(admin_client, order)  # the theme makes its own row on the first page
    before = everything()
    with CaptureQueriesContext(connection) as captured:
        asked(admin_client, order)
    verbs = {query["sql"].split()[0] for query in captured}
    assert verbs <= {"SELECT", "SAVEPOINT", "RELEASE", "ROLLBACK"}
    assert everything() == before
    assert admin_client.post(map_page("tracked")).status_code in (403, 405)


def test_the_queries_do_not_grow_with_the_maps(admin_client, order):
    """Neither with the models of a map nor with the number of maps that track the object."""
    asked(admin_client, order)
    with CaptureQueriesContext(connection) as few:
        asked(admin_client, order)
    labels = {f"M{n}": tracked(label) for n, label in enumerate(["host.place", "demo.product"])}
    for number in range(3):
        other = editing.add_map(name=f"M{number}", slug=f"m{number}", description="", by=None)
        editing.import_document(other, document(Bought=tracked("host.order", ["number"]), **labels))
        editing.publish(other, by=None)
    with CaptureQueriesContext(connection) as many:
        asked(admin_client, order)
    assert len(many) == len(few)


def test_it_holds_no_inline_code(admin_client, order):
    with without_the_theme():
        assert inline_code(asked(admin_client, order).content.decode()) == []
