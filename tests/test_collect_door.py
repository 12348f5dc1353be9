"""What strangers send to the tracking URL is limited, forges no names of the map, never raises."""

import gzip
import io
import json
import os
import random
import tempfile
import threading
import time
import uuid
from urllib.parse import quote

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import QueryDict
from django.test import Client, RequestFactory, override_settings
from django.test.client import ClientHandler
from django.urls import resolve
from django.utils.datastructures import MultiValueDict
from django.utils.functional import SimpleLazyObject
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from demo.models import CompanyAccount
from tests.test_collect import Remembering, clean, sinks  # noqa: F401 a fixture
from trackadmin.runtime import (
    fault_counts,
    get_model,
    tracking_query,
    tracking_values,
    values_from_query,
)
from trackadmin.runtime.configured_sinks import ConfiguredSink
from trackadmin.runtime.delivery import _Outlet, _outlets
from trackadmin.runtime.event import new_id
from trackadmin.testing import override_map

pytestmark = pytest.mark.django_db


@pytest.fixture
def caller():
    return Client(raise_request_exception=True)


# ── Names of the map are reserved (E11) ─────────────────────────────────────────────────────────

FORGED = {
    "CompanyAccount_name": "x",
    "CompanyAccount_is_demo": "x",
    "CompanyAccount_anything": "x",
    "BuyerProfile_uuid": "x",
    "User_id": "1",
    "companyaccount_NAME": "x",
    "\uff23ompanyAccount_name": "x",
}
ALLOWED = {"action": "order", "user_agent": "Mozilla", "company": "x", "CompanyAccount": "x"}


def send(caller, way):
    given = {**FORGED, **ALLOWED}
    if way == "get":
        return caller.get("/t/", given)
    if way == "form":
        return caller.post("/t/", given)
    kind = "application/json" if way == "json" else "text/plain"
    return caller.post("/t/", json.dumps(given), content_type=kind)


@pytest.mark.parametrize("way", ["get", "form", "json", "beacon"])
@pytest.mark.parametrize("reference", ["", "?CompanyAccount__name=Real"])
def test_no_way_forges_a_name_of_the_map(caller, way, reference):
    """The slow path, and the fast path with a reference; reported by name, never by value."""
    CompanyAccount.objects.create(name="Real", is_demo=False)
    for _ in range(2):
        if way == "get" and reference:
            caller.get("/t/", {**FORGED, **ALLOWED, "CompanyAccount__name": "Real"})
        elif reference:
            kind = "application/json"
            caller.post(f"/t/{reference}", json.dumps({**FORGED, **ALLOWED}), content_type=kind)
        else:
            send(caller, way)
    event = Remembering.events[-1]
    real = {"CompanyAccount_name": "Real", "CompanyAccount_is_demo": False} if reference else {}
    assert event.values == {**ALLOWED, **real}
    assert {name for code, name in event.wrong if code == "parameter.reserved"} == {*FORGED}
    assert fault_counts()["parameter.reserved"] == 2 * len(FORGED)


def test_reserved_prefix_of_a_child_too():
    data = {
        "Order": {
            "model": "host.Order",
            "attributes": ["number"],
            "children": [{"accessor": "billing_address", "prefix": "Bill"}],
        },
        "Address": {"model": "host.Address", "attributes": ["street"]},
    }
    with override_map(data):
        found = values_from_query("Bill_street=1&bill_STREET=2&Bill_x=3&billing=4&Order_number=5")
    assert dict(found) == {"billing": "4"}
    assert found.reserved == ["Bill_street", "bill_STREET", "Bill_x", "Order_number"]


@given(st.text(max_size=20), st.sampled_from(["CompanyAccount_", "User_", "BuyerProfile_"]))
def test_whatever_follows_a_prefix_is_reserved(rest, prefix):
    found = values_from_query({prefix + rest: "forged", "CompanyAccount__name": "nobody"})
    assert "forged" not in found.values()


# ── Nothing in a query raises (F10) ─────────────────────────────────────────────────────────────


def fails(*args, **kwargs):
    raise RuntimeError("hunter2")


class Hostile:
    __str__ = __repr__ = __eq__ = __len__ = __iter__ = __bool__ = __getattr__ = fails
    __hash__ = object.__hash__


class Lying:
    @property
    def __class__(self):
        raise RuntimeError("hunter2")


class HostileText(str):
    __hash__ = str.__hash__
    partition = split = encode = isascii = replace = __contains__ = __eq__ = __len__ = fails


class HostileList(list):
    __iter__ = __len__ = fails


def odd_values():
    yield from (None, 1, 1.5, True, b"x", 10**5000, float("nan"), object(), type, fails, ...)
    yield from (Hostile(), Lying(), SimpleLazyObject(fails), HostileText("x"), HostileList([1]))
    yield from ([[[]]], [Hostile(), "x"], {"a": Hostile()}, (n for n in "ab"), "\ud800", "\0")
    yield from (memoryview(b"x"), bytearray(b"x"), {1, 2}, uuid.uuid4(), Exception("x"))


def test_no_name_and_no_value_raises():
    for name in [*odd_values(), "CompanyAccount__name", "x", "A__b__c", "__"]:
        check_all_values(name)


def check_all_values(name):
    for value in odd_values():
        assert get_model(name, value) is None
        try:
            query = {name: value}
        except Exception:  # it cannot be a key
            query = {"x": value}
        found = values_from_query(query)
        json.dumps(found)
        assert "hunter2" not in repr(found)


@pytest.mark.parametrize("query", ["", "?", "&&&", "=", "%", "%ff=%ff", b"\xff=1", {}, QueryDict()])
def test_odd_queries_give_nothing_worse_than_nothing(query):
    json.dumps(values_from_query(query))


def test_mapping_that_raises_is_counted():
    class Broken(dict):
        items = fails

    assert values_from_query(Broken(a=1)) == {}
    assert fault_counts() == {"query.unreadable": 1}


# ── Size ────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f600", '"', "\\", "\x01"])
def test_line_of_an_event_is_bounded_whatever_is_sent(caller, letter):
    """A body of 64 KB made a line of 335 KB."""
    body = {f"p{number}": letter * (9000 // len(json.dumps(letter))) for number in range(6)}
    assert caller.post("/t/", json.dumps(body, ensure_ascii=False), "application/json")
    (event,) = Remembering.events
    assert len(event.as_json()) < 80_000
    Remembering.events.clear()
    query = "&".join(f"{letter * 20}{number}__x=1" for number in range(200))
    caller.post("/t/", query, "text/plain")
    assert all(len(event.as_json()) < 80_000 for event in Remembering.events)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(["GET", "POST", "HEAD", "OPTIONS", "PUT"]),
    st.binary(max_size=300),
    st.binary(max_size=300)
    | st.recursive(st.none() | st.text(), st.lists).map(lambda v: json.dumps({"a": v}).encode()),
    st.sampled_from(
        [
            "",
            "application/json",
            "text/plain",
            "multipart/form-data; boundary=x",
            "multipart/form-data",
            "application/x-www-form-urlencoded; charset=utf-7",
            "application/json; charset=nonsense",
            "\xff",
        ]
    ),
)
def test_any_request_is_answered(method, query, body, content_type):
    """204 or 405, one event at most, and no exception."""
    before = len(Remembering.events)
    response = Client().generic(
        method,
        "/t/",
        body,
        content_type=content_type,
        QUERY_STRING=query.decode("latin-1"),
        HTTP_ORIGIN="https://ex ample\x7f.com",
    )
    assert response.status_code in (204, 405)
    assert len(Remembering.events) - before <= (method in ("GET", "POST"))


@pytest.mark.parametrize("letter", ["x", "é", "\U0001f600", '"', "\x01"])
@pytest.mark.parametrize("start", ["", "a__", "User_"])
def test_line_of_an_event_is_bounded_whatever_the_names(caller, letter, start):
    """Parameters, references and reserved names, as long and as many as fit."""
    size = len(json.dumps(letter, ensure_ascii=False).encode()) - 2
    length = (200 - len(start) - 4) if start else 195
    count = 60_000 // (length * size + 12)
    body = {f"{start}{letter * length}{n:03}": 1 for n in range(count)}
    caller.post("/t/?a=1", json.dumps(body, ensure_ascii=False), "application/json")
    (event,) = Remembering.events
    assert event.values["a"] == "1"
    assert len(event.as_json()) < 100_000


PIECES = [
    *(b"a=1", b"User__id=1", b"User_id=2", b"CompanyAccount__name=", b"__", b"&", b"=", b"?", b";"),
    *(b"%ff", b"%00", b"%", b"%u1234", b"+", b"\0", b"\xff\xfe", "é\u202e\U0001f600".encode()),
    *(b"{", b"}", b"[", b'"a"', b":", b",", b"NaN", b"1e999", b"\\ud800", b"[" * 3000, b"9" * 5000),
    *(b"--x", b"\r\n", b"x" * 5000, b"Content-Transfer-Encoding: base64"),
    b'Content-Disposition: form-data; name="a"; filename="b"',
]
TYPES = [
    *("", "application/json", "text/plain", "text/plain; charset=\xff", "\0", ";;;"),
    *("multipart/form-data", "multipart/form-data; boundary=x", "multipart/mixed; boundary=x"),
    *("multipart/form-data; boundary=" + "y" * 500, 'application/json; boundary="'),
    "application/x-www-form-urlencoded; charset=utf-16",
]
ORIGINS = ["", "null", "https://a.b", "\n", "é", "x" * 9000, "a\r\nSet-Cookie: x"]


class Broken(io.BytesIO):
    read = readline = fails


def raw_request(rnd):
    """A request that no browser makes: parts of forms, JSON and headers, in any order."""
    query, body = (b"".join(rnd.choices(PIECES, k=rnd.randrange(12))) for _ in range(2))
    if rnd.random() < 0.3:
        body = b"--x\r\n" + query + b"\r\n\r\n" + body + b"\r\n--x--\r\n"
    size = len(body)
    return {
        **RequestFactory()._base_environ(PATH_INFO="/t/", QUERY_STRING=query.decode("latin-1")),
        "REQUEST_METHOD": rnd.choice(["GET", "POST", "POST", "HEAD", "OPTIONS", "PUT", "get"]),
        "CONTENT_TYPE": rnd.choice(TYPES),
        "CONTENT_LENGTH": rnd.choice(
            [str(size)] * 5 + ["", "0", "-5", "x", "9" * 9, str(size // 2)]
        ),
        "HTTP_ORIGIN": rnd.choice(ORIGINS),
        "HTTP_CONTENT_ENCODING": rnd.choice(["", "", "", "gzip"]),
        "wsgi.input": rnd.choice([io.BytesIO, io.BytesIO, Broken])(body),
    }


@pytest.mark.parametrize("seed", range(4))
def test_raw_requests(seed):
    """204 or 405, one event at most, of limited size; no failure goes unnoticed."""
    rnd, handler = random.Random(seed), ClientHandler(enforce_csrf_checks=True)
    with sinks("Remembering", ORIGINS="*"):
        for _ in range(400):
            request, before = raw_request(rnd), len(Remembering.events)
            response = handler(request)
            assert response.status_code in (204, 405), request
            sent = response.headers.get("Access-Control-Allow-Origin", "")
            assert sent in ("", "null", "https://a.b")
            made = Remembering.events[before:]
            assert len(made) <= (request["REQUEST_METHOD"].upper() in ("GET", "POST"))
            for event in made:
                assert len(json.dumps(json.loads(event.as_json()))) < 80_000
                assert "User_id" not in event.values
    assert "collect.failed" not in fault_counts()


def test_deeply_nested_json_is_refused_and_counted(caller):
    assert caller.post("/t/", '{"a":' + "[" * 30_000, "application/json").status_code == 204
    assert fault_counts()["collect.bad_body"] == 1


# ── Who may call (B2, E12) ──────────────────────────────────────────────────────────────────────


def test_login_is_never_asked_for(caller):
    """B2: LoginRequiredMiddleware redirects all views that are not marked."""
    with override_settings(
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.auth.middleware.LoginRequiredMiddleware",
        ]
    ):
        assert Client().get("/t/?a=1").status_code == 204
    assert len(Remembering.events) == 1


def test_view_is_marked_for_middlewares_of_packages():
    """B2: each of these middlewares looks at the view that an address resolves to."""
    view = resolve("/t/").func
    marks = {"login_required": False, "csrf_exempt": True, "STRONGHOLD_IS_PUBLIC": True}
    assert {name: getattr(view, name) for name in marks} == marks
    assert view.mfa_public


@pytest.mark.parametrize("method", ["get", "post"])
def test_middlewares_of_django_lose_no_event(method):
    """B2: all of them at once, including the page cache, which answers no request twice."""
    with override_settings(MIDDLEWARE=EVERY_MIDDLEWARE, SESSION_SAVE_EVERY_REQUEST=True):
        client = Client(enforce_csrf_checks=True)
        for _ in range(3):
            response = getattr(client, method)("/t/?a=1")
            assert (response.status_code, response.content) == (204, b"")
    assert len(Remembering.events) == 3


EVERY_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.cache.UpdateCacheMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.cache.FetchFromCacheMiddleware",
]


@pytest.mark.parametrize(
    ("origins", "origin", "allowed"),
    [
        ([], "https://a.example", None),
        (["https://a.example"], "https://a.example", True),
        (["https://a.example"], "https://b.example", False),
        (["https://a.example"], "https://a.example.evil", False),
        (["https://a.example"], "null", False),
        (["*"], "https://b.example", True),
        (["https://a.example"], None, False),
    ],
)
def test_origins(caller, origins, origin, allowed):
    """E12: a preflight from a listed origin is allowed, without an event. Others learn nothing."""
    headers = {"Origin": origin} if origin else {}
    with sinks("Remembering", ORIGINS=origins):
        preflight = caller.options("/t/?a=1", headers=headers)
        assert Remembering.events == []
        posted = caller.post("/t/", '{"a": 1}', "application/json", headers=headers)
    assert (preflight.status_code, posted.status_code) == (204, 204)
    assert len(Remembering.events) == 1
    for response in (preflight, posted):
        assert response.headers.get("Access-Control-Allow-Origin") == (origin if allowed else None)
        assert response.headers.get("Vary") == (None if allowed is None else "Origin")
    methods = preflight.headers.get("Access-Control-Allow-Methods")
    assert methods == ("GET, POST" if allowed else None)


# ── Sinks (E10, F8) ─────────────────────────────────────────────────────────────────────────────


class LateSink:
    ready = False
    events = []

    def __init__(self):
        if not self.ready:
            raise ConnectionError("not yet")

    def write(self, event):
        self.events.append(event)


class SlowSink:
    events = []

    def write(self, event):
        self.events.append(event)
        clock.now += 5


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


clock = Clock()


@pytest.fixture
def stopped_clock(monkeypatch):
    monkeypatch.setattr("trackadmin.runtime.delivery.monotonic", clock)
    yield clock
    _outlets.clear()


def test_sink_that_could_not_be_made_is_tried_again(caller, stopped_clock):
    """E10: after a pause. Each event that it missed is counted, and other sinks get theirs."""
    LateSink.ready = False
    LateSink.events.clear()
    with sinks("tests.test_collect_door.LateSink", "Remembering"):
        for _ in range(3):
            caller.get("/t/?a=1")
        assert fault_counts()["sink.not_made"] == 3
        LateSink.ready = True
        caller.get("/t/?a=1")
        assert fault_counts()["sink.not_made"] == 4
        clock.now += 2
        caller.get("/t/?a=1")
    assert (len(LateSink.events), len(Remembering.events)) == (1, 5)
    assert fault_counts()["sink.not_made"] == 4


def test_slow_sink_is_left_alone_for_a_while(caller, stopped_clock):
    """F8: it delays one request, not all. What it misses is counted; other sinks get theirs."""
    SlowSink.events.clear()
    with sinks("tests.test_collect_door.SlowSink", "Remembering", SINK_SECONDS=2.0):
        for _ in range(4):
            caller.get("/t/?a=1")
        assert (len(SlowSink.events), len(Remembering.events)) == (1, 4)
        assert (fault_counts()["sink.slow"], fault_counts()["sink.paused"]) == (1, 3)
        clock.now += 1.1
        caller.get("/t/?a=1")
        caller.get("/t/?a=1")
        clock.now += 1.1
        caller.get("/t/?a=1")  # the second pause is longer
    assert len(SlowSink.events) == 2
    with sinks("tests.test_collect_door.SlowSink", SINK_SECONDS=None):
        clock.now += 100
        for _ in range(3):
            caller.get("/t/?a=1")
    assert len(SlowSink.events) == 5


class CountedSink:
    made = []

    def __init__(self):
        self.made.append(1)

    def write(self, event):
        pass


def test_threads_make_one_sink_between_them():
    outlet = _Outlet(ConfiguredSink("it", "tests.test_collect_door.CountedSink"))
    threads = [threading.Thread(target=outlet.take, args=(None,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert CountedSink.made == [1]


# ── Ids (F6) ────────────────────────────────────────────────────────────────────────────────────


def test_ids_do_not_follow_the_hosts_random_numbers():
    """F6: ids differ even if a host seeds Python's shared random generator."""
    state = random.getstate()
    random.seed(1)
    first = {new_id() for _ in range(100)}
    random.seed(1)
    second = {new_id() for _ in range(100)}
    random.setstate(state)
    assert len(first | second) == 200


def test_ids_sort_by_time_and_differ_after_a_fork():
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.write(write, new_id().encode())
        finally:  # or else the copy would run the rest of the tests
            os._exit(0)
    mine = new_id()
    os.waitpid(pid, 0)
    theirs = os.read(read, 100).decode()
    assert mine != theirs
    later = new_id()
    assert uuid.UUID(later).int >> 80 >= uuid.UUID(mine).int >> 80


# ── Bodies ──────────────────────────────────────────────────────────────────────────────────────


class NoStorage(FileUploadHandler):
    """Stands for a host that writes each upload to a disk or to a cloud."""

    def new_file(self, *args, **kwargs):
        raise AssertionError("an upload was taken")

    receive_data_chunk = file_complete = new_file


def test_uploads_are_never_stored(caller, monkeypatch):
    """A stranger's file reaches no handler of the host, not even as a temporary file."""
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", fails)
    handlers = [
        f"{__name__}.NoStorage",
        "django.core.files.uploadhandler.TemporaryFileUploadHandler",
    ]
    with override_settings(FILE_UPLOAD_HANDLERS=handlers, FILE_UPLOAD_MAX_MEMORY_SIZE=0):
        caller.post("/t/", {"a": "1", "file": SimpleUploadedFile("x.txt", b"x" * 1000), "b": "2"})
    (event,) = Remembering.events
    assert event.values == {"a": "1", "b": "2"}
    assert fault_counts() == {}


@pytest.mark.parametrize("encoding", ["gzip", "br", "deflate, gzip", "x-unknown"])
def test_body_in_an_encoding_is_refused_and_not_read_as_text(caller, encoding):
    """What is unpacked has no bound; what is not makes an event of rubbish."""
    body = gzip.compress(b'{"action": "x"}')
    caller.generic("POST", "/t/?q=1", body, "application/json", HTTP_CONTENT_ENCODING=encoding)
    (event,) = Remembering.events
    assert event.values == {"q": "1"}
    assert fault_counts() == {"collect.encoded": 1}


def test_body_in_no_encoding_is_read(caller):
    caller.generic("POST", "/t/", b"a=1", "text/plain", HTTP_CONTENT_ENCODING="identity")
    assert Remembering.events[0].values == {"a": "1"}


def test_mark_of_the_byte_order_is_no_part_of_a_body(caller):
    caller.generic("POST", "/t/", b'\xef\xbb\xbf{"a": 1}', "application/json")
    caller.generic("POST", "/t/", b"\xef\xbb\xbfa=1", "text/plain")
    assert [dict(event.values) for event in Remembering.events] == [{"a": 1}, {"a": "1"}]


@pytest.mark.parametrize(
    ("body", "values"),
    [
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('{"a": NaN, "b": -Infinity, "c": 1e999}', {"a": None, "b": None, "c": None}),
        ('{"a": 1e3, "b": 123456789012345678901234567890}', {"a": 1000.0, "b": None}),
        ('{"": 1, "b": true}', {"b": True}),
        ('{"a": "\\ud800", "\\ud800": 1}', {"a": "\ufffd", "\ufffd": 1}),
        ('{"a": "x\\u0000y"}', {"a": "x\ufffdy"}),
    ],
)
def test_odd_json(caller, body, values):
    caller.post("/t/", body, "application/json")
    (event,) = Remembering.events
    assert dict(event.values) == values
    json.loads(event.as_json(), parse_constant=fails)


# ── Look-alikes of the map's names (E11) ────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name",
    [
        "CompanyAccount_name",
        "companyaccount_name",
        "COMPANYACCOUNT_NAME",
        "CompanyAccount.name",
        "CompanyAccount-name",
        "CompanyAccount name",
        " CompanyAccount_name",
        "CompanyAccount_name ",
        "\ufeffCompanyAccount_name",
        "Company\u200bAccount_name",
        "CompanyAccount\u00ad_name",
        "\uff23ompanyAccount_name",
        "CompanyAccount\uff3fname",
        "CompanyAccount_n\uff41me",
        "CompanyAccount_other",
        "\U0001d402ompanyAccount_name",
    ],
)
def test_look_alike_of_a_name_is_reserved(caller, name):
    """What a warehouse would store under the map's name: folded case, other signs, no marks."""
    for query in (f"{quote(name)}=1", f"{quote(name)}=1&User__id=1"):
        found = values_from_query(query)
        assert dict(found) == {}
        assert len(found.reserved) == 1
    assert found.reserved == values_from_query({name: 1, "User__id": "1"}).reserved
    caller.get(f"/t/?{quote(name)}=hunter2&{quote(name)}=hunter3&a=1")
    assert "hunter" not in Remembering.events[-1].as_json()


@pytest.mark.parametrize(
    "name", ["action", "user_agent", "company_name", "name", "_", "__", "Company_Account", "user-x"]
)
def test_other_names_pass(name):
    if "__" not in name:
        assert dict(values_from_query({name: "1"})) == {name: "1"}


def test_many_signs_in_many_names_cost_little():
    """A name is looked at as far as a prefix of the map can reach."""
    query = {"_" * 190 + str(number): "1" for number in range(200)}
    started = time.perf_counter()
    for _ in range(10):
        values_from_query(query)
    assert time.perf_counter() - started < 2


# ── Sinks that hang (F8) ────────────────────────────────────────────────────────────────────────


class HangingSink:
    let_go = threading.Event()
    entered = threading.Event()
    calls = 0

    def write(self, event):
        type(self).calls += 1
        self.entered.set()
        self.let_go.wait(20)


def test_sink_that_hangs_holds_one_thread_and_not_all():
    """While a call takes longer than the limit, no other request joins it."""
    HangingSink.calls = 0
    HangingSink.let_go.clear()
    outlet = _Outlet(ConfiguredSink("it", "tests.test_collect_door.HangingSink"))
    with override_settings(TRACKADMIN={"SINK_SECONDS": 0.2}):
        first = threading.Thread(target=outlet.take, args=(None,))
        first.start()
        assert HangingSink.entered.wait(10)
        time.sleep(0.3)
        started = time.monotonic()
        for _ in range(5):
            outlet.take(None)
        assert time.monotonic() - started < 5
        HangingSink.let_go.set()
        first.join()
    assert HangingSink.calls == 1
    assert fault_counts() == {"sink.paused": 5, "sink.slow": 1}


class SlowToMake:
    let_go = threading.Event()
    entered = threading.Event()

    def __init__(self):
        self.entered.set()
        self.let_go.wait(20)

    def write(self, event):
        pass


def test_sink_that_hangs_while_it_is_made_holds_one_thread_and_not_all():
    SlowToMake.let_go.clear()
    outlet = _Outlet(ConfiguredSink("it", "tests.test_collect_door.SlowToMake"))
    with override_settings(TRACKADMIN={"SINK_SECONDS": 0.2}):
        first = threading.Thread(target=outlet.take, args=(None,))
        first.start()
        assert SlowToMake.entered.wait(10)
        started = time.monotonic()
        outlet.take(None)
        assert time.monotonic() - started < 5
        SlowToMake.let_go.set()
        first.join()
    assert fault_counts()["sink.paused"] == 1


# ── No object given raises (F10) ────────────────────────────────────────────────────────────────


class Unhashable:
    __hash__ = None
    __class__ = property(fails)


class LyingModel:
    """Pretends to be anything that is asked for."""

    def __getattr__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self


class Exploding:
    """Raises in whatever a mapping, a number or a text may be asked for."""

    __class__ = property(fails)
    keys = items = values = get = lists = __getitem__ = __contains__ = fails
    __str__ = __repr__ = __eq__ = __ne__ = __len__ = __iter__ = __bool__ = __int__ = fails
    __float__ = __index__ = __format__ = __bytes__ = __lt__ = __sizeof__ = __reduce__ = fails
    __hash__ = object.__hash__


@pytest.mark.parametrize("strict", [False, True])
def test_no_query_of_any_type_raises(strict):
    """Not a mapping, not a text: counted, and nothing comes of it."""
    with override_settings(TRACKADMIN={"STRICT": strict}):
        for query in [*odd_values(), Unhashable(), LyingModel(), Exploding(), Exploding]:
            json.dumps(values_from_query(query))
            for name in ("CompanyAccount__name", "User__id", query):
                assert get_model(name, query) is None


def test_no_object_raises_where_not_strict():
    with override_settings(TRACKADMIN={"STRICT": False}):
        for each in [*odd_values(), Unhashable(), LyingModel(), Exploding(), Exploding]:
            assert tracking_values(each, other=each) == {}
            assert isinstance(tracking_query(each, action=each), str)
    assert "hunter2" not in str(fault_counts())


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(),
    st.binary(),
    st.decimals(),
    st.datetimes(),
    st.uuids(),
    st.complex_numbers(),
    st.sampled_from(["<huge>", "<hostile>", "<lying>", "<exploding>", "<text>"]),
)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner)
)
names = st.sampled_from(["CompanyAccount__name", "User__id", "User_id", "action", "a__b"])


def made(value):
    """The value with objects in place of their words: Hypothesis could not print them."""
    if isinstance(value, list | tuple):
        return type(value)(made(each) for each in value)
    if isinstance(value, dict):
        return {name: made(each) for name, each in value.items()}
    odd = {
        "<huge>": 10**5000,
        "<hostile>": Hostile(),
        "<lying>": Lying(),
        "<exploding>": Exploding(),
        "<text>": HostileText("x"),
    }
    return odd.get(value, value) if isinstance(value, str) else value


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(names | st.text() | st.integers() | st.none(), anything, max_size=5))
def test_any_value_under_any_name(query):
    """A flat dict of JSON scalars comes of it, and never a name of the map."""
    query = made(query)
    for given_query in (query, MultiValueDict({name: [value] for name, value in query.items()})):
        found = values_from_query(given_query)
        assert all(type(value) in (str, int, float, bool, type(None)) for value in found.values())
        json.dumps(found, allow_nan=False).encode()
        assert "User_id" not in found


def test_parameters_of_any_name_make_a_query():
    """F10: a host may hand on what a visitor sent: `tracking_query(**data)`."""
    data = {"\ud800": "\ud800", "": "x", "a\0": 10**5000, "é&=": Hostile(), "n": float("nan")}
    assert tracking_query(**data) == "%EF%BF%BD=%EF%BF%BD&=x&a%EF%BF%BD=&%C3%A9%26%3D=&n="
