"""The pages that show counts and sums: the form without JavaScript, the version, the map."""

from dataclasses import replace

import pytest
from django.core.management import call_command
from django.test import override_settings

from tests import screens
from tests.screens import client_of, edit, filled, map_page, model_page, published_example, said
from tests.test_admin_tracked_models import Inputs, entry_of, form_of, standing
from trackadmin import editing
from trackadmin.catalog import collections
from trackadmin.document import AggregateEntry

pytestmark = screens.MARKS

COUNT = AggregateEntry("orders", where={"status": "shipped"}, description="Those on the way.")


@pytest.fixture
def tracking_map():
    return published_example()


@pytest.fixture
def buyer(tracking_map):
    return tracking_map.tracked_models.get(prefix="BuyerProfile")


@pytest.fixture
def page(buyer):
    return model_page("change", buyer.pk)


@pytest.fixture
def counted(tracking_map):
    """The draft counts shipped orders."""
    edit(tracking_map, "BuyerProfile", aggregates={"orders_shipped_count": COUNT})


def aggregates():
    return entry_of("BuyerProfile").aggregates


# The form ----------------------------------------------------------------------------------------


def test_a_count_is_added_with_buttons_only(client, tracking_map, page):
    """Without JavaScript: add, choose, show what fits, choose, save. Nothing is saved before."""
    client_of(client, "view_trackingmap", "view_trackedmodel", "change_trackedmodel")
    before = standing(tracking_map)
    sent = filled(form_of(client, page), **{"add-relation": "orders", "_show": "add"})
    shown = client.post(page, sent)
    html = shown.content.decode()
    assert "Count of orders" in html
    assert "Nothing was saved yet" not in html
    sent = filled(shown.context["form"], **{"g-1-where_1": "status", "_show": "rows"})
    shown = client.post(page, sent)
    assert '<option value="shipped">Shipped</option>' in shown.content.decode()
    sent = filled(shown.context["form"], **{"g-1-value_1": "shipped", "_show": "rows"})
    shown = client.post(page, sent)
    assert "Count of orders where status is “Shipped”" in shown.content.decode()
    assert standing(tracking_map) == before
    response = client.post(page, filled(shown.context["form"]), follow=True)
    assert said(response) == ["Saved BuyerProfile in the draft. Publish to make it live."]
    assert aggregates() == {
        "orders_shipped_count": AggregateEntry("orders", where={"status": "shipped"})
    }


@pytest.mark.usefixtures("counted")
def test_saving_as_it_is_changes_nothing(admin_client, tracking_map, page):
    before = standing(tracking_map)
    response = admin_client.post(page, filled(form_of(admin_client, page)), follow=True)
    assert said(response) == ["Nothing was changed: BuyerProfile is as it was."]
    assert standing(tracking_map) == before


@pytest.mark.usefixtures("counted")
def test_a_change_is_told_in_the_history(admin_client, tracking_map, page):
    sent = filled(form_of(admin_client, page), **{"g-1-function": "distinct"})
    admin_client.post(page, {**sent, "g-1-field": "company_id"})
    assert aggregates()["orders_shipped_count"] == replace(
        COUNT, function="distinct", field="company_id"
    )
    (newest, *_) = editing.history(tracking_map)
    assert {change.field for change in newest.changes.changes} == {"function", "field"}


@pytest.mark.usefixtures("counted")
def test_each_input_has_a_label(admin_client, page):
    sent = filled(form_of(admin_client, page), **{"g-1-function": "latest", "_show": "rows"})
    for html in (admin_client.get(page).content, admin_client.post(page, sent).content):
        inputs = Inputs(html.decode())
        assert {"g-1-name", "g-1-where_1", "g-1-value_2", "add-relation"} <= {
            name for name, *_ in inputs.found
        }
        assert inputs.nameless == []


@pytest.mark.usefixtures("counted")
def test_a_button_before_save_is_not_pressed_by_enter(admin_client, page):
    """Enter presses the first button of a form; that one saves."""
    html = admin_client.get(page).content.decode()
    form = html[html.index('id="tracked-model"') :]
    assert form.index('name="_save"') < form.index('name="_show"')


@pytest.mark.usefixtures("counted")
def test_who_may_only_view_has_no_buttons(client, page):
    client_of(client, "view_trackingmap", "view_trackedmodel")
    html = client.get(page).content.decode()
    assert "Count of orders where status is “Shipped”" in html
    assert 'value="rows"' not in html
    assert "add-relation" not in html
    assert client.post(page, {"_show": "rows", "seen": "1"}).status_code == 403


@pytest.mark.usefixtures("counted")
def test_the_script_gets_the_section_alone(admin_client, tracking_map, page):
    before = standing(tracking_map)
    sent = filled(form_of(admin_client, page), _show="rows", _part="aggregates")
    html = admin_client.post(page, sent).content.decode()
    assert html.strip().startswith("<section")
    assert 'id="g-1"' in html
    assert "csrf" not in html
    assert standing(tracking_map) == before


@pytest.mark.parametrize(
    "asked",
    [
        {"_show": "everything"},
        {"_show": "up-1 "},
        {"_show": "up-99999"},
        {"_show": "rows", "_part": "all"},
    ],
)
def test_what_cannot_be_read_is_refused(admin_client, page, asked):
    sent = filled(form_of(admin_client, page), **asked)
    assert admin_client.post(page, sent).status_code == 400


def test_a_refused_row_is_listed_with_a_way_to_it(admin_client, tracking_map, page):
    before = standing(tracking_map)
    sent = filled(form_of(admin_client, page), **{"add-relation": "orders", "_show": "add"})
    shown = admin_client.post(page, sent).context["form"]
    sent = filled(shown, **{"g-1-name": "uuid", "g-1-description": "My own words."})
    response = admin_client.post(page, sent)
    html = response.content.decode()
    (mark,) = response.context["form"].marks
    assert mark.what == "Count of orders"
    assert f'href="#{mark.anchor}"' in html
    assert f'id="{mark.anchor}"' in html
    assert "My own words." in html
    assert standing(tracking_map) == before


def test_what_only_the_whole_map_knows_is_told_and_keeps_the_rows(admin_client, tracking_map):
    address = model_page("add") + f"?map={tracking_map.pk}&model=demo.product"
    sent = filled(form_of(admin_client, address), **{"add-relation": "orders", "_show": "add"})
    shown = admin_client.post(address, sent).context["form"]
    response = admin_client.post(address, filled(shown, prefix="CompanyAccount"))
    assert response.context["form"].problems
    assert "orders_count" in response.content.decode()


@pytest.mark.usefixtures("counted")
def test_a_stale_form_is_refused_and_keeps_its_rows(admin_client, tracking_map, page):
    sent = filled(form_of(admin_client, page), **{"g-1-description": "My own words."})
    edit(
        tracking_map, "BuyerProfile", aggregates={"total": AggregateEntry("orders", "sum", "total")}
    )
    before = standing(tracking_map)
    response = admin_client.post(page, sent)
    html = response.content.decode()
    assert "Somebody else saved this while you were editing it" in html
    assert "My own words." in html
    assert standing(tracking_map) == before
    admin_client.post(page, filled(response.context["form"]))
    assert aggregates().keys() == {"total", "orders_shipped_count"}, "neither is lost"


def test_rows_survive_that_somebody_deleted_the_model(admin_client, tracking_map, buyer, page):
    sent = filled(form_of(admin_client, page), **{"add-relation": "orders", "_show": "add"})
    sent["map"] = str(tracking_map.pk)
    editing.delete_tracked_model(buyer)
    response = admin_client.post(page, sent)
    assert response.status_code == 307
    shown = admin_client.post(response["Location"], sent)
    assert "Count of orders" in shown.content.decode()


def test_a_model_is_added_with_a_count(admin_client, tracking_map):
    address = model_page("add") + f"?map={tracking_map.pk}&model=demo.product"
    sent = filled(form_of(admin_client, address), **{"add-relation": "orders", "_show": "add"})
    shown = admin_client.post(address, sent).context["form"]
    admin_client.post(address, filled(shown))
    assert entry_of("Product").aggregates.keys() == {"orders_count"}


@pytest.mark.usefixtures("counted")
def test_what_the_site_no_longer_offers_is_told_and_kept(admin_client, page):
    with override_settings(TRACKADMIN={"EXCLUDE": ["demo.Order.status"]}):
        response = admin_client.get(page)
        html = response.content.decode()
        assert "No longer in the code" in html
        assert "EXCLUDE" in html
        admin_client.post(page, filled(response.context["form"], owner="Ada"))
        assert aggregates() == {"orders_shipped_count": COUNT}
        form = form_of(admin_client, page)
        sent = filled(form, **{"gone-g-orders_shipped_count-remove": "on"})
        admin_client.post(page, sent)
        assert aggregates() == {}


@pytest.mark.usefixtures("counted")
def test_a_relation_without_an_index_is_told(admin_client, page, monkeypatch):
    """Each object reads the whole table of its related objects."""
    words = "No index on this relation"
    assert words not in admin_client.get(page).content.decode()
    monkeypatch.setattr(collections, "is_indexed", lambda field: False)
    with override_settings(TRACKADMIN={}):  # the catalog is made again
        assert words in admin_client.get(page).content.decode()


# Other pages -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("counted")
def test_the_version_says_what_is_counted(admin_client, tracking_map):
    ignored = replace(COUNT, decision="ignored", position=1)
    edit(tracking_map, "BuyerProfile", aggregates={"shipped": COUNT, "not_counted": ignored})
    version = editing.publish(tracking_map, by=None)
    html = admin_client.get(map_page("version", tracking_map.pk, version.number)).content.decode()
    assert "<code>BuyerProfile_shipped</code>" in html
    assert "Count of orders where status is “Shipped”" in html
    assert "Those on the way." in html
    assert "Ignored on purpose: not_counted" in html
    with override_settings(TRACKADMIN={"EXCLUDE": ["demo.Order"]}):
        page = map_page("version", tracking_map.pk, version.number)
        assert "Count of orders where status is" in admin_client.get(page).content.decode()


@pytest.mark.usefixtures("counted")
def test_the_map_and_the_page_that_deletes_name_them(admin_client, tracking_map, buyer):
    assert (
        "and 1 count or sum"
        in admin_client.get(map_page("change", tracking_map.pk)).content.decode()
    )
    html = admin_client.get(model_page("delete", buyer.pk)).content.decode()
    assert "<code>BuyerProfile_orders_shipped_count</code>" in html


@pytest.mark.usefixtures("counted")
def test_the_list_of_tracked_models_finds_them_by_name(admin_client):
    found = admin_client.get(model_page("changelist"), {"q": "orders_shipped"})
    assert [row.prefix for row in found.context["cl"].result_list] == ["BuyerProfile"]


# The command -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("counted")
def test_the_command_explains_what_is_counted(tracking_map, capsys):
    editing.publish(tracking_map, by=None)
    uuid = "6fa459ea-ee8a-3ca4-894e-db77e160355e"
    call_command("trackadmin", "explain", f"BuyerProfile__uuid={uuid}")
    told = capsys.readouterr().out
    assert "BuyerProfile_orders_shipped_count. Count of orders where status is “Shipped”" in told
    assert "The counts and sums of BuyerProfile cost a query." in told


@pytest.mark.usefixtures("counted")
def test_the_command_says_why_no_url_names_an_object_by_a_count(tracking_map, capsys):
    editing.publish(tracking_map, by=None)
    call_command("trackadmin", "resolve", "BuyerProfile__orders_shipped_count=2")
    assert "is a count or sum" in capsys.readouterr().err
