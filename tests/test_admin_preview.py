"""Preview: the draft compared with live on a real object that the user may view."""

import json

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User

from demo.models import BuyerProfile, CompanyAccount
from tests import screens
from tests.host.models import Place
from tests.maps import tracked
from tests.screens import client_of, edit, map_page, published_example
from trackadmin import editing
from trackadmin.document import AttributeEntry

pytestmark = screens.MARKS


@pytest.fixture
def tracking_map():
    """The draft has a new attribute, one fewer, and one that is sent differently."""
    row = published_example()
    attributes = dict(editing.build_document(row).models["User"].attributes)
    del attributes["is_staff"]
    attributes["joined"] = AttributeEntry("date_joined", position=9)
    attributes["email"] = AttributeEntry("email", privacy="pseudonymised", position=3)
    edit(row, "User", attributes=attributes)
    return row


@pytest.fixture
def user():
    return User.objects.create_user("ada", "ada@example.com", first_name="Ada")


@pytest.fixture
def page(tracking_map):
    return map_page("preview", tracking_map.pk)


@pytest.fixture
def search(tracking_map):
    return map_page("search", tracking_map.pk)


def test_draft_and_live_stand_side_by_side(admin_client, page, user):
    response = admin_client.get(page, {"model": "User", "object": user.pk})
    rows = {row.name: row for row in response.context["rows"]}
    assert rows["User_username"].status == "same"
    assert (rows["User_joined"].status, rows["User_is_staff"].status) == ("new", "gone")
    email = rows["User_email"]
    assert (email.status, email.live) == ("changed", '"ada@example.com"')
    assert email.draft.startswith('"default:')
    html = response.content.decode()
    assert html.count('<span class="ta-badge ta-new">new</span>') == 1, "in words, not colour alone"
    assert f"?User__id={user.pk}" in html
    assert "1 new, 1 changed, 1 gone" in html
    assert json.loads(response.context["json"])["User_id"] == user.pk


def test_an_object_is_found_by_a_lookup_of_the_draft(admin_client, page, tracking_map, user):
    buyer = BuyerProfile.objects.create(user=user)
    sent = {"model": "BuyerProfile", "by": "uuid", "value": f" {buyer.uuid} "}
    response = admin_client.get(page, sent)
    assert response.context["object"] == buyer
    assert 'value="uuid" selected' in response.content.decode()


def test_only_lookups_and_the_primary_key_are_ways_to_find_one(admin_client, page, user):
    assert dict(admin_client.get(page, {"model": "User"}).context["ways"]).keys() == {"id", "pk"}
    for by in ("password", "username", "email__contains", "groups"):
        sent = {"model": "User", "by": by, "value": user.username}
        assert admin_client.get(page, sent).status_code == 400, by


def test_what_is_not_there_is_told(admin_client, page):
    html = admin_client.get(page, {"model": "User", "object": "999"}).content.decode()
    assert "No object of User that you may view has exactly this value" in html


def test_the_search_finds_what_the_hosts_admin_finds(admin_client, search, user):
    found = admin_client.get(search, {"model": "User", "term": "ada@"}).json()
    assert found == {
        "results": [{"id": str(user.pk), "text": "ada"}],
        "pagination": {"more": False},
    }
    assert admin_client.get(search, {"model": "User", "term": "nobody"}).json()["results"] == []


def test_the_search_box_is_there_only_where_the_hosts_admin_has_search(
    admin_client, page, tracking_map, user, monkeypatch
):
    assert "admin-autocomplete" in admin_client.get(page, {"model": "User"}).content.decode()
    registered = admin.site.get_model_admin(User)
    monkeypatch.setattr(registered, "search_fields", ())
    html = admin_client.get(page, {"model": "User"}).content.decode()
    assert "admin-autocomplete" not in html
    assert "By an exact value" in html
    assert admin_client.get(map_page("search", 1), {"model": "User"}).status_code == 404


def newest_of(client, page):
    return [sample.key for sample in client.get(page, {"model": "User"}).context["newest"]]


def grant(user, model):
    permission = Permission.objects.get(codename=f"view_{model}")
    user.user_permissions.add(permission)


def test_only_what_the_user_may_view_in_the_hosts_admin(client, page, search, user):
    client_of(client, "view_trackingmap")
    sent = {"model": "User", "object": user.pk}
    html = client.get(page, sent).content.decode()
    assert "You may not view the objects of auth.User" in html
    assert "ada" not in html
    assert client.get(search, {"model": "User", "term": "ada"}).status_code == 403
    grant(User.objects.get(username__startswith="user"), "user")
    assert client.get(page, sent).context["object"] == user
    assert client.get(search, {"model": "User", "term": "ada"}).status_code == 200


def test_an_object_that_the_hosts_admin_hides_is_not_shown(
    admin_client, page, search, user, monkeypatch
):
    registered = admin.site.get_model_admin(User)
    hidden = User.objects.exclude(pk=user.pk)
    monkeypatch.setattr(registered, "get_queryset", lambda request: hidden.all())
    assert admin_client.get(page, {"model": "User", "object": user.pk}).context["object"] is None
    assert admin_client.get(search, {"model": "User", "term": "ada"}).json()["results"] == []
    assert str(user.pk) not in newest_of(admin_client, page)


def test_an_object_that_one_permission_check_hides_is_not_shown(
    admin_client, page, search, user, monkeypatch
):
    registered = admin.site.get_model_admin(User)

    def may(request, obj=None):
        return obj is None or obj.pk != user.pk

    monkeypatch.setattr(registered, "has_view_permission", may)
    assert admin_client.get(page, {"model": "User", "object": user.pk}).context["object"] is None
    assert str(user.pk) not in newest_of(admin_client, page)
    assert admin_client.get(search, {"model": "User", "term": "ada"}).json()["results"] == []


def test_what_comes_along_is_hidden_where_the_user_may_not_view_it(client, page, user):
    """A buyer may be viewed, the user behind it may not."""
    buyer = BuyerProfile.objects.create(user=user)
    client_of(client, "view_trackingmap")
    viewer = User.objects.get(username__startswith="user")
    grant(viewer, "buyerprofile")
    sent = {"model": "BuyerProfile", "object": buyer.pk}
    response = client.get(page, sent)
    html = response.content.decode()
    rows = {row.name: row for row in response.context["rows"]}
    assert rows["BuyerProfile_uuid"].draft == f'"{buyer.uuid}"'
    for name in ("User_email", "User_joined", "User_is_staff"):
        assert {rows[name].draft, rows[name].live} == {"hidden"}, name
    assert "their related objects are hidden: auth.User" in html
    assert "ada@example.com" not in html
    assert "Ada" not in html
    grant(viewer, "user")
    assert "ada@example.com" in client.get(page, sent).content.decode()


def test_a_draft_with_errors_hides_as_much(client, tracking_map, page, user):
    buyer = BuyerProfile.objects.create(user=user)
    client_of(client, "view_trackingmap")
    grant(User.objects.get(username__startswith="user"), "buyerprofile")
    tracking_map.tracked_models.filter(prefix="CompanyAccount").update(key="e-mail")
    html = client.get(page, {"model": "BuyerProfile", "object": buyer.pk}).content.decode()
    assert "User_email" in html
    assert "ada@example.com" not in html


def test_a_model_that_is_not_in_the_admin_is_previewed_by_permission(
    admin_client, tracking_map, page
):
    """E5: a superuser, and who may view the model, see objects that no page of the admin lists."""
    editing.save_tracked_model(tracking_map, "Place", tracked("host.place", ["name"]))
    inn = Place.objects.create(name="The Inn")
    response = admin_client.get(page, {"model": "Place", "object": inn.pk})
    assert response.context["object"] == inn
    assert "The Inn" in response.context["json"]
    assert "admin-autocomplete" not in response.content.decode(), "nothing says how to search"


def test_a_draft_with_errors_is_shown_as_far_as_it_goes(admin_client, tracking_map, page, user):
    company = CompanyAccount.objects.create(name="ACME")
    editing.delete_tracked_model(tracking_map.tracked_models.get(prefix="User"))
    sent = {"model": "CompanyAccount", "object": company.pk}
    response = admin_client.get(page, sent)
    assert response.context["preview"].values["CompanyAccount_name"] == "ACME"
    assert "BuyerProfile.user" in response.content.decode()


def test_a_preview_writes_nothing(admin_client, tracking_map, page, user):
    before = (editing.draft_digest(tracking_map), len(editing.history(tracking_map)))
    admin_client.get(page, {"model": "User", "object": user.pk})
    assert admin_client.post(page).status_code == 405
    assert (editing.draft_digest(tracking_map), len(editing.history(tracking_map))) == before
