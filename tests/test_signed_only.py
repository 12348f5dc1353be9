"""The switch "only by signed URLs" of a map and of a tracked model, on pages and in words."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import User

from tests.pages import read
from tests.screens import MARKS, client_of, map_page, model_page, published_example
from trackadmin import editing
from trackadmin.document import Document, ModelEntry, diff

pytestmark = MARKS
SAID = "Only signed URLs may name"


@pytest.fixture
def tracking_map():
    return published_example()


def form_with(client, page, field):
    html = client.get(page).content.decode()
    assert SAID in html
    return next(form for form in read(html).forms if field in form.sent).sent


def test_the_map_s_page_saves_it_and_takes_it_back(client, tracking_map):
    client_of(client, "view_trackingmap", "change_trackingmap")
    page = map_page("change", tracking_map.pk)
    sent = form_with(client, page, "unknown_actions")
    assert "signed_only" not in sent, "a box that is not ticked"
    client.post(page, {**sent, "signed_only": "on"})
    assert editing.build_document("default").signed_only
    again = form_with(client, page, "unknown_actions")
    assert again.pop("signed_only") == "on"
    client.post(page, again)
    assert not editing.build_document("default").signed_only


def test_who_may_not_change_the_map_sees_it(client, tracking_map):
    client_of(client, "view_trackingmap")
    html = client.get(map_page("change", tracking_map.pk)).content.decode()
    assert SAID in html
    assert 'name="signed_only"' not in html


def test_a_tracked_model_s_page_saves_it(client, tracking_map):
    client_of(client, "view_trackingmap", "change_trackedmodel")
    row = tracking_map.tracked_models.get(prefix="User")
    page = model_page("change", row.pk)
    sent = form_with(client, page, "prefix")
    client.post(page, {**sent, "signed_only": "on", "_save": ""})
    models = editing.build_document("default").models
    assert [prefix for prefix, entry in models.items() if entry.signed_only] == ["User"]


def test_a_version_says_it(admin_client, tracking_map):
    editing.save_map(tracking_map, name="Map", description="", signed_only=True)
    version = editing.publish(tracking_map, by=None)
    page = map_page("version", tracking_map.pk, version.number)
    assert SAID in admin_client.get(page).content.decode()
    page = map_page("version", tracking_map.pk, version.number - 1)
    assert SAID not in admin_client.get(page).content.decode()


def test_a_preview_does_not_promise_what_an_unsigned_url_brings(tracking_map):
    user = User.objects.create(username="ann")
    assert not editing.preview(tracking_map, user).signed_only
    editing.save_map(tracking_map, name="Map", description="", signed_only=True)
    assert editing.preview(tracking_map, user).signed_only
    (live,) = editing.what_is_tracked(user)
    assert not live.signed_only
    editing.publish(tracking_map, by=None)
    (live,) = editing.what_is_tracked(user)
    assert live.signed_only


def test_saving_something_else_leaves_it(tracking_map):
    editing.save_map(tracking_map, name="Map", description="", signed_only=True)
    editing.save_map(tracking_map, name="Other", description="")
    assert editing.build_document("default").signed_only


def test_a_difference_says_it_in_words():
    before = Document(models={"User": ModelEntry("auth.user")})
    signed = replace(before.models["User"], signed_only=True)
    after = replace(before, models={"User": signed}, signed_only=True)
    now = "URLs must be signed now to name its objects."
    assert words(before, after) == {f"Map: {now}", f"User: {now}"}
    no_longer = "URLs no longer have to be signed to name its objects."
    assert words(after, before) == {f"Map: {no_longer}", f"User: {no_longer}"}
    added = " ".join(words(Document(), after))
    assert "URLs must be signed to name its objects." in added


def words(old, new):
    return {str(change) for change in diff(old, new).changes}


def test_a_map_that_does_not_use_it_is_written_as_before():
    """Its text and its digest stay, so that processes of the release before can read it."""
    assert Document(models={"User": ModelEntry("auth.user")}).format == 1
    assert Document(signed_only=True).format == 2
