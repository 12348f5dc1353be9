"""Open pages: what a form does is what it showed, and who may not edit does not edit (F4, F5)."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

from tests import screens
from tests.drafts import everything
from tests.maps import tracked
from tests.screens import client_of, edit, map_page, model_page, published_example, said
from tests.test_editing_concurrency import at_once
from trackadmin import editing
from trackadmin.exceptions import DraftChanged, LiveChanged, NothingChanged, StaleForm
from trackadmin.models import MapVersion, TrackedModel, TrackingMap

pytestmark = screens.MARKS


@pytest.fixture
def tracking_map():
    """Version 2 is live and has an owner; version 1 had none; the draft has another one."""
    row = published_example()
    edit(row, "User", owner="First")
    editing.publish(row, by=None)
    edit(row, "User", owner="Second")
    return row


def hidden(client, page):
    """What the page's form sends without a word from the editor."""
    form = client.get(page).context["form"]
    return {field.html_name: field.value() for field in form if field.value() is not None}


def numbers():
    return list(MapVersion.objects.order_by("number").values_list("number", flat=True))


# Publishing and rolling back (F4)


def test_an_open_publish_form_does_not_undo_a_rollback(admin_client, tracking_map):
    """F4: the draft is the same, but not what it was compared with."""
    page = map_page("publish", tracking_map.pk)
    sent = hidden(admin_client, page)
    editing.roll_back(tracking_map, to=1, by=None)
    before = everything()
    response = admin_client.post(page, {**sent, "note": "My words."})
    html = response.content.decode()
    assert "Another version went live" in html
    assert "My words." in html
    assert everything() == before
    admin_client.post(page, hidden(admin_client, page))
    assert numbers() == [1, 2, 3, 4]


def test_a_form_that_is_sent_twice_publishes_once(admin_client, tracking_map):
    """F4: a double click."""
    page = map_page("publish", tracking_map.pk)
    sent = hidden(admin_client, page)
    assert admin_client.post(page, sent).status_code == 302
    before = everything()
    response = admin_client.post(page, sent, follow=True)
    assert said(response)[-1] == "Version 3 is live. It is what you reviewed."
    assert everything() == before
    edit(tracking_map, "User", owner="Third")
    before = everything()
    assert admin_client.post(page, sent).status_code == 302, "what it showed is live"
    assert everything() == before


def test_what_is_live_is_not_published_again_in_the_admin(admin_client, tracking_map):
    """F4: the button is off, and a forged form is refused; a script may repeat itself."""
    editing.publish(tracking_map, by=None)
    page = map_page("publish", tracking_map.pk)
    before = everything()
    assert (
        "has the same content"
        in admin_client.post(page, hidden(admin_client, page)).content.decode()
    )
    assert everything() == before
    assert editing.publish(tracking_map, by=None).number == 4


@pytest.mark.parametrize("left_out", ["expected", "expected_live"])
def test_a_form_must_say_what_it_showed(admin_client, tracking_map, left_out):
    """F4: neither half may be missing, or made up."""
    before = everything()
    for page in (map_page("publish", 1), map_page("roll_back", 1, 1)):
        sent = hidden(admin_client, page)
        for value in (None, "", "x", "0" * 64, "2:" + "0" * 64, sent[left_out] + "\n", "0:x"):
            changed = {**sent, left_out: value}
            changed = {name: each for name, each in changed.items() if each is not None}
            if value == "0" * 64 and left_out == "expected" and "roll" in page:
                continue  # the draft does not matter to a rollback that leaves it alone
            assert admin_client.post(page, changed).status_code == 200
    assert everything() == before


def test_an_open_roll_back_form_does_not_undo_a_publish(admin_client, tracking_map):
    """F4: the same for the other form."""
    page = map_page("roll_back", tracking_map.pk, 1)
    sent = hidden(admin_client, page)
    editing.publish(tracking_map, by=None)
    before = everything()
    assert "Another version went live" in admin_client.post(page, sent).content.decode()
    assert everything() == before


@pytest.mark.parametrize("reset", [{}, {"reset_draft": "on"}])
def test_a_roll_back_that_is_sent_twice_rolls_back_once(admin_client, tracking_map, reset):
    page = map_page("roll_back", tracking_map.pk, 1)
    sent = hidden(admin_client, page)
    sent |= reset
    assert admin_client.post(page, sent).status_code == 302
    before = everything()
    response = admin_client.post(page, sent, follow=True)
    assert said(response)[-1] == "Version 3 is live. It restores version 1."
    assert everything() == before


def test_a_roll_back_resets_only_the_draft_that_was_there(admin_client, tracking_map):
    """F4: what somebody edits while the page is open is not replaced, and nothing goes live."""
    page = map_page("roll_back", tracking_map.pk, 1)
    sent = {**hidden(admin_client, page), "reset_draft": "on"}
    edit(tracking_map, "User", owner="Third")
    before = everything()
    assert "The draft changed" in admin_client.post(page, sent).content.decode()
    assert everything() == before


def test_the_draft_can_be_reset_to_what_is_live(admin_client, tracking_map):
    """Nothing goes live again for it."""
    page = map_page("roll_back", tracking_map.pk, 2)
    sent = hidden(admin_client, page)
    html = admin_client.get(page).content.decode()
    assert "nothing to roll back" in html
    assert "Reset the draft to version 2</button>" in html
    assert "has the same content" in admin_client.post(page, sent).content.decode()
    response = admin_client.post(page, {**sent, "reset_draft": "on"}, follow=True)
    assert said(response) == ["The draft was reset to version 2."]
    assert numbers() == [1, 2]
    assert editing.draft_digest(tracking_map) == editing.live_version(tracking_map).digest


def test_the_operations_check_what_was_reviewed_inside_their_lock(tracking_map):
    live, draft = editing.live_version(tracking_map), editing.draft_digest(tracking_map)
    token, other = editing.live_token(live), editing.live_token(None)
    before = everything()
    for operation, given, error in [
        (editing.publish, {"expected_live": other}, LiveChanged),
        (editing.publish, {"expected": "0" * 64, "expected_live": token}, DraftChanged),
        (editing.roll_back, {"to": 1, "expected_live": other}, LiveChanged),
        (editing.roll_back, {"to": 1, "expected": "0" * 64}, DraftChanged),
        (editing.roll_back, {"to": 2, "refuse_same": True}, NothingChanged),
    ]:
        with pytest.raises(error):
            operation(tracking_map, by=None, **given)
    assert everything() == before
    assert editing.publish(tracking_map, by=None, expected=draft, expected_live=token).number == 3
    fresh = editing.add_map("fresh", name="Fresh")
    assert editing.publish(fresh, by=None, expected_live=other).number == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seconds", ["publish", "roll_back"])
def test_of_two_forms_at_the_same_moment_one_goes_live(tracking_map, seconds):
    """F4: two people press their buttons at once; one hears that another version went live."""
    token = editing.live_token(editing.live_version(tracking_map))
    outcomes = []

    def publish():
        editing.publish(tracking_map, by=None, expected_live=token, refuse_same=True)

    def roll_back():
        editing.roll_back(tracking_map, to=1, by=None, expected_live=token, refuse_same=True)

    def tried(operation):
        try:
            operation()
        except LiveChanged:
            outcomes.append("told")
        else:
            outcomes.append("live")

    other = {"publish": publish, "roll_back": roll_back}[seconds]
    at_once(*[lambda: tried(publish), lambda: tried(other)] * 3)
    assert sorted(outcomes) == ["live"] + ["told"] * 5
    assert numbers() == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_a_double_click_reaches_two_threads_of_the_server(tracking_map):
    """F4: the same form, twice, through the pages themselves."""
    person = User.objects.create_superuser("ada")
    page = map_page("publish", tracking_map.pk)
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(person)
    sent = hidden(clients[0], page)
    answers = at_once(*[lambda c=c: c.post(page, sent).status_code for c in clients])
    assert answers == [302, 302], (
        "the browser shows the second answer only: it leads to the version"
    )
    assert numbers() == [1, 2, 3]


# Editing without the permission (F5)


def test_who_may_publish_but_not_edit_cannot_reset_the_draft(client, tracking_map):
    """F5: the box is not there, and a forged form is refused before anything goes live."""
    client_of(client, "view_trackingmap", "publish_trackingmap")
    page = map_page("roll_back", tracking_map.pk, 1)
    assert "reset_draft" not in client.get(page).content.decode()
    sent = hidden(client, page)
    before = everything()
    for value in ("on", "1", "true", "True"):
        assert client.post(page, {**sent, "reset_draft": value}).status_code == 403
        assert client.post(page, {"reset_draft": value}).status_code == 403
    assert everything() == before
    assert client.post(page, sent).status_code == 302
    assert numbers() == [1, 2, 3]


def test_who_may_edit_too_can_reset_the_draft(client, tracking_map):
    edits = ("change_trackedmodel", "change_trackedaction")
    client_of(client, "view_trackingmap", "publish_trackingmap", *edits)
    page = map_page("roll_back", tracking_map.pk, 1)
    assert "reset_draft" in client.get(page).content.decode()
    client.post(page, {**hidden(client, page), "reset_draft": "on"})
    assert editing.draft_digest(tracking_map) == MapVersion.objects.get(number=1).digest


# Other pages that stay open


@pytest.mark.parametrize("seen", ["", "x", "1,500", "1 ", "9" * 5000, "-1", "\uff11"])
def test_a_delete_that_does_not_say_what_it_saw_is_refused(admin_client, tracking_map, seen):
    """C1: with a thousand separator the guard was skipped and somebody's edit was deleted."""
    page = model_page("delete", tracking_map.tracked_models.get(prefix="User").pk)
    before = everything()
    response = admin_client.post(page, {"seen": seen})
    assert response.status_code == 400
    assert "seen" in response.content.decode()
    assert everything() == before


@pytest.mark.parametrize("seen", [None, "", "x", "1,500", "1 ", "9" * 5000, "-1", "\uff11"])
@pytest.mark.parametrize("page", ["map", "model"])
def test_a_form_that_does_not_say_what_it_saw_is_refused(admin_client, tracking_map, page, seen):
    """C1: the same for the forms that save."""
    model = tracking_map.tracked_models.get(prefix="User")
    address = map_page("change", 1) if page == "map" else model_page("change", model.pk)
    form = admin_client.get(address).context["form"]
    sent = screens.filled(form, owner="Mine") if page == "model" else hidden(admin_client, address)
    sent |= {"name": "Mine", "seen": seen}
    before = everything()
    response = admin_client.post(address, {k: v for k, v in sent.items() if v is not None})
    assert response.status_code == 200
    assert "Open the page again" in response.content.decode()
    assert everything() == before


def test_an_open_undo_does_not_undo_what_came_after(admin_client, tracking_map):
    """F4, its kind: the page showed another state."""
    row = tracking_map.tracked_models.get(prefix="User")
    first = editing.history(row)[-1].revision
    page = model_page("undo", row.pk, first)
    sent = {"seen": admin_client.get(page).context["seen"]}
    edit(tracking_map, "User", owner="Third")
    before = everything()
    assert "saved by somebody else" in admin_client.post(page, sent).content.decode()
    assert admin_client.post(page, {"seen": "1,500"}).status_code == 400
    assert everything() == before
    admin_client.post(page, {"seen": admin_client.get(page).context["seen"]})
    assert TrackedModel.objects.get(prefix="User").owner == ""


def test_a_map_is_not_deleted_with_what_was_added_meanwhile(admin_client, tracking_map):
    """F4, its kind: the page lists what goes with the map."""
    row = editing.add_map("fresh", name="Fresh")
    page = map_page("delete", row.pk)
    sent = {"expected": admin_client.get(page).context["expected"]}
    editing.save_tracked_model(row, "Order", tracked("demo.order", ["number"]))
    before = everything()
    html = admin_client.post(page, sent).content.decode()
    assert "Nothing was deleted" in html
    assert "Order" in html
    assert everything() == before
    sent = {"expected": admin_client.get(page).context["expected"]}
    assert admin_client.post(page, sent).status_code == 302
    assert not TrackingMap.objects.filter(slug="fresh").exists()


def test_an_undo_of_an_edit_that_does_not_exist_is_not_found(admin_client, tracking_map):
    """F9: by GET and by POST, however large its number is."""
    row = tracking_map.tracked_models.get(prefix="User")
    before = everything()
    for number in (0, 999999, 2**63 - 1, 2**63, 10**30, int("9" * 4000)):
        for page in (model_page("undo", row.pk, number), map_page("bring_back", 1, number)):
            assert admin_client.get(page, {"prefix": "User"}).status_code == 404
            sent = {"seen": row.lock_version}
            assert admin_client.post(f"{page}?prefix=User", sent).status_code == 404
    assert everything() == before


def test_what_came_back_meanwhile_is_not_brought_back_over_it(tracking_map):
    """Inside the lock, too: two people press the button at once."""
    row = tracking_map.tracked_models.get(prefix="User")
    editing.delete_tracked_model(row)
    revision = editing.history(tracking_map)[0].revision
    editing.undo(tracking_map, revision, prefix="User", seen=0)
    edit(tracking_map, "User", owner="Third")
    with pytest.raises(StaleForm):
        editing.undo(tracking_map, revision, prefix="User", seen=0)
    assert TrackedModel.objects.get(prefix="User").owner == "Third"


def test_a_form_with_too_many_fields_is_refused_whole(client, admin_user, tracking_map, settings):
    """Django's limit cuts no form short: what would be lost is not taken for absent."""
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 5
    page = model_page("change", tracking_map.tracked_models.get(prefix="User").pk)
    client.force_login(admin_user)
    form = client.get(page).context["form"]
    before = everything()
    assert client.post(page, screens.filled(form, owner="Mine")).status_code == 400
    assert everything() == before
