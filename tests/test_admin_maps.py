"""The page of a map: comparison with live, name, order; adding and deleting a map."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import override_settings

from tests import screens
from tests.maps import tracked
from tests.screens import client_of, edit, map_page, published_example, said
from trackadmin import editing
from trackadmin.document import AttributeEntry, in_order
from trackadmin.models import TrackingMap

pytestmark = screens.MARKS


@pytest.fixture
def tracking_map():
    return published_example()


@pytest.fixture
def page(tracking_map):
    return map_page("change", tracking_map.pk)


def states(response):
    return {row.prefix: row.state for row in response.context["listed"].rows}


def order(tracking_map):
    return [prefix for prefix, _ in in_order(editing.build_document(tracking_map).models)]


def test_the_list_tells_how_each_model_stands_against_live(admin_client, tracking_map, page):
    assert set(states(admin_client.get(page)).values()) == {"same"}
    edit(tracking_map, "User", owner="Accounts team")
    editing.save_tracked_model(tracking_map, "Order", tracked("demo.order", ["number"]))
    editing.delete_tracked_model(tracking_map.tracked_models.get(prefix="CompanyAccount"))
    response = admin_client.get(page)
    assert states(response) == {"BuyerProfile": "same", "User": "changed", "Order": "new"}
    assert response.context["listed"].deleted == ["CompanyAccount"]
    assert "Accounts team" in response.content.decode()


def test_only_tracked_attributes_are_counted(admin_client, tracking_map, page):
    attributes = {
        "id": AttributeEntry("id"),
        "last_login": AttributeEntry("last_login", decision="ignored"),
    }
    edit(tracking_map, "User", attributes=attributes)
    rows = {row.prefix: row for row in admin_client.get(page).context["listed"].rows}
    assert rows["User"].attributes == 1


def test_the_live_line_says_number_note_and_that_nothing_differs(admin_client, page):
    html = admin_client.get(page).content.decode()
    assert "Version 1" in html
    assert "First." in html
    assert "The draft is the same as the live version" in html


def test_drift_of_the_live_version_is_told(admin_client, page):
    assert "The site’s code has changed" not in admin_client.get(page).content.decode()
    with override_settings(TRACKADMIN={"EXCLUDE": ["auth.User.email"]}):
        html = admin_client.get(page).content.decode()
    assert "The site’s code has changed" in html
    assert "User.email" in html


def test_a_map_that_is_not_published_says_so(admin_client):
    row = editing.add_map("fresh", name="Fresh")
    html = admin_client.get(map_page("change", row.pk)).content.decode()
    assert "Not published yet" in html
    assert "This map tracks nothing yet" in html
    editing.save_tracked_model(row, "Order", tracked("demo.order", ["number"]))
    response = admin_client.get(map_page("change", row.pk))
    assert states(response) == {"Order": "new"}, "nothing is live that it could be the same as"


def sent_by(client, page, **changes):
    form = client.get(page).context["form"]
    return {field.html_name: field.value() for field in form} | changes


def test_name_and_description_are_saved(client, tracking_map, page):
    client_of(client, "change_trackingmap")
    sent = sent_by(client, page, name="The shop", description="What the shop tracks.")
    response = client.post(page, sent, follow=True)
    assert said(response) == ["The map’s name, description and settings were saved."]
    tracking_map.refresh_from_db()
    assert (tracking_map.name, tracking_map.description) == ("The shop", "What the shop tracks.")
    assert editing.history(tracking_map)[0].who == "user0"
    assert LogEntry.objects.count() == 1


def test_stale_words_are_refused_and_kept(admin_client, tracking_map, page):
    sent = sent_by(admin_client, page, name="Mine")
    editing.save_map(tracking_map, name="Theirs", description="Theirs too.")
    response = admin_client.post(page, sent)
    html = response.content.decode()
    assert "Somebody else saved this map" in html
    assert "Theirs too." in html
    assert 'value="Mine"' in html
    tracking_map.refresh_from_db()
    assert tracking_map.name == "Theirs"
    form = response.context["form"]
    admin_client.post(page, {field.html_name: field.value() for field in form})
    tracking_map.refresh_from_db()
    assert tracking_map.name == "Mine"


def test_a_map_without_a_name_is_refused(admin_client, tracking_map, page):
    before = TrackingMap.objects.values().get()
    assert (
        "required" in admin_client.post(page, sent_by(admin_client, page, name="")).content.decode()
    )
    assert TrackingMap.objects.values().get() == before


def test_a_tracked_model_moves_up_and_down(client, tracking_map):
    client_of(client, "view_trackingmap", "change_trackedmodel")
    move = map_page("move", tracking_map.pk)
    client.post(move, {"prefix": "User", "to": "up"})
    assert order(tracking_map) == ["User", "BuyerProfile", "CompanyAccount"]
    client.post(move, {"prefix": "User", "to": "down"})
    client.post(move, {"prefix": "User", "to": "down"})
    assert order(tracking_map) == ["BuyerProfile", "CompanyAccount", "User"]


@pytest.mark.parametrize(
    "sent", [{"prefix": "BuyerProfile", "to": "up"}, {"prefix": "X", "to": "up"}, {}]
)
def test_a_move_that_leads_nowhere_changes_nothing(admin_client, tracking_map, sent):
    before = editing.draft_digest(tracking_map)
    sequence = TrackingMap.objects.get().sequence
    admin_client.post(map_page("move", tracking_map.pk), sent)
    assert editing.draft_digest(tracking_map) == before
    assert TrackingMap.objects.get().sequence == sequence
    assert not LogEntry.objects.exists()


def test_a_map_is_added_empty_and_with_its_slug_for_good(client, tracking_map):
    client_of(client, "view_trackingmap", "add_trackingmap")
    sent = {"name": "Newsletter", "slug": "newsletter", "description": "For the mails."}
    response = client.post(map_page("add"), sent, follow=True)
    assert said(response) == ["The map Newsletter was added. Now choose what it tracks."]
    added = TrackingMap.objects.get(slug="newsletter")
    assert added.name == "Newsletter"
    assert "slug" not in response.context["form"].fields


@pytest.mark.parametrize("slug", ["default", "", "two words", "é", "x" * 51])
def test_a_slug_that_is_taken_or_no_slug_is_refused(admin_client, tracking_map, slug):
    response = admin_client.post(map_page("add"), {"name": "X", "slug": slug})
    assert response.context["form"].errors["slug"]
    assert TrackingMap.objects.count() == 1


def test_a_published_map_stays(admin_client, tracking_map):
    page = map_page("delete", tracking_map.pk)
    html = admin_client.get(page).content.decode()
    assert "This map cannot be deleted" in html
    assert "<button" not in html.split('id="content-main"')[1]
    admin_client.post(page)
    assert TrackingMap.objects.count() == 1
    assert not LogEntry.objects.exists()


def test_a_map_that_was_never_published_can_go(client):
    row = editing.add_map("fresh", name="Fresh")
    client_of(client, "view_trackingmap", "delete_trackingmap")
    response = client.post(map_page("delete", row.pk), follow=True)
    assert said(response) == ["The map Fresh was deleted."]
    assert not TrackingMap.objects.filter(slug="fresh").exists()
    log = LogEntry.objects.get()
    assert (log.is_deletion(), log.object_id) == (True, str(row.pk))


def test_the_list_of_maps_tells_what_is_live(admin_client, tracking_map):
    editing.add_map("fresh", name="Fresh")
    html = admin_client.get(map_page("changelist")).content.decode()
    assert "version 1, since" in html
    assert "not published" in html
