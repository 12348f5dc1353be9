"""What was seen is counted in each process and added up in the table; the host does not notice."""

from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from trackadmin.codes import Subject
from trackadmin.models import UsageCount
from trackadmin.runtime import fault_counts, track, usage_counts, values_from_query
from trackadmin.runtime.sending import send
from trackadmin.runtime.usage_table import Counted, write_usage
from trackadmin.testing import captured_events, override_map

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MAP = {
    "models": {
        "User": {
            "model": "auth.User",
            "attributes": ["username", "last_login"],
            "key": "username",
        }
    },
    "actions": {
        "bought": {"brings": {"User": "optional"}, "parameters": {"channel": {"kind": "text"}}}
    },
}


@pytest.fixture
def written(settings):
    """Counts are written with every event; whatever else is sent is captured."""
    settings.TRACKADMIN = {"USAGE_SECONDS": 1e-9}
    with override_map(MAP) as snapshot, captured_events():
        yield snapshot


def counted():
    rows = UsageCount.objects.exclude(name="action")
    return {(row.subject, row.name): (row.seen, row.empty) for row in rows}


@pytest.mark.django_db(transaction=True)
def test_names_actions_and_parameters_are_counted_with_how_often_they_were_empty(written):
    track("bought", User(username="anna"), channel="web")
    track("bought", User(username="anna", last_login=NOW))
    track("never declared", colour="red")
    assert counted() == {
        ("action", "bought"): (2, 0),
        ("action", "never declared"): (1, 0),
        ("name", "User_username"): (2, 0),
        ("name", "User_last_login"): (2, 1),
        ("parameter", "channel"): (1, 0),
        ("parameter", "colour"): (1, 0),
    }


@pytest.mark.django_db(transaction=True)
def test_references_are_counted_with_how_often_they_found_nothing(written):
    User.objects.create(username="anna")
    for name in ("anna", "nobody"):
        send(written, values_from_query(f"action=bought&User__username={name}"))
    assert counted()["reference", "User__username"] == (2, 1)


@pytest.mark.django_db(transaction=True)
def test_what_two_processes_count_adds_up():
    rows = [Counted("default", Subject.NAME, f"N{number:03}", 2, 1) for number in range(250)]
    for _process in range(2):
        write_usage(connection, rows, NOW)
    found = UsageCount.objects.order_by().values_list("seen", "empty", "day").distinct()
    assert [*found] == [(4, 2, NOW.date())]
    assert UsageCount.objects.count() == 250


@pytest.mark.django_db(transaction=True)
def test_nothing_is_written_before_it_is_due_and_then_100_names_in_a_statement(settings):
    settings.TRACKADMIN = {"USAGE_SECONDS": 1000}
    with override_map(MAP), captured_events(), CaptureQueriesContext(connection) as queries:
        for _ in range(50):
            track("bought", User(username="anna", last_login=NOW))
        assert not queries
        for counts in usage_counts._counts.values():
            counts.due_at = 0
        track("bought")
    assert len(queries) == 1
    assert counted()["action", "bought"] == (51, 0)


@pytest.mark.django_db(transaction=True)
def test_rows_are_never_locked_by_the_hosts_transaction(written):
    with transaction.atomic():
        track("bought")
        assert not UsageCount.objects.exists()
    assert counted() == {("action", "bought"): (1, 0)}
    with transaction.atomic():
        track("bought")
        transaction.set_rollback(True)
    track("bought")
    assert counted() == {("action", "bought"): (3, 0)}


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_written_is_kept_and_the_event_goes_out(settings, monkeypatch):
    settings.TRACKADMIN = {"USAGE_SECONDS": 1e-9}
    with override_map(MAP), captured_events() as events:
        with monkeypatch.context() as patch:
            patch.setattr(usage_counts, "write_usage", lambda *_: 1 / 0)
            track("bought")
        assert fault_counts()["usage.not_written"] == 1
        track("bought")
    assert counted() == {("action", "bought"): (2, 0)}
    assert len(events) == 2


@pytest.mark.django_db(transaction=True)
def test_strangers_make_few_rows_and_none_that_looks_like_a_value(written):
    text = "&".join(f"made_up_{number}=1" for number in range(300))
    values = values_from_query(f"action=x&{text}&anna@example.com=1&{'long' * 100}=1")
    send(written, values)
    names = {name for subject, name in counted() if subject == "parameter"}
    assert len(names) == usage_counts.MAX_UNKNOWN + 1
    assert "other" in names
    assert not any("@" in name or len(name) > 100 for name in names)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_counted_without_a_published_map_or_with_zero_seconds(settings):
    settings.TRACKADMIN = {"USAGE_SECONDS": 1e-9, "STRICT": False}
    with captured_events():
        track("bought")
        settings.TRACKADMIN = {"USAGE_SECONDS": 0}
        with override_map(MAP):
            track("bought")
    assert not UsageCount.objects.exists()
