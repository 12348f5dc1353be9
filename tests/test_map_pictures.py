"""A map as boxes and arrows, and a tracked model as a tree: what is there, and what differs."""

from dataclasses import replace

import pytest
from django.test import override_settings

from tests.maps import attribute, document, tracked
from trackadmin.document import AggregateEntry, Document
from trackadmin.editing.map_pictures import PartState, picture_of
from trackadmin.editing.model_trees import tree_of

COUNTRY = tracked("host.country", ["code", "name"], key="code")
ADDRESS = tracked("host.address", ["street"], ["country"])
PERSON = tracked("host.person", ["id", "name"], ["profile", ("boss", "Boss")], key="id")
PROFILE = tracked("host.profile", ["nickname"], ["person"], key="nickname")
ORDER = tracked(
    "host.order",
    ["number", ("secret", attribute("number", decision="ignored"))],
    [("billing_address", "Bill"), ("shipping_address", "Ship", True), "person"],
    key="number",
)
SHOP = document(Order=ORDER, Address=ADDRESS, Country=COUNTRY, Person=PERSON, Profile=PROFILE)


def without(a_document, prefix):
    return replace(a_document, models={p: e for p, e in a_document.models.items() if p != prefix})


def with_entry(a_document, prefix, **changes):
    entry = replace(a_document.models[prefix], **changes)
    return replace(a_document, models={**a_document.models, prefix: entry})


def box(picture, prefix):
    (found,) = (each for each in picture.boxes if each.prefix == prefix)
    return found


def arrow(picture, start, accessor):
    (found,) = (a for a in picture.arrows if (a.start, a.accessor) == (start, accessor))
    return found


def prefixes(picture):
    return [each.prefix for each in picture.boxes]


def ends(picture):
    return {(a.start, a.accessor, a.end) for a in picture.arrows}


# ── The map ────────────────────────────────────────────────────────────────────────────────────


def test_boxes_are_the_tracked_models_in_the_maps_order():
    """Ignored attributes do not count, and what is the same as live says so."""
    picture = picture_of(SHOP, SHOP)
    assert prefixes(picture) == ["Order", "Address", "Country", "Person", "Profile"]
    order = box(picture, "Order")
    assert (order.label, order.app, order.in_code) == ("host.Order", "host", True)
    assert (order.attributes, order.aggregates) == (1, 0)
    assert {each.state for each in (*picture.boxes, *picture.arrows)} == {PartState.SAME}


def test_arrows_are_the_children():
    """Two relations to one model are two arrows; a relation to itself leads back to its box."""
    picture = picture_of(SHOP, SHOP)
    assert ends(picture) == {
        ("Order", "billing_address", "Address"),
        ("Order", "shipping_address", "Address"),
        ("Order", "person", "Person"),
        ("Address", "country", "Country"),
        ("Person", "profile", "Profile"),
        ("Person", "boss", "Person"),
        ("Profile", "person", "Person"),
    }
    assert arrow(picture, "Order", "billing_address").prefix == "Bill"
    assert arrow(picture, "Order", "person").prefix == ""
    assert [a.accessor for a in picture.arrows if a.alone] == ["shipping_address"]


def test_a_former_prefix_has_its_date():
    old = with_entry(SHOP, "Person", former_prefix="Human", until="2030-01-31")
    child = replace(ORDER.children["person"], former_prefix="Buyer", until="2030-02-28")
    old = with_entry(old, "Order", children={**ORDER.children, "person": child})
    picture = picture_of(old, old)
    found = box(picture, "Person")
    assert (found.former_prefix, found.until) == ("Human", "2030-01-31")
    found = arrow(picture, "Order", "person")
    assert (found.former_prefix, found.until) == ("Buyer", "2030-02-28")


def test_what_is_new_changed_or_deleted_is_told_of_each():
    """A model that was deleted keeps its box and its arrows, after those of the draft."""
    draft = without(SHOP, "Profile")
    children = {"boss": replace(PERSON.children["boss"], alone=True)}
    draft = with_entry(draft, "Person", children=children)
    draft = replace(draft, models={**draft.models, "User": tracked("auth.user", ["id"])})
    picture = picture_of(draft, SHOP)
    assert prefixes(picture)[-1] == "Profile"
    assert {each.prefix: str(each.state) for each in picture.boxes} == {
        "Order": "same",
        "Address": "same",
        "Country": "same",
        "Person": "changed",
        "User": "new",
        "Profile": "deleted",
    }
    states = {(a.start, a.accessor): str(a.state) for a in picture.arrows}
    assert states.pop(("Person", "boss")) == "changed"
    assert states.pop(("Person", "profile")) == "deleted"
    assert states.pop(("Profile", "person")) == "deleted"
    assert set(states.values()) == {"same"}
    new = picture_of(with_entry(draft, "User", children={}), draft)
    assert {a.state for a in new.arrows} == {PartState.SAME}


def test_another_order_of_children_changes_the_box_and_no_arrow():
    moved = {
        name: replace(child, position=9 - child.position) for name, child in ORDER.children.items()
    }
    picture = picture_of(with_entry(SHOP, "Order", children=moved), SHOP)
    assert box(picture, "Order").state == PartState.CHANGED
    assert {a.state for a in picture.arrows} == {PartState.SAME}


def test_a_new_child_is_a_new_arrow():
    before = with_entry(SHOP, "Address", children={})
    assert arrow(picture_of(SHOP, before), "Address", "country").state == PartState.NEW


def test_a_model_that_the_code_does_not_have_is_told_and_leads_nowhere():
    """Nor does a child lead to a model that the map does not track."""
    gone = replace(SHOP, models={**SHOP.models, "Gone": tracked("host.gone", ["x"], ["person"])})
    picture = picture_of(without(gone, "Country"), gone)
    found = box(picture, "Gone")
    assert (found.in_code, found.label, found.app) == (False, "host.gone", "host")
    assert arrow(picture, "Gone", "person").end == ""
    assert arrow(picture, "Address", "country").end == ""
    with override_settings(TRACKADMIN={"EXCLUDE": ["host.Address"]}):
        hidden = picture_of(SHOP, SHOP)
    assert not box(hidden, "Address").in_code
    assert arrow(hidden, "Order", "billing_address").end == ""


# ── Its parts ──────────────────────────────────────────────────────────────────────────────────


def test_around_a_model_is_all_that_comes_along_and_what_brings_it():
    """What comes alone brings nothing further; a circle ends; nothing else is there."""
    picture = picture_of(SHOP, SHOP)
    assert prefixes(picture.around("Address")) == ["Order", "Address", "Country"]
    assert ends(picture.around("Address")) == {
        ("Order", "billing_address", "Address"),
        ("Order", "shipping_address", "Address"),
        ("Address", "country", "Country"),
    }
    assert prefixes(picture.around("Country")) == ["Address", "Country"]
    assert prefixes(picture.around("Person")) == ["Order", "Person", "Profile"]
    alone = {"shipping_address": ORDER.children["shipping_address"]}
    ordered = with_entry(SHOP, "Order", children=alone)
    assert prefixes(picture_of(ordered, ordered).around("Order")) == ["Order", "Address"]


def test_what_comes_alone_leads_nowhere():
    """Not even to a model that is there in another way."""
    profile = {"profile": replace(PERSON.children["profile"], alone=True)}
    alone = with_entry(SHOP, "Person", children=profile)
    around = picture_of(alone, alone).around("Order")
    assert {"Person", "Profile"} < set(prefixes(around))
    assert [a.accessor for a in around.arrows if a.start == "Profile"] == []


def test_a_model_that_comes_alone_and_also_whole_brings_its_own():
    """The order in which the two are met does not matter."""
    children = {name: ORDER.children[name] for name in ("billing_address", "shipping_address")}
    for first, last in [(0, 1), (1, 0)]:
        placed = dict(zip(children, (first, last), strict=True))
        moved = {name: replace(c, position=placed[name]) for name, c in children.items()}
        ordered = with_entry(SHOP, "Order", children=moved)
        around = picture_of(ordered, ordered).around("Order")
        assert prefixes(around) == ["Order", "Address", "Country"], placed


def test_an_app_is_its_models_and_those_they_touch():
    far = tracked("auth.user", ["id"], key="id")
    lonely = tracked("demo.companyaccount", ["name"], key="name")
    children = {**PERSON.children, "user": tracked("x", (), ["user"]).children["user"]}
    mixed = with_entry(SHOP, "Person", children=children)
    mixed = replace(mixed, models={**mixed.models, "User": far, "Company": lonely})
    picture = picture_of(mixed, mixed)
    assert picture.apps() == ["auth", "demo", "host"]
    assert set(prefixes(picture.of_app("auth"))) == {"User", "Person"}
    assert ends(picture.of_app("auth")) == {("Person", "user", "User")}
    assert prefixes(picture.of_app("demo")) == ["Company"]


# ── The tree of one model ──────────────────────────────────────────────────────────────────────


def test_a_tree_has_each_object_with_its_names_and_their_entries():
    """In the order of the event; a child under a prefix of its own is one more object."""
    tree = tree_of("Order", SHOP, SHOP)
    assert [(node.path, node.prefix, node.accessor) for node in tree.top.nodes()] == [
        ("Order", "Order", ""),
        ("Order.billing_address", "Address", "billing_address"),
        ("Order.billing_address.country", "Country", "country"),
        ("Order.shipping_address", "Address", "shipping_address"),
        ("Order.person", "Person", "person"),
        ("Order.person.profile", "Profile", "profile"),
        ("Order.person.boss", "Person", "boss"),
        ("Order.person.boss.profile", "Profile", "profile"),
    ]
    names = {node.path: [(n.name, n.entry) for n in node.names] for node in tree.top.nodes()}
    assert names["Order"] == [("Order_number", "number")]
    assert names["Order.shipping_address"] == [("Ship_street", "street")]
    assert names["Order.billing_address.country"] == [
        ("Bill_Country_code", "code"),
        ("Bill_Country_name", "name"),
    ]
    assert tree.gone == ()
    assert {n.state for node in tree.top.nodes() for n in node.names} == {PartState.SAME}


def test_what_ends_in_a_circle_or_comes_alone_is_told():
    tree = tree_of("Person", SHOP, SHOP)
    by_path = {node.path: node for node in tree.top.nodes()}
    assert by_path["Person.profile"].left_out == ("person",)
    assert by_path["Person"].left_out == ()
    shipped = {n.path: n for n in tree_of("Order", SHOP, SHOP).top.nodes()}[
        "Order.shipping_address"
    ]
    assert (shipped.alone, shipped.children, shipped.left_out) == (True, (), ())


def test_names_of_the_draft_and_of_the_live_version_are_compared():
    draft = with_entry(SHOP, "Country", attributes={"name": attribute("name")})
    draft = with_entry(draft, "Address", attributes={**ADDRESS.attributes, "id": attribute("id")})
    tree = tree_of("Address", draft, SHOP)
    assert [n.name for node in tree.top.nodes() for n in node.names if n.state == "new"] == [
        "Address_id"
    ]
    assert tree.gone == ("Country_code",)
    assert all(n.state == "new" for n in tree_of("Country", SHOP, Document()).top.names)


def states(tree):
    """The names that differ from the live version."""
    names = [each for node in tree.top.nodes() for each in node.names]
    return {each.name: each for each in names if each.state != PartState.SAME}


def test_a_name_that_means_something_else_is_changed():
    """Another attribute is behind it, it is of another object, or a pseudonym; its words tell."""
    swapped = {"code": attribute("name"), "name": attribute("name", privacy="pseudonymised")}
    draft = with_entry(SHOP, "Country", attributes=swapped)
    found = states(tree_of("Country", draft, SHOP))
    assert {name: each.state for name, each in found.items()} == {
        "Country_code": "changed",
        "Country_name": "changed",
    }
    code, name = found["Country_code"], found["Country_name"]
    assert (code.before.origin, code.meaning.origin) == ("Country.code", "Country.name")
    assert (code.moved, code.other_privacy) == (True, False)
    assert (name.moved, name.other_privacy) == (True, True)
    assert (name.before.privacy, name.meaning.privacy) == ("undeclared", "pseudonymised")
    order = tracked("host.order", ["number"], [("shipping_address", "Bill")])
    found = states(tree_of("Order", with_entry(SHOP, "Order", children=order.children), SHOP))
    street = found["Bill_street"]
    assert street.state == "changed"
    assert street.before.origin == "Order.billing_address.street"
    assert street.meaning.origin == "Order.shipping_address.street"


def test_a_privacy_that_changes_no_value_is_a_change_too():
    draft = with_entry(SHOP, "Country", attributes={"code": attribute("code", privacy="none")})
    (found,) = states(tree_of("Country", draft, SHOP)).values()
    assert (found.name, found.moved, found.other_privacy) == ("Country_code", False, True)


def test_a_count_that_counts_something_else_is_changed():
    before = with_entry(SHOP, "Person", aggregates={"n": AggregateEntry("team")})
    after = with_entry(SHOP, "Person", aggregates={"n": AggregateEntry("purchases")})
    found = states(tree_of("Person", after, before))["Person_n"]
    assert found.before.origin == "Count of persons"
    assert found.meaning.origin == "Count of purchases"
    described = AggregateEntry("team", description="How many.", position=3)
    same = with_entry(SHOP, "Person", aggregates={"n": described})
    assert states(tree_of("Person", same, before)) == {}


def test_a_new_prefix_gives_new_names_and_the_old_ones_are_gone():
    """Unless they stay for a while: then they are as they were."""
    country = SHOP.models["Country"]
    draft = document(Nation=country)
    tree = tree_of("Nation", draft, SHOP)
    assert {*states(tree)} == {"Nation_code", "Nation_name"}
    assert tree.gone == ("Country_code", "Country_name")
    stays = replace(country, former_prefix="Country", until="2099-01-01")
    tree = tree_of("Nation", document(Nation=stays), SHOP)
    assert {*states(tree)} == {"Nation_code", "Nation_name"}
    assert tree.gone == ()


def test_a_former_prefix_gives_names_with_their_date_and_successor():
    draft = with_entry(SHOP, "Country", former_prefix="Land", until="2030-01-31")
    names = {n.name: n for n in tree_of("Country", draft, SHOP).top.names}
    assert names.keys() == {"Country_code", "Country_name", "Land_code", "Land_name"}
    assert names["Country_code"].grace is None
    grace = names["Land_code"].grace
    assert (grace.until, grace.successor) == ("2030-01-31", "Country_code")
    assert names["Land_code"].entry == "code"


def test_counts_and_sums_are_names_of_their_object():
    counted = {"team_count": AggregateEntry("team")}
    draft = with_entry(SHOP, "Person", aggregates=counted)
    (found,) = (n for n in tree_of("Person", draft, SHOP).top.names if n.is_aggregate)
    assert (found.name, found.entry, found.state) == ("Person_team_count", "team_count", "new")


@pytest.mark.parametrize("prefix", ["Gone", "Nothing"])
def test_there_is_no_tree_of_what_is_not_there(prefix):
    gone = replace(SHOP, models={**SHOP.models, "Gone": tracked("host.gone", ["x"])})
    assert tree_of(prefix, gone, SHOP) is None


def test_what_the_code_no_longer_has_is_left_out_of_a_tree():
    """Its attribute is missing, and its child is told as left out."""
    children = {**ADDRESS.children, "lost": ADDRESS.children["country"]}
    attributes = {**ADDRESS.attributes, "lost": attribute("lost")}
    draft = with_entry(SHOP, "Address", children=children, attributes=attributes)
    top = tree_of("Address", draft, SHOP).top
    assert [n.name for n in top.names] == ["Address_street"]
    assert top.left_out == ("lost",)
