"""Review and publish, versions, compare, roll back: what is reviewed is what happens."""

import hashlib
import json

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import override_settings

from tests import screens
from tests.screens import client_of, edit, map_page, published_example, said
from trackadmin import editing
from trackadmin.models import MapVersion
from trackadmin.signals import map_published

pytestmark = screens.MARKS


@pytest.fixture
def tracking_map():
    """Version 1 is live; the draft has one more owner."""
    row = published_example()
    edit(row, "User", owner="Accounts team")
    return row


@pytest.fixture
def publish_page(tracking_map):
    return map_page("publish", tracking_map.pk)


@pytest.fixture
def signals(django_capture_on_commit_callbacks):
    """The signals that were sent, once their transaction committed."""
    sent = []

    def receiver(**told):
        sent.append(told["number"])

    map_published.connect(receiver)
    with django_capture_on_commit_callbacks(execute=True):
        yield sent
    map_published.disconnect(receiver)


def reviewed(client, page, **changes):
    """What the page's form sends without changes: what was reviewed, and against what."""
    form = client.get(page).context["form"]
    return {name: form[name].value() for name in ("expected", "expected_live")} | changes


def numbers():
    return list(MapVersion.objects.order_by("number").values_list("number", flat=True))


def words(response, name="groups"):
    groups = response.context.get(name) or response.context["review"].groups
    return [line.words for group in groups for line in group.lines]


# Publishing --------------------------------------------------------------------------------------


def test_what_was_reviewed_is_published(client, tracking_map, publish_page):
    client_of(client, "view_trackingmap", "publish_trackingmap")
    review = client.get(publish_page)
    assert words(review) == ["The owner was set to 'Accounts team'."]
    sent = reviewed(client, publish_page, note="An owner.")
    response = client.post(publish_page, sent, follow=True)
    assert said(response) == ["Version 2 is live."]
    version = MapVersion.objects.get(number=2)
    assert (version.note, version.author.username) == ("An owner.", "user0")
    assert version.digest == editing.draft_digest(tracking_map)
    assert LogEntry.objects.get().change_message == "Published version 2."


def test_a_draft_that_changed_since_is_shown_again_and_not_published(
    admin_client, tracking_map, publish_page
):
    sent = reviewed(admin_client, publish_page, note="My note.")
    edit(tracking_map, "User", owner="Somebody else")
    response = admin_client.post(publish_page, sent)
    html = response.content.decode()
    assert "The draft changed since you reviewed it" in html
    assert "My note." in html
    assert words(response) == ["The owner was set to 'Somebody else'."]
    assert numbers() == [1]
    assert not LogEntry.objects.exists()
    admin_client.post(publish_page, reviewed(admin_client, publish_page))
    assert numbers() == [1, 2]


@pytest.mark.parametrize("digest", ["", "x", "0" * 63, "0" * 64, "\x00"])
def test_without_the_digest_of_a_review_nothing_is_published(admin_client, publish_page, digest):
    assert admin_client.post(publish_page, {"expected": digest}).status_code == 200
    assert numbers() == [1]


def test_nothing_to_publish_is_said_and_the_button_is_off(admin_client, tracking_map):
    editing.publish(tracking_map, by=None)
    html = admin_client.get(map_page("publish", tracking_map.pk)).content.decode()
    assert "There is nothing to publish" in html
    assert 'ta-primary" disabled>Publish' in html


def test_errors_are_shown_first_and_stop_it(admin_client, tracking_map, publish_page):
    editing.delete_tracked_model(tracking_map.tracked_models.get(prefix="User"))
    html = admin_client.get(publish_page).content.decode()
    assert "Errors to fix first" in html
    assert "BuyerProfile.user" in html
    assert "disabled>Publish" in html
    sent = reviewed(admin_client, publish_page)
    assert "The draft was not published" in admin_client.post(publish_page, sent).content.decode()
    assert numbers() == [1]


def test_warnings_are_shown_and_stop_nothing(admin_client, publish_page):
    html = admin_client.get(publish_page).content.decode()
    assert "<h2>Warnings</h2>" in html
    assert "User.email" in html
    admin_client.post(publish_page, reviewed(admin_client, publish_page))
    assert numbers() == [1, 2]


@override_settings(TRACKADMIN={"REQUIRE_NOTE": True})
@pytest.mark.parametrize("note", ["", "   "])
def test_a_note_is_asked_for_where_the_site_wants_one(admin_client, publish_page, note):
    sent = reviewed(admin_client, publish_page, note=note)
    response = admin_client.post(publish_page, sent)
    assert "Say in a few words" in response.content.decode()
    assert numbers() == [1]
    admin_client.post(publish_page, {**sent, "note": "Why."})
    assert numbers() == [1, 2]


@pytest.mark.parametrize("codename", ["change_trackingmap", "change_trackedmodel"])
def test_an_editor_without_the_permission_reviews_and_does_not_publish(
    client, publish_page, codename
):
    client_of(client, "view_trackingmap", codename)
    response = client.get(publish_page)
    assert 'id="publish"' not in response.content.decode()
    sent = {"expected": response.context["form"]["expected"].value()}
    assert client.post(publish_page, sent).status_code == 403
    assert numbers() == [1]


def test_the_first_publish_of_a_map(admin_client):
    row = editing.add_map("fresh", name="Fresh")
    page = map_page("publish", row.pk)
    assert "first publish" in admin_client.get(page).content.decode()
    admin_client.post(page, reviewed(admin_client, page))
    assert editing.live_version("fresh").number == 1


def tamper(number):
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trackadmin_mapversion SET document = %s WHERE number = %s", ['{"x": 1}', number]
        )


def test_a_live_version_that_was_tampered_with_is_told_and_can_be_mended(
    admin_client, tracking_map, publish_page
):
    tamper(1)
    pages = [map_page("change", 1), publish_page, map_page("version", 1, 1)]
    for page in [*pages, map_page("roll_back", 1, 1), map_page("compare", 1)]:
        assert "cannot be read" in admin_client.get(page).content.decode(), page
    back = map_page("roll_back", 1, 1)
    admin_client.post(back, reviewed(admin_client, back))
    assert numbers() == [1]
    admin_client.post(publish_page, reviewed(admin_client, publish_page))
    assert "cannot be read" not in admin_client.get(map_page("change", 1)).content.decode()


# Versions ----------------------------------------------------------------------------------------


def test_versions_are_listed_newest_first_with_who_and_why(admin_client, admin_user, tracking_map):
    editing.publish(tracking_map, by=admin_user, note="Second.")
    editing.roll_back(tracking_map, to=1, by=None)
    response = admin_client.get(map_page("versions", tracking_map.pk))
    html = response.content.decode()
    assert [version.number for version in response.context["versions"]] == [3, 2, 1]
    assert "Second." in html
    assert "admin" in html
    assert "restores version 1" in html
    assert html.count(">live<") == 1


def test_a_version_shows_its_names_and_its_document(admin_client, tracking_map):
    html = admin_client.get(map_page("version", tracking_map.pk, 1)).content.decode()
    for shown in ("BuyerProfile_uuid", "User_is_staff", "Yes or no", "demo.CompanyAccount"):
        assert shown in html
    assert MapVersion.objects.get(number=1).digest in html
    assert 'method="post"' not in html.split('id="content-main"')[1]


def test_a_version_lists_every_name_that_an_event_carries(admin_client, tracking_map):
    models = admin_client.get(map_page("version", tracking_map.pk, 1)).context["models"]
    names = {model.prefix: model.names for model in models}
    assert {"BuyerProfile_uuid", "User_email"} < set(names["BuyerProfile"])
    assert [*names["CompanyAccount"]] == ["CompanyAccount_name", "CompanyAccount_is_demo"]


def test_the_download_is_what_was_published_to_the_byte(admin_client, tracking_map):
    response = admin_client.get(map_page("document", tracking_map.pk, 1))
    assert hashlib.sha256(response.content).hexdigest() == MapVersion.objects.get().digest
    assert json.loads(response.content)["models"].keys() >= {"User"}
    assert "default-version-1.json" in response["Content-Disposition"]


def test_any_two_can_be_compared_in_words(admin_client, tracking_map):
    editing.publish(tracking_map, by=None)
    edit(tracking_map, "User", owner="Third")
    page = map_page("compare", tracking_map.pk)

    def compared(old, new):
        return words(admin_client.get(page, {"old": old, "new": new}))

    assert compared(1, 2) == ["The owner was set to 'Accounts team'."]
    assert compared(2, 1) == ["The owner 'Accounts team' was removed."]
    assert compared(2, "draft") == ["The owner changed from 'Accounts team' to 'Third'."]
    assert (
        "There are no differences" in admin_client.get(page, {"old": 1, "new": 1}).content.decode()
    )
    assert words(admin_client.get(page)) == compared(2, "draft"), "live and draft by default"


def test_comparing_before_the_first_publish_is_no_error(admin_client):
    row = editing.add_map("fresh", name="Fresh")
    assert (
        "There are no differences" in admin_client.get(map_page("compare", row.pk)).content.decode()
    )


# Rolling back ------------------------------------------------------------------------------------


@pytest.fixture
def rolled(tracking_map):
    """Version 2 is live with an owner; version 1 had none."""
    editing.publish(tracking_map, by=None)
    return map_page("roll_back", tracking_map.pk, 1)


def test_rolling_back_says_what_changes_and_goes_forward(client, tracking_map, rolled):
    client_of(client, "view_trackingmap", "publish_trackingmap")
    page = client.get(rolled)
    assert words(page) == ["The owner 'Accounts team' was removed."]
    assert "checked" not in str(page.context["form"]["reset_draft"])
    draft = editing.draft_digest(tracking_map)
    response = client.post(rolled, reviewed(client, rolled, note="Back."), follow=True)
    assert said(response) == ["The map was rolled back to version 1, which is live as version 3."]
    version = MapVersion.objects.get(number=3)
    assert (version.restores, version.note, version.author.username) == (1, "Back.", "user0")
    assert editing.draft_digest(tracking_map) == draft, "the draft stays"
    assert LogEntry.objects.count() == 1


def test_the_draft_goes_back_too_only_where_that_was_ticked(admin_client, tracking_map, rolled):
    sent = reviewed(admin_client, rolled, reset_draft="on")
    response = admin_client.post(rolled, sent, follow=True)
    assert len(said(response)) == 2
    assert editing.draft_digest(tracking_map) == MapVersion.objects.get(number=1).digest
    assert editing.history(tracking_map)[0].who == "admin"


def test_a_rollback_across_drift_lists_what_does_not_come_back(admin_client, rolled):
    with override_settings(TRACKADMIN={"EXCLUDE": ["auth.User.email"]}):
        html = admin_client.get(rolled).content.decode()
        assert "No longer in the code" in html
        assert "User.email" in html
        admin_client.post(rolled, reviewed(admin_client, rolled))
    assert numbers() == [1, 2, 3]


@override_settings(TRACKADMIN={"REQUIRE_NOTE": True})
def test_a_rollback_asks_for_a_note_too(admin_client, rolled):
    response = admin_client.post(rolled, reviewed(admin_client, rolled, reset_draft="on"))
    assert "Say in a few words" in response.content.decode()
    assert numbers() == [1, 2]


def test_a_signal_is_sent_for_what_happened_and_for_nothing_else(
    admin_client, tracking_map, publish_page, signals
):
    admin_client.post(publish_page, {"expected": "0" * 64})
    admin_client.post(publish_page, {})
    assert numbers() == [1]
    assert signals == []
