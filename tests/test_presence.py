"""Who else has a form open: people see it before work is lost, and nothing depends on it."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests.drafts import everything
from tests.screens import (
    MARKS,
    action_page,
    client_of,
    model_page,
    person,
    published_example,
    some_actions,
)
from trackadmin import editing
from trackadmin.editing import presence as presence_module
from trackadmin.models import EditingNow

pytestmark = MARKS
EDITOR = ("view_trackingmap", "change_trackedmodel", "change_trackedaction")


@pytest.fixture
def row():
    return published_example().tracked_models.get(prefix="User")


@pytest.fixture
def ann():
    client = Client()
    client.force_login(
        User.objects.get_or_create(username="ann", is_superuser=True, is_staff=True)[0]
    )
    return client


def words(client, row):
    return client.get(model_page("presence", row.pk)).json()["words"]


def test_two_people_see_each_other_and_not_themselves(client, ann, row):
    bob = client_of(client, *EDITOR)
    page = model_page("presence", row.pk)
    assert ann.post(page).json()["words"] == ""
    assert bob.post(page).json()["words"].startswith("ann has this form open now.")
    assert "user0" not in words(bob, row)
    assert words(ann, row).startswith("user")
    assert "ann has this form open now." in bob.get(model_page("change", row.pk)).content.decode()


def test_it_is_forgotten_when_the_form_is_closed_and_after_two_minutes(client, ann, row):
    bob, page = client_of(client, *EDITOR), model_page("presence", row.pk)
    ann.post(page)
    ann.post(page, {"closed": "1"})
    assert words(bob, row) == ""
    ann.post(page)
    ann.post(page)
    assert EditingNow.objects.count() == 1, "the same person is noted once"
    EditingNow.objects.update(seen_at=timezone.now() - timedelta(seconds=121))
    assert words(bob, row) == ""
    bob.post(page)
    assert EditingNow.objects.count() == 1, "what is forgotten is deleted"


def test_entries_of_one_key_in_two_tables_are_not_mixed_up(ann, client, row):
    action, _edit = some_actions(row.map)
    EditingNow.objects.all().delete()
    ann.post(action_page("presence", action.pk))
    (note,) = EditingNow.objects.all()
    EditingNow.objects.update(entry=row.pk)
    assert words(client_of(client, *EDITOR), row) == ""
    EditingNow.objects.update(entry=action.pk)
    html = client.get(action_page("change", action.pk)).content.decode()
    assert "ann has this form open now." in html
    assert note.table == "actions"


def test_who_may_only_view_sees_names_and_is_not_noted(client, ann, row):
    page = model_page("presence", row.pk)
    ann.post(page)
    viewer = client_of(client, "view_trackingmap")
    assert words(viewer, row).startswith("ann")
    assert viewer.post(page).status_code == 403
    assert EditingNow.objects.count() == 1
    client.force_login(person())
    assert client.get(page).status_code == 403


def test_to_open_a_page_writes_nothing_and_to_note_it_writes_no_edit(client, ann, row):
    """No version, no revision, no lock of the map."""
    before = everything()
    ann.get(model_page("change", row.pk))
    assert not EditingNow.objects.exists()
    with CaptureQueriesContext(connection) as captured:
        ann.post(model_page("presence", row.pk))
    assert everything() == before
    written = [q["sql"] for q in captured if q["sql"].startswith(("INSERT", "UPDATE", "DELETE"))]
    assert [each for each in written if "editingnow" not in each] == []
    assert len(written) == 2


def test_a_database_that_cannot_note_it_breaks_no_page(ann, row):
    """The table may be missing until the site has migrated."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trackadmin_editingnow RENAME TO gone")
    assert ann.get(model_page("change", row.pk)).status_code == 200
    assert ann.post(model_page("presence", row.pk)).json() == {"words": ""}
    assert ann.post(model_page("presence", row.pk), {"closed": "1"}).json() == {"words": ""}


def test_many_people_are_told_in_one_line(row, ann, client, monkeypatch):
    monkeypatch.setattr(presence_module, "MOST_PEOPLE", 3)
    for number in range(5):
        user = User.objects.create(username=f"p{number}")
        editing.note_presence(row, user)
    said = words(ann, row)
    assert said.startswith("p0, p1, p2 have this form open now.")
