"""An action of a map with 1,001 tracked models: its form saves with Django's own limit."""

import pytest
from django.conf import global_settings

from tests import screens
from tests.pages import read
from tests.screens import action_page
from trackadmin import editing
from trackadmin.document import ActionEntry
from trackadmin.models import TrackedModel, TrackingMap

pytestmark = screens.MARKS

PREFIXES = [f"Big{number}" for number in range(1001)]
BROUGHT = {"Big3": "required", "Big1000": "optional"}
EVERY = dict.fromkeys(PREFIXES, "optional")


@pytest.fixture
def action(settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = global_settings.DATA_UPLOAD_MAX_NUMBER_FIELDS
    row = TrackingMap.objects.get()
    TrackedModel.objects.bulk_create(
        TrackedModel(map=row, prefix=prefix, model_label=f"demo.{prefix.lower()}", position=at)
        for at, prefix in enumerate(PREFIXES)
    )
    return editing.save_action(row, "signup", ActionEntry(brings=BROUGHT)).row


def form_of(response):
    assert response.status_code == 200
    return read(response.content.decode()).forms[-1].sent


def brought(action):
    action.refresh_from_db()
    return editing.entry_of(action).brings


def rows_in(sent):
    return {name for name in sent if name.startswith("b-")}


def test_the_form_shows_what_the_action_brings_and_saves_it(admin_client, action):
    """It sends few inputs, and keeps what it did not show."""
    page = action_page("change", action.pk)
    sent = form_of(admin_client.get(page))
    assert rows_in(sent) == {"b-Big3-need", "b-Big1000-need"}
    assert admin_client.post(page, {**sent, "owner": "Ours"}).status_code == 302
    assert brought(action) == BROUGHT
    sent |= {"seen": str(action.lock_version), "b-Big3-need": ""}
    assert admin_client.post(page, sent).status_code == 302
    assert brought(action) == {"Big1000": "optional"}


def test_another_model_gets_a_row_without_a_script_and_nothing_is_saved(admin_client, action):
    page = action_page("change", action.pk)
    sent = form_of(admin_client.get(page))
    sent |= {"more-tracked": "Big500", "more-need": "optional", "b-Big3-need": "", "owner": "Ours"}
    again = form_of(admin_client.post(page, {**sent, "_show": "brings"}))
    assert brought(action) == BROUGHT
    assert (again["b-Big500-need"], again["b-Big3-need"], again["owner"]) == (
        "optional",
        "",
        "Ours",
    )
    assert again["more-tracked"] == ""
    assert admin_client.post(page, again).status_code == 302
    assert brought(action) == {"Big500": "optional", "Big1000": "optional"}


def test_a_model_that_was_chosen_is_saved_without_its_row(admin_client, action):
    """Nothing that was sent is lost."""
    page = action_page("change", action.pk)
    sent = form_of(admin_client.get(page)) | {"more-tracked": "Big500", "more-need": "required"}
    assert admin_client.post(page, sent).status_code == 302
    assert brought(action) == {**BROUGHT, "Big500": "required"}


def test_a_refused_form_keeps_its_rows_and_what_was_chosen(admin_client, action):
    page = action_page("change", action.pk)
    sent = form_of(admin_client.get(page)) | {"b-Big7-need": "optional", "more-tracked": "Big8"}
    refused = admin_client.post(page, {**sent, "name": "no name"})
    again = form_of(refused)
    assert (again["b-Big7-need"], again["more-tracked"]) == ("optional", "Big8")
    assert brought(action) == BROUGHT


@pytest.mark.parametrize("chosen", ["Nobody", "b-Big3"])
def test_a_model_that_the_map_does_not_track_is_refused(admin_client, action, chosen):
    page = action_page("change", action.pk)
    sent = form_of(admin_client.get(page)) | {"more-tracked": chosen}
    assert admin_client.post(page, sent).status_code == 200
    form_of(admin_client.post(page, {**sent, "_show": "brings"}))
    assert brought(action) == BROUGHT


def test_an_action_that_brings_all_of_them_is_saved_and_any_can_be_changed(admin_client, action):
    row = action.map
    editing.save_action(row, "signup", ActionEntry(brings=EVERY), action=action)
    page = action_page("change", action.pk)
    opened = admin_client.get(page)
    sent = form_of(opened)
    assert len(rows_in(sent)) == 100
    html = opened.content.decode()
    assert "901 more tracked models" in html
    assert len(html) < 250_000
    assert admin_client.post(page, {**sent, "owner": "Ours"}).status_code == 302
    assert brought(action) == EVERY
    sent["seen"] = str(action.lock_version)
    other = next(each for each in PREFIXES if f"b-{each}-need" not in sent)
    again = form_of(admin_client.post(page, {**sent, "_show": "brings", "more-tracked": other}))
    assert admin_client.post(page, {**again, f"b-{other}-need": ""}).status_code == 302
    assert brought(action).keys() == EVERY.keys() - {other}


def test_what_is_gone_has_a_row_whatever_else_is_brought(admin_client, action):
    """It is wrong, so it must be found and removed."""
    editing.save_action(action.map, "signup", ActionEntry(brings=EVERY), action=action)
    TrackedModel.objects.filter(prefix="Big999").delete()
    page = action_page("change", action.pk)
    sent = form_of(admin_client.get(page))
    assert sent["b-Big999-need"] == "optional"
    assert admin_client.post(page, {**sent, "b-Big999-need": ""}).status_code == 302
    assert brought(action).keys() == EVERY.keys() - {"Big999"}


def test_a_new_action_begins_with_no_row(admin_client, action):
    page = action_page("add") + f"?map={action.map_id}"
    sent = form_of(admin_client.get(page)) | {"name": "fresh", "more-tracked": "Big9"}
    again = form_of(admin_client.post(page, {**sent, "_show": "brings"}))
    assert rows_in(again) == {"b-Big9-need"}
    assert admin_client.post(page, again).status_code == 302
    assert brought(action.map.actions.get(name="fresh")) == {"Big9": "required"}


def test_what_a_deleted_action_brought_is_not_lost(admin_client, action):
    """The form did not send it; the form that adds the action again still knows it."""
    editing.save_action(action.map, "signup", ActionEntry(brings=EVERY), action=action)
    page = action_page("change", action.pk)
    sent = form_of(admin_client.get(page)) | {"owner": "Mine"}
    row = action.map
    editing.delete_action(row.actions.get(name="signup"))
    moved = admin_client.post(page, sent)
    assert moved.status_code == 307
    shown = read(admin_client.post(moved["Location"], sent).content.decode()).forms[-1]
    assert admin_client.post(shown.action, shown.sent).status_code == 302
    again = row.actions.get(name="signup")
    assert (again.owner, brought(again)) == ("Mine", EVERY)
