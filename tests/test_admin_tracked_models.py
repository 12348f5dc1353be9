"""The form of a tracked model: chosen, checked, saved by one edit; a stale form is kept."""

from dataclasses import replace
from html.parser import HTMLParser

import pytest
from django.contrib.admin.models import LogEntry
from django.test import override_settings

from tests import screens
from tests.screens import client_of, edit, filled, map_page, model_page, published_example, said
from trackadmin import editing
from trackadmin.document import AttributeEntry, ChildEntry
from trackadmin.models import TrackedModel, TrackingMap

pytestmark = screens.MARKS


@pytest.fixture
def tracking_map():
    return published_example()


@pytest.fixture
def user_page(tracking_map):
    return model_page("change", tracking_map.tracked_models.get(prefix="User").pk)


def entry_of(prefix):
    return editing.build_document("default").models[prefix]


def form_of(client, address):
    return client.get(address).context["form"]


def standing(tracking_map):
    """Everything that a refused form must leave alone."""
    row = TrackingMap.objects.get(pk=tracking_map.pk)
    locks = list(TrackedModel.objects.order_by("pk").values_list("pk", "lock_version"))
    log = LogEntry.objects.count()
    history = len(editing.history(row))
    return editing.draft_digest(row), row.sequence, locks, log, history


# What the page shows -----------------------------------------------------------------------------


class Inputs(HTMLParser):
    """The inputs of a page, and what a screen reader calls them."""

    def __init__(self, html):
        super().__init__()
        self.found, self.labelled, self._inside = [], set(), 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "label":
            self._inside += 1
            self.labelled.add(attrs.get("for"))
        hidden = attrs.get("type") in ("hidden", "submit")
        if tag in ("input", "select", "textarea") and not hidden:
            named = bool(self._inside or attrs.get("aria-label"))
            self.found.append((attrs.get("name"), attrs.get("id"), named))

    def handle_endtag(self, tag):
        self._inside -= tag == "label"

    @property
    def nameless(self):
        return [name for name, pk, named in self.found if not named and pk not in self.labelled]


@pytest.mark.parametrize("prefix", ["User", "BuyerProfile"])
def test_each_input_has_a_label(admin_client, tracking_map, prefix):
    """A screen reader says what it is. The rows of the tables have no visible labels."""
    address = model_page("change", tracking_map.tracked_models.get(prefix=prefix).pk)
    inputs = Inputs(admin_client.get(address).content.decode())
    assert {"prefix", "a-id-description"} <= {name for name, *_ in inputs.found}
    assert inputs.nameless == []


def test_the_form_shows_every_attribute_that_the_host_model_has(admin_client, user_page):
    form = form_of(admin_client, user_page)
    names = [row.facts.name for row in form.attributes]
    assert {"id", "username", "email", "date_joined", "last_login"} <= set(names)
    assert "password" not in names
    assert "password" in [refused.name for refused in form.refused]
    html = admin_client.get(user_page).content.decode()
    assert "Text · up to 150 characters" in html
    assert html.index("<details") < html.index("<code>password</code>")


def test_a_key_can_only_be_picked_where_the_database_proves_it(admin_client, user_page):
    html = admin_client.get(user_page).content.decode()
    assert 'name="key" value="id"' in html
    assert 'name="key" value="username"' in html
    assert 'name="key" value="first_name"' not in html
    assert 'name="a-is_staff-lookup"' not in html


def test_a_lookup_without_an_index_is_told_where_it_is_chosen(admin_client, user_page):
    """F16: twenty of them in one URL scan the table twenty times."""
    html = admin_client.get(user_page).content.decode()
    words = "No index: a lookup reads the whole table"
    for name, slow in [("first_name", True), ("email", True), ("id", False), ("username", False)]:
        row = html[html.index(f'id="a-{name}"') :]
        assert (words in row[: row.index("</tr>")]) == slow, name
    assert 'aria-describedby="a-email-slow"' in html
    rows = {row.facts.name: row for row in form_of(admin_client, user_page).attributes}
    assert not rows["is_staff"].slow, "no URL may name one by it"


def test_computed_attributes_say_that_they_may_cost_queries(admin_client, tracking_map):
    buyer = model_page("change", tracking_map.tracked_models.get(prefix="BuyerProfile").pk)
    form = form_of(admin_client, buyer)
    row = next(row for row in form.attributes if row.facts.name == "order_count")
    assert row.facts.computed
    assert "may run queries" in admin_client.get(buyer).content.decode()


def test_a_relation_leads_to_what_is_tracked_or_to_adding_it(admin_client, tracking_map):
    address = model_page("add") + f"?map={tracking_map.pk}&model=demo.order"
    html = admin_client.get(address).content.decode()
    buyer = tracking_map.tracked_models.get(prefix="BuyerProfile")
    assert f'<a href="{model_page("change", buyer.pk)}">BuyerProfile</a>' in html
    assert "&amp;model=demo.Product" in html


# Saving ------------------------------------------------------------------------------------------


def test_saving_as_it_is_changes_nothing(admin_client, tracking_map, user_page):
    before = standing(tracking_map)
    response = admin_client.post(user_page, filled(form_of(admin_client, user_page)), follow=True)
    assert said(response) == ["Nothing was changed: User is as it was."]
    assert standing(tracking_map) == before


@pytest.mark.parametrize("prefix", ["BuyerProfile", "User", "CompanyAccount"])
def test_the_form_gives_back_the_very_entry_it_shows(admin_client, tracking_map, prefix):
    page = model_page("change", tracking_map.tracked_models.get(prefix=prefix).pk)
    before = entry_of(prefix)
    admin_client.post(page, filled(form_of(admin_client, page), owner="Ada"))
    assert entry_of(prefix) == replace(before, owner="Ada")


def test_everything_that_is_picked_is_saved(client, tracking_map, user_page):
    client_of(client, "view_trackingmap", "view_trackedmodel", "change_trackedmodel")
    changes = {
        "prefix": "Person",
        "rename": "at_once",
        "owner": "Accounts team",
        "description": "Who logs in.",
        "key": "username",
        "a-date_joined-decision": "tracked",
        "a-date_joined-name": "joined",
        "a-date_joined-description": "When the account was made.",
        "a-last_login-decision": "ignored",
        "a-is_staff-decision": "",
        "a-email-privacy": "pseudonymised",
        "a-first_name-lookup": "on",
        "c-buyer_profile-tracked": "on",
        "c-buyer_profile-child_prefix": "Buyer",
    }
    sent = filled(form_of(client, user_page), **changes)
    response = client.post(user_page, sent, follow=True)
    assert said(response) == ["Saved Person in the draft. Publish to make it live."]
    entry = entry_of("Person")
    assert (entry.key, entry.owner, entry.description) == (
        "username",
        "Accounts team",
        "Who logs in.",
    )
    assert entry.attributes["joined"].source == "date_joined"
    assert entry.attributes["joined"].description == "When the account was made."
    assert entry.attributes["last_login"].decision == "ignored"
    assert "is_staff" not in entry.attributes
    assert entry.attributes["email"].privacy == "pseudonymised"
    assert entry.attributes["first_name"].lookup
    assert entry.children == {"buyer_profile": ChildEntry(prefix="Buyer", position=0)}
    log = LogEntry.objects.get()
    assert (log.is_change(), log.object_repr) == (True, "Person")
    assert "privacy" in log.change_message
    assert editing.history(tracking_map)[0].who == "user0"


def test_nothing_goes_live_by_saving(admin_client, tracking_map, user_page):
    live = editing.live_version(tracking_map)
    admin_client.post(user_page, filled(form_of(admin_client, user_page), owner="Ada"))
    assert editing.live_version(tracking_map) == live


def test_save_and_stay_comes_back_to_the_form(admin_client, user_page):
    sent = filled(form_of(admin_client, user_page), owner="Ada", _continue="1")
    assert admin_client.post(user_page, sent)["Location"] == user_page


def test_one_attribute_under_two_names_stays_two(admin_client, tracking_map, user_page):
    old = entry_of("User")
    twice = {"mail": AttributeEntry("email", privacy="pseudonymised", position=9)}
    edit(tracking_map, "User", attributes={**old.attributes, **twice})
    before = entry_of("User")
    admin_client.post(user_page, filled(form_of(admin_client, user_page), owner="Ada"))
    assert entry_of("User") == replace(before, owner="Ada")


# Refusals ----------------------------------------------------------------------------------------

REFUSED = {
    "no prefix": ({"prefix": ""}, "This field is required."),
    "a prefix that is no name": ({"prefix": "9 lives"}, "9 lives"),
    "a prefix that is taken": (
        {"prefix": "CompanyAccount", "rename": "at_once"},
        "already used",
    ),
    "a name that is no name": ({"a-email-name": "e-mail"}, "e-mail"),
    "a full-width name": ({"a-email-name": "\uff50assword"}, "\uff50assword"),
    "two of one name": ({"a-email-name": "id"}, "already has the output name"),
    "a key that is not tracked": ({"a-id-decision": "ignored"}, "it must be tracked"),
    "a key that is not unique": ({"key": "first_name"}, "does not prove that it is unique"),
    "a key that is none of these": ({"key": "password"}, "not one of the attributes"),
    "a key that is hidden": ({"a-id-privacy": "pseudonymised"}, "cannot be hidden"),
    "a lookup that is hidden": (
        {"a-email-lookup": "on", "a-email-privacy": "dropped"},
        "show a lookup in clear",
    ),
    "a decision that does not exist": ({"a-email-decision": "maybe"}, "not one of the"),
    "a privacy that does not exist": ({"a-email-privacy": "maybe"}, "not one of the"),
    "a child's prefix that is no name": (
        {"c-buyer_profile-tracked": "on", "c-buyer_profile-child_prefix": "a b"},
        "a b",
    ),
    "a word too long": ({"owner": "x" * 201}, "at most 200"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_form_moves_nothing_and_keeps_what_was_written(
    admin_client, tracking_map, user_page, name
):
    changes, words = REFUSED[name]
    before = standing(tracking_map)
    sent = filled(form_of(admin_client, user_page), description="Kept words.", **changes)
    response = admin_client.post(user_page, sent)
    html = response.content.decode()
    assert response.status_code == 200
    assert "Nothing was saved yet" in html
    assert words in html
    assert "Kept words." in html
    assert standing(tracking_map) == before


def test_what_is_marked_is_listed_with_a_way_to_each_place(admin_client, user_page):
    changes = {"prefix": "9 lives", "a-email-name": "e-mail", "a-username-decision": "maybe"}
    response = admin_client.post(user_page, filled(form_of(admin_client, user_page), **changes))
    marks = {mark.what: mark for mark in response.context["form"].marks}
    assert marks.keys() == {"Prefix", "email", "username"}
    html = response.content.decode()
    for mark in marks.values():
        assert f'href="#{mark.anchor}"' in html
        assert f'id="{mark.anchor}"' in html


def test_a_name_that_does_not_go_out_need_not_be_right(admin_client, user_page):
    changes = {
        "a-email-decision": "",
        "a-email-name": "e-mail",
        "c-buyer_profile-child_prefix": "-",
    }
    sent = filled(form_of(admin_client, user_page), **changes)
    assert admin_client.post(user_page, sent).status_code == 302
    assert "email" not in entry_of("User").attributes


def test_a_personal_attribute_is_not_added_before_its_privacy_is_decided(
    admin_client, tracking_map
):
    buyer = model_page("change", tracking_map.tracked_models.get(prefix="BuyerProfile").pk)
    before = standing(tracking_map)
    sent = filled(form_of(admin_client, buyer), **{"a-phone-decision": "tracked"})
    response = admin_client.post(buyer, sent)
    assert "Decide how this is sent" in response.content.decode()
    assert standing(tracking_map) == before
    admin_client.post(buyer, {**sent, "a-phone-privacy": "dropped"})
    assert entry_of("BuyerProfile").attributes["phone"].privacy == "dropped"


def test_a_personal_attribute_that_was_there_undecided_may_stay_so(admin_client, user_page):
    assert entry_of("User").attributes["email"].privacy == "undeclared"
    admin_client.post(user_page, filled(form_of(admin_client, user_page), owner="Ada"))
    assert entry_of("User").owner == "Ada"


# Somebody else -----------------------------------------------------------------------------------


def test_a_stale_form_is_refused_and_not_lost(admin_client, tracking_map, user_page):
    sent = filled(form_of(admin_client, user_page), description="My own words.")
    edit(tracking_map, "User", owner="Somebody else's team")
    before = standing(tracking_map)
    response = admin_client.post(user_page, sent)
    html = response.content.decode()
    assert "Somebody else saved this while you were editing it" in html
    assert "My own words." in html
    missed = [line.words for _, groups in response.context["missed"] for line in groups[0].lines]
    assert len(missed) == 1
    assert "Somebody else" in missed[0]
    would = [line.words for group in response.context["would"] for line in group.lines]
    assert any("My own words." in words for words in would)
    assert any("Somebody else" in words for words in would), "it would take the owner away"
    assert standing(tracking_map) == before


def test_a_stale_form_can_be_saved_over_the_other_once_it_was_shown(
    admin_client, tracking_map, user_page
):
    sent = filled(form_of(admin_client, user_page), description="My own words.")
    edit(tracking_map, "User", owner="Somebody else's team")
    again = admin_client.post(user_page, sent).context["form"]
    admin_client.post(user_page, filled(again))
    assert (entry_of("User").owner, entry_of("User").description) == ("", "My own words.")


def test_a_form_that_is_stale_twice_is_refused_twice(admin_client, tracking_map, user_page):
    sent = filled(form_of(admin_client, user_page), description="My own words.")
    edit(tracking_map, "User", owner="First")
    again = admin_client.post(user_page, sent).context["form"]
    edit(tracking_map, "User", owner="Second")
    response = admin_client.post(user_page, filled(again))
    assert "Somebody else saved this" in response.content.decode()
    assert entry_of("User").owner == "Second"


def test_what_was_written_survives_that_somebody_deleted_it(admin_client, tracking_map, user_page):
    sent = filled(form_of(admin_client, user_page), description="My own words.")
    sent |= {f"a-{name}-privacy": "sent" for name in ("username", "email")}
    sent |= {f"a-{name}-privacy": "sent" for name in ("first_name", "last_name")}
    editing.delete_tracked_model(tracking_map.tracked_models.get(prefix="User"))
    before = standing(tracking_map)
    response = admin_client.post(user_page, sent)
    assert response.status_code == 307
    response = admin_client.post(response["Location"], sent)
    html = response.content.decode()
    assert "Somebody deleted User while you were editing it" in html
    assert "My own words." in html
    assert standing(tracking_map) == before
    admin_client.post(response.context["action"], filled(response.context["form"]))
    assert entry_of("User").description == "My own words."


# What the code no longer has ---------------------------------------------------------------------


@pytest.fixture
def drifted(tracking_map):
    """The host's developers took two attributes and a relation away from the editors."""
    gone = ["auth.User.email", "auth.User.username"]
    with override_settings(TRACKADMIN={"EXCLUDE": [*gone, "demo.BuyerProfile.user"]}):
        yield tracking_map


def test_what_is_gone_is_shown_with_the_reason_and_kept_until_removed(
    admin_client, drifted, user_page
):
    form = form_of(admin_client, user_page)
    assert [row.name for row in form.gone] == ["email", "username"]
    assert all(row.reason for row in form.gone)
    admin_client.post(user_page, filled(form, owner="Ada"))
    assert {"email", "username"} <= entry_of("User").attributes.keys()
    form = form_of(admin_client, user_page)
    admin_client.post(user_page, filled(form, **{"gone-a-email-remove": "on"}))
    assert "email" not in entry_of("User").attributes
    assert "username" in entry_of("User").attributes


def test_a_gone_relation_can_be_removed(admin_client, drifted):
    page = model_page("change", drifted.tracked_models.get(prefix="BuyerProfile").pk)
    form = form_of(admin_client, page)
    assert [row.name for row in form.gone] == ["user"]
    admin_client.post(page, filled(form, **{"gone-c-user-remove": "on"}))
    assert entry_of("BuyerProfile").children == {}


def test_a_model_that_is_gone_can_still_be_opened_and_deleted(admin_client, tracking_map):
    row = tracking_map.tracked_models.get(prefix="CompanyAccount")
    with override_settings(TRACKADMIN={"EXCLUDE": ["demo.CompanyAccount"]}):
        html = admin_client.get(model_page("change", row.pk)).content.decode()
        assert "no longer offers this model" in html
        assert "not in the code" in admin_client.get(map_page("change", 1)).content.decode()
        admin_client.post(model_page("delete", row.pk), {"seen": row.lock_version})
    assert not TrackedModel.objects.filter(prefix="CompanyAccount").exists()


# Adding ------------------------------------------------------------------------------------------


def test_only_models_that_are_not_tracked_can_be_picked(admin_client, tracking_map):
    response = admin_client.get(model_page("add") + f"?map={tracking_map.pk}")
    labels = {facts.label for _, group in response.context["groups"] for facts in group}
    assert "demo.order" in labels
    assert not labels & {"auth.user", "demo.buyerprofile", "demo.companyaccount"}
    assert "<optgroup" in response.content.decode()


@pytest.mark.parametrize(
    ("label", "key"),
    [
        ("demo.order", "number"),
        ("demo.manufacturer", "uuid"),
        ("demo.product", "sku"),
        ("demo.address", "id"),
        ("demo.country", "code"),
        ("host.person", "id"),
        ("host.restaurant", "name"),
    ],
)
def test_a_new_one_starts_with_the_class_name_and_a_key_that_fits(
    admin_client, tracking_map, label, key
):
    address = model_page("add") + f"?map={tracking_map.pk}&model={label}"
    form = form_of(admin_client, address)
    assert form.head["prefix"].value() == form.facts.name
    assert form.key_row == key
    assert [row.facts.name for row in form.attributes if row.tracked] == [key]


def test_adding_puts_it_last_into_the_draft(admin_client, tracking_map):
    address = model_page("add") + f"?map={tracking_map.pk}&model=demo.order"
    sent = filled(form_of(admin_client, address), **{"a-total-decision": "tracked"})
    response = admin_client.post(address, sent, follow=True)
    assert said(response) == ["Added Order to the draft. Publish to make it live."]
    entry = entry_of("Order")
    assert (entry.key, set(entry.attributes)) == ("number", {"number", "total"})
    assert entry.position > max(
        entry_of(prefix).position for prefix in ("BuyerProfile", "User", "CompanyAccount")
    )
    assert LogEntry.objects.get().is_addition()


def test_what_somebody_else_has_just_added_is_not_added_twice(admin_client, tracking_map):
    address = model_page("add") + f"?map={tracking_map.pk}&model=demo.order"
    sent = filled(form_of(admin_client, address), prefix="MyOrder", description="My own words.")
    admin_client.post(address, filled(form_of(admin_client, address)))
    response = admin_client.post(address, sent)
    assert "already tracked in this map as" in response.content.decode()
    assert "My own words." in response.content.decode()
    assert not TrackedModel.objects.filter(prefix="MyOrder").exists()


@pytest.mark.parametrize("label", ["auth.permission.x", "shop.nothing", "sessions.session"])
def test_a_model_that_is_not_offered_cannot_be_added(admin_client, tracking_map, label):
    before = standing(tracking_map)
    address = model_page("add") + f"?map={tracking_map.pk}&model={label}"
    with override_settings(TRACKADMIN={"MODELS": ["demo", "auth.User"]}):
        assert "form" not in admin_client.get(address).context
        admin_client.post(address, {"prefix": "X"})
    assert standing(tracking_map) == before


# Deleting ----------------------------------------------------------------------------------------


def test_deleting_says_what_goes_and_leaves_live_alone(admin_client, tracking_map):
    row = tracking_map.tracked_models.get(prefix="User")
    live = editing.live_version(tracking_map)
    page = model_page("delete", row.pk)
    html = admin_client.get(page).content.decode()
    assert "User_email" in html
    assert "User__id" in html
    assert "BuyerProfile.user" in html
    response = admin_client.post(page, {"seen": row.lock_version}, follow=True)
    assert said(response) == ["Deleted User from the draft. You can restore it from the history."]
    assert not TrackedModel.objects.filter(pk=row.pk).exists()
    assert editing.live_version(tracking_map) == live
    log = LogEntry.objects.get()
    assert (log.is_deletion(), log.object_repr, log.object_id) == (True, "User", str(row.pk))


def test_what_was_changed_meanwhile_is_not_deleted(admin_client, tracking_map):
    row = tracking_map.tracked_models.get(prefix="User")
    edit(tracking_map, "User", owner="Somebody else")
    before = standing(tracking_map)
    page = model_page("delete", row.pk)
    response = admin_client.post(page, {"seen": row.lock_version})
    assert "Nothing was deleted" in response.content.decode()
    assert standing(tracking_map) == before
    seen = response.context["tracked_model"].lock_version
    admin_client.post(page, {"seen": seen})
    assert not TrackedModel.objects.filter(pk=row.pk).exists()
