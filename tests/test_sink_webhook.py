"""The webhook: what it sends, and what it makes of every answer that a receiver can give."""

import logging
import re
import ssl
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest

from tests.browser import ROOT
from tests.postgresql import free_port
from tests.recording_server import GARBAGE, HALF, HANGS_UP, NOTHING, Answer, RecordingServer
from tests.sent_events import SECRET, event, events, outcome
from trackadmin.exceptions import SettingError
from trackadmin.sinks import http_outcomes
from trackadmin.sinks.http_outcomes import LONGEST_AFTER, seconds_of
from trackadmin.sinks.sink_reasons import SEARCH
from trackadmin.sinks.webhook import WebhookSink

pytestmark = pytest.mark.once

KEY = "a secret of the site"
#: Seconds: nothing on this machine takes as long, except what is meant to.
SHORT = 0.5


@pytest.fixture
def server(recording):
    recording.says(200)
    return recording


def sink(server, **options):
    return WebhookSink(f"{server.url}/in?of=shop", KEY, **{"timeout": SHORT, **options})


# ── What it sends ──────────────────────────────────────────────────────────────────────────────


def verify(request, secret, now):
    """Whether a receiver that runs the example of docs/sinks.md at this time takes the request."""
    page = (ROOT / "docs" / "sinks.md").read_text()
    (example,) = re.findall(r"```python\n(import hashlib.*?)```", page, re.DOTALL)
    names = {}
    exec(example, names)
    names["time"] = SimpleNamespace(time=lambda: now)
    return names["is_from_the_site"](request.headers["trackadmin-signature"], request.raw, secret)


@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("format", ["ndjson", "json"])
def test_a_batch_is_one_request_with_every_event_whole_and_in_order(server, format, gzip):
    batch = events(3)
    assert sink(server, format=format, gzip=gzip).deliver(batch) is None
    (request,) = server.requests
    assert request.path == "/in?of=shop"
    sent = request.lines if format == "ndjson" else request.json
    assert sent == [each.as_dict() for each in batch]
    assert [each["id"] for each in sent] == [each.id for each in batch]
    assert request.headers.get("content-encoding") == ("gzip" if gzip else None)
    expected = {"ndjson": "application/x-ndjson", "json": "application/json"}[format]
    assert request.headers["content-type"] == expected
    assert verify(request, KEY, time.time()), "the signature is over the bytes as they came"


def test_signature_depends_on_secret_time_and_every_byte(server):
    sink(server).deliver(events(1))
    (request,) = server.requests
    assert verify(request, KEY, time.time())
    assert not verify(request, f"{KEY}x", time.time())
    assert not verify(request, KEY, time.time() + 301), "an old request is not accepted again"
    request.raw = request.raw.replace(b'"n":0', b'"n":1')
    assert not verify(request, KEY, time.time())


def test_idempotency_key_is_the_same_for_the_same_events_and_no_others(server):
    batch = events(2)
    sink(server).deliver(batch)
    sink(server, format="json", gzip=True).deliver(batch)
    sink(server).deliver(batch[:1])
    keys = [request.headers["idempotency-key"] for request in server.requests]
    assert keys[0] == keys[1] != keys[2]


def test_own_headers_are_sent(server):
    sink(server, headers={"Authorization": "Bearer abc"}).deliver(events(1))
    assert server.requests[0].headers["authorization"] == "Bearer abc"


def test_no_events_are_no_request(server):
    assert sink(server).deliver([]) is None
    assert server.requests == []


# ── What it makes of an answer ─────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_2xx_is_taken(server, status):
    server.says(status, b"" if status == 204 else b"{}")
    assert outcome(sink(server), events(2)) == ([0, 1], [], [], None, set())


@pytest.mark.parametrize("status", [400, 413, 422])
def test_refused_batch_is_halved_until_the_event_that_is_to_blame_is_alone(server, status):
    def answer(request):
        return Answer(status if any(e["values"]["n"] == 5 for e in request.lines) else 200)

    server.answer = answer
    found = outcome(sink(server), events(8))
    assert found == ([0, 1, 2, 3, 4, 6, 7], [5], [], None, {f"http {status}"})
    assert len(server.requests) == 7, "the whole, and both halves three times"


def test_receiver_that_fails_during_the_search_gets_the_rest_later(server):
    answers = iter([400, 200, 503])
    server.answer = lambda request: Answer(next(answers), {"Retry-After": "9"})
    assert outcome(sink(server), events(4)) == ([0, 1], [], [2, 3], 9, {"http 503"})
    assert len(server.requests) == 3, "nothing is sent to it after that"


def test_long_search_goes_on_another_time(server, monkeypatch):
    """Other workers would take a delivery that one has for too long."""
    monkeypatch.setattr(http_outcomes, "SEARCH_SECONDS", -1)
    answers = iter([400, 200])
    server.answer = lambda request: Answer(next(answers))
    assert outcome(sink(server), events(4)) == ([0, 1], [], [2, 3], None, {SEARCH})


LATER = [301, 302, 307, 401, 402, 403, 404, 405, 408, 409, 410, 415, 429, 500, 501, 502, 503, 504]


@pytest.mark.parametrize("status", LATER)
def test_what_may_pass_costs_no_event(server, status):
    server.says(status, Location=f"{server.url}/elsewhere")
    assert outcome(sink(server), events(2)) == ([], [], [0, 1], None, {f"http {status}"})
    assert len(server.requests) == 1, "neither sent again nor to another address"


@pytest.mark.parametrize(
    ("status", "why"),
    [
        (HALF, "half a response"),
        (HANGS_UP, "no response"),
        (NOTHING, "timeout"),
        (GARBAGE, "not a response"),
    ],
)
def test_no_whole_response_is_later(server, status, why):
    server.says(status)
    started = time.monotonic()
    assert outcome(sink(server, timeout=0.1), events(2)) == ([], [], [0, 1], None, {why})
    assert time.monotonic() - started < 5
    assert len(server.requests) == 1


def test_body_that_trickles_does_not_hold_up_the_worker(server, monkeypatch):
    monkeypatch.setattr("trackadmin.sinks.http_post.monotonic", iter([0, 1]).__next__)
    server.says(200, b"x")
    assert outcome(sink(server), events(1)) == ([], [], [0], None, {"timeout"})


def test_nobody_there_is_later():
    nowhere = WebhookSink(f"http://127.0.0.1:{free_port()}/", KEY, timeout=SHORT)
    assert outcome(nowhere, events(1)) == ([], [], [0], None, {"connection refused"})


def now_plus(seconds):
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("header", "least", "most"),
    [
        ("0", 0, 0),
        ("7", 7, 7),
        (" 7 ", 7, 7),
        ("999999999", LONGEST_AFTER, LONGEST_AFTER),
        ("9" * 5000, LONGEST_AFTER, LONGEST_AFTER),
        (now_plus(9000), LONGEST_AFTER, LONGEST_AFTER),
        (now_plus(-90), 0, 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST_AFTER, LONGEST_AFTER),
        ("Fri, 31 Dec 9999 23:59:59 -0000", LONGEST_AFTER, LONGEST_AFTER),
    ],
)
def test_retry_after_is_kept_within_its_bounds(header, least, most):
    assert least <= seconds_of(header) <= most


def test_date_is_as_far_as_it_is_away():
    assert 60 < seconds_of(now_plus(90)) <= 90


NONSENSE = [None, "", "soon", "-5", "1.5", "٣", "1e3", "Fri", "Fri, 99 Foo 2026 25:61:61 GMT", "\0"]


@pytest.mark.parametrize("header", NONSENSE)
def test_nonsense_in_retry_after_is_as_none(header):
    assert seconds_of(header) is None


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("header", "after"), [("7", 7), ("soon", None), ("99999999", 3600)])
def test_retry_after_reaches_the_worker(server, status, header, after):
    server.says(status, Retry_After=header)
    assert outcome(sink(server), events(1)) == ([], [], [0], after, {f"http {status}"})


@pytest.mark.parametrize("status", [400, 401, 500, 302])
def test_answer_that_repeats_what_was_sent_is_in_no_reason_and_no_log(server, status, caplog):
    caplog.set_level(logging.DEBUG)
    server.says(status, SECRET.encode(), Retry_After=SECRET, Location=SECRET)
    outcome(sink(server), events(2))
    assert SECRET not in caplog.text
    assert KEY not in caplog.text


# ── Whom it talks to ───────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of 127.0.0.1 that no system trusts."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    pem = serialization.Encoding.PEM
    form, secret = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(made.public_bytes(pem) + key.private_bytes(pem, form, secret))
    return path


def test_tls_is_verified(certificate):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with RecordingServer(tls) as server:
        reason = {"certificate not trusted"}
        assert outcome(sink(server, timeout=5), events(1)) == ([], [], [0], None, reason)
        assert server.requests == [], "nothing was sent"
        trusting = sink(server, timeout=5, ca_file=str(certificate))
        assert outcome(trusting, events(1))[0] == [0]
        elsewhere = WebhookSink(
            f"https://localhost:{server.port}/", KEY, timeout=5, ca_file=str(certificate)
        )
        assert outcome(elsewhere, events(1))[4] == reason, "of another host"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"url": "events.example.com"}, "url"),
        ({"url": "ftp://events.example.com/"}, "url"),
        ({"url": "https://user:password@example.com/"}, "url"),
        ({"url": "https://[/"}, "url"),
        ({"url": None}, "url"),
        ({"secret": ""}, "secret"),
        ({"secret": None}, "secret"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("inf")}, "timeout"),
        ({"timeout": "2"}, "timeout"),
        ({"format": "xml"}, "format"),
        ({"headers": {"X": "a\r\nY: b"}}, "headers"),
        ({"ca_file": "/nothing/here"}, "ca_file"),
    ],
)
def test_wrong_option_is_named_and_no_secret_is_shown(options, named):
    with pytest.raises(SettingError) as raised:
        WebhookSink(**{"url": "https://example.com/", "secret": KEY, **options})
    assert f"'{named}'" in str(raised.value)
    assert "password" not in str(raised.value).replace("and a password", "")
    assert KEY not in str(raised.value)


def test_event_is_sent_as_it_was_shaped_by_the_worker(server):
    """What the worker left out is not looked for elsewhere: ``personal`` is not read."""
    shaped = event(email=SECRET)._replace(personal=("email", "note")).without(("email", "note"))
    sink(server).deliver([shaped])
    assert SECRET.encode() not in server.requests[0].body
