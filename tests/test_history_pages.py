"""Every edit can be reached: the history has pages and filters, and tells the truth of each."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from reversion.models import Revision

from tests.screens import MARKS, client_of, map_page, model_page, published_example
from trackadmin import editing
from trackadmin.admin import edit_list
from trackadmin.document import ActionEntry
from trackadmin.editing import EditKind, HistoryFilter

pytestmark = MARKS


def save(row, prefix, by=None, **fields):
    entry = editing.build_document(row).models[prefix]
    kept = row.tracked_models.get(prefix=prefix)
    changed = replace(entry, **fields)
    return editing.save_tracked_model(row, prefix, changed, tracked_model=kept, by=by)


@pytest.fixture
def tracking_map():
    """An import, then five edits by two people and by code."""
    row = published_example()
    ann, bob = (User.objects.create_user(name) for name in ("ann", "bob"))
    save(row, "User", ann, owner="One")
    save(row, "User", bob, owner="Two")
    save(row, "User", ann, owner="Three")
    editing.save_action(row, "signup", ActionEntry(), by=bob)
    editing.waive(row, "lint.description", "User", reason="Known.", by=ann)
    editing.delete_tracked_model(row.tracked_models.get(prefix="CompanyAccount"))
    return row


def told(client, row, **query):
    """The words of the edits on the page that the address asks for."""
    response = client.get(map_page("history", row.pk), query)
    assert response.status_code == 200
    return [
        [line.words for group in step.groups for line in group.lines]
        for step in response.context["steps"]
    ]


def test_pages_together_have_every_edit_once(client, tracking_map, monkeypatch):
    client_of(client, "view_trackingmap")
    every = [each.revision for each in editing.history(tracking_map)]
    monkeypatch.setattr(edit_list, "PER_PAGE", 2)
    found = []
    for page in range(1, 5):
        address = map_page("history", tracking_map.pk)
        response = client.get(address, {"page": page})
        found += [step.entry for step in response.context["steps"]]
    assert [each.revision for each in found] == every
    assert found == editing.history(tracking_map), "each page tells what its edits changed"
    assert client.get(address, {"page": 5}).status_code == 404


def test_what_others_did_in_between_is_not_laid_at_a_persons_door(client, tracking_map):
    """The page of one person has gaps; each edit is compared with the one right before it."""
    client_of(client, "view_trackingmap")
    waived, third, first = told(client, tracking_map, who="ann")
    assert waived == []
    assert third == ["The owner changed from 'Two' to 'Three'."]
    assert first == ["The owner was set to 'One'."]
    assert told(client, tracking_map, who="bob")[1] == ["The owner changed from 'One' to 'Two'."]
    assert told(client, tracking_map, who="nobody") == []


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, 7),
        ({"by_code": "1"}, 2),
        ({"name": "User"}, 4),
        ({"name": "CompanyAccount"}, 2),
        ({"name": "signup"}, 1),
        ({"name": "Us"}, 0),
        ({"kind": EditKind.MODELS}, 5),
        ({"kind": EditKind.ACTIONS}, 1),
        ({"kind": EditKind.WAIVERS}, 1),
        ({"kind": EditKind.MAP}, 0),
        ({"kind": EditKind.DELETED}, 1),
        ({"kind": EditKind.RESTORED}, 0),
        ({"kind": EditKind.IMPORTED}, 1),
        ({"kind": EditKind.MODELS, "who": "ann", "name": "User"}, 2),
        ({"until": "2020-01-01"}, 0),
        ({"since": "2020-01-01"}, 7),
    ],
)
def test_a_filter_leaves_what_fits(client, tracking_map, query, count):
    client_of(client, "view_trackingmap")
    assert len(told(client, tracking_map, **query)) == count


def test_a_deleted_name_and_a_former_name_are_found(client, tracking_map):
    client_of(client, "view_trackingmap")
    row = tracking_map.tracked_models.get(prefix="User")
    entry = editing.build_document(tracking_map).models["User"]
    editing.save_tracked_model(tracking_map, "Person", entry, tracked_model=row)
    assert len(told(client, tracking_map, name="Person")) == 5
    assert len(told(client, tracking_map, name="User")) == 5
    editing.delete_tracked_model(tracking_map.tracked_models.get(prefix="Person"))
    assert len(told(client, tracking_map, name="User")) == 6


def test_days_are_those_of_the_reader(client, tracking_map):
    """The last day is in the list, the day after is not."""
    client_of(client, "view_trackingmap")
    newest = Revision.objects.order_by("-pk")[0]
    Revision.objects.filter(pk=newest.pk).update(date_created=datetime(2031, 5, 4, 9, tzinfo=UTC))
    assert len(told(client, tracking_map, since="2031-05-04", until="2031-05-04")) == 1
    assert len(told(client, tracking_map, since="2031-05-05")) == 0
    assert len(told(client, tracking_map, until="2031-05-03")) == 6


def test_a_filter_that_fits_nothing_says_so_and_stays(client, tracking_map):
    client_of(client, "view_trackingmap")
    html = client.get(map_page("history", tracking_map.pk), {"who": "nobody"}).content.decode()
    assert "No edit fits." in html
    assert 'value="nobody"' in html


def test_other_maps_edits_are_never_in_the_list(client, tracking_map):
    other = editing.add_map("other", name="Other")
    editing.save_action(other, "theirs", ActionEntry())
    client_of(client, "view_trackingmap")
    for query in ({}, {"name": "theirs"}, {"kind": EditKind.ACTIONS}, {"by_code": "1"}):
        assert "theirs" not in str(told(client, tracking_map, **query))


def test_one_tracked_model_has_pages_too_and_only_the_newest_state_is_not_restored(
    admin_client, tracking_map, monkeypatch
):
    monkeypatch.setattr(edit_list, "PER_PAGE", 2)
    row = tracking_map.tracked_models.get(prefix="User")
    steps = []
    for page in (1, 2, 3):
        response = admin_client.get(model_page("history", row.pk), {"page": page})
        steps += response.context["steps"]
    assert [step.entry for step in steps] == editing.history(row)
    assert [bool(step.links) for step in steps] == [False, False, True, True, True]
    mine = admin_client.get(model_page("history", row.pk), {"who": "ann"}).context["steps"]
    words = [line.words for step in mine for group in step.groups for line in group.lines]
    assert words == ["The owner changed from 'Two' to 'Three'."]


@pytest.mark.parametrize("query", [{}, {"who": "ann"}, {"name": "User", "kind": "models"}])
def test_a_page_costs_the_same_however_long_the_history(admin_client, tracking_map, query):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            told(admin_client, tracking_map, **query)
        return len(captured)

    queries()
    before = queries()
    ann = User.objects.get(username="ann")
    for number in range(8):
        save(tracking_map, "User", ann, owner=f"Team {number}")
    assert queries() == before


def test_nothing_is_read_before_a_page_takes_it(tracking_map, django_assert_num_queries):
    with django_assert_num_queries(0):
        editing.find_edits(tracking_map, HistoryFilter())
