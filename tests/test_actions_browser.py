"""Actions in a real Chromium: declared by hand, with and without a script, on a narrow screen."""

import pytest
from playwright.sync_api import expect

from tests.browser import log_in, page

pytestmark = pytest.mark.browser

MAP = "/admin/trackadmin/trackingmap/1/"
ADD = "/admin/trackadmin/trackedaction/add/?map=1"


@pytest.mark.parametrize("script", [True, False])
def test_an_action_with_a_model_and_a_parameter_is_seen_in_the_review(browser, site, script):
    """By somebody of the product team, who picks and types what a reader of the data needs."""
    name = "newsletter_click" if script else "newsletter_click_2"
    with page(browser, java_script_enabled=script) as opened:
        log_in(opened, site, "product")
        opened.goto(site.url + MAP + "actions/")
        opened.get_by_role("link", name="Add action").first.click()
        opened.get_by_label("Name", exact=True).fill(name)
        opened.get_by_label("What it means").first.fill("Somebody ordered the newsletter.")
        group = opened.get_by_role("radiogroup", name="Whether the action brings BuyerProfile")
        group.get_by_text("Must bring").click()
        opened.get_by_role("button", name="More rows").click()
        expect(opened.locator("#parameters tbody tr")).to_have_count(6)
        expect(opened.get_by_label("Name", exact=True)).to_have_value(name)
        opened.get_by_label("Name of Parameter 6").fill("topic")
        opened.get_by_label("Kind of Parameter 6").select_option("choice")
        opened.get_by_label("Choices of Parameter 6, one a line").fill("tools\nsales")
        opened.get_by_label("Events must have Parameter 6").check()
        opened.get_by_role("button", name="Add to the map").click()
        expect(opened.get_by_role("link", name=name, exact=True)).to_be_visible()
        opened.goto(site.url + MAP + "publish/")
        review = opened.locator(".ta-difference", has_text=f"Action {name}").first
        expect(review).to_contain_text("It must bring BuyerProfile.")
        expect(review).to_contain_text("topic: The parameter was added. Events must have it.")


def test_an_event_that_lacks_what_its_action_must_bring_is_marked(browser, site):
    """Declared, published, sent without the company: the shop shows the mark; with it, none."""
    with page(browser) as opened:
        log_in(opened, site, "product")
        opened.goto(site.url + ADD)
        opened.get_by_label("Name", exact=True).fill("quote_asked")
        group = opened.get_by_role("radiogroup", name="Whether the action brings CompanyAccount")
        group.get_by_text("Must bring").click()
        opened.get_by_role("button", name="Add to the map").click()
        opened.goto(site.url + MAP + "publish/")
        opened.locator("form .ta-primary").click()
        opened.goto(site.url)
        query = "/t/?action=quote_asked"
        for more, marks in (("", 1), ("&CompanyAccount__name=The%20Demo%20Account", 0)):
            opened.evaluate("url => fetch(url)", query + more)
            card = opened.locator("#events > li").first
            expect(card.locator("code").first).to_have_text(query + more)
            expect(card).to_contain_text("quote_asked")
            expect(card.locator(".wrong li")).to_have_count(marks)
            if marks:
                expect(card.locator(".wrong")).to_contain_text("It must bring a CompanyAccount.")
                expect(card.locator(".wrong")).to_contain_text("action.missing_model")


def test_enter_saves_and_the_keyboard_picks_what_it_brings(browser, site):
    """The first button of the form offers more rows; Enter in a field must not press it."""
    with page(browser) as opened:
        log_in(opened, site, "product")
        opened.goto(site.url + ADD)
        opened.get_by_label("Name", exact=True).fill("by_keyboard")
        group = opened.get_by_role("radiogroup", name="Whether the action brings User")
        group.get_by_label("No", exact=True).focus()
        opened.keyboard.press("ArrowRight")
        expect(group.get_by_label("May bring")).to_be_checked()
        opened.get_by_label("Name", exact=True).press("Enter")
        expect(opened).to_have_url(site.url + MAP + "actions/")
        row = opened.get_by_role("row", name="by_keyboard")
        expect(row).to_contain_text("May: User")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_narrow_screen_needs_no_sideways_scrolling(browser, site, scheme):
    narrow = {"viewport": {"width": 360, "height": 740}, "color_scheme": scheme}
    with page(browser, **narrow) as opened:
        log_in(opened, site, "admin")
        opened.goto(site.url + MAP + "actions/")
        link = opened.locator(".ta-action-list th a").first.get_attribute("href")
        pages = [MAP + "actions/", ADD, link, link.replace("change", "delete"), MAP + "change/"]
        for each in pages:
            opened.goto(site.url + each)
            wide = opened.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            assert wide <= 0, each
