"""An event is accepted by one insert, with the host's transaction or beside it, and harms none."""

from contextlib import contextmanager, suppress
from datetime import timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import Error, OperationalError, connection, connections, transaction
from django.http import HttpResponse
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import path
from django.utils import timezone

from tests import outbox
from trackadmin.models import AcceptedEvent
from trackadmin.outbox import accounts, drain
from trackadmin.runtime import fault_counts, track
from trackadmin.runtime.delivery import deliver
from trackadmin.testing import override_map, reset

pytestmark = pytest.mark.django_db(databases=["default", "other"])
#: Tests that need real commits: each takes a while, so there are few.
in_earnest = pytest.mark.django_db(transaction=True, databases=["default", "other"])

MAP = {"Country": {"model": "host.Country", "attributes": ["code"], "key": "code"}}


@pytest.fixture(autouse=True)
def clean():
    reset()
    with override_settings(TRACKADMIN=outbox.settings("one")), override_map(MAP):
        yield
    reset()


@contextmanager
def beside():
    """Events have a database of their own, as if the site's router let it have their table."""
    with connections["other"].schema_editor() as editor:
        editor.create_model(AcceptedEvent)
    try:
        setting = outbox.settings("one") | {"EVENTS_DATABASE": "other"}
        with override_settings(TRACKADMIN=setting):
            yield
    finally:
        with connections["other"].schema_editor() as editor:
            editor.delete_model(AcceptedEvent)


def stored(using="default"):
    events = AcceptedEvent.objects.using(using).order_by("number")
    return [(each.action, each.waiting) for each in events]


def statements(act):
    with CaptureQueriesContext(connection) as queries:
        act()
    return [each["sql"].split()[0].strip('"') for each in queries]


@in_earnest
@pytest.mark.parametrize("sinks", [["one"], list("abcdefghij")], ids=["one sink", "ten sinks"])
def test_one_insert_and_nothing_else(sinks):
    with override_settings(TRACKADMIN=outbox.settings(*sinks)):
        track("warm")
        assert statements(lambda: track("a")) == ["INSERT"]
    assert stored() == [("warm", True), ("a", True)]


def test_in_a_transaction_a_savepoint_is_added():
    track("warm")
    with transaction.atomic():
        assert statements(lambda: track("a")) == ["SAVEPOINT", "INSERT", "RELEASE"]


@pytest.mark.parametrize("aware", [True, False])
def test_whatever_the_site_does_with_time_zones(aware):
    with override_settings(USE_TZ=aware):
        deliver(outbox.event("a" * 500))
        event = AcceptedEvent.objects.get()
        assert abs(timezone.now() - event.received_at) < timedelta(seconds=60)
        drain()
        assert accounts()[0].delivered == 1
    assert event.action == "a" * 100
    assert '"action":"' + "a" * 500 in event.body


class Rollback(Exception):
    """The host's own reason."""


def rolled_back():
    with suppress(Rollback), transaction.atomic():
        User.objects.create(username="gone")
        track("order_placed")
        raise Rollback


@in_earnest
def test_an_event_of_a_transaction_that_is_rolled_back_never_was():
    """Unless it is in a database of its own."""
    rolled_back()
    assert stored() == []
    assert not User.objects.exists()
    assert "event.not_stored" not in fault_counts()
    with beside():
        rolled_back()
        assert stored("other") == [("order_placed", True)]
    assert stored() == []


def test_an_event_of_a_transaction_that_commits_is_there():
    with transaction.atomic():
        track("order_placed")
        User.objects.create(username="kept")
    assert stored() == [("order_placed", True)]


def test_a_savepoint_of_the_host_that_is_rolled_back_takes_its_event_along():
    with transaction.atomic():
        track("outer")
        with suppress(Rollback), transaction.atomic():
            track("inner")
            raise Rollback
    assert stored() == [("outer", True)]


@contextmanager
def table_away():
    table = AcceptedEvent._meta.db_table
    with connection.schema_editor() as editor:
        editor.alter_db_table(AcceptedEvent, table, "away")
    yield
    with connection.schema_editor() as editor:
        editor.alter_db_table(AcceptedEvent, "away", table)


@in_earnest
def test_an_insert_that_fails_harms_nothing_of_the_host():
    """Outside of its transactions and in one."""
    with table_away():
        track("a")
        User.objects.create(username="kept")
        assert fault_counts()["event.not_stored"] == 1
        with transaction.atomic():
            User.objects.create(username="before")
            track("b")
            track("c")
            User.objects.create(username="after")
    assert User.objects.count() == 3
    assert fault_counts()["event.not_stored"] == 3


def test_a_transaction_that_is_broken_already_stays_the_hosts():
    """Nothing is stored, nothing is raised, and the host sees its own error."""
    with suppress(Error), transaction.atomic(), connection.cursor() as cursor:
        transaction.set_rollback(True)
        track("a")
        assert connection.needs_rollback
        cursor.execute("SELECT 1")
        pytest.fail("the host should have seen its error")
    assert stored() == []
    assert fault_counts()["event.not_stored"] == 1


@pytest.mark.parametrize("inside", [False, True], ids=["outside", "in a transaction"])
def test_a_repeated_id_is_one_event(inside):
    event = outbox.event("a", n=1)
    other = outbox.event("b", n=2)._replace(id=event.id)
    if inside:
        with transaction.atomic():
            deliver(event)
            deliver(other)
            User.objects.create(username="kept")
    else:
        deliver(event)
        deliver(other)
    assert stored() == [("a", True)], "the first stays as it was"
    assert fault_counts()["event.repeated"] == 1
    assert User.objects.exists() == inside


def place_order(request):
    User.objects.create(username=uuid4().hex)
    track("order_placed")
    if "fail" in request.GET:
        raise Rollback
    return HttpResponse("ok")


urlpatterns = [path("order/", place_order)]


@in_earnest
def test_in_a_request_that_is_a_transaction():
    """The event of a page that fails goes with what the page wrote."""
    client = Client(raise_request_exception=False)
    with (
        override_settings(ROOT_URLCONF=__name__),
        patch.dict(connection.settings_dict, ATOMIC_REQUESTS=True),
    ):
        client.get("/order/?fail=1")
        assert len(stored()) == User.objects.count() == 0
        client.get("/order/")
    assert len(stored()) == User.objects.count() == 1


@in_earnest
@pytest.mark.postgresql
def test_a_connection_that_was_cut_is_made_anew_and_no_event_is_lost():
    for number in range(3):
        track(f"a{number}")
        with connection.copy().cursor() as other:
            pid = connection.connection.info.backend_pid
            other.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
            other.connection.close()
    track("last")
    assert [action for action, _ in stored()] == ["a0", "a1", "a2", "last"]
    assert "event.not_stored" not in fault_counts()


@in_earnest
def test_a_database_that_is_down_is_not_asked_twice():
    asked = []

    def refuse(*args):
        asked.append(args)
        raise OperationalError

    connection.close()
    with patch.object(connections["default"], "connect", refuse):
        deliver(outbox.event())
    assert len(asked) == 1
    assert fault_counts()["event.not_stored"] == 1
