"""The app's page in the admin: how each map stands, and one obvious next step."""

from dataclasses import replace

from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.drafts import everything
from tests.maps import attribute, document, tracked
from tests.pages import read
from tests.screens import MARKS, client_of, edit, map_page, published_example
from trackadmin import editing
from trackadmin.editing import NextStep
from trackadmin.models import TrackingMap

pytestmark = MARKS

HOME = "/admin/trackadmin/"
#: Everything of the model is decided.
DECIDED = document(Country=tracked("host.country", ["code", "name", "id"], key="code"))


def state():
    (found,) = editing.map_states()
    return found


def decided(tracking_map):
    """Publish a map that leaves nothing open."""
    left = editing.import_document(tracking_map, DECIDED) and editing.undecided(tracking_map)
    ignored = {each.facts.name: attribute(each.facts.name, "ignored") for each in left.attributes}
    if ignored:
        editing.decide(tracking_map, {"Country": ignored})
    editing.publish(tracking_map, by=None)


def test_the_next_step_goes_from_an_empty_map_to_nothing_to_do():
    row = TrackingMap.objects.get()
    assert state().next_step == NextStep.START
    editing.import_document(row, document(Country=tracked("host.country", ["code"], key="code")))
    assert state().next_step == NextStep.PUBLISH
    editing.publish(row, by=None)
    assert state().next_step == NextStep.DECIDE
    decided(row)
    assert (state().next_step, state().undecided) == (NextStep.NOTHING, 0)


def test_errors_come_before_everything_else():
    row = published_example()
    edit(row, "User", owner="Somebody")
    assert (state().next_step, state().review.count) == (NextStep.PUBLISH, 1)
    row.tracked_models.filter(prefix="User").update(model_label="host.gone")
    assert state().review.errors
    assert state().next_step == NextStep.FIX
    assert state().warnings + state().due + len(state().review.errors) == len(
        state().review.problems
    )


def test_a_live_version_that_cannot_be_read_is_repaired_first():
    published_example()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE trackadmin_mapversion SET digest = %s", ["0" * 64])
    assert state().review.unreadable
    assert state().next_step == NextStep.REPAIR


def test_a_name_whose_date_has_come_is_due():
    row = TrackingMap.objects.get()
    decided(row)
    attributes = editing.build_document(row).models["Country"].attributes
    dated = replace(attributes["name"], until="2020-01-01")
    edit(row, "Country", attributes={**attributes, "name": dated})
    editing.publish(row, by=None)
    assert (state().due, state().next_step) == (1, NextStep.REMOVE_DUE)


def test_the_page_shows_each_map_with_links_and_writes_nothing(client):
    row = published_example()
    edit(row, "User", owner="Somebody")
    TrackingMap.objects.create(slug="second", name="Second")
    editor = client_of(client, "view_trackingmap", "view_trackedmodel")
    editor.get(HOME)  # the theme makes its own row on the first page
    before = everything()
    html = editor.get(HOME).content.decode()
    shown = read(html)
    assert everything() == before
    assert "Second" in html
    assert "not published" in html
    addresses = [value for tag, name, value in shown.attributes if (tag, name) == ("a", "href")]
    assert map_page("publish", row.pk) in addresses
    assert map_page("undecided", row.pk) in addresses
    assert "Review and publish" not in html  # this person may not publish


def test_who_may_not_view_maps_sees_no_state(client):
    published_example()
    html = client_of(client, "view_mapversion").get(HOME).content.decode()
    assert "ta-map-state" not in html
    assert "Default map" not in html


def test_the_number_of_queries_does_not_grow_with_the_map(admin_client):
    row = published_example()
    admin_client.get(HOME)
    with CaptureQueriesContext(connection) as few:
        admin_client.get(HOME)
    for name in ("Country", "Order"):
        label = {"Country": "host.country", "Order": "demo.order"}[name]
        editing.save_tracked_model(row, name, tracked(label, ["id"], key="id"))
    with CaptureQueriesContext(connection) as many:
        admin_client.get(HOME)
    assert len(many) == len(few)


def test_an_admin_site_without_the_pages_of_maps_has_a_home_too(admin_client, monkeypatch):
    published_example()
    monkeypatch.delitem(admin.site._registry, TrackingMap)
    assert admin_client.get(reverse("admin:app_list", args=["trackadmin"])).status_code == 200
