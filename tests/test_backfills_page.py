"""The page of backfills: how far each run is, and ranges that are queued again, once, on record."""

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tests import screens
from tests.screens import client_of, map_page, published_example, said
from trackadmin.backfills import tasks_backfill
from trackadmin.models import BackfillRange, BackfillRun, RangeState

pytestmark = screens.MARKS

DONE, FAILED, QUEUED, RUNNING = (
    RangeState.DONE,
    RangeState.FAILED,
    RangeState.QUEUED,
    RangeState.RUNNING,
)


@pytest.fixture
def tracking_map():
    return published_example()


@pytest.fixture
def queued(monkeypatch):
    keys = []
    monkeypatch.setattr(tasks_backfill, "queue_range", lambda pk, after: keys.append(pk))
    return keys


def run(*states, slug="default", error="OSError: disk", total=4711):
    """A run with a range in each of these states."""
    now = timezone.now()
    made = BackfillRun.objects.create(
        map=slug,
        model="demo.CompanyAccount",
        version=1,
        digest="d",
        names="[]",
        format="ndjson",
        folder="/srv/files",
        via="tasks",
        total=total,
    )
    BackfillRange.objects.bulk_create(
        BackfillRange(
            run=made,
            number=number,
            state=state,
            rows=1234 if state in (DONE, RUNNING) else 0,
            error=error if state == FAILED else "",
            taken_until=now + timezone.timedelta(seconds=60) if state == RUNNING else None,
            started_at=now - timezone.timedelta(seconds=10),
            changed_at=now,
        )
        for number, state in enumerate(states, 1)
    )
    return made


def client_who_may(client, *codenames):
    """Somebody with these permissions who may view the objects of the run."""
    client_of(client, "view_trackingmap", *codenames)
    user = client.session["_auth_user_id"]
    wanted = Permission.objects.get(codename="view_companyaccount")
    wanted.user_set.add(user)
    return client


def page(client, tracking_map):
    response = client.get(map_page("backfills", tracking_map.pk))
    html = response.content.decode()
    return response, " ".join(html[html.index('id="content-start"') :].split())


def test_each_run_of_the_map_is_shown_with_its_numbers(client, tracking_map):
    run(DONE, RUNNING, FAILED, QUEUED)
    run(DONE, total=1000)
    run(DONE, slug="another")
    response, html = page(client_who_may(client), tracking_map)
    newest, oldest = (row.progress for row in response.context["rows"])
    assert (newest.share, newest.is_over, newest.left) == (100, True, 0)
    assert (oldest.share, oldest.done, oldest.running, oldest.failed) == (52, 1, 1, 1)
    assert (oldest.rows, round(oldest.rate), oldest.left) == (2468, 247, 2)
    for words in ("2468", "247<", "of 4711", "1 of 4", "1 failed", "OSError: disk", "/srv/files"):
        assert words in html
    assert "another" not in html


def test_numbers_and_errors_of_objects_that_somebody_may_not_view_are_hidden(client, tracking_map):
    run(DONE, FAILED)
    _, html = page(client_of(client, "view_trackingmap"), tracking_map)
    assert "You may not view these objects" in html
    for words in ("1234", "4711", "1 of 2", "OSError"):
        assert words not in html


def test_only_who_may_publish_queues_again(client, tracking_map, queued):
    made = run(DONE, FAILED)
    client_who_may(client)
    assert "Queue again</button>" not in page(client, tracking_map)[1]
    address = map_page("backfills", tracking_map.pk)
    assert client.post(address, {"run": made.pk}).status_code == 403
    assert queued == []
    assert not LogEntry.objects.exists()


def test_what_is_left_is_queued_again_and_recorded(client, tracking_map, queued):
    made = run(DONE, FAILED, QUEUED, RUNNING)
    client_who_may(client, "publish_trackingmap")
    address = map_page("backfills", tracking_map.pk)
    response = client.post(address, {"run": made.pk}, follow=True)
    assert said(response) == ["2 ranges were queued."]
    left = made.ranges.filter(number__in=(2, 3))
    assert queued == [each.pk for each in left]
    assert {each.state for each in left} == {QUEUED}
    entry = LogEntry.objects.get()
    assert entry.change_message == f"Queued ranges of backfill {made.pk} again: 2."
    assert made.ranges.get(number=1).state == DONE


def test_a_run_of_another_map_is_not_there(client, tracking_map, queued):
    made = run(FAILED, slug="another")
    client_who_may(client, "publish_trackingmap")
    address = map_page("backfills", tracking_map.pk)
    assert client.post(address, {"run": made.pk}).status_code == 404
    assert client.post(address).status_code == 404
    assert queued == []


def test_a_queue_that_is_away_is_told_in_words(client, tracking_map, monkeypatch):
    def away(pk, after):
        raise ConnectionError("secret-4711")

    monkeypatch.setattr(tasks_backfill, "queue_range", away)
    made = run(FAILED)
    client_who_may(client, "publish_trackingmap")
    address = map_page("backfills", tracking_map.pk)
    (told,) = said(client.post(address, {"run": made.pk}, follow=True))
    assert told.startswith("The queue of tasks does not answer (ConnectionError).")
    assert not LogEntry.objects.exists()


def test_many_runs_take_as_many_queries_as_one(client, tracking_map):
    client_who_may(client)
    counts = []
    for more in (1, 18):
        for _ in range(more):
            run(DONE, FAILED)
        page(client, tracking_map)
        with CaptureQueriesContext(connection) as captured:
            page(client, tracking_map)
        counts.append(len(captured))
    assert counts[0] == counts[1]


@pytest.mark.parametrize(
    ("states", "is_there"),
    [
        ((DONE, DONE), False),
        ((DONE, RUNNING, QUEUED), False),
        ((RUNNING, FAILED), True),
        ((DONE, QUEUED), True),
    ],
)
def test_the_button_is_there_when_something_stands_still(client, tracking_map, states, is_there):
    run(*states)
    html = page(client_who_may(client, "publish_trackingmap"), tracking_map)[1]
    assert ("Queue again</button>" in html) is is_there
