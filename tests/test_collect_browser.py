"""E12: a real browser on a page of another origin sends JSON to the tracking URL."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.test import override_settings

from tests.browser import page
from trackadmin import testing
from trackadmin.testing import override_map

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("sql_beside_a_browser"),
    pytest.mark.django_db(transaction=True),
]

MAP = {"User": {"attributes": ["id"], "key": "id"}}
SENDS = """async ([url, how]) => {
  const json = JSON.stringify({action: how, n: 1});
  const blob = new Blob([json], {type: "application/json"});
  if (how === "beacon") return navigator.sendBeacon(url, blob);
  if (how === "text") return navigator.sendBeacon(url, json);
  if (how === "image") { new Image().src = url + "?action=image&n=1"; return true; }
  const options = {method: "POST", body: blob, keepalive: true};
  return (await fetch(url, options)).status;
}"""


class Kept:
    events = []

    def write(self, event):
        self.events.append(event)


class OtherSite(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><link rel=icon href=data:,><title>Other</title>")

    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def other_origin():
    server = ThreadingHTTPServer(("127.0.0.1", 0), OtherSite)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@contextmanager
def tracking(origins):
    testing.reset()
    Kept.events.clear()
    sinks = ["tests.test_collect_browser.Kept"]
    with override_map(MAP), override_settings(TRACKADMIN={"SINKS": sinks, "ORIGINS": origins}):
        yield
    testing.reset()


def arrived(number=1, seconds=5):
    """The actions of the events, once there are that many."""
    deadline = time.monotonic() + seconds
    while len(Kept.events) < number and time.monotonic() < deadline:
        time.sleep(0.05)
    return sorted(event.action for event in Kept.events)


@pytest.mark.parametrize("how", ["fetch", "beacon", "text", "image"])
def test_listed_origin_loses_nothing(live_server, browser, other_origin, how):
    with tracking([other_origin]), page(browser) as opened:
        opened.goto(other_origin)
        assert opened.evaluate(SENDS, [f"{live_server.url}/t/", how]) in (True, 204)
        assert arrived() == [how]


@pytest.mark.parametrize("how", ["fetch", "beacon"])
@pytest.mark.parametrize("origins", ["*", ["*"]])
def test_star_lets_every_origin_in(live_server, browser, other_origin, how, origins):
    with tracking(origins), page(browser) as opened:
        opened.goto(other_origin)
        opened.evaluate(SENDS, [f"{live_server.url}/t/", how])
        assert arrived() == [how]


def test_other_origin_sends_no_json(live_server, browser, other_origin):
    """Requests that need no preflight arrive. The console says that the others were refused."""
    with tracking(["https://www.example.com"]), page(browser, expected="") as opened:
        opened.goto(other_origin)
        for how in ("beacon", "text"):
            opened.evaluate(SENDS, [f"{live_server.url}/t/", how])
        assert arrived() == ["text"]
        time.sleep(0.5)
        assert arrived() == ["text"]
