"""Each thing that helps to see and decide, as a person of the product team walks through it.

What is expected is computed from the demo's own rows. Whoever walks is ``product``, who may view
the shop's objects and no personal values.
"""

import json
import re

import pytest
from playwright.sync_api import expect

from tests.browser import log_in, page

pytestmark = pytest.mark.browser

MAP = "/admin/trackadmin/trackingmap/1/"
NARROW = {"width": 400, "height": 800}
#: What the shop's tables hold, as the walks count it.
COUNT = """
import json
from django.db.models import Count
from demo.models import *
cordless = Product.objects.get(name="Cordless drill 18 V")
buyer = BuyerProfile.objects.get(user__username="testUserOne")
print(json.dumps({
    "products": Product.objects.count(),
    "in stock": Product.objects.filter(in_stock=True).count(),
    "makers": Manufacturer.objects.count(),
    "phones": [each for each in BuyerProfile.objects.values_list("phone", flat=True) if each],
    "made": sorted({m.made for m in Manufacturer.objects.annotate(made=Count("products"))}),
    "drill": [cordless.pk, cordless.sku, cordless.manufacturer.name, cordless.manufacturer.slug],
    "buyer": str(buyer.uuid), "orders": buyer.orders.count(),
}))
"""


@pytest.fixture(scope="module")
def shop(site):
    """What is in the demo's tables."""
    return json.loads(site.manage("shell", "-v0", "-c", COUNT))


@pytest.fixture(scope="module")
def cookies(browser, site):
    """Somebody of the product team logs in once."""
    with page(browser) as opened:
        log_in(opened, site, "product")
        return opened.context.storage_state()


@pytest.fixture(params=[True])
def walker(browser, cookies, request):
    """A page of somebody who is logged in; with the parameter False, without JavaScript."""
    with page(browser, storage_state=cookies, java_script_enabled=request.param) as opened:
        yield opened


either = pytest.mark.parametrize("walker", [True, False], indirect=True, ids=["js", "no js"])


def open_page(walker, site, path):
    walker.goto(site.url + path)
    return walker.locator("#content-main")


def row_of(part, words):
    return part.get_by_role("row").filter(has_text=words)


def said(walker):
    return walker.locator(".messagelist")


# See ---------------------------------------------------------------------------------------------


def test_1_the_profile_says_how_a_field_is_filled(walker, site, shop):
    """Beside each attribute, and no telephone number for who may not see personal values."""
    content = open_page(walker, site, MAP + "change/")
    content.get_by_role("link", name="Product", exact=True).click()
    content.get_by_role("link", name="Show a profile").click()
    expect(content).to_contain_text(f"From all {shop['products']} objects that you may view")
    stock = content.locator("#a-in_stock")
    share = round(100 * shop["in stock"] / shop["products"])
    expect(stock).to_contain_text(re.compile(rf"Yes\s*{share}%\s*No\s*{100 - share}%"))
    expect(stock.locator(".ta-bar")).to_be_visible()
    expect(content.locator("#a-sku")).to_contain_text(f"{shop['products']} different values")

    open_page(walker, site, MAP + "undecided/")
    content.get_by_role("link", name="Show a profile of the data BuyerProfile").click()
    phone = row_of(content, "Phone")
    expect(phone).to_contain_text("Values are hidden: they may be personal.")
    assert shop["phones"]
    assert not [each for each in shop["phones"] if each in walker.content()]


@either
def test_3_the_review_shows_the_effect_on_real_objects(walker, site, shop):
    """A count that waits in the draft: on how many makers, how many products they have."""
    content = open_page(walker, site, MAP + "publish/")
    expect(content.get_by_text("product_count: The count or sum was added.")).to_be_visible()
    content.get_by_role("link", name="Show the effect").click()
    part = content.locator(".ta-effect").filter(
        has=walker.get_by_role("heading", name="Manufacturer", exact=False)
    )
    row = row_of(part, "Manufacturer_product_count")
    expect(row).to_contain_text("new")
    expect(row).to_contain_text(f"filled on {shop['makers']} of {shop['makers']}")
    examples = row.locator(".ta-value").all_inner_texts()
    assert examples
    assert {int(each) for each in examples} <= set(shop["made"])


@either
def test_4_a_url_is_tried(walker, site, shop):
    """What is found, what is not, what the action lacks, and the event; nothing is sent."""
    sent = len(site.logged())
    walker.set_viewport_size(NARROW)  # the answer is in sight all the same
    content = open_page(walker, site, MAP + "preview/")
    content.get_by_role("link", name="A URL").click()
    url = f"{site.url}/t/?action=signup_click&BuyerProfile__uuid={shop['buyer']}&Product__sku=gone"
    content.get_by_label("Tracking URL").fill(url)
    content.get_by_role("button", name="Try").click()
    expect(row_of(content, "BuyerProfile__uuid")).to_contain_text("found")
    expect(row_of(content, "Product__sku")).to_contain_text("not found")
    expect(content).to_contain_text("The action 'signup_click' must bring CompanyAccount")
    expect(row_of(content, "BuyerProfile_orders_count")).to_contain_text(str(shop["orders"]))
    expect(content.get_by_role("heading", name="Parameters")).to_be_in_viewport()
    assert len(site.logged()) == sent


def test_5_a_line_of_the_log_is_explained(walker, site):
    """A button of the shop is pressed; its line says which entry made each name, without values."""
    walker.goto(site.url)
    walker.get_by_role("button", name="Sign up", exact=True).click()
    expect(walker.locator("#events > li")).not_to_have_count(0)
    line = site.logged()[-1]
    walker.set_viewport_size(NARROW)  # the answer is in sight all the same
    content = open_page(walker, site, MAP + "preview/event/")
    content.get_by_label("Event as JSON").fill(json.dumps(line))
    content.get_by_role("button", name="Explain").click()
    expect(
        content.get_by_role("heading", name="Line 1: map default, version 1")
    ).to_be_in_viewport()
    for name in line["values"].keys() - {"action"}:
        expect(row_of(content, name).first).to_contain_text("Entry " + name.replace("_", ".", 1))
    table = content.get_by_role("table").inner_text()
    assert line["values"]["User_email"] not in table
    row_of(content, "User_email").get_by_role("link", name="Open User in the draft").click()
    expect(walker).to_have_url(re.compile(r"/trackedmodel/\d+/change/"))


def test_12_the_page_of_a_product_says_what_is_tracked(walker, site, shop):
    """From the shop's own admin page, with the entry that makes each name, and back."""
    pk, sku, maker, slug = shop["drill"]
    home = f"/admin/demo/product/{pk}/change/"
    walker.goto(site.url + home)
    walker.get_by_role("link", name="What is tracked").click()
    content = walker.locator("#content-main")
    expect(row_of(content, "Product_sku").first).to_contain_text(f'"{sku}"')
    expect(row_of(content, "Manufacturer_name")).to_contain_text(f'"{maker}"')
    expect(row_of(content, "Manufacturer_slug")).to_contain_text("Product.manufacturer.slug")
    expect(row_of(content, "Manufacturer_slug")).to_contain_text(f'"{slug}"')
    expect(content.get_by_text(f"?Product__sku={sku}")).to_be_visible()
    expect(row_of(content, "Manufacturer_product_count")).to_have_count(0)  # only in the draft
    row_of(content, "Manufacturer_slug").get_by_role("link").click()
    expect(walker.get_by_role("heading", name="Manufacturer", exact=True)).to_be_visible()


# Decide ------------------------------------------------------------------------------------------


def choose(content, attribute, words):
    group = content.get_by_role("radiogroup", name=f"Decision about {attribute}", exact=True)
    group.get_by_text(words, exact=True).click()


@either
def test_6_several_fields_are_decided_and_saved_once(walker, site):
    """What is decided leaves the list; the number on the home page goes down by as many."""
    left = undecided(walker, site)
    content = open_page(walker, site, MAP + "undecided/")
    first = content.locator("#undecided [role=radiogroup]").all()[:2]
    decided = [each.get_attribute("aria-label") for each in first]
    for each, words in zip(decided, ("Ignore", "Track"), strict=True):
        group = content.get_by_role("radiogroup", name=each, exact=True)
        group.get_by_text(words, exact=True).click()
    content.get_by_role("button", name="Save all decisions").click()
    expect(said(walker)).to_be_visible()
    for each in decided:
        expect(content.get_by_role("radiogroup", name=each, exact=True)).to_have_count(0)
    assert undecided(walker, site) == left - 2


def undecided(walker, site):
    """The number on the app's page."""
    walker.goto(f"{site.url}/admin/trackadmin/")
    words = walker.get_by_role("link", name=re.compile(r"\d+ attributes?")).first.inner_text()
    return int(words.split()[0])


def test_7_and_8_an_empty_map_starts_from_a_proposal_and_takes_its_first_steps(walker, site, shop):
    """One step after the other, each is marked as done once it is, and not before."""
    content = walker.locator("#content-main")
    walker.goto(f"{site.url}/admin/trackadmin/trackingmap/add/")
    content.get_by_label("Name", exact=True).fill("Newsletter")
    content.get_by_label("Slug", exact=True).fill("newsletter")
    content.get_by_role("button", name="Add the map").click()
    steps = content.locator(".ta-first-steps")
    address = walker.url
    assert done(steps) == 0
    content.get_by_role("link", name="Start from a proposal").click()
    starter = content.locator("#starter")
    expect(starter.get_by_role("checkbox", name="User", exact=True)).not_to_be_checked()
    starter.get_by_role("checkbox", name="Order", exact=True).uncheck()
    starter.get_by_role("button", name="Save in the draft").click()
    listed = content.get_by_role("row", name=re.compile("^Product "))
    expect(listed).to_contain_text("sku")
    expect(listed).to_contain_text("new")
    expect(content.get_by_role("row", name=re.compile("^Order "))).to_have_count(0)
    assert done(steps) == 1

    steps.get_by_role("link", name="Look at a real object").click()
    content.get_by_label("Tracked model").get_by_role("link", name="Manufacturer").click()
    content.locator(".ta-newest a").first.click()
    expect(row_of(content, "Manufacturer_slug")).to_contain_text("new")
    walker.goto(address)
    assert done(steps) == 2

    for note in ("First.", "Second."):
        walker.goto(address.replace("change", "publish"))
        content.get_by_label("Note").fill(note)
        content.get_by_role("button", name=re.compile("^Publish")).click()
        expect(said(walker)).to_contain_text("is live")
        if note == "First.":
            walker.goto(address)
            expect(steps).to_be_hidden()  # it is live; the rest is there for who opens it
            change_owner(walker, content)
    walker.goto(address.replace("change", "versions"))
    content.get_by_role("link", name="Roll back").first.click()
    content.get_by_role("button", name="Roll back to version 1").click()
    expect(said(walker)).to_contain_text("3")
    walker.goto(address)
    content.get_by_text("First steps").click()
    # No page of the shop tracks with this map, and the step is never faked.
    expect(steps.get_by_role("link")).to_have_text(["See the first event arrive"])


def done(steps):
    """How many of the first steps are marked."""
    expect(steps).to_be_visible()
    return steps.get_by_text("done", exact=True).count()


def change_owner(walker, content):
    content.get_by_role("link", name="Country", exact=True).click()
    content.get_by_label("Owner").fill("Newsletter team")
    content.get_by_role("button", name="Save", exact=True).click()
    expect(said(walker)).to_contain_text("Saved Country")


def test_9_a_finding_is_mended_with_one_click_and_another_one_is_waived(walker, site):
    """It leaves the list; the reason is on the page and in the history."""
    content = open_page(walker, site, MAP + "quality/")
    finding = content.get_by_role("listitem").filter(has_text="Address.addressId")
    finding.get_by_role("button", name="Rename to address_id").click()
    expect(said(walker)).to_contain_text("The draft has the new name now.")
    expect(finding).to_have_count(0)

    reason = "Sign-ups belong to everybody."
    unowned = content.locator("li.ta-hint").filter(has=walker.locator("a[href$='#id_owner']"))
    user = unowned.filter(has_text=re.compile(r"User\s+The tracked model has no owner"))
    user.locator("summary").click()
    user.get_by_label("Why is this fine as it is?").fill(reason)
    user.get_by_role("button", name="Waive").click()
    expect(said(walker)).to_contain_text("This was waived.")
    expect(content.locator("#waived li").filter(has_text=reason)).to_contain_text("User")
    open_page(walker, site, MAP + "history/")
    expect(content.get_by_text(reason).first).to_be_visible()


@either
def test_10_a_list_of_models_is_filtered(walker, site):
    """By what waits, by a word and by app, and cleared again."""
    content = open_page(walker, site, MAP + "change/")
    names = content.locator("#model-rows tbody th a:visible")
    everything = names.all_inner_texts()
    content.get_by_role("combobox", name="Show").select_option(label="Changed")
    content.get_by_role("button", name="Apply").click()
    expect(names).not_to_have_count(len(everything))
    changed = names.all_inner_texts()
    assert {"Manufacturer", "Address"} <= set(changed) < set(everything)
    expect(content.locator("#models h2")).to_contain_text(f"{len(changed)} of {len(everything)}")
    content.get_by_role("link", name="Show the whole list").click()
    content.get_by_label("Find", exact=True).fill("checkout")
    content.get_by_role("button", name="Apply").click()
    expect(names).to_have_text(["Order", "Address"])
    content.get_by_role("link", name="Show the whole list").click()
    expect(names).to_have_text(everything)


def test_11_home_leads_to_the_next_step(walker, site):
    """How the map stands in numbers that are the same where they lead to."""
    walker.goto(f"{site.url}/admin/trackadmin/")
    state = walker.locator(".ta-map-state").filter(has_text="Default map")
    waiting = state.locator("div").filter(has_text="Waiting changes").get_by_role("link")
    count = int(waiting.inner_text())
    state.locator(".ta-next a").click()
    content = walker.locator("#content-main")
    expect(content).to_contain_text(f"Publishing makes {count} change")
    expect(content.get_by_role("button", name="Publish version")).to_be_visible()
