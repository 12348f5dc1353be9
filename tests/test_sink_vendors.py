"""Segment, PostHog and Amplitude: the real clients, against a server of this machine."""

import base64
import logging
import sys
import threading
import time
from datetime import UTC, datetime

import pytest
from django.test import override_settings

from tests.postgresql import free_port
from tests.recording_server import GARBAGE, HALF, HANGS_UP, NOTHING, Answer
from tests.sent_events import SECRET, WHEN, event, events, outcome
from tests.test_sink_webhook import NONSENSE, now_plus
from trackadmin.exceptions import SettingError
from trackadmin.sinks.amplitude import AmplitudeSink
from trackadmin.sinks.http_outcomes import LONGEST_AFTER
from trackadmin.sinks.posthog import PostHogSink
from trackadmin.sinks.segment import SegmentSink

pytestmark = pytest.mark.once

KEY = "key-of-the-project"
SHORT = 0.5
SINKS = [SegmentSink, PostHogSink, AmplitudeSink]
#: Where each client sends a batch.
PATHS = {SegmentSink: "/v1/batch", PostHogSink: "/batch/", AmplitudeSink: "/2/httpapi"}


@pytest.fixture
def server(recording):
    recording.says(200)
    return recording


@pytest.fixture(params=SINKS, ids=lambda cls: cls.__name__)
def sink(request, server):
    return request.param(KEY, host=server.url, timeout=SHORT)


def sent(request):
    """The events of any client's request in one form: id, name, person, time, properties."""
    if "events" in request.json:
        return [
            (e["insert_id"], e["event_type"], e.get("user_id"), e["time"], e["event_properties"])
            for e in request.json["events"]
        ]
    return [
        (
            e.get("messageId") or e["uuid"],
            e["event"],
            e.get("userId") or e.get("distinct_id"),
            int(datetime.fromisoformat(e["timestamp"]).timestamp() * 1000),
            {name: value for name, value in e["properties"].items() if name[0] != "$"},
        )
        for e in request.json["batch"]
    ]


# ── What is sent ───────────────────────────────────────────────────────────────────────────────


@override_settings(TRACKADMIN={"IDENTITY": "User_id"})
def test_an_event_keeps_its_id_name_person_time_and_values(sink, server):
    batch = events(3, User_id=12, price="9.90", paid=True)
    assert sink.deliver(batch) is None
    (request,) = server.requests
    assert request.path == PATHS[type(sink)]
    millis = int(datetime.fromisoformat(WHEN).timestamp() * 1000)
    assert sent(request) == [
        (each.id, "signup_click", "12", millis, dict(each.values)) for each in batch
    ]


@pytest.mark.parametrize("identity", [None, "User_id", "User_name"])
def test_event_without_a_person_is_anonymous_under_its_own_id(sink, server, identity):
    (one,) = events(1, User_id=None, User_name="")
    with override_settings(TRACKADMIN={"IDENTITY": identity}):
        sink.deliver([one])
    (body,) = server.requests[0].json.get("events") or server.requests[0].json["batch"]
    if isinstance(sink, SegmentSink):
        assert (body["userId"], body["anonymousId"]) == (None, one.id)
    elif isinstance(sink, PostHogSink):
        assert body["distinct_id"] == one.id
        assert body["properties"]["$process_person_profile"] is False, "no person is made of it"
    else:
        assert "user_id" not in body
        assert body["device_id"] == one.id


def test_key_is_sent_as_each_vendor_reads_it(sink, server):
    sink.deliver(events(1))
    (request,) = server.requests
    if isinstance(sink, SegmentSink):
        scheme, text = request.headers["authorization"].split()
        assert (scheme, base64.b64decode(text)) == ("Basic", f"{KEY}:".encode())
    else:
        assert request.json["api_key"] == KEY


def test_name_that_is_a_command_of_a_vendor_is_an_ordinary_name(sink, server):
    """Anybody may send an action: with ``$identify`` PostHog would join two people."""
    sink.deliver([event("$identify", **{"$anon_distinct_id": "12", "$set": "x"})])
    ((_, name, _, _, properties),) = sent(server.requests[0])
    assert name == "_$identify"
    assert {"_$anon_distinct_id", "_$set"} <= properties.keys()
    raw = server.requests[0].json
    (body,) = raw.get("events") or raw["batch"]
    properties = body.get("properties") or body["event_properties"]
    assert not {"$anon_distinct_id", "$set"} & properties.keys()


@pytest.mark.parametrize("action", [None, ""])
def test_event_without_an_action_has_a_name(sink, server, action):
    assert outcome(sink, [event(action)])[0] == [0]
    assert sent(server.requests[0])[0][1] == "event"


def test_short_ids_are_accepted_by_amplitude(server):
    """It refuses ids of fewer than five characters unless it is told not to."""
    AmplitudeSink(KEY, host=server.url).deliver(events(1))
    assert server.requests[0].json["options"] == {"min_id_length": 1}


def test_nothing_of_a_client_runs_in_the_background(sink, server):
    before, hook = set(threading.enumerate()), sys.excepthook
    sink.deliver(events(2))
    mine = {thread for thread in threading.enumerate() if "process_request" not in thread.name}
    assert mine <= before
    assert sys.excepthook is hook
    assert [request.path for request in server.requests] == [PATHS[type(sink)]], "nothing else"


def test_amplitude_uses_the_address_of_its_zone():
    assert AmplitudeSink(KEY, zone="EU")._post._host == "api.eu.amplitude.com"
    assert AmplitudeSink(KEY, batch=True)._post._path == "/batch"


# ── What becomes of it ─────────────────────────────────────────────────────────────────────────


def holds(request, number):
    return any(properties.get("n") == number for *_, properties in sent(request))


@pytest.mark.parametrize("status", [400, 413])
def test_event_that_is_to_blame_is_found(sink, server, status):
    server.answer = lambda request: Answer(status if holds(request, 2) else 200)
    assert outcome(sink, events(4)) == ([0, 1, 3], [2], [], None, {f"http {status}"})
    assert len(server.requests) == 5


@pytest.mark.parametrize("status", [401, 403, 404, 500, 502, 503])
def test_what_may_pass_costs_no_event_and_is_not_sent_again(sink, server, status):
    server.says(status)
    assert outcome(sink, events(2)) == ([], [], [0, 1], None, {f"http {status}"})
    assert len(server.requests) == 1, "sending again is the worker's part"


@pytest.mark.parametrize("status", [HALF, HANGS_UP, NOTHING, GARBAGE])
def test_no_whole_response_is_later(sink, server, status):
    sink = type(sink)(KEY, host=server.url, timeout=0.1)
    server.says(status)
    started = time.monotonic()
    taken, refused, later, after, reasons = outcome(sink, events(2))
    assert (taken, refused, later, after) == ([], [], [0, 1], None)
    assert reasons <= {"half a response", "no response", "no connection", "timeout"} | {
        "not a response"
    }
    assert time.monotonic() - started < 5
    assert len(server.requests) == 1


@pytest.mark.parametrize("cls", SINKS)
def test_nobody_there_is_later(cls):
    sink = cls(KEY, host=f"http://127.0.0.1:{free_port()}", timeout=SHORT)
    assert outcome(sink, events(2))[2] == [0, 1]


@pytest.mark.parametrize("status", [302, 307])
def test_redirect_is_not_taken(sink, server, status):
    """A client that follows one sends no body there, and gets a 200 for nothing."""

    def answer(request):
        elsewhere = {"Location": f"{server.url}/elsewhere"}
        return Answer(200) if request.path == "/elsewhere" else Answer(status, elsewhere)

    server.answer = answer
    assert outcome(sink, events(2)) == ([], [], [0, 1], None, {f"http {status}"})


def default_after(sink, header):
    """Amplitude throttles for half a minute, as its client knows, if it says nothing else."""
    return 30 if isinstance(sink, AmplitudeSink) else None


@pytest.mark.parametrize("header", ["7", "99999999", "a date", "a past date", *NONSENSE[1:3]])
def test_retry_after_reaches_the_worker(sink, server, header):
    text = {"a date": now_plus(90), "a past date": now_plus(-90)}.get(header, header)
    server.says(429, Retry_After=text)
    taken, refused, later, after, reasons = outcome(sink, events(2))
    assert (taken, refused, later, reasons) == ([], [], [0, 1], {"http 429"})
    expected = {"7": 7, "99999999": LONGEST_AFTER, "a past date": 0}
    if header == "a date":
        assert 60 < after <= 90
    else:
        assert after == expected.get(header, default_after(sink, header))
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [200, 400, 401, 429, 500, HALF])
def test_what_a_vendor_repeats_is_in_no_reason_and_no_log(sink, server, status, caplog):
    caplog.set_level(logging.INFO)
    body = b'{"code": %d, "error": "%s", "message": "%s", "detail": "%s"}'
    texts = (SECRET.encode(),) * 3
    server.says(status, body % (status if type(status) is int else 200, *texts))
    outcome(sink, events(2))
    assert SECRET not in caplog.text
    assert KEY not in caplog.text


# ── What only one of them says ─────────────────────────────────────────────────────────────────


def test_segment_event_that_is_too_large_is_refused_without_asking(server):
    sink = SegmentSink(KEY, host=server.url, timeout=SHORT)
    batch = [*events(2), event(text="x" * 40_000)]
    assert outcome(sink, batch) == ([0, 1], [2], [], None, {"too large"})
    assert len(server.requests) == 1


def test_posthog_that_drops_events_for_want_of_money_has_not_taken_them(server):
    sink = PostHogSink(KEY, host=server.url, timeout=SHORT)
    server.says(200, b'{"status": "Ok", "quota_limited": ["events"]}')
    assert outcome(sink, events(2)) == ([], [], [0, 1], None, {"quota used up"})
    for harmless in (b'{"status": 1}', b"Ok", b"[1]", b'{"quota_limited": []}'):
        server.says(200, harmless)
        assert outcome(sink, events(2))[0] == [0, 1]


def amplitude(server):
    return AmplitudeSink(KEY, host=server.url, timeout=SHORT)


def test_amplitude_names_the_events_that_are_to_blame(server):
    body = b"""{"code": 400, "error": "Invalid request",
        "events_with_invalid_fields": {"time": [1]}, "events_with_missing_fields": {"x": [3, 99]},
        "silenced_events": [0]}"""
    answers = iter([Answer(400, body=body), Answer(200)])
    server.answer = lambda request: next(answers)
    assert outcome(amplitude(server), events(5)) == ([2, 4], [0, 1, 3], [], None, {"http 400"})
    assert len(server.requests) == 2, "the others are sent at once"


@pytest.mark.parametrize(
    "body",
    [
        b'{"code": 400, "error": "Invalid API key: x"}',
        b'{"code": 400, "error": "Request missing required field", "missing_field": "api_key"}',
    ],
)
def test_wrong_key_of_amplitude_costs_no_event(server, body):
    server.says(400, body)
    assert outcome(amplitude(server), events(2)) == ([], [], [0, 1], None, {"wrong API key"})


def test_person_who_sends_too_much_to_amplitude_does_not_hold_up_others(server):
    body = b'{"code": 429, "error": "Too many", "throttled_events": [1]}'
    answers = iter([Answer(429, body=body), Answer(200)])
    server.answer = lambda request: next(answers)
    assert outcome(amplitude(server), events(3)) == ([0, 2], [], [1], 30, {"http 429"})


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"nonsense", b'{"code": 400, "events_with_invalid_fields": 5}', b'{"code": "x"}'],
)
def test_answer_of_amplitude_that_is_not_its_own_is_read_by_its_status(server, body):
    server.answer = lambda request: Answer(400 if holds(request, 1) else 200, body=body)
    assert outcome(amplitude(server), events(3)) == ([0, 2], [1], [], None, {"http 400"})


def test_amplitude_event_with_too_many_values_is_refused(server):
    """Its client would send it without any."""
    wide = event(**{f"name_{n}": n for n in range(1030)})
    assert outcome(amplitude(server), [wide, event()]) == ([1], [0], [], None, {"too large"})


# ── Options ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("cls", SINKS)
@pytest.mark.parametrize(
    ("key", "options", "named"),
    [
        ("", {}, "_key"),
        (None, {}, "_key"),
        (KEY, {"timeout": -1}, "timeout"),
        (KEY, {"host": "example.com"}, ""),
    ],
)
def test_wrong_option_is_named(cls, key, options, named):
    with pytest.raises(SettingError, match=f"{named}'"):
        cls(key, **options)


@pytest.mark.parametrize("cls", SINKS)
def test_missing_client_is_told_with_what_to_install(cls, monkeypatch):
    extra = cls.__module__.rpartition(".")[2]
    for name in [name for name in sys.modules if name.partition(".")[0] == extra]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, extra, None)
    with pytest.raises(SettingError, match=rf"pip install 'trackadmin\[{extra}\]'"):
        cls(KEY)


def test_times_are_utc():
    """The event's time has a zone, so that no client guesses one."""
    assert datetime.fromisoformat(event().time).tzinfo == UTC
