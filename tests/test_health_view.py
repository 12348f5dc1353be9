"""How the tracking is: for staff and for programs with the token, for nobody else; no values."""

import json
import sys

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.test import override_settings
from django.utils import timezone

from tests import outbox
from tests.screens import published_example
from trackadmin import outbox as ours
from trackadmin.checks import check_settings
from trackadmin.runtime import track

TOKEN = "a long text that nobody guesses".replace(" ", "-")
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
VIEWS = ["/t/health/", "/t/metrics/"]

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_process")]


@pytest.fixture(autouse=True)
def sinks():
    outbox.forget()
    with override_settings(TRACKADMIN={**outbox.settings("one"), "HEALTH_TOKEN": TOKEN}):
        yield


def asked(client, view="/t/health/"):
    return client.get(view, headers=HEADERS)


@pytest.mark.parametrize("view", VIEWS)
def test_nobody_else_learns_that_there_is_something(client, view):
    for headers in (
        {},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": TOKEN},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer é"},
    ):
        refused = client.get(view, headers=headers)
        assert (refused.status_code, refused.content) == (404, b""), headers
    client.force_login(User.objects.create(username="visitor"))
    assert client.get(view).status_code == 404
    with override_settings(TRACKADMIN={"HEALTH_TOKEN": None}):
        assert client.get(view, headers={"Authorization": "Bearer None"}).status_code == 404
        assert client.get(view, headers={"Authorization": "Bearer "}).status_code == 404
    assert client.post(view, headers=HEADERS).status_code == 405


@pytest.mark.parametrize("view", VIEWS)
def test_staff_and_the_token_open_it(client, view):
    published_example()
    assert asked(client, view).status_code == 200
    client.force_login(User.objects.create(username="staff", is_staff=True))
    response = client.get(view)
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"
    User.objects.update(is_active=False)
    assert client.get(view).status_code == 404


def test_it_says_the_same_as_the_accounts_and_no_value(client):
    published_example()
    track("a", secret="wilhelmina@example.com")
    response = asked(client)
    data = json.loads(response.content)
    assert data["ok"]
    assert data["version"] == 1
    (sink,) = data["sinks"]
    (account,) = ours.accounts()
    assert {name: sink[name] for name in ("queue", "waiting", "delivered", "dead")} == {
        "queue": account.queue,
        "waiting": 1,
        "delivered": 0,
        "dead": 0,
    }
    text = asked(client, "/t/metrics/").content.decode()
    assert 'trackadmin_sink_queue_events{sink="one"} 1.0' in text
    assert 'trackadmin_map_version{map="default"} 1.0' in text
    assert "wilhelmina" not in response.content.decode() + text


def test_names_that_visitors_made_up_are_not_told(client):
    published_example()
    client.get("/t/?action=wilhelmina@example.com&User__id=1")
    text = asked(client, "/t/metrics/").content.decode()
    assert "wilhelmina" not in text
    assert 'trackadmin_events_total{action="other",map="default"' in text


def test_a_queue_that_is_too_old_is_not_healthy(client):
    published_example()
    outbox.store(1, waiting=True, received_at=timezone.now() - timezone.timedelta(hours=1))
    response = asked(client)
    assert response.status_code == 503
    assert json.loads(response.content)["late"] == ["one"]
    for limit, status in ((None, 200), (3000, 503), (4000, 200)):
        changed = {**outbox.settings("one"), "HEALTH_TOKEN": TOKEN, "HEALTH_LAG_SECONDS": limit}
        with override_settings(TRACKADMIN=changed):
            assert asked(client).status_code == status, limit


def test_a_map_that_cannot_be_loaded_is_not_healthy(client):
    published_example()
    with connection.cursor() as cursor:  # a version is never changed otherwise
        cursor.execute("UPDATE trackadmin_mapversion SET document = '{}'")
    response = asked(client)
    assert response.status_code == 503
    assert json.loads(response.content)["version"] is None


def test_events_that_cannot_be_asked_are_not_healthy(client, monkeypatch):
    published_example()

    def fails():
        raise DatabaseError("wilhelmina@example.com")

    monkeypatch.setattr(ours, "accounts", fails)
    response = asked(client)
    assert response.status_code == 503
    assert json.loads(response.content)["events"] is False
    assert "wilhelmina" not in response.content.decode()
    assert "trackadmin_up 0.0" in asked(client, "/t/metrics/").content.decode()


def test_without_the_library_the_metrics_say_what_to_install(client, monkeypatch):
    monkeypatch.delitem(sys.modules, "trackadmin.collect.prometheus_metrics", raising=False)
    monkeypatch.setitem(sys.modules, "prometheus_client", None)
    response = asked(client, "/t/metrics/")
    assert response.status_code == 501
    assert "trackadmin[prometheus]" in response.content.decode()


@pytest.mark.parametrize(
    ("name", "value", "check"),
    [
        ("HEALTH_TOKEN", "short", "trackadmin.E070"),
        ("HEALTH_TOKEN", 5, "trackadmin.E070"),
        ("HEALTH_TOKEN", "with a space in it, and long", "trackadmin.E070"),
        ("HEALTH_LAG_SECONDS", -1, "trackadmin.E071"),
        ("HEALTH_LAG_SECONDS", "x", "trackadmin.E071"),
    ],
)
def test_a_setting_that_cannot_work_is_reported_without_the_token(name, value, check):
    with override_settings(TRACKADMIN={name: value}):
        (message,) = [each for each in check_settings(None) if each.id == check]
    assert "with a space" not in str(message.msg) + str(message.hint)
    for good in (None, TOKEN) if name == "HEALTH_TOKEN" else (None, 0, 1.5):
        with override_settings(TRACKADMIN={name: good}):
            assert not [each for each in check_settings(None) if each.id == check]
