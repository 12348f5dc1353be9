"""The demo shop: the contract's example through every door, and a start that may be repeated."""

import json
import signal
from html import unescape
from urllib.parse import parse_qs

import pytest
from django.apps import apps
from django.conf.global_settings import PASSWORD_HASHERS
from django.contrib import admin
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import modify_settings, override_settings
from django.utils import timezone

from demo import sinks
from demo.models import BuyerProfile, CompanyAccount, Order, Product, TrackedEvent
from demo.preparation import FIXTURES, prepare
from demo.views import PRODUCTS_A_PAGE
from tests.browser import ROOT, DemoSite
from trackadmin.document import Document
from trackadmin.editing import import_document, publish
from trackadmin.models import MapVersion, TrackingMap
from trackadmin.runtime import tracking_query, tracking_values

BUYER = "6fa459ea-ee8a-3ca4-894e-db77e160355e"
EXAMPLE = {
    "BuyerProfile_uuid": BUYER,
    "BuyerProfile_ctime": "2026-01-15T09:30:00+00:00",
    "User_id": 123,
    "User_first_name": "TestUser",
    "User_last_name": "LastName",
    "User_email": "test.user@example.com",
    "User_is_staff": False,
    "User_is_active": True,
    "User_is_superuser": False,
    "User_username": "testUserOne",
    "CompanyAccount_name": "The Demo Account",
    "CompanyAccount_is_demo": True,
}
#: What the demo's map adds to the example: what the buyer has ordered.
ORDERED = {"BuyerProfile_orders_count": 10, "BuyerProfile_orders_total_sum": "3629.50"}
TRACKED = EXAMPLE | ORDERED
ABBREVIATED = (
    f"action=signup_click&BuyerProfile__uuid={BUYER}&CompanyAccount__name=The%20Demo%20Account"
)


@pytest.fixture
def prepared(db):
    """The demo's data and map in the test's own database."""
    return prepare()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A demo shop of its own, made ready by its own command."""
    site = DemoSite(tmp_path_factory.mktemp("demo"))
    site.manage("demo", "--no-server")
    return site


def example_objects():
    buyer = BuyerProfile.objects.get(uuid=BUYER)
    return buyer, CompanyAccount.objects.get(name="The Demo Account")


# ── The example of the contract ────────────────────────────────────────────────────────────────


def test_tracking_values_gives_the_twelve(prepared):
    """The example's names and values, and what the buyer has ordered; in the map's order."""
    values = tracking_values(*example_objects())
    assert values == TRACKED
    assert [name for name in values if name not in ORDERED] == list(EXAMPLE)


def test_tracking_query_gives_the_abbreviated_url(prepared):
    """The URL form names the two objects by key and comes to a third of the values' length."""
    query = tracking_query(*example_objects(), action="signup_click")
    assert parse_qs(query) == parse_qs(ABBREVIATED)


def test_resolve_command_gives_the_twelve_and_the_action(site):
    """``manage.py trackadmin resolve`` yields the same dict as JSON."""
    assert json.loads(site.manage("trackadmin", "resolve", ABBREVIATED)) == {
        "action": "signup_click",
        **TRACKED,
    }


def test_real_request_gives_the_twelve_and_the_action(site):
    """A request over HTTP to the served demo reaches the log and the page."""
    with site.served(stop_with=signal.SIGINT):
        before = len(site.logged())
        assert site.get(f"/t/?{ABBREVIATED}") == (204, "")
        status, body = site.get("/events.json")
        assert status == 200
        event = json.loads(body)["events"][-1]
        assert dict(event["became"]) == {"action": "signup_click", **TRACKED}
        assert event["wrong"] == []
        assert parse_qs(event["sent"].partition("?")[2]) == parse_qs(ABBREVIATED)
        assert event["version"] == 1
        logged = site.logged()
        assert len(logged) == before + 1
        assert EXAMPLE.items() <= flat(logged[-1]).items()


def flat(event):
    """The values of an event's line, wherever the line keeps them."""
    return {**event, **event.get("values", {})}


def test_export_gives_the_map_file_back(site):
    """What was imported comes out again, the same in every word."""
    exported = json.loads(site.manage("trackadmin", "export"))
    assert exported == json.loads((ROOT / "fixtures/demo_map.json").read_text())


# ── Starting ───────────────────────────────────────────────────────────────────────────────────


def test_second_start_keeps_data_and_publishes_nothing(tmp_path):
    """Make, change, start, stop, start: the change stays, and so does version 1 alone."""
    site = DemoSite(tmp_path)
    first = site.manage("demo", "--no-server")
    assert "Loaded the shop's data." in first
    assert "version 1" in first
    change = "from demo.models import *; Country.objects.create(code='NZ', name='New Zealand')"
    site.manage("shell", "-v0", "-c", change)
    for stop_with in (signal.SIGTERM, signal.SIGINT):
        with site.served(stop_with=stop_with):
            assert site.get("/")[0] == 200
    count = "from demo.models import *; print(Country.objects.filter(code='NZ').count())"
    assert site.manage("shell", "-v0", "-c", count).strip() == "1"
    versions = json.loads(site.manage("trackadmin", "versions", "--json"))
    assert [version["number"] for version in versions] == [1]
    assert site.manage("demo", "--no-server") == ""
    said = (tmp_path / "server.log").read_text()
    assert f"http://127.0.0.1:{site.port}/admin/" in said
    assert "password: product" in said
    assert "Traceback" not in said


def test_port_in_use_is_a_clear_error(site):
    """A second demo on one port says so, offers another, and leaves the first alone."""
    with site.served():
        said = site.manage("demo", "--port", str(site.port), code=1)
        assert f"Port {site.port} cannot be used (Address already in use)" in said
        assert "make demo PORT=" in said
        assert "Traceback" not in said
        assert site.get("/")[0] == 200


@pytest.mark.parametrize("port", ["0", "65536"])
def test_no_port_is_a_clear_error(site, port):
    """A number that is not a port is named before anything is done."""
    assert f"{port} is not a port" in site.manage("demo", "--port", port, code=1)


def test_preparing_twice_does_nothing_the_second_time(prepared):
    """Data and version 1 the first time; nothing afterwards."""
    assert prepared == ["Loaded the shop's data.", "Published the demo map as version 1."]
    counts = [model.objects.count() for model in apps.get_app_config("demo").get_models()]
    assert prepare() == []
    assert [m.objects.count() for m in apps.get_app_config("demo").get_models()] == counts
    assert MapVersion.objects.count() == 1


def test_preparing_leaves_a_site_with_people_alone(db):
    """Whoever made a user of their own keeps an otherwise empty shop."""
    User.objects.create(username="somebody")
    assert "Loaded the shop's data." not in prepare()
    assert not Product.objects.exists()


# ── Data ───────────────────────────────────────────────────────────────────────────────────────


@override_settings(PASSWORD_HASHERS=PASSWORD_HASHERS)
def test_fixed_rows_of_the_contract(prepared):
    """User 123, its buyer, the demo company, and the log-ins."""
    user = User.objects.get(pk=123)
    assert (user.username, user.get_full_name()) == ("testUserOne", "TestUser LastName")
    assert user.email == "test.user@example.com"
    assert str(user.buyer_profile.uuid) == BUYER
    assert CompanyAccount.objects.get(name="The Demo Account").is_demo
    for name in ("admin", "product", "editor"):
        assert User.objects.get(username=name).check_password(name)
    assert User.objects.get(username="admin").is_superuser


def test_enough_rows_to_look_alive(prepared):
    """A page full of products, and buyers with and without orders."""
    assert BuyerProfile.objects.count() >= 12
    assert Product.objects.count() >= 30
    assert Order.objects.count() >= 60
    assert BuyerProfile.objects.filter(orders=None).exists()
    for order in Order.objects.select_related("product"):
        assert order.total == order.product.price * order.quantity


def test_product_team_may_edit_and_publish_maps_and_only_see_the_shop(prepared):
    """The group has what the tracking pages need and nothing that changes the shop."""
    product = User.objects.get(username="product")
    assert [group.name for group in product.groups.all()] == ["Product team"]
    assert not product.is_superuser
    assert product.is_staff
    below = ("model", "attribute", "child", "aggregate", "action", "parameter")
    for model in ("trackingmap", *(f"tracked{each}" for each in below)):
        assert product.has_perms(
            [f"trackadmin.{act}_{model}" for act in ("add", "change", "delete", "view")]
        )
    assert product.has_perms(["trackadmin.publish_trackingmap", "trackadmin.view_mapversion"])
    shown = [model for model in apps.get_app_config("demo").get_models() if model != TrackedEvent]
    for model in [*shown, User]:
        name = model._meta.model_name
        assert product.has_perm(f"{model._meta.app_label}.view_{name}")
        assert not product.has_perm(f"{model._meta.app_label}.change_{name}")
    names = {"Product team", "Tracking editors", "Tracking publishers"}
    assert {group.name for group in Group.objects.all()} == names


def test_every_model_of_the_map_can_be_searched_in_the_admin():
    """The preview picks its sample object by the search of the host's own admin."""
    models = json.loads((ROOT / "fixtures/demo_map.json").read_text())["models"]
    for prefix, entry in models.items():
        model_admin = admin.site.get_model_admin(apps.get_model(entry["model"]))
        assert model_admin.search_fields, prefix


def test_fixtures_load_over_themselves(prepared):
    """Fixed keys everywhere: loading again changes no count."""
    before = Order.objects.count(), User.objects.count()
    call_command("loaddata", *FIXTURES, verbosity=0)
    assert (Order.objects.count(), User.objects.count()) == before


# ── The page ───────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def shop(prepared, client, settings):
    """A client of the shop in this process."""
    settings.ROOT_URLCONF = "demo.urls"
    settings.TRACKADMIN = {"SINKS": ["demo.sinks.TableSink"], "STRICT": False}
    return client


def test_an_event_that_lacks_its_company_is_marked(shop):
    """The page's own button sends it, and the page gets what is wrong. The event arrives."""
    page = shop.get("/").content.decode()
    (button,) = [line for line in page.splitlines() if "Sign up without a company" in line]
    url = unescape(button.split('data-track="')[1].split('"')[0])
    assert "CompanyAccount" not in url
    assert shop.get(url).status_code == 204
    (event,) = shop.get("/events.json").json()["events"]
    assert event["wrong"] == [{"code": "action.missing_model", "name": "CompanyAccount"}]
    assert dict(event["became"])["BuyerProfile_uuid"] == BUYER


def test_every_button_sends_an_action_of_the_map(shop):
    """Nothing but the button that is meant to be wrong is wrong."""
    page = shop.get("/").content.decode()
    urls = {unescape(part.split('"')[0]) for part in page.split('data-track="')[1:]}
    assert len(urls) > PRODUCTS_A_PAGE
    for url in urls:
        assert shop.get(url).status_code == 204
    found = [json.loads(event.wrong) for event in TrackedEvent.objects.all()]
    assert len(found) == len(urls)
    assert [wrong for wrong in found if wrong] == [
        [{"code": "action.missing_model", "name": "CompanyAccount"}]
    ]


def test_page_writes_tracking_urls_for_the_chosen_buyer_and_company(shop):
    """The form's choice reaches the URLs on the buttons."""
    buyer = BuyerProfile.objects.get(user__username="elsa")
    company = CompanyAccount.objects.get(name="Storgatan Studio")
    page = shop.get("/", {"buyer": str(buyer.uuid), "company": company.pk}).content.decode()
    assert f"BuyerProfile__uuid={buyer.uuid}" in page
    assert BUYER not in page.split("</form>", 1)[1]
    assert "CompanyAccount__name=Storgatan" in page


@pytest.mark.parametrize("choice", [{"buyer": "x", "company": "0"}, {"page": "99"}, {"page": "x"}])
def test_odd_choices_show_the_page(shop, choice):
    """A choice that names nothing falls back to the first."""
    answer = shop.get("/", choice)
    assert answer.status_code == 200
    assert "The Demo Account" in answer.content.decode()


def test_empty_shop_shows_its_empty_places(db, client, settings):
    """No rows and no version: a page that says so, not an error."""
    settings.ROOT_URLCONF = "demo.urls"
    settings.TRACKADMIN = {"STRICT": False}
    page = client.get("/").content.decode()
    assert "The shop has no products." in page
    assert "The tracking map is not published yet" in page
    assert "The shop has no buyers." in page


def test_shop_goes_on_whatever_the_product_team_publishes(shop):
    """A map that no longer tracks a buyer: the page comes, and its URLs name the rest."""
    tracking_map = TrackingMap.objects.get(slug="default")
    empty = Document(models={})
    import_document(tracking_map, empty)
    publish(tracking_map, by=None, note="A test.", leave_early=["Product_stock_number"])
    page = shop.get("/")
    assert page.status_code == 200
    assert "BuyerProfile__uuid" not in page.content.decode()
    assert shop.get("/t/?action=signup_click").status_code == 204
    assert json.loads(TrackedEvent.objects.first().became) == {"action": "signup_click"}


def test_ordering_makes_one_order_and_its_tracking_url(shop):
    """The answer names the new order; its URL brings buyer, company, product and addresses."""
    product = Product.objects.filter(in_stock=True).first()
    before = Order.objects.count()
    answer = shop.post(
        "/buy/", {"buyer": BUYER, "company": "The Demo Account", "product": product.sku}
    ).json()
    assert Order.objects.count() == before + 1
    order = Order.objects.get(number=answer["number"])
    assert (str(order.buyer.uuid), order.product) == (BUYER, product)
    assert shop.get(answer["track"]).status_code == 204
    became = json.loads(TrackedEvent.objects.first().became)
    assert became["Order_number"] == order.number
    assert became["Product_sku"] == product.sku
    assert EXAMPLE.items() <= became.items()
    assert became["BuyerProfile_orders_count"] == ORDERED["BuyerProfile_orders_count"] + 1
    assert became["Product_stock_number"] == product.sku, "the old name, until its date"
    assert became["channel"] == "shop"
    assert "ShippingAddress_Country_code" in became
    assert "BillingAddress_street" not in became
    assert order.billing_address.postcode not in str(became["BillingAddress_postcode"])


SOLD_OUT = "KIT-247"


@pytest.mark.parametrize(
    "wrong", [{"product": "no such"}, {"product": SOLD_OUT}, {"company": "no such"}]
)
def test_order_of_what_is_not_there_is_refused(shop, wrong):
    """404, and no order."""
    assert not Product.objects.get(sku=SOLD_OUT).in_stock
    product = Product.objects.filter(in_stock=True).first()
    right = {"buyer": BUYER, "company": "The Demo Account", "product": product.sku}
    before = Order.objects.count()
    assert shop.post("/buy/", {**right, **wrong}).status_code == 404
    assert Order.objects.count() == before


def test_events_come_oldest_first_and_only_the_new_ones(shop):
    """Polling with the last id gives what came after it; without an id, the newest."""
    for number in range(3):
        assert shop.get(f"/t/?action=a{number}").status_code == 204
    newest = shop.get("/events.json").json()["events"]
    assert [dict(event["became"])["action"] for event in newest] == ["a0", "a1", "a2"]
    later = shop.get("/events.json", {"after": newest[1]["id"]}).json()["events"]
    assert [event["id"] for event in later] == [newest[2]["id"]]
    for odd in ("x", "-1", "\uff19", "9" * 30):
        assert len(shop.get("/events.json", {"after": odd}).json()["events"]) == 3


def test_sink_keeps_only_the_newest(shop, monkeypatch):
    """The table does not grow with the clicks."""
    monkeypatch.setattr(sinks, "KEPT", 5)
    for number in range(8):
        shop.get(f"/t/?action=a{number}")
    actions = [json.loads(event.became)["action"] for event in TrackedEvent.objects.all()]
    assert actions == ["a7", "a6", "a5", "a4", "a3"]


@modify_settings(MIDDLEWARE={"append": "demo.middleware.content_security_policy"})
def test_every_page_forbids_inline_scripts(shop):
    """The policy stands on the shop and on the admin, whose theme alone may write styles."""
    policy = shop.get("/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    missing = shop.get("/admin/nothing-here/").headers["Content-Security-Policy"]
    assert "script-src" not in missing
    assert "style-src 'self' 'unsafe-inline'" in missing


def test_map_survives_in_the_draft(prepared):
    """The draft that editors open holds the models that version 1 serves."""
    tracking_map = TrackingMap.objects.get(slug="default")
    prefixes = {row.prefix for row in tracking_map.tracked_models.all()}
    assert {"BuyerProfile", "User", "CompanyAccount"} < prefixes
    version = tracking_map.versions.get()
    assert set(json.loads(version.document)["models"]) == prefixes
    assert version.author.username == "admin"
    assert version.created_at <= timezone.now()
