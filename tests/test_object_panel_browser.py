"""Preview while editing in a real Chromium: what one ticks is seen at once, and nothing is lost."""

import pytest
from playwright.sync_api import expect

from tests.browser import log_in, page

pytestmark = pytest.mark.browser

USER = "/admin/trackadmin/trackedmodel/2/change/"


def decide(opened, attribute, words):
    opened.locator(f"#a-{attribute} .ta-choice").get_by_text(words, exact=True).click()


def test_what_is_ticked_is_seen_at_once_and_nothing_typed_is_lost(browser, site):
    """An answer that comes late does not replace what was typed since, nor a newer answer."""
    with page(browser) as opened:
        log_in(opened, site, "product")
        opened.goto(site.url + USER)
        panel = opened.locator("#object-panel")
        expect(panel).to_be_empty()
        opened.get_by_role("button", name="Show a real object").click()
        expect(panel.get_by_text("It would send the same as now")).to_be_visible()
        decide(opened, "date_joined", "Track")
        joined = panel.get_by_role("row").filter(has_text="User_date_joined")
        expect(joined).to_contain_text("new")
        expect(joined.locator("td")).to_contain_text("20")
        decide(opened, "date_joined", "Undecided")
        expect(joined).to_have_count(0)
        decide(opened, "is_active", "Ignore")
        expect(panel.get_by_role("row").filter(has_text="User_is_active")).to_contain_text("gone")

        held = []
        opened.route("**/trackedmodel/2/change/", lambda route: held.append(route))
        decide(opened, "is_active", "Track")
        expect(panel).to_have_attribute("aria-busy", "true")
        opened.get_by_label("Owner").fill("Growth")
        with opened.expect_request(lambda request: "nobody at all" in (request.post_data or "")):
            opened.get_by_label("Find another object").fill("nobody at all")
        held[-1].continue_()
        opened.unroute("**/trackedmodel/2/change/")
        expect(panel.get_by_text("Nothing was found.")).to_be_visible()
        expect(panel.get_by_text("It would send the same as now")).to_be_visible()
        expect(opened.get_by_label("Owner")).to_have_value("Growth")
        expect(opened.get_by_label("Find another object")).to_have_value("nobody at all")
        expect(opened.get_by_label("Find another object")).to_be_focused()

        opened.locator("#id_a-email-name").fill("no name")
        expect(panel.get_by_text("Correct this first.")).to_be_visible()
        expect(panel.get_by_text("It would send the same as now")).to_be_visible()
        opened.reload()
        expect(panel.get_by_text("It would send the same as now")).to_be_visible()
        expect(opened.get_by_label("Owner")).to_have_value("")
