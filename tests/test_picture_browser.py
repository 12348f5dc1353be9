"""The pictures in a real Chromium: drawn under a strict policy, and opened with the keyboard."""

import pytest
from playwright.sync_api import expect

from tests.browser import log_in, page

pytestmark = pytest.mark.browser

MAP = "/admin/trackadmin/trackingmap/1/"


def boxes(opened):
    return opened.locator("#picture svg a")


def test_a_map_is_drawn_and_a_box_opens_its_page_with_enter(browser, site):
    """No box covers another, each arrow has its label, and a wide picture scrolls by itself."""
    with page(browser, viewport={"width": 400, "height": 800}) as opened:
        log_in(opened, site, "product")
        opened.goto(f"{site.url}{MAP}change/")
        opened.get_by_role("link", name="Picture", exact=True).click()
        expect(boxes(opened)).to_have_count(8)
        expect(opened.locator("#picture .ta-arrow")).to_have_count(9)
        expect(opened.locator("#picture .ta-arrow-label")).to_have_count(9)
        frames = [each.bounding_box() for each in boxes(opened).all()]
        assert not [(a, b) for a in frames for b in frames if a is not b and overlap(a, b)]
        assert opened.evaluate("document.documentElement.scrollWidth") <= 400
        before = opened.locator("#picture svg").bounding_box()["width"]
        opened.get_by_role("button", name="Larger").click()
        assert opened.locator("#picture svg").bounding_box()["width"] > before
        opened.locator("#picture").focus()
        opened.keyboard.press("Tab")
        opened.keyboard.press("Tab")
        expect(boxes(opened).nth(1)).to_be_focused()
        expect(boxes(opened).nth(1)).to_have_accessible_name("User, auth.User")
        opened.keyboard.press("Enter")
        expect(opened.locator("#content > h1")).to_have_text("User")
        opened.get_by_role("link", name="Where its names come from").click()
        expect(boxes(opened)).to_have_count(1)
        expect(opened.locator("#picture")).to_contain_text("User_first_name")


def overlap(a, b):
    across = a["x"] < b["x"] + b["width"] and b["x"] < a["x"] + a["width"]
    return across and a["y"] < b["y"] + b["height"] and b["y"] < a["y"] + a["height"]


def test_a_model_is_found_at_once(browser, site):
    """While it is typed; and Enter sends the form."""
    with page(browser) as opened:
        log_in(opened, site, "product")
        opened.goto(f"{site.url}{MAP}change/?group=app")
        rows = opened.locator("#model-rows tr[data-words]:visible")
        groups = opened.locator("#model-rows .ta-group:visible")
        expect(rows).to_have_count(8)
        expect(groups).to_have_count(2)
        opened.get_by_label("Find", exact=True).fill("catalogue")
        expect(rows).to_have_count(2)
        expect(groups).to_have_count(1)
        opened.keyboard.press("Enter")
        expect(opened.get_by_text("2 of 8")).to_be_visible()
        expect(rows).to_have_count(2)
