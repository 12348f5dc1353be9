"""The tracking URL: always the same response, and an event with everything known."""

import json
import logging
import os
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import OperationalError, connection
from django.test import AsyncClient, Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path

from demo.models import BuyerProfile, CompanyAccount
from tests.maps import EXAMPLE
from trackadmin import testing
from trackadmin.collect.queries import MAX_BODY
from trackadmin.document import to_dict
from trackadmin.runtime import Event, Reference, Values, fault_counts, store, tracking_values
from trackadmin.testing import override_map

BUYER = "6fa459ea-ee8a-3ca4-894e-db77e160355e"
QUERY = f"action=signup_click&BuyerProfile__uuid={BUYER}&CompanyAccount__name=The%20Demo%20Account"
pytestmark = pytest.mark.django_db

urlpatterns = [
    path("t/", include("trackadmin.collect.urls")),
    path("s/", include("trackadmin.collect.urls", namespace="shop"), {"map": "shop"}),
]


class Remembering:
    """A sink that keeps what it gets, in one list for all its instances."""

    events = []
    made = 0

    def __init__(self):
        type(self).made += 1

    def write(self, event):
        self.events.append(event)


class Failing:
    def write(self, event):
        raise RuntimeError("hunter2")


class Unmakable:
    def __init__(self):
        raise RuntimeError("hunter2")


def sinks(*names, **more):
    paths = [name if "." in name else f"tests.test_collect.{name}" for name in names]
    return override_settings(TRACKADMIN={"SINKS": paths, **more})


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    Remembering.events.clear()
    Remembering.made = 0
    with override_map(to_dict(EXAMPLE)), sinks("Remembering"):
        yield
    testing.reset()


@pytest.fixture
def rows():
    user = User.objects.create(id=123, username="testUserOne", email="test.user@example.com")
    buyer = BuyerProfile.objects.create(uuid=BUYER, user=user)
    return buyer, CompanyAccount.objects.create(name="The Demo Account", is_demo=True)


@pytest.fixture
def caller():
    """A browser on another site, which Django's CSRF protection would refuse."""
    return Client(enforce_csrf_checks=True)


def is_the_answer(response):
    """Check that status, body and headers are the usual ones."""
    assert (response.status_code, response.content) == (204, b"")
    headers = {name: value for name, value in response.headers.items() if name != "Content-Length"}
    assert headers == {"Cache-Control": "no-store"}
    assert not response.cookies
    return True


# ── From a call to an event ─────────────────────────────────────────────────────────────────────


def test_contracts_example(caller, rows):
    assert is_the_answer(caller.get(f"/t/?{QUERY}"))
    (event,) = Remembering.events
    buyer = BuyerProfile.objects.get(uuid=BUYER)
    assert event.values == {"action": "signup_click", **tracking_values(buyer, rows[1])}
    assert len(event.values) == 13
    assert event.action == "signup_click"
    assert event.references == (("BuyerProfile__uuid", "found"), ("CompanyAccount__name", "found"))
    assert (event.map, event.version) == ("default", 0)
    assert uuid.UUID(event.id).version == 7
    assert datetime.now(UTC) - datetime.fromisoformat(event.time) < timedelta(seconds=10)
    assert event.time.endswith("+00:00")
    assert fault_counts() == {}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (QUERY, "application/x-www-form-urlencoded"),
        (QUERY, "application/x-www-form-urlencoded; charset=UTF-8"),
        # What navigator.sendBeacon sends for a text, and for one that is JSON.
        (QUERY, "text/plain;charset=UTF-8"),
        (json.dumps({"CompanyAccount__name": "The Demo Account", "action": "x"}), "text/plain"),
        (
            json.dumps({"CompanyAccount__name": "The Demo Account", "action": "signup_click"}),
            "application/json",
        ),
        (QUERY, ""),
        ("\n" + json.dumps({"CompanyAccount__name": "The Demo Account", "action": "x"}), "a/b"),
    ],
)
def test_forms_of_a_body(caller, rows, body, content_type):
    assert is_the_answer(caller.post("/t/", body, content_type=content_type))
    (event,) = Remembering.events
    assert event.values["CompanyAccount_is_demo"] is True
    assert event.action
    assert fault_counts() == {}


def test_multipart_body(caller, rows):
    file = SimpleUploadedFile("a.txt", b"never read")
    data = {"CompanyAccount__name": "The Demo Account", "action": "signup_click", "file": file}
    assert is_the_answer(caller.post("/t/?page=1", data))
    (event,) = Remembering.events
    assert dict(event.values) == {
        "page": "1",
        "action": "signup_click",
        "CompanyAccount_name": "The Demo Account",
        "CompanyAccount_is_demo": True,
    }


def test_body_goes_on_where_the_query_string_ends(caller, rows):
    caller.post("/t/?a=1&b=1", "b=2&c=2", content_type="text/plain")
    caller.post("/t/?a=1&b=1", {"b": [2], "c": {"d": None}}, content_type="application/json")
    first, second = Remembering.events
    assert dict(first.values) == {"a": "1", "b": "2", "c": "2"}
    assert dict(second.values) == {"a": "1", "b": "[2]", "c": '{"d":null}'}


def test_text_in_any_script(caller):
    caller.get("/t/", {"a": "é€\U0001f600"})
    caller.get("/t/", QUERY_STRING="a=é€\U0001f600".encode().decode("latin-1"))
    caller.post("/t/", "a=é€\U0001f600", content_type="text/plain")
    assert [event.values["a"] for event in Remembering.events] == ["é€\U0001f600"] * 3


def test_reference_that_names_nothing_is_an_event_without_its_value(caller, rows):
    assert is_the_answer(caller.get("/t/?User__id=7&User__username=me@example.com"))
    (event,) = Remembering.events
    assert event.references == (("User__id", "none"), ("User__username", "not_allowed"))
    assert "me@example.com" not in event.as_json()


def test_no_session_no_user_no_write(caller, rows):
    with CaptureQueriesContext(connection) as captured:
        caller.get(f"/t/?{QUERY}")
    words = {query["sql"].split()[0] for query in captured}
    assert words <= {"SELECT", "SAVEPOINT", "RELEASE"}
    assert not any("django_session" in query["sql"] for query in captured)


# ── Unusual requests ──────────────────────────────────────────────────────────────────────────

BODIES = [
    (b"{", "application/json", "collect.bad_body"),
    (b"[1, 2]", "application/json", "collect.bad_body"),
    (b"[" * 60_000, "application/json", "collect.bad_body"),
    (
        b'{"a": ' * 9_000 + b"1" + b"}" * 9_000,
        "application/json",
        None,
    ),  # newer versions of Python can read it
    (b'{"a": ' + b"9" * 5_000 + b"}", "application/json", "collect.bad_body"),
    (b"a=" + b"x" * MAX_BODY, "text/plain", "collect.too_large"),
    (b"a=" + b"x" * 20_000_000, "text/plain", "collect.too_large"),
    (b"{" + b" " * MAX_BODY + b"}", "application/json", "collect.too_large"),
    (b"--x\r\nnonsense", "multipart/form-data; boundary=x", None),
    (b"x", "multipart/form-data", "collect.bad_body"),
    (b"x", "multipart/form-data; boundary=\xe9", "collect.bad_body"),
    (b"\xff\xfe\x00", "application/json", None),
    (b"\xff\xfe\x00", "text/plain; charset=nonsense", None),
    (b"", "application/json", "collect.empty"),
    (b"{}", "application/json", "collect.empty"),
    (b"&".join(b"a%d=1" % n for n in range(5_000)), "text/plain", "query.too_many_parameters"),
    (
        b"&".join(b"a%d=1" % n for n in range(5_000)),
        "application/x-www-form-urlencoded",
        "query.too_many_parameters",
    ),
]


@pytest.mark.parametrize(("body", "content_type", "fault"), BODIES, ids=range(len(BODIES)))
@pytest.mark.parametrize("strict", [True, False])
def test_bad_body(caller, body, content_type, fault, strict):
    with sinks("Remembering", STRICT=strict):
        assert is_the_answer(caller.generic("POST", "/t/", body, content_type=content_type))
    if fault:
        assert fault in fault_counts()
    assert "collect.failed" not in fault_counts()


def test_bad_body_keeps_what_the_query_string_says(caller):
    caller.generic("POST", "/t/?a=1", b"{", content_type="application/json")
    (event,) = Remembering.events
    assert dict(event.values) == {"a": "1"}


QUERIES = [
    "",
    "&" * 10_000,
    "%",
    "a=%ff%00",
    "&".join(f"a{n}=1" for n in range(5_000)),
    "User__id=" + "9" * 100_000,
    "CompanyAccount__name=%00",
    "CompanyAccount__name=" + "x" * 100_000,
    "__=__&a__b__c=1",
    "a=\ud800",
    "é=é",
]


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
@pytest.mark.parametrize("strict", [True, False])
def test_bad_query_string(caller, query, strict):
    with sinks("Remembering", STRICT=strict):
        assert is_the_answer(caller.get("/t/", QUERY_STRING=query))
    for event in Remembering.events:
        json.loads(event.as_json())
    assert "collect.failed" not in fault_counts()
    assert CompanyAccount.objects.count() == 0, "and the transaction goes on"


@pytest.mark.parametrize("length", ["", "x", "-1", "99999999999999999999"])
def test_bad_content_length(caller, length):
    assert is_the_answer(
        caller.generic("POST", "/t/", b"a=1", content_type="text/plain", CONTENT_LENGTH=length)
    )


def test_connection_that_breaks_while_the_body_is_read(caller, monkeypatch):
    from django.http import HttpRequest, UnreadablePostError

    def broken(self, *arguments):
        raise UnreadablePostError

    monkeypatch.setattr(HttpRequest, "read", broken)
    assert is_the_answer(caller.post("/t/", "a=1", content_type="text/plain"))
    assert fault_counts() == {"collect.bad_body": 1, "collect.empty": 1}


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
def test_other_methods_are_not_allowed(caller, method):
    response = getattr(caller, method)(f"/t/?{QUERY}")
    assert response.status_code == 405
    assert Remembering.events == []


def test_head_is_answered_and_leaves_no_event(caller, rows):
    with CaptureQueriesContext(connection) as captured:
        assert is_the_answer(caller.head(f"/t/?{QUERY}"))
    assert Remembering.events == []
    assert len(captured) == 0


def test_call_that_says_nothing_is_no_event(caller):
    assert is_the_answer(caller.get("/t/"))
    assert Remembering.events == []
    assert fault_counts() == {"collect.empty": 1}


@pytest.mark.parametrize("strict", [True, False])
def test_unpublished_map_and_database_away(caller, monkeypatch, strict):
    def fail(*arguments):
        raise OperationalError

    testing.reset()
    with sinks("Remembering", STRICT=strict):
        assert is_the_answer(caller.get("/t/?a=1"))
        monkeypatch.setattr(store, "newest", fail)
        testing.reset()
        assert is_the_answer(caller.get("/t/?a=1"))


def test_unpublished_map_still_takes_the_parameters(caller):
    testing.reset()
    caller.get("/t/?a=1&User__id=1")
    (event,) = Remembering.events
    assert dict(event.values) == {"a": "1"}
    assert event.references == (("User__id", "not_allowed"),)


@override_settings(ROOT_URLCONF="tests.test_collect")
def test_another_map_at_another_address(caller, rows):
    with override_map({"CompanyAccount": {"attributes": ["name"], "key": "name"}}, "shop"):
        caller.get("/s/?CompanyAccount__name=The%20Demo%20Account")
        caller.get("/t/?CompanyAccount__name=The%20Demo%20Account")
    shop, default = Remembering.events
    assert (shop.map, default.map) == ("shop", "default")
    assert (len(shop.values), len(default.values)) == (1, 2)


async def call():
    return await AsyncClient().get("/t/", QUERY_STRING=f"{QUERY}&a=%C3%A9&b=é€")


@pytest.mark.django_db(transaction=True)
def test_under_asgi(rows):
    from asgiref.sync import async_to_sync

    assert is_the_answer(async_to_sync(call)())
    (event,) = Remembering.events
    assert event.values["User_id"] == 123
    assert (event.values["a"], event.values["b"]) == ("é", "é€")


@pytest.mark.django_db(transaction=True)
def test_atomic_requests_do_not_wrap_it(caller, monkeypatch):
    """A new version can only be loaded outside of a transaction, and there is nothing to undo."""
    seen = []
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    monkeypatch.setattr(
        Remembering, "write", lambda self, event: seen.append(connection.in_atomic_block)
    )
    caller.get("/t/?a=1")
    assert seen == [False]


# ── Events ─────────────────────────────────────────────────────────────────────────────────────


def event(**values):
    return Event.of(Values(values, references=[Reference("A__b", "secret", "none")], version=3))


def test_event_as_json_is_one_line_of_ascii():
    made = event(action="a\nb", text="é\u2028\ud800", number=1.5, nothing=None, flag=True)
    line = made.as_json()
    assert line.isascii()
    assert len(line.splitlines()) == 1
    assert json.loads(line) == {
        "id": made.id,
        "time": made.time,
        "map": "default",
        "version": 3,
        "action": "a\nb",
        "values": dict(made.values),
        "references": [{"name": "A__b", "outcome": "none"}],
        "wrong": [],
        "trust": "open",
    }
    assert "secret" not in line


def test_sites_may_import_what_sinks_need_from_where_it_was():
    """A sink that cannot be imported would lose every event."""
    from trackadmin import runtime
    from trackadmin.collect import event, sinks

    assert event.Event is runtime.Event
    assert sinks.Sink


def test_event_cannot_be_changed_by_a_sink():
    made = event(a=1)
    with pytest.raises(TypeError):
        made.values["a"] = 2
    with pytest.raises(AttributeError):
        made.id = "x"


def test_ids_are_uuids_of_their_time():
    """Version 7, in the usual format, without duplicates."""
    ids = {event().id for _ in range(1000)}
    assert len(ids) == 1000
    for each in map(uuid.UUID, ids):
        assert (each.version, each.variant, str(each) in ids) == (7, uuid.RFC_4122, True)
    ones = [sum(uuid.UUID(each).int >> bit & 1 for each in ids) for bit in range(80)]
    fixed = {*range(76, 80), 62, 63}
    assert all(350 < ones[bit] < 650 for bit in range(80) if bit not in fixed)


def test_forked_processes_make_other_ids():
    """The workers of a server are forked from one process."""
    readers = []
    for _ in range(2):
        reader, writer = os.pipe()
        if os.fork() == 0:
            try:
                os.write(writer, event().id.encode())
            finally:  # or else the copy would run the rest of the tests
                os._exit(0)
        os.close(writer)
        readers.append(reader)
    ids = [os.read(reader, 100).decode() for reader in readers]
    for reader in readers:
        os.close(reader)
        os.wait()
    assert len({*ids, event().id}) == 3


# ── Sinks ──────────────────────────────────────────────────────────────────────────────────────


def test_log_sink_writes_one_json_line(caller, rows, caplog):
    with override_settings(TRACKADMIN={}), caplog.at_level(logging.INFO, "trackadmin.events"):
        caller.get(f"/t/?{QUERY}&percent=%25s%20%25(x)d")
    (record,) = caplog.records
    assert (record.name, record.levelname) == ("trackadmin.events", "INFO")
    written = json.loads(record.getMessage())
    assert written["values"]["User_email"] == "test.user@example.com"
    assert written["values"]["percent"] == "%s %(x)d"


def test_log_sink_makes_no_text_that_nobody_reads(caller, caplog, monkeypatch):
    monkeypatch.setattr(Event, "as_json", None)
    with override_settings(TRACKADMIN={}), caplog.at_level(logging.WARNING, "trackadmin.events"):
        caller.get("/t/?a=1")
    assert fault_counts() == {}


@pytest.mark.parametrize(
    "bad", ["Failing", "Unmakable", "no.such.Sink", "tests.test_collect.QUERY"]
)
def test_sink_that_fails_breaks_neither_the_answer_nor_the_others(caller, caplog, bad):
    with sinks(bad, "Remembering", bad):
        assert is_the_answer(caller.get("/t/?a=1"))
        assert is_the_answer(caller.get("/t/?a=2"))
    assert [made.values["a"] for made in Remembering.events] == ["1", "2"]
    assert sum(count for code, count in fault_counts().items() if code.startswith("sink.")) >= 2
    assert "hunter2" not in caplog.text
    assert len(caplog.records) == 1


def test_sinks_are_made_once_and_other_settings_have_others(caller):
    with sinks("Remembering"):
        caller.get("/t/?a=1")
        caller.get("/t/?a=1")
        assert Remembering.made == 1
    with sinks():
        caller.get("/t/?a=1")
    assert len(Remembering.events) == 2
    testing.reset()
    with override_map(to_dict(EXAMPLE)):
        caller.get("/t/?a=1")
    assert Remembering.made == 2
