"""The admin's pages in a real Chromium: their comforts, without them, and on a narrow screen."""

import pytest
from playwright.sync_api import expect

from tests.browser import log_in, page

pytestmark = pytest.mark.browser

MAP = "/admin/trackadmin/trackingmap/1/"
USER = "/admin/trackadmin/trackedmodel/2/change/"
PREVIEW = MAP + "preview/?model=User&by=id&value=123"
PAGES = [
    MAP + "change/",
    MAP + "publish/",
    PREVIEW,
    MAP + "versions/",
    MAP + "versions/1/",
    MAP + "compare/",
    MAP + "history/",
    USER,
    "/admin/trackadmin/trackedmodel/2/delete/",
    "/admin/trackadmin/trackedmodel/add/?map=1",
]


def shown(opened):
    rows = opened.locator("#attribute-rows tr:visible")
    return [row.get_attribute("data-words").split()[0] for row in rows.all()]


def test_attributes_are_found_by_a_word_and_by_what_is_tracked(browser, site):
    with page(browser) as opened:
        log_in(opened, site, "product")
        opened.goto(site.url + USER)
        everything = shown(opened)
        assert "last_login" in everything
        opened.get_by_label("Tracked only").check()
        assert "last_login" not in shown(opened)
        opened.get_by_placeholder("Find an attribute").fill("e-mail")
        assert shown(opened) == []
        expect(opened.get_by_text("No attribute matches.")).to_be_visible()
        opened.get_by_placeholder("Find an attribute").fill("EMAIL")
        assert shown(opened) == ["email"]
        opened.get_by_placeholder("Find an attribute").press("Enter")
        expect(opened).to_have_url(site.url + USER)  # Enter looked for it and saved nothing
        opened.get_by_placeholder("Find an attribute").fill("")
        opened.get_by_label("Tracked only").uncheck()
        assert shown(opened) == everything


def test_a_profile_stands_beside_each_attribute(browser, site):
    """On request, and once: a second reading takes the place of the first. What was typed stays."""
    with page(browser) as opened:
        log_in(opened, site, "product")
        opened.goto(site.url + USER)
        opened.get_by_label("Owner").fill("Growth")
        opened.get_by_role("link", name="Show a profile of the data").click()
        section = opened.get_by_role("region", name="Profile of the data")
        expect(section).to_be_focused()
        expect(section.get_by_text("Each attribute shows its profile below")).to_be_visible()
        expect(section.locator("table")).to_be_hidden()
        row = opened.locator("#a-is_active")
        expect(row.locator(".ta-field-profile")).to_contain_text("filled")
        expect(opened.locator("#a-email .ta-field-profile")).to_contain_text("may be personal")
        with opened.expect_response(lambda response: "fresh=1" in response.url):
            section.get_by_role("link", name="Read again").click()
        expect(section).to_be_focused()
        expect(row.locator(".ta-field-profile")).to_have_count(1)
        expect(opened.get_by_label("Owner")).to_have_value("Growth")
        expect(opened).to_have_url(site.url + USER)


def test_what_is_tracked_shows_the_name_it_goes_out_under(browser, site):
    with page(browser) as opened:
        log_in(opened, site, "product")
        opened.goto(site.url + USER)
        row = opened.locator("#attribute-rows tr").filter(has_text="last_login")
        name = row.get_by_label("Output name of last_login")
        expect(name).to_be_hidden()
        row.get_by_text("Track", exact=True).click()
        expect(name).to_be_visible()
        opened.get_by_label("Prefix", exact=True).fill("Person")
        expect(row.locator("[data-prefix]")).to_have_text("Person_")
        row.get_by_text("Ignore", exact=True).click()
        expect(name).to_be_hidden()


def test_the_abbreviated_url_can_be_copied(browser, site):
    with page(browser, permissions=["clipboard-read", "clipboard-write"]) as opened:
        log_in(opened, site, "product")
        opened.goto(site.url + PREVIEW)
        button = opened.locator("[data-copy='#preview-url']")
        button.click()
        expect(button).to_have_text("Copied")
        assert opened.evaluate("navigator.clipboard.readText()") == "?User__id=123"


def test_two_editors_at_once_lose_nothing(browser, site):
    with page(browser) as first, page(browser) as second:
        log_in(first, site, "product")
        log_in(second, site, "admin")
        first.goto(site.url + USER)
        second.goto(site.url + USER)
        second.get_by_label("Owner").fill("Accounts team")
        second.get_by_role("button", name="Save", exact=True).click()
        first.get_by_label("Description", exact=False).first.fill("Who logs in.")
        first.get_by_role("button", name="Save", exact=True).click()
        alert = first.get_by_role("alert")
        expect(alert).to_contain_text("Somebody else saved this while you were editing it")
        expect(alert).to_contain_text("admin")
        expect(alert).to_contain_text("The owner was set to 'Accounts team'.")
        expect(first.get_by_label("Description", exact=False).first).to_have_value("Who logs in.")
        first.get_by_label("Owner").fill("Accounts team")
        first.get_by_role("button", name="Overwrite").click()
        expect(first.locator(".messagelist")).to_contain_text("Saved User")
        second.goto(site.url + USER)
        expect(second.get_by_label("Owner")).to_have_value("Accounts team")
        expect(second.get_by_label("Description", exact=False).first).to_have_value("Who logs in.")


def test_every_page_works_without_scripts(browser, site):
    with page(browser, java_script_enabled=False) as opened:
        opened.goto(site.url + "/admin/")
        opened.fill("#id_username", "product")
        opened.fill("#id_password", "product")
        opened.click("input[type=submit]")
        opened.goto(site.url + "/admin/trackadmin/trackedmodel/1/change/")
        row = opened.locator("#attribute-rows tr").filter(has_text="newsletter")
        row.get_by_text("Track", exact=True).click()
        opened.get_by_role("button", name="Save", exact=True).click()
        expect(opened.locator(".messagelist")).to_contain_text("Saved BuyerProfile")
        opened.goto(site.url + MAP + "preview/?model=BuyerProfile")
        opened.locator(".ta-newest a").first.click()
        expect(opened.locator("#preview-rows")).to_contain_text("BuyerProfile_newsletter")
        opened.goto(site.url + MAP + "publish/")
        opened.get_by_label("Note").fill("Without scripts.")
        opened.get_by_role("button", name="Publish version 2").click()
        expect(opened.locator(".messagelist")).to_contain_text("Version 2 is live.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_is_wider_than_a_phone(browser, site, scheme):
    with page(browser, viewport={"width": 400, "height": 800}, color_scheme=scheme) as opened:
        log_in(opened, site, "product")
        for path in PAGES:
            opened.goto(site.url + path)
            wide = opened.evaluate("document.documentElement.scrollWidth")
            assert wide <= 400, path


def test_a_double_click_publishes_once(browser, site):
    """F4: a hurried editor, and a page that was left open while another version went live."""
    with page(browser) as opened, page(browser) as other:
        for each in (opened, other):
            log_in(each, site, "product")
        opened.goto(site.url + USER)
        opened.get_by_label("Owner").fill("Double click team")
        opened.get_by_role("button", name="Save", exact=True).click()
        for each in (opened, other):
            each.goto(site.url + MAP + "publish/")
        button = opened.locator("form .ta-primary")
        number = int(button.inner_text().rpartition(" ")[2])
        button.dblclick(no_wait_after=True)
        expect(opened.locator(".messagelist")).to_contain_text(f"Version {number} is live.")
        other.locator("form .ta-primary").click()
        expect(other.get_by_text(f"Version {number} is live. It is what you")).to_be_visible()
        opened.goto(site.url + MAP + "versions/")
        expect(opened.get_by_text(f"Version {number}", exact=True)).to_be_visible()
        expect(opened.get_by_text(f"Version {number + 1}", exact=True)).to_have_count(0)
