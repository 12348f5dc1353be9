"""Two people at once agree on a draft, each in a browser of their own, where one must approve."""

import re
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from tests.browser import DemoSite, log_in, page

pytestmark = pytest.mark.browser

REVIEW = "/admin/trackadmin/trackingmap/1/publish/"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The demo, where a publish needs one approval: Eva asked for a review of her changes."""
    site = DemoSite(tmp_path_factory.mktemp("demo"))
    site.manage("demo", "--no-server")
    site.environment["DJANGO_SETTINGS_MODULE"] = "tests.demo_with_reviews"
    with site.served():
        yield site


class Person:
    """Somebody at work in the admin, with a browser of their own."""

    def __init__(self, opened, site, name):
        self.opened, self.site = opened, site
        log_in(opened, site, name)

    def look(self):
        """Open the review again."""
        self.opened.goto(self.site.url + REVIEW)
        return self.opened.locator("#content-main")

    def click(self, button, words=""):
        """Click a button of the review as it is open now."""
        if words:
            self.opened.fill("#id_words", words)
        self.opened.locator("#review").get_by_role("button", name=button, exact=True).click()
        expect(self.opened.locator(".messagelist, .ta-banner[role=alert]")).to_be_visible()

    def edit(self, owner):
        """Give the tracked model Manufacturer another owner."""
        self.opened.goto(self.site.url + "/admin/trackadmin/trackingmap/1/change/")
        self.opened.locator("#models").get_by_role("link", name="Manufacturer").first.click()
        self.opened.fill("#id_owner", owner)
        self.opened.click(".ta-primary[name=_save]")
        expect(self.opened.locator(".messagelist")).to_be_visible()

    def publish(self, note):
        """Publish what is open now."""
        self.opened.fill("#id_note", note)
        self.opened.get_by_role("button", name=re.compile("^Publish version")).click()


@pytest.fixture
def people(browser, site):
    """Eva edits, Pia publishes, and Ada may do everything; all are logged in at once."""
    with ExitStack() as stack:
        yield [
            Person(stack.enter_context(page(browser)), site, name)
            for name in ("editor", "product", "admin")
        ]


def test_two_people_agree_and_a_third_has_an_emergency(people):
    """Comment, ask for changes, edit, approve, an edit after that, approve again, publish."""
    eva, pia, ada = people
    expect(pia.look()).to_contain_text("1 approval is missing")
    pia.opened.get_by_role("link", name="Comment on Manufacturer.product_count").click()
    pia.opened.fill(".ta-said textarea", "All products, or those in stock?")
    pia.opened.click(".ta-said button")
    expect(pia.opened.locator(".messagelist")).to_contain_text("Your comment was saved.")
    pia.click("Ask for changes", "Name an owner, please.")

    expect(eva.look()).to_contain_text("All products, or those in stock?")
    expect(eva.opened.locator("#review")).to_contain_text("product asks for changes of this draft.")
    eva.edit("Catalog team")
    eva.look()
    eva.click("Ask again", "Now with an owner.")

    # Pia's page is older than the edit: she approves nothing that she has not seen.
    pia.click("Approve", "Good.")
    expect(pia.opened.locator("[role=alert]")).to_contain_text("The draft changed")
    expect(pia.opened.locator("#id_words")).to_have_value("Good.")
    pia.click("Approve")
    expect(pia.opened.locator("#review")).to_contain_text("product approved exactly this draft.")

    eva.edit("Catalog team 2")
    expect(pia.look()).to_contain_text("so this approval no longer counts")
    expect(pia.opened.get_by_role("button", name="Publish version 2")).to_be_disabled()
    pia.click("Approve")
    pia.publish("An owner for manufacturers.")
    expect(pia.opened.locator(".messagelist")).to_contain_text("Version 2 is live.")
    expect(pia.opened.locator("#review")).to_contain_text("Name an owner, please.")
    expect(eva.look()).to_contain_text("There is nothing to publish")

    ada.edit("Operations")
    ada.look()
    ada.publish("")
    expect(ada.opened.locator("#content-main")).to_contain_text("The draft was not published")
    ada.opened.check("#id_override")
    ada.publish("The shop is down.")
    expect(ada.opened.locator(".messagelist")).to_contain_text("Version 3 is live.")
    expect(ada.opened.locator("#content-main")).to_contain_text("without approval")
    eva.opened.goto(eva.site.url + "/admin/trackadmin/trackingmap/1/versions/")
    row = eva.opened.get_by_role("row").filter(has_text="Version 3")
    expect(row).to_contain_text("without approval")
