"""The script of the site's pages in a real browser, under a content security policy that forbids
everything else: what it sends, what it does not, and that no error reaches the page."""

import uuid
from contextlib import contextmanager
from urllib.parse import parse_qs

import pytest
from django.http import HttpResponse
from django.template import Context, Template
from django.urls import include, path

from tests.browser import page
from tests.test_collect_browser import Kept, arrived, tracking

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("sql_beside_a_browser"),
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.test_track_browser"),
]

ID = "6fa459ea-ee8a-4ca4-894e-db77e160355e"
POLICY = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; img-src data:; "
    "form-action 'self'; base-uri 'none'; require-trusted-types-for 'script'"
)
PAGE = """{% load trackadmin %}<!doctype html><html lang="en"><head><title>A page</title>
<link rel="icon" href="data:,">{% tracking_script %}{% tracking_script %}
<script src="/page.js" defer></script></head><body>
<div data-track="{% tracking_url action='around' %}">
  <button id="plain" data-track="{% tracking_url action='plain' %}"><b id="inner">Press</b></button>
  <button id="hidden" data-track="{% tracking_url action='hidden' %}">Its handler stops it</button>
  <form data-track="{% tracking_url action='sent' %}" action="/next/">
    <input id="field" name="dataset"><input name="getAttribute"><button id="send-sent">Send</button>
  </form>
</div>
<form id="named" data-track="{% tracking_url action='named' %}" action="/next/">
  <input name="dataset"><input name="closest"><button id="send-named">Send</button></form>
<a id="link" href="/next/" data-track="{% tracking_url action='left' n=1 %}">Leave</a>
<button id="nothing" data-track="">Nothing</button><button id="unmarked">Unmarked</button>
<button id="given" data-track="{% tracking_url action='given' event_id=id %}">Given</button>
</body></html>"""
# A handler of the page hides the event from all others.
SCRIPT = """document.getElementById("hidden").addEventListener("click", (event) => {
  event.stopImmediatePropagation(); event.preventDefault(); });"""


def shown(request):
    text = Template(PAGE).render(Context({"id": ID}))
    return HttpResponse(text, headers={"Content-Security-Policy": POLICY})


urlpatterns = [
    path("", shown),
    path("next/", lambda request: HttpResponse("<link rel=icon href=data:,><title>Next</title>")),
    path("page.js", lambda request: HttpResponse(SCRIPT, content_type="text/javascript")),
    path("t/", include("trackadmin.collect.urls")),
]


@contextmanager
def opened(browser, live_server, before="", **options):
    """The page in a browser, after the script ``before`` ran."""
    with tracking([]), page(browser, **options) as tab:
        tab.add_init_script(before)
        tab.goto(live_server.url)
        yield tab


def only(actions):
    """The events with exactly these actions, each under an id of its own."""
    assert arrived(len(actions)) == sorted(actions)
    ids = {uuid.UUID(event.id) for event in Kept.events}
    assert len(ids) == len(actions)
    return Kept.events


def test_what_is_marked_is_sent_once_and_nothing_else_is(live_server, browser):
    """By the pointer and by the keyboard, under the strictest policy, with an id from the page."""
    with opened(browser, live_server) as tab:
        for press in ("#inner", "#hidden", "#nothing", "#unmarked"):
            tab.click(press)
        tab.press("#plain", "Enter")
        assert (
            tab.evaluate("trackadmin.track('/t/?action=called', {n: 2, no: null, f: false})")
            is None
        )
        events = only(["plain", "hidden", "plain", "called"])
        assert {uuid.UUID(event.id).version for event in events} == {4}
        (called,) = [event for event in events if event.action == "called"]
        assert dict(called.values) == {"action": "called", "n": "2", "f": "false"}


def test_a_link_and_a_form_are_sent_though_the_page_is_left(live_server, browser):
    """A form counts when it is sent, not when something in it is pressed; and a field may have any
    name."""
    with opened(browser, live_server) as tab:
        tab.click("#link")
        tab.wait_for_url("**/next/")
        tab.goto(live_server.url)
        for form in ("named", "sent"):
            # Playwright's own click trips over such fields.
            tab.evaluate("(id) => document.getElementById(id).click()", f"send-{form}")
            tab.wait_for_url("**/next/?*")
            tab.goto(live_server.url)
        tab.click("#link", button="middle")
        tab.click("#plain", button="middle")
        only(["left", "left", "named", "sent"])


def test_an_id_of_the_page_s_own_is_kept(live_server, browser):
    other = ID.replace("6", "7", 1)
    with opened(browser, live_server) as tab:
        tab.click("#given")
        tab.evaluate("(id) => trackadmin.track('/t/?action=called', {event_id: id})", other)
        assert {event.action: event.id for event in only(["given", "called"])} == {
            "given": ID,
            "called": other,
        }


def test_nonsense_sends_nothing_and_throws_nothing(live_server, browser):
    with opened(browser, live_server) as tab:
        tab.evaluate("""() => {
          trackadmin.track(); trackadmin.track(null, 5); trackadmin.track("http://[");
          trackadmin.track("/t/?action=no", {x: Symbol("x")});
          trackadmin.track(Object.create(null));
          document.dispatchEvent(new Event("click"));
          document.dispatchEvent(new Event("submit"));
        }""")
        tab.click("#plain")
        only(["plain"])


NO_BEACON = "navigator.sendBeacon = () => false;"
THROWS = "navigator.sendBeacon = () => { throw new Error('none') };"
OLD = "delete Navigator.prototype.sendBeacon; delete Crypto.prototype.randomUUID;"


@pytest.mark.parametrize("before", [NO_BEACON, THROWS, OLD])
def test_without_a_beacon_it_is_fetched(live_server, browser, before):
    """Also where the origin is not a secure one, so that the browser makes no UUIDs."""
    with opened(browser, live_server, before) as tab:
        tab.click("#plain")
        (event,) = only(["plain"])
        assert uuid.UUID(event.id).version == 4
        assert event.wrong == ()


@pytest.mark.parametrize(("status", "failures"), [(0, 1), (503, 5)])
def test_it_tries_once_more_and_that_is_the_same_event(
    live_server,
    browser,
    status,
    failures,
):
    """Then it gives up: pages do not add to the load of a server that is down."""
    tried = []

    def fail(route):
        tried.append(parse_qs(route.request.post_data)["event_id"])
        if len(tried) > failures:
            route.continue_()
        elif status:
            route.fulfill(status=status)
        else:
            route.abort()

    with opened(browser, live_server, NO_BEACON, expected="Failed to load resource") as tab:
        tab.route("**/t/*", fail)
        tab.click("#plain")
        tab.wait_for_timeout(2500 if failures > 1 else 1200)
        if failures == 1:
            only(["plain"])
        assert len(tried) == 2
        assert tried[0] == tried[1]
        assert [[event.id] for event in Kept.events] == tried[failures:]
