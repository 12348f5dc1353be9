"""The whole loop in a real Chromium, against a demo shop that runs as a newcomer runs it."""

import pytest
from playwright.sync_api import expect

from tests.browser import DemoSite, log_in, page

pytestmark = pytest.mark.browser

NAME = "BuyerProfile_newsletter"
PRODUCT_PATHS = [
    "/admin/",
    "/admin/trackadmin/trackingmap/",
    "/admin/trackadmin/trackingmap/1/change/",
    "/admin/trackadmin/trackingmap/1/preview/",
    "/admin/trackadmin/trackingmap/1/preview/?model=BuyerProfile",
    "/admin/trackadmin/trackingmap/1/publish/",
    "/admin/trackadmin/trackingmap/1/versions/",
    "/admin/trackadmin/trackingmap/1/history/",
    "/admin/trackadmin/trackedmodel/",
    "/admin/trackadmin/trackedmodel/1/change/",
    "/admin/trackadmin/mapversion/",
    "/admin/demo/buyerprofile/",
]


@pytest.fixture
def site(tmp_path):
    """A freshly made demo shop, served."""
    with DemoSite(tmp_path).served() as site:
        yield site


def press_sign_up(shop):
    """Press the shop's button; gives the newest event of the panel."""
    cards = shop.locator("#events > li")
    before = cards.count()
    shop.get_by_role("button", name="Sign up", exact=True).click()
    expect(cards).to_have_count(before + 1)
    return cards.first


def names(card):
    """The output names that the card lists, without those it says are gone."""
    return [
        term.evaluate("element => element.firstChild.textContent")
        for term in card.locator("dl > div:not(.gone) dt").all()
    ]


def go_to_map(admin):
    admin.get_by_role("link", name="Tracking maps").first.click()
    admin.get_by_role("link", name="Default map").click()


def add_newsletter(admin):
    go_to_map(admin)
    admin.get_by_role("link", name="BuyerProfile", exact=True).click()
    row = admin.get_by_role("row").filter(has_text="newsletter")
    row.get_by_text("Track", exact=True).click()
    admin.get_by_role("button", name="Save", exact=True).click()
    expect(admin.locator(".messagelist")).to_be_visible()


def preview_buyer(admin):
    """Pick testUserOne by Django's own autocomplete; gives the row of the new name."""
    admin.get_by_role("link", name="Preview", exact=True).first.click()
    admin.get_by_label("Tracked model").get_by_role("link", name="BuyerProfile").click()
    admin.locator(".select2-selection").first.click()
    admin.locator(".select2-search__field").fill("testUser")
    admin.locator(".select2-results__option").filter(has_text="testUserOne").click()
    return admin.locator("#preview-rows tr").filter(has_text=NAME)


def publish(admin, note):
    admin.get_by_role("link", name="Review and publish").first.click()
    admin.get_by_label("Note").fill(note)
    admin.get_by_role("button", name="Publish version").click()
    expect(admin.locator(".messagelist")).to_contain_text("2")


def roll_back_to_first(admin):
    admin.get_by_role("link", name="Versions", exact=True).first.click()
    admin.locator("a[href$='/versions/1/roll-back/']").first.click()
    admin.get_by_label("Note").fill("Not wanted after all")
    admin.get_by_role("button", name="Roll back to version 1").click()
    expect(admin.locator(".messagelist")).to_contain_text("3")


def test_product_team_changes_what_the_shop_tracks_and_takes_it_back(browser, site):
    """Add, preview, publish, see the new name arrive; roll back, see it gone."""
    with page(browser) as shop, page(browser) as admin:
        shop.goto(site.url)
        first = press_sign_up(shop)
        expect(first).to_contain_text("version 1")
        assert len(names(first)) == 15
        assert NAME not in names(first)
        assert site.logged()[-1]["version"] == 1

        log_in(admin, site, "product")
        add_newsletter(admin)
        assert NAME not in names(press_sign_up(shop))  # saved is not published
        row = preview_buyer(admin)
        expect(row).to_contain_text("new")
        expect(row).to_contain_text("true")
        assert NAME not in names(press_sign_up(shop))  # previewed is not published
        publish(admin, "The newsletter team asks for it")

        second = wait_for_version(shop, 2)
        assert NAME in names(second)
        expect(second.locator("dl > div.new")).to_have_count(1)
        expect(second.locator("dl > div.new")).to_contain_text(NAME)
        assert site.logged()[-1]["values"][NAME] is True
        assert len(names(second)) == 16
        # The name stays marked for as long as this version is live.
        expect(press_sign_up(shop).locator("dl > div.new")).to_contain_text(NAME)

        roll_back_to_first(admin)
        third = wait_for_version(shop, 3)
        assert NAME not in names(third)
        expect(third.locator("dl > div.gone")).to_contain_text(NAME)
        assert NAME not in site.logged()[-1]["values"]
        assert site.logged()[-1]["version"] == 3


def wait_for_version(shop, number):
    """Press until an event comes from this version: the old one may be served for a second."""
    for _ in range(10):
        card = press_sign_up(shop)
        if card.locator(".version").text_content() == f"version {number}":
            return card
        shop.wait_for_timeout(300)
    raise AssertionError(f"No event of version {number} came.")


def test_ordering_fires_the_new_order(browser, site):
    """One press makes an order and a short URL that brings all it belongs to."""
    with page(browser) as shop:
        shop.goto(site.url)
        shop.get_by_role("button", name="Order Cordless drill 18 V").click()
        card = shop.locator("#events > li").first
        expect(card).to_contain_text("order_placed")
        expect(card).to_contain_text("Order__number=SO-1061")
        assert {"Order_number", "BuyerProfile_uuid", "User_id", "ShippingAddress_city"} <= set(
            names(card)
        )
        expect(shop.get_by_role("status").last).to_have_text("Ordered: SO-1061")
        shop.reload()
        expect(shop.get_by_text("SO-1061").first).to_be_visible()


def test_other_shopper_is_tracked_under_the_same_names(browser, site):
    """Choosing somebody else changes the values and no name."""
    with page(browser) as shop:
        shop.goto(site.url)
        before = names(press_sign_up(shop))
        shop.get_by_label("You are").select_option(label="Elsa Nyström")
        shop.wait_for_url("**buyer=**")
        card = press_sign_up(shop)
        expect(card).to_contain_text('"elsa"')
        assert names(card) == before


def test_product_view_carries_product_and_maker(browser, site):
    """A third object on the same URL."""
    with page(browser) as shop:
        shop.goto(site.url)
        shop.get_by_role("button", name="View Jigsaw").click()
        card = shop.locator("#events > li").first
        expect(card).to_contain_text("product_view")
        expect(card).to_contain_text("Product__sku=")
        assert {"Product_sku", "Manufacturer_slug", "Country_code"} <= set(names(card))


def test_shop_fits_a_narrow_screen(browser, site):
    """At 400 pixels nothing sticks out, and the panel shows what a press did."""
    with page(browser, viewport={"width": 400, "height": 800}) as shop:
        shop.goto(site.url)
        card = press_sign_up(shop)
        expect(card.get_by_text("signup_click", exact=True)).to_be_in_viewport()
        wide = shop.evaluate("document.documentElement.scrollWidth")
        assert wide <= 400


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_have_nothing_to_complain_about(browser, site, scheme):
    """No error in the console and no violation of the content policy, shop and admin."""
    with page(browser, color_scheme=scheme) as opened:
        log_in(opened, site, "product")
        for path in ["/", *PRODUCT_PATHS]:
            answer = opened.goto(site.url + path)
            assert answer.status == 200, path
            assert "Content-Security-Policy".lower() in answer.headers, path


def test_policy_is_watched(browser, site):
    """The watch itself works: an inline script on a page is a complaint."""
    with pytest.raises(AssertionError, match="Content Security Policy"):
        run_inline_script(browser, site)


def run_inline_script(browser, site):
    with page(browser) as opened:
        opened.goto(site.url)
        opened.evaluate(
            "document.body.append(Object.assign(document.createElement('script'), {text: '1'}))"
        )


def test_server_that_goes_away_is_told_and_forgotten_when_it_is_back(browser, tmp_path):
    """The panel says that the shop does not answer, and takes up again by itself."""
    site = DemoSite(tmp_path)
    with page(browser, expected="net::ERR_") as shop:
        with site.served():
            shop.goto(site.url)
            press_sign_up(shop)
        state = shop.get_by_role("status").last
        expect(state).to_contain_text("does not answer")
        with site.served():
            expect(state).to_have_text("")
            press_sign_up(shop)
            expect(shop.locator("#events > li")).to_have_count(2)
