"""The panel on a tracked model's page: what a real object would send by the unsaved form."""

from dataclasses import replace

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from demo.models import BuyerProfile, CompanyAccount, Order
from tests import screens
from tests.drafts import everything
from tests.pages import read
from tests.screens import edit, filled, model_page, person, published_example
from trackadmin import editing
from trackadmin.admin.recent_samples import MOST_MODELS, OF_ONE_MODEL, REMEMBERED
from trackadmin.document import AggregateEntry

pytestmark = screens.MARKS

ASKS = {"_show": "preview", "_part": "preview"}
PANEL = 'id="object-panel"'


@pytest.fixture
def tracking_map():
    return published_example()


@pytest.fixture
def ada():
    return User.objects.create_user("ada", "ada@example.com", first_name="Ada")


def page_of(tracking_map, prefix="User"):
    return model_page("change", tracking_map.tracked_models.get(prefix=prefix).pk)


def form_of(client, address):
    return client.get(address).context["form"]


def asked(client, address, form=None, **changes):
    """The answer to the script after these changes in the form."""
    form = form or form_of(client, address)
    return client.post(address, filled(form, **{**ASKS, **changes}))


def rows(response):
    result = response.context["object_panel"]["result"]
    return {row.name: row for row in result["rows"]}


def statuses(response):
    return {name: row.status for name, row in rows(response).items() if row.status != "same"}


def staff(*viewed, change=True):
    """Somebody who reads maps, changes models if ``change``, and may view objects of these."""
    user = person("view_trackingmap", *(["change_trackedmodel"] if change else []))
    names = [f"view_{model._meta.model_name}" for model in viewed]
    user.user_permissions.add(
        *Permission.objects.filter(
            content_type__app_label__in={model._meta.app_label for model in viewed},
            codename__in=names,
        )
    )
    return user


def host_queries(captured):
    """The statements that read a table of the demo."""
    return [each["sql"] for each in captured if '"demo_' in each["sql"]]


# What it shows -----------------------------------------------------------------------------------


def test_new_changed_and_gone_names_of_the_unsaved_form(admin_client, tracking_map, ada):
    """In words, with both values; privacy applies, and nothing at all is written."""
    address = page_of(tracking_map)
    changes = {
        "_object": str(ada.pk),
        "a-date_joined-decision": "tracked",
        "a-is_staff-decision": "",
        "a-email-privacy": "pseudonymised",
        "a-first_name-privacy": "dropped",
    }
    form = form_of(admin_client, address)
    before, log = everything(), LogEntry.objects.count()
    response = asked(admin_client, address, form, **changes)
    assert (everything(), LogEntry.objects.count()) == (before, log)
    assert statuses(response) == {
        "User_date_joined": "new",
        "User_is_staff": "gone",
        "User_email": "changed",
        "User_first_name": "gone",
    }
    html = response.content.decode()
    assert '<span class="ta-badge ta-new">new</span>' in html, "not by colour alone"
    assert '<span class="ta-badge ta-gone">gone</span>' in html
    assert rows(response)["User_email"].draft.startswith('"default:')
    assert "<html" not in html, "the part alone"
    assert "0 queries" in html


def test_the_form_as_it_is_saved_sends_the_same(admin_client, tracking_map, ada):
    response = asked(admin_client, page_of(tracking_map))
    assert statuses(response) == {}
    assert "It would send the same as now" in response.content.decode()


def test_a_new_prefix_and_a_child_of_the_form_are_shown(admin_client, tracking_map, ada):
    """A live prefix is not asked about before the form is saved."""
    buyer = BuyerProfile.objects.create(user=ada)
    address = page_of(tracking_map, "BuyerProfile")
    changes = {"prefix": "Buyer", "c-user-child_prefix": "Account", "_object": str(buyer.pk)}
    found = statuses(asked(admin_client, address, **changes))
    assert (found["Buyer_uuid"], found["BuyerProfile_uuid"]) == ("new", "gone")
    assert (found["Account_username"], found["User_username"]) == ("new", "gone")


def test_a_count_that_was_just_added_is_counted(admin_client, tracking_map, ada):
    buyer = BuyerProfile.objects.create(user=ada)
    address = page_of(tracking_map, "BuyerProfile")
    form = form_of(admin_client, address)
    sent = filled(form, **{"_show": "add", "add-relation": "orders"})
    form = admin_client.post(address, sent).context["form"]
    response = asked(admin_client, address, form, _object=str(buyer.pk))
    assert rows(response)["BuyerProfile_orders_count"].draft == "0"
    assert response.context["object_panel"]["result"]["preview"].queries == 2


def test_the_form_that_adds_a_model_has_it_too(admin_client, tracking_map):
    company = CompanyAccount.objects.create(name="Acme")
    tracking_map.tracked_models.get(prefix="CompanyAccount").delete()
    address = model_page("add") + f"?map={tracking_map.pk}&model=demo.companyaccount"
    before = everything()
    response = asked(admin_client, address, prefix="Firm", _object=str(company.pk))
    assert statuses(response)["Firm_name"] == "new"
    assert everything() == before


def test_without_a_script_a_button_shows_the_form_as_it_was_sent_with_the_panel(
    admin_client, tracking_map, ada
):
    address = page_of(tracking_map)
    (shown,) = (form for form in read(admin_client.get(address).content.decode()).forms[-1:])
    assert ("_show", "preview") in shown.buttons
    before = everything()
    sent = {**shown.sent, "_show": "preview", "owner": "Ours", "a-is_staff-decision": ""}
    response = admin_client.post(address, sent)
    assert everything() == before
    html = response.content.decode()
    assert 'value="Ours"' in html
    assert statuses(response) == {"User_is_staff": "gone"}
    again = read(html).forms[-1]
    assert again.sent["a-is_staff-decision"] == ""
    assert again.sent["_object"] == str(User.objects.order_by("-pk")[0].pk)


# What stops it -----------------------------------------------------------------------------------


def test_a_form_with_errors_says_which_and_keeps_what_was_typed(admin_client, tracking_map, ada):
    address = page_of(tracking_map)
    changes = {"a-email-name": "no name", "owner": "Ours", "_object": str(ada.pk)}
    response = asked(admin_client, address, **changes)
    panel = response.context["object_panel"]
    assert panel["result"] is None
    html = response.content.decode()
    assert "data-stopped" in html
    assert 'href="#id_a-email-name"' in html
    whole = admin_client.post(
        address, filled(form_of(admin_client, address), **{**changes, "_show": "preview"})
    )
    sent = read(whole.content.decode()).forms[-1].sent
    assert (sent["a-email-name"], sent["owner"]) == ("no name", "Ours")


def test_what_a_save_would_refuse_stops_it(admin_client, tracking_map, ada):
    """A prefix of another model is not previewed as if both could have it."""
    address = page_of(tracking_map)
    response = asked(admin_client, address, prefix="CompanyAccount", _object=str(ada.pk))
    assert response.context["object_panel"]["result"] is None
    assert "already used by" in response.content.decode()


def test_a_personal_attribute_is_not_shown_before_somebody_decides(admin_client, tracking_map, ada):
    edit(tracking_map, "User", attributes={}, key="")
    address = page_of(tracking_map)
    changes = {"a-email-decision": "tracked", "_object": str(ada.pk)}
    html = asked(admin_client, address, **changes).content.decode()
    assert "Decide how this is sent" in html
    assert ada.email not in html
    html = asked(admin_client, address, **changes, **{"a-email-privacy": "sent"}).content.decode()
    assert html.count(ada.email) == 1, "what is live, and stays"


def test_another_tab_that_saved_in_the_meantime_loses_nothing(admin_client, tracking_map, ada):
    """The form of this tab is previewed as it is, and a save of it is still refused."""
    address = page_of(tracking_map)
    form = form_of(admin_client, address)
    edit(tracking_map, "User", owner="Other tab")
    response = asked(admin_client, address, form, **{"a-is_staff-decision": "", "_object": ada.pk})
    assert statuses(response) == {"User_is_staff": "gone"}
    assert admin_client.post(address, filled(form)).context["stale"]
    assert editing.build_document(tracking_map).models["User"].owner == "Other tab"


def test_a_model_that_somebody_deleted_is_previewed_as_one_to_add(admin_client, tracking_map, ada):
    buyer = BuyerProfile.objects.create(user=ada)
    address = page_of(tracking_map, "BuyerProfile")
    sent = {**filled(form_of(admin_client, address)), **ASKS, "_object": str(buyer.pk)}
    sent |= {"map": str(tracking_map.pk)}
    editing.delete_tracked_model(tracking_map.tracked_models.get(prefix="BuyerProfile"))
    response = admin_client.post(address, sent)
    assert response.status_code == 307
    response = admin_client.post(response["Location"], sent)
    assert rows(response)["BuyerProfile_uuid"].draft == f'"{buyer.uuid}"'


def test_the_hosts_code_may_raise_and_its_words_are_not_shown(
    admin_client, tracking_map, ada, monkeypatch
):
    def failing(self, *args):
        raise RuntimeError("secret of somebody")

    address = page_of(tracking_map)
    monkeypatch.setattr(User, "__str__", failing)
    html = asked(admin_client, address, _object=str(ada.pk)).content.decode()
    assert "its text raised RuntimeError" in html
    assert "secret of" not in html
    monkeypatch.setattr(admin.site.get_model_admin(User), "get_queryset", failing)
    html = asked(admin_client, address, _object=str(ada.pk)).content.decode()
    assert "The list of auth.User raised" in html
    assert "secret of" not in html


# Who sees what -----------------------------------------------------------------------------------


def test_a_child_and_a_number_of_objects_that_one_may_not_view_are_hidden(
    client, tracking_map, ada
):
    buyer = BuyerProfile.objects.create(user=ada)
    edit(tracking_map, "BuyerProfile", aggregates={"orders_count": AggregateEntry("orders")})
    client.force_login(staff(BuyerProfile))
    response = asked(client, page_of(tracking_map, "BuyerProfile"), _object=str(buyer.pk))
    html = response.content.decode()
    found = rows(response)
    assert found["User_username"].draft == "hidden"
    assert found["BuyerProfile_orders_count"].draft == "hidden"
    assert found["BuyerProfile_uuid"].draft == f'"{buyer.uuid}"'
    assert ada.email not in html
    assert "are hidden: auth.User, demo.Order" in html
    client.force_login(staff(BuyerProfile, User, Order))
    response = asked(client, page_of(tracking_map, "BuyerProfile"), _object=str(buyer.pk))
    assert rows(response)["User_username"].draft == '"ada"'
    assert rows(response)["BuyerProfile_orders_count"].draft == "0"


def test_who_may_not_view_the_objects_is_told_so(client, tracking_map, ada):
    client.force_login(staff())
    html = asked(client, page_of(tracking_map), _object=str(ada.pk)).content.decode()
    assert "You may not view the objects of auth.User" in html
    assert ada.email not in html
    assert "_object" not in html


def test_who_may_only_read_sees_the_saved_draft(client, tracking_map, ada):
    edit(tracking_map, "User", attributes={}, key="")
    client.force_login(staff(User, change=False))
    address = page_of(tracking_map)
    shown = read(client.get(address).content.decode()).forms[-1]
    assert (shown.method, ("_show", "preview") in shown.buttons) == ("get", True)
    before = everything()
    response = client.get(address, {**shown.sent, **ASKS, "_object": str(ada.pk)})
    assert set(statuses(response).values()) == {"gone"}
    assert ada.email in response.content.decode()
    assert everything() == before
    assert client.post(address, {**shown.sent, **ASKS}).status_code == 403


# Which object ------------------------------------------------------------------------------------


def test_the_page_itself_reads_no_table_of_the_host(admin_client, tracking_map, ada):
    """Also where an object is remembered: then the script asks after the page is there."""
    buyer = BuyerProfile.objects.create(user=ada)
    address = page_of(tracking_map, "BuyerProfile")
    for remembered in (False, True):
        with CaptureQueriesContext(connection) as captured:
            html = admin_client.get(address).content.decode()
        assert host_queries(captured) == []
        assert ("data-load" in html) == remembered
        asked(admin_client, address, _object=str(buyer.pk))


def test_an_object_is_searched_as_the_hosts_admin_searches(client, tracking_map, ada):
    """The first one is shown, until another one is chosen among those that were found."""
    User.objects.create_user("adam")
    client.force_login(staff(User))
    address = page_of(tracking_map)
    panel = asked(client, address, _object=str(ada.pk), _find="adam").context["object_panel"]
    assert panel["picked"].label == "adam"
    assert panel["groups"][0][0] == "Found"
    sent = {"_object": str(ada.pk), "_find": "adam", "_found": "adam"}
    assert asked(client, address, **sent).context["object_panel"]["picked"].label == "ada"
    sent = {"_object": str(ada.pk), "_find": "nobody", "_found": ""}
    panel = asked(client, address, **sent).context["object_panel"]
    assert (panel["picked"].label, panel["nothing_found"]) == ("ada", True)


def test_the_last_objects_are_remembered_by_their_keys_alone(
    client, admin_client, tracking_map, ada
):
    """For the person who looked at them, on this page and on the map's preview; a few."""
    users = [User.objects.create_user(f"user-{number}") for number in range(OF_ONE_MODEL + 2)]
    address = page_of(tracking_map)
    form = form_of(admin_client, address)
    for each in users:
        asked(admin_client, address, form, _object=str(each.pk))
    kept = [str(each.pk) for each in reversed(users)][:OF_ONE_MODEL]
    assert admin_client.session[REMEMBERED] == {f"{tracking_map.pk}/auth.user": kept}
    panel = asked(admin_client, address, form).context["object_panel"]
    assert panel["picked"].key == kept[0]
    preview = screens.map_page("preview", tracking_map.pk)
    response = admin_client.get(preview, {"model": "User"})
    assert [each.key for each in response.context["recent"]] == kept
    admin_client.get(preview, {"model": "User", "object": str(ada.pk)})
    panel = asked(admin_client, address, form).context["object_panel"]
    assert panel["picked"].label == "ada"
    client.force_login(staff(User))
    response = client.get(preview, {"model": "User"})
    assert response.context["recent"] == [], "another person's are not shown"


def test_what_is_deleted_or_may_no_longer_be_viewed_is_forgotten(admin_client, tracking_map, ada):
    other = User.objects.create_user("other")
    address = page_of(tracking_map)
    for each in (other, ada):
        asked(admin_client, address, _object=str(each.pk))
    ada.delete()
    panel = asked(admin_client, address).context["object_panel"]
    assert (panel["picked"].label, panel["missing"]) == ("other", False)
    kept = admin_client.session[REMEMBERED][f"{tracking_map.pk}/auth.user"]
    assert kept == [str(other.pk)]


def test_an_object_that_went_while_it_was_chosen_is_told(admin_client, tracking_map):
    html = asked(admin_client, page_of(tracking_map), _object="999999").content.decode()
    assert "no longer there" in html


def test_few_models_are_remembered(admin_client, tracking_map, ada):
    session = admin_client.session
    session[REMEMBERED] = {f"9/app.model{number}": ["1"] for number in range(MOST_MODELS)}
    session.save()
    asked(admin_client, page_of(tracking_map), _object=str(ada.pk))
    kept = admin_client.session[REMEMBERED]
    assert len(kept) == MOST_MODELS
    assert "9/app.model0" not in kept
    assert [*kept][-1] == f"{tracking_map.pk}/auth.user"


# The engine --------------------------------------------------------------------------------------


def test_the_draft_with_an_entry_that_is_changed_renamed_or_added(tracking_map):
    """Of the rest of the map only what the model leads to is read, and nothing is written."""
    row = tracking_map.tracked_models.get(prefix="BuyerProfile")
    whole = editing.build_document(tracking_map)
    entry = replace(editing.entry_of(row), owner="New")
    before = everything()
    found = editing.draft_with(tracking_map, "BuyerProfile", entry, tracked_model=row)
    assert found.models["BuyerProfile"] == entry
    assert found.models["User"] == whole.models["User"], "a child"
    assert found.models["CompanyAccount"].attributes == {}
    found = editing.draft_with(tracking_map, "Buyer", entry, tracked_model=row)
    assert (found.models["Buyer"], "BuyerProfile" in found.models) == (entry, False)
    added = replace(entry, model="demo.Product", attributes={}, children={}, key="")
    found = editing.draft_with(tracking_map, "Product", added)
    assert found.models["Product"].model == "demo.product"
    assert found.models.keys() == {*whole.models, "Product"}
    assert everything() == before


def test_a_preview_of_a_part_is_the_preview_of_the_whole(tracking_map, ada):
    """With the errors that other models cause, and without those of others."""
    buyer = BuyerProfile.objects.create(user=ada)
    row = tracking_map.tracked_models.get(prefix="BuyerProfile")
    entry = editing.entry_of(row)
    taken = {"user": replace(entry.children["user"], prefix="CompanyAccount")}
    entry = replace(entry, children=taken)
    part = editing.draft_with(tracking_map, "BuyerProfile", entry, tracked_model=row)
    whole = editing.build_document(tracking_map)
    whole = replace(whole, models={**whole.models, "BuyerProfile": entry})
    seen = editing.preview(tracking_map, buyer, document=part, whole_map=False)
    assert seen.rows == editing.preview(tracking_map, buyer, document=whole).rows
    assert "child.prefix_taken" in {problem.code for problem in seen.problems}


@override_settings(DEBUG=False)
def test_an_update_takes_as_many_queries_on_a_large_map(
    admin_client, tracking_map, ada, django_assert_max_num_queries
):
    address = page_of(tracking_map)
    sent = {**filled(form_of(admin_client, address)), **ASKS, "_object": str(ada.pk)}
    admin_client.post(address, sent)
    with CaptureQueriesContext(connection) as small:
        admin_client.post(address, sent)
    entry = editing.build_document(tracking_map).models["CompanyAccount"]
    for prefix, label in (("Product", "demo.product"), ("Country", "demo.country")):
        other = replace(entry, model=label, attributes={}, key="")
        editing.save_tracked_model(tracking_map, prefix, other)
    with CaptureQueriesContext(connection) as large:
        admin_client.post(address, sent)
    assert len(large) == len(small)
