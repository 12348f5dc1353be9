"""From a button of the shop to the live page and the receiver, which is down for a while."""

import pytest
from playwright.sync_api import expect

from tests.browser import DemoSite, log_in, page
from tests.receiver import Receiver

pytestmark = pytest.mark.browser

EVENTS = "/admin/trackadmin/trackingmap/1/events/"


@pytest.fixture(scope="module")
def receiver():
    receiver = Receiver()
    receiver.start()
    yield receiver
    receiver.stop()


@pytest.fixture(scope="module")
def site(tmp_path_factory, receiver):
    """A demo shop whose events go to the receiver, too."""
    site = DemoSite(tmp_path_factory.mktemp("demo"))
    site.environment["DJANGO_SETTINGS_MODULE"] = "tests.demo_with_receiver"
    site.environment["RECEIVER_URL"] = receiver.url
    with site.served() as site:
        yield site


def press(shop):
    shop.get_by_role("button", name="Sign up", exact=True).click()


def rows(admin):
    return admin.locator("table.ta-events tbody tr")


def test_an_event_is_seen_delivered_waits_and_arrives_once(browser, site, receiver):
    with page(browser) as shop, page(browser) as admin:
        shop.goto(site.url)
        log_in(admin, site, "product")
        admin.goto(f"{site.url}{EVENTS}?sink=webhook")
        expect(admin.get_by_text("No event fits.")).to_be_visible()
        press(shop)
        # It appears by itself, and so does what becomes of it.
        expect(rows(admin)).to_have_count(1)
        expect(rows(admin).first).to_contain_text("signup_click")
        expect(rows(admin).first).to_contain_text("delivered")
        assert [each["action"] for each in receiver.events] == ["signup_click"]

        # One is opened in place; what comes then leaves it open, and the focus where it is.
        rows(admin).first.get_by_role("link").click()
        expect(admin.locator(".ta-opened")).to_contain_text("hidden: personal")
        assert admin.url.endswith("?sink=webhook")
        rows(admin).first.get_by_role("link").focus()

        receiver.stop()
        press(shop)
        expect(rows(admin)).to_have_count(2)
        expect(rows(admin).first).to_contain_text("failed, will be tried again")
        expect(rows(admin).first).to_contain_text("The receiver does not answer.")
        expect(admin.locator(".ta-opened")).to_have_count(1)
        assert admin.evaluate("document.activeElement.closest('tr').rowIndex") == 2
        deliveries = admin.context.new_page()
        deliveries.goto(f"{site.url}/admin/trackadmin/delivery/")
        waits = deliveries.get_by_role("row").filter(has_text="webhook")
        expect(waits).to_contain_text("The receiver does not answer.")
        assert len(receiver.events) == 1

        receiver.start()
        expect(rows(admin).first).to_contain_text("delivered")
        ids = [each["id"] for each in receiver.events]
        assert len(ids) == len({*ids}) == 2


def test_a_page_that_is_paused_stays_as_it_is(browser, site):
    with page(browser) as shop, page(browser) as admin:
        shop.goto(site.url)
        log_in(admin, site, "product")
        admin.goto(f"{site.url}{EVENTS}")
        before = rows(admin).count()
        admin.get_by_role("button", name="Pause").click()
        expect(admin.get_by_text("Paused. New events do not appear.")).to_be_visible()
        press(shop)
        expect(shop.locator("#events > li")).to_have_count(before + 1)
        assert rows(admin).count() == before
        admin.get_by_role("button", name="Go on").click()
        expect(rows(admin)).to_have_count(before + 1)


def test_without_javascript_filters_and_events_are_links(browser, site):
    with page(browser, java_script_enabled=False) as admin:
        log_in(admin, site, "product")
        admin.goto(f"{site.url}{EVENTS}")
        expect(admin.get_by_role("button", name="Pause")).to_have_count(0)
        admin.get_by_label("Action").fill("signup_click")
        admin.get_by_role("button", name="Apply").click()
        rows(admin).first.get_by_role("link").click()
        expect(admin.locator(".ta-opened")).to_contain_text("hidden: personal")
