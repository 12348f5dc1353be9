"""Counts and sums in a real Chromium: chosen, previewed, published; also without scripts."""

import pytest
from playwright.sync_api import expect

from tests.browser import log_in, page

pytestmark = pytest.mark.browser

MAP = "/admin/trackadmin/trackingmap/1/"
BUYER = "/admin/trackadmin/trackedmodel/1/change/"
WORDS = "Count of orders where status is “Shipped”"
BUYER_OF_SHOP = "6fa459ea-ee8a-3ca4-894e-db77e160355e"
#: As many orders of this buyer are shipped in the fixtures.
SHIPPED = "10"
NAME = "BuyerProfile_orders_shipped_count"


def add(opened, relation="orders"):
    opened.get_by_label("Related objects", exact=True).select_option(relation)
    opened.get_by_role("button", name="Add a count or sum").click()


def row_of(opened, words):
    return opened.get_by_role("group", name=words, exact=True)


def save(opened, name="Save"):
    opened.get_by_role("button", name=name, exact=True).click()
    expect(opened.locator(".messagelist")).to_contain_text("Saved BuyerProfile")


def start(opened, site):
    """The page of BuyerProfile, which counts nothing."""
    opened.goto(site.url + BUYER)
    boxes = opened.get_by_label("Remove", exact=True)
    if boxes.count():
        for box in boxes.all():
            box.check()
        save(opened, "Save and continue editing")
    expect(opened.get_by_text("Nothing is counted yet.")).to_be_visible()


def test_a_count_is_picked_previewed_and_published(browser, site):
    """Each choice shows at once what fits it, and the name follows."""
    with page(browser) as opened:
        log_in(opened, site, "product")
        start(opened, site)
        add(opened)
        row = row_of(opened, "Count of orders")
        expect(row.get_by_label("Function")).to_be_focused()
        expect(row.get_by_label("Name in events")).to_have_value("orders_count")
        row.get_by_label("Condition 1: field").select_option("status")
        value = opened.get_by_label("Condition 1: value")
        expect(value).to_have_role("combobox")
        value.select_option(label="Shipped")
        row = row_of(opened, WORDS)
        expect(row.get_by_label("Name in events")).to_have_value("orders_shipped_count")
        expect(row.get_by_label("Condition 2: field")).to_be_visible()
        expect(opened.get_by_role("button", name="Show what fits")).to_be_hidden()
        save(opened)
        opened.goto(site.url + MAP + f"preview/?model=BuyerProfile&by=uuid&value={BUYER_OF_SHOP}")
        shown = opened.locator("#preview-rows tr").filter(has_text=NAME)
        expect(shown.locator("td").first).to_have_text(SHIPPED)
        expect(opened.get_by_text("1 query, ")).to_contain_text("ms for this object")
        opened.goto(site.url + MAP + "publish/")
        expect(opened.get_by_text("orders_shipped_count").first).to_be_visible()
        opened.locator("form .ta-primary").click()
        expect(opened.get_by_role("cell", name=WORDS)).to_be_visible()
        expect(opened.get_by_role("rowheader", name=NAME)).to_be_visible()
        version = int(opened.url.rstrip("/").rpartition("/")[2])
        opened.goto(site.url)
        opened.get_by_role("button", name="Sign up", exact=True).click()
        card = opened.locator("#events > li").first
        expect(card).to_contain_text(f"version {version}")
        sent = card.locator("dl > div").filter(has_text=NAME)
        expect(sent.locator("dd")).to_have_text(SHIPPED)


def test_a_name_that_somebody_typed_stays(browser, site):
    with page(browser) as opened:
        log_in(opened, site, "product")
        start(opened, site)
        add(opened)
        opened.get_by_label("Name in events").fill("how_many")
        opened.get_by_label("Function").select_option("sum")
        opened.get_by_label("Field", exact=True).select_option("total")
        row = row_of(opened, "Sum of total of orders")
        expect(row.get_by_label("Name in events")).to_have_value("how_many")
        row.get_by_label("Function").select_option("count")
        expect(opened.get_by_label("Field", exact=True)).to_have_count(0)


def test_what_is_typed_while_the_answer_is_under_way_is_kept(browser, site):
    with page(browser) as opened:
        log_in(opened, site, "product")
        start(opened, site)
        add(opened)
        held = []
        opened.route("**/change/", lambda route: held.append(route))
        opened.get_by_label("Function").select_option("sum")
        opened.get_by_label("Description", exact=False).last.fill("Typed meanwhile")
        assert opened.evaluate("document.activeElement.id") == "id_g-1-description"
        held[0].continue_()
        expect(opened.get_by_label("Field", exact=True)).to_be_visible()
        expect(opened.locator("#id_g-1-description")).to_have_value("Typed meanwhile")


def test_rows_are_moved_with_the_keyboard(browser, site):
    with page(browser) as opened:
        log_in(opened, site, "product")
        start(opened, site)
        add(opened)
        expect(row_of(opened, "Count of orders")).to_be_visible()
        opened.get_by_label("Function").select_option("max")
        opened.get_by_label("Field", exact=True).select_option("total")
        expect(row_of(opened, "Largest total of orders")).to_be_visible()
        add(opened)
        expect(row_of(opened, "Count of orders")).to_be_visible()
        up = opened.get_by_role("button", name="Move up: Count of orders")
        up.focus()
        opened.keyboard.press("Enter")
        expect(opened.locator("#g-1 legend")).to_have_text("Count of orders")
        expect(opened.get_by_role("button", name="Move down: Count of orders")).to_be_focused()
        # Enter in a text box saves, as before there were other buttons.
        opened.get_by_label("Owner").press("Enter")
        expect(opened.locator(".messagelist")).to_contain_text("Saved BuyerProfile")


def test_a_server_that_does_not_answer_leaves_the_buttons(browser, site):
    with page(browser, expected="ERR_FAILED") as opened:
        log_in(opened, site, "product")
        start(opened, site)
        add(opened)
        expect(row_of(opened, "Count of orders")).to_be_visible()
        button = opened.get_by_role("button", name="Show what fits these choices")
        expect(button).to_be_hidden()
        opened.route("**/change/", lambda route: route.abort())
        opened.get_by_label("Function").select_option("sum")
        expect(button).to_be_visible()
        opened.unroute("**/change/")
        button.click()
        expect(opened.get_by_label("Field", exact=True)).to_be_visible()


def test_it_works_without_scripts(browser, site):
    with page(browser, java_script_enabled=False) as opened:
        opened.goto(site.url + "/admin/")
        opened.fill("#id_username", "product")
        opened.fill("#id_password", "product")
        opened.click("input[type=submit]")
        start(opened, site)
        add(opened)
        opened.get_by_label("Condition 1: field").select_option("status")
        opened.get_by_role("button", name="Show what fits these choices").click()
        opened.get_by_label("Condition 1: value").select_option(label="Shipped")
        save(opened, "Save and continue editing")
        expect(row_of(opened, WORDS)).to_be_visible()
        expect(opened.get_by_label("Name in events")).to_have_value("orders_shipped_count")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_no_wider_than_a_phone(browser, site, scheme):
    size = {"width": 390, "height": 844}
    with page(browser, viewport=size, color_scheme=scheme) as opened:
        log_in(opened, site, "product")
        start(opened, site)
        add(opened)
        opened.get_by_label("Function").select_option("latest")
        expect(opened.get_by_label("Latest by")).to_be_visible()
        assert opened.evaluate("document.documentElement.scrollWidth") <= 390
