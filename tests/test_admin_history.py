"""History: who changed what and when; undo and bring back by a POST that was confirmed."""

import pytest
from django.contrib.admin.models import LogEntry
from django.test import override_settings

from tests import screens
from tests.screens import client_of, edit, map_page, model_page, published_example, said
from trackadmin import editing
from trackadmin.models import TrackedModel

pytestmark = screens.MARKS


@pytest.fixture
def tracking_map():
    return published_example()


@pytest.fixture
def user_row(tracking_map):
    """Edited twice: an owner, then another."""
    edit(tracking_map, "User", owner="First")
    edit(tracking_map, "User", owner="Second")
    return tracking_map.tracked_models.get(prefix="User")


def words(step):
    return [line.words for group in step.groups for line in group.lines]


def test_a_tracked_models_history_tells_from_what_to_what(admin_client, user_row):
    response = admin_client.get(model_page("history", user_row.pk))
    steps = response.context["steps"]
    assert words(steps[0]) == ["The owner changed from 'First' to 'Second'."]
    assert words(steps[1]) == ["The owner was set to 'First'."]
    assert steps[0].links == [], "the newest is how it stands: nothing to put back"
    assert all(step.links for step in steps[1:])


def test_a_maps_history_tells_of_all_its_models(admin_client, tracking_map, user_row):
    edit(tracking_map, "CompanyAccount", owner="Sales")
    steps = admin_client.get(map_page("history", tracking_map.pk)).context["steps"]
    assert [group.prefix for group in steps[0].groups] == ["CompanyAccount"]
    assert [group.prefix for group in steps[1].groups] == ["User"]


def test_an_undo_shows_what_it_changes_and_does_it_on_post(client, tracking_map, user_row):
    client_of(client, "view_trackingmap", "change_trackedmodel")
    first = editing.history(user_row)[1].revision
    page = model_page("undo", user_row.pk, first)
    before = editing.draft_digest(tracking_map)
    response = client.get(page)
    shown = [line.words for group in response.context["groups"] for line in group.lines]
    assert shown == ["The owner changed from 'Second' to 'First'."]
    assert editing.draft_digest(tracking_map) == before, "a GET changes nothing"
    response = client.post(page, {"seen": user_row.lock_version}, follow=True)
    assert said(response) == ["Restored User in the draft as it was then."]
    user_row.refresh_from_db()
    assert user_row.owner == "First"
    assert editing.history(user_row)[0].who == "user0"
    assert LogEntry.objects.get().is_change()


def test_an_undo_that_cannot_be_saved_today_changes_nothing(admin_client, tracking_map, user_row):
    renamed = tracking_map.tracked_models.get(prefix="User")
    entry = editing.build_document(tracking_map).models["User"]
    editing.save_tracked_model(tracking_map, "Account", entry, tracked_model=renamed)
    company = tracking_map.tracked_models.get(prefix="CompanyAccount")
    entry = editing.build_document(tracking_map).models["CompanyAccount"]
    editing.save_tracked_model(tracking_map, "User", entry, tracked_model=company)
    before = editing.draft_digest(tracking_map)
    revision = editing.history(renamed)[1].revision
    page = model_page("undo", renamed.pk, revision)
    assert admin_client.get(page).status_code == 200
    renamed.refresh_from_db()
    html = admin_client.post(page, {"seen": renamed.lock_version}).content.decode()
    assert "Nothing was restored" in html
    assert "already used" in html
    assert editing.draft_digest(tracking_map) == before


@pytest.fixture
def deletion(tracking_map, user_row):
    """The page that restores what was deleted."""
    editing.delete_tracked_model(user_row)
    revision = editing.history(tracking_map)[0].revision
    return map_page("bring_back", tracking_map.pk, revision) + "?prefix=User"


def test_a_deletion_is_listed_and_can_be_brought_back(client, tracking_map, user_row, deletion):
    client_of(client, "view_trackingmap", "add_trackedmodel")
    pk = LogEntry.objects.count()
    steps = client.get(map_page("history", tracking_map.pk)).context["steps"]
    assert steps[0].links == [("Restore User", deletion)]
    assert "The model auth.user was removed." in words(steps[0])
    assert client.get(deletion).status_code == 200
    assert not TrackedModel.objects.filter(prefix="User").exists()
    response = client.post(deletion, follow=True)
    assert said(response) == ["Restored User in the draft."]
    back = TrackedModel.objects.get(prefix="User")
    assert (back.owner, back.attributes.count()) == ("Second", 8)
    assert LogEntry.objects.count() == pk + 1
    again = client.get(map_page("history", tracking_map.pk)).context["steps"]
    assert not any(step.links for step in again)


def test_what_is_back_already_is_not_brought_back_over_what_stands(
    admin_client, tracking_map, deletion
):
    admin_client.post(deletion)
    edit(tracking_map, "User", owner="Third")
    html = admin_client.post(deletion).content.decode()
    assert "is already in the draft" in html
    assert TrackedModel.objects.get(prefix="User").owner == "Third"


def test_only_a_deletion_can_be_brought_back(admin_client, tracking_map, user_row):
    revision = editing.history(user_row)[0].revision
    page = map_page("bring_back", tracking_map.pk, revision) + "?prefix=User"
    assert admin_client.get(page).status_code == 404
    assert admin_client.post(page).status_code == 404


def test_another_maps_edits_are_not_found(admin_client, tracking_map, deletion):
    other = editing.add_map("other", name="Other")
    page = deletion.replace(f"/{tracking_map.pk}/history", f"/{other.pk}/history")
    assert admin_client.get(page).status_code == 404


def test_a_state_that_drift_has_spoilt_is_refused_in_words(admin_client, deletion):
    with override_settings(TRACKADMIN={"EXCLUDE": ["auth.User"]}):
        response = admin_client.post(deletion)
        assert "Nothing was restored" in response.content.decode()
    assert not TrackedModel.objects.filter(prefix="User").exists()


def test_a_waiver_is_a_step_that_restores_nothing(admin_client, user_row):
    """And the newest edit below it still is the state now."""
    editing.waive(user_row.map, "lint.description", "User", reason="Everybody knows it.")
    response = admin_client.get(model_page("history", user_row.pk))
    waived, newest, *older = response.context["steps"]
    assert "Waived the missing description of User: Everybody knows it." in str(response.content)
    assert (waived.links, newest.links) == ([], [])
    assert all(step.links for step in older)
