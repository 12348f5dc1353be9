"""Counts and sums in the form of a tracked model: what is offered, proposed, refused and kept."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from django.http import QueryDict
from django.test import override_settings

from tests.screens import filled
from trackadmin.admin.forms import EntryForm
from trackadmin.admin.forms.proposed_names import proposed_name
from trackadmin.catalog import Kind, catalog, in_words, objects_in_words
from trackadmin.compiler import check
from trackadmin.document import AggregateEntry, AttributeEntry, Document, ModelEntry, in_order

pytestmark = pytest.mark.django_db

SHIPPED = AggregateEntry("orders", where={"status": "shipped"}, position=4)
TOTAL = AggregateEntry("orders", "sum", "total", position=2, privacy="none", description="Spent.")
LAST = AggregateEntry("orders", "latest", "status", by="placed_at", position=7)
GONE = AggregateEntry("baskets", position=5)
BUYER = ModelEntry(
    "demo.buyerprofile",
    attributes={"uuid": AttributeEntry("uuid")},
    aggregates={"shipped": SHIPPED, "spent": TOTAL, "last_status": LAST},
)


def form_of(entry=BUYER, sent=None, asked="", **changes):
    """The form of the entry; with what was sent, also if nothing was."""
    data = None
    if sent is not None:
        data = QueryDict(mutable=True)
        data.update(
            {name: value for name, value in {**sent, **changes}.items() if value is not None}
        )
    return EntryForm(
        catalog().get(entry.model), "BuyerProfile", entry, seen=1, data=data, asked=asked
    )


def sent_by(form, **changes):
    return filled(form, **changes)


def added(relation="orders", entry=BUYER, **changes):
    """What a page sends after a row was added to it."""
    shown = form_of(entry, sent_by(form_of(entry)), "add", **{"add-relation": relation})
    number = len(shown.aggregates.rows)
    return sent_by(shown, **{f"g-{number}-{name}": value for name, value in changes.items()})


def row_of(form, name):
    return next(row for row in form.aggregates.rows if row.typed("name") == name)


def choices(row, field):
    return [value for value, _ in row.fields[field].choices if value]


def saved(sent, entry=BUYER):
    form = form_of(entry, sent)
    assert form.is_valid(), form.marks
    return form.as_entry().aggregates


def refused(sent, entry=BUYER):
    """The errors by the input that they are at."""
    form = form_of(entry, sent)
    assert not form.is_valid()
    return {mark.anchor.removeprefix("id_"): mark.message for mark in form.marks}


# What is shown and kept --------------------------------------------------------------------------


def test_the_rows_are_in_the_order_of_the_map_and_say_what_they_are():
    rows = form_of().aggregates.rows
    assert [row.said for row in rows] == [
        "Sum of total of orders",
        "Count of orders where status is “Shipped”",
        "Latest status of orders, by placed at",
    ]


def test_what_is_shown_and_sent_back_is_the_same_entry():
    """Positions with gaps too: a save that changes nothing must not move anything."""
    form = form_of(BUYER, sent_by(form_of()))
    assert form.is_valid(), form.marks
    assert form.as_entry() == BUYER


def test_a_page_that_does_not_know_of_counts_and_sums_removes_none():
    """It was opened before an upgrade, so it sends no row at all."""
    sent = {name: value for name, value in sent_by(form_of()).items() if not name.startswith("g-")}
    assert saved(sent) == BUYER.aggregates


def test_what_somebody_else_added_meanwhile_is_not_removed():
    before = replace(BUYER, aggregates={"spent": TOTAL})
    assert saved(sent_by(form_of(before))) == BUYER.aggregates


def test_only_what_is_to_be_removed_is_removed():
    found = saved(sent_by(form_of(), **{"g-2-remove": "on"}))
    assert found.keys() == {"spent", "last_status"}


def test_a_row_that_is_removed_need_not_be_right():
    sent = sent_by(form_of(), **{"g-2-remove": "on", "g-2-name": "9 lives", "g-2-where_1": "x"})
    assert saved(sent).keys() == {"spent", "last_status"}


def test_a_row_can_be_renamed_and_stays_what_it_is():
    found = saved(sent_by(form_of(), **{"g-1-name": "all_money"}))
    assert found["all_money"] == TOTAL
    assert "spent" not in found


@pytest.mark.parametrize("step", ["up-3", "down-2"])
def test_a_row_is_moved_by_a_button_and_saved_in_its_place(step):
    moved = form_of(BUYER, sent_by(form_of()), step)
    assert [row.typed("name") for row in moved.aggregates.rows] == [
        "spent",
        "last_status",
        "shipped",
    ]
    found = saved(sent_by(moved))
    assert [name for name, _ in in_order(found)] == ["spent", "last_status", "shipped"]


@pytest.mark.parametrize("step", ["up-1", "down-3", "up-0", "down-99", "up-4"])
def test_a_move_beyond_the_ends_moves_nothing(step):
    moved = form_of(BUYER, sent_by(form_of()), step)
    assert [row.typed("name") for row in moved.aggregates.rows] == [
        "spent",
        "shipped",
        "last_status",
    ]


# What the code no longer has ---------------------------------------------------------------------

LOST = {
    "the relation": (GONE, "The code no longer has related objects 'baskets'."),
    "the field": (
        AggregateEntry("orders", "sum", "weight"),
        "Order no longer has a field 'weight'.",
    ),
    "a condition": (
        AggregateEntry("orders", where={"weight": 1}),
        "no longer has a field 'weight'",
    ),
    "what makes one the latest": (
        AggregateEntry("orders", "latest", "status", by="weight"),
        "no longer has a field 'weight'",
    ),
    "a field that fits": (AggregateEntry("orders", "sum", "status"), "takes no field of the type"),
}


@pytest.mark.parametrize("what", LOST)
def test_what_the_code_lost_is_told_and_kept_until_it_is_removed(what):
    lost, why = LOST[what]
    entry = replace(BUYER, aggregates={**BUYER.aggregates, "lost": lost})
    form = form_of(entry)
    (gone,) = form.gone
    assert why in gone.reason
    assert "lost" not in [row.typed("name") for row in form.aggregates.rows]
    assert saved(sent_by(form), entry) == entry.aggregates
    assert saved(sent_by(form, **{"gone-g-lost-remove": "on"}), entry) == BUYER.aggregates


def test_a_row_whose_field_was_lost_while_the_page_was_open_is_kept_as_it_was():
    entry = replace(BUYER, aggregates={"lost": AggregateEntry("orders", "sum", "weight")})
    sent = {**sent_by(form_of(entry)), "g-1-was": "lost", "g-1-relation": "orders"}
    assert saved(sent, entry) == entry.aggregates


def test_a_model_that_is_gone_keeps_its_counts():
    entry = replace(BUYER, model="demo.nothing")
    form = EntryForm(None, "BuyerProfile", entry, seen=1)
    assert {row.name for row in form.gone} == {"uuid", "shipped", "spent", "last_status"}


def test_a_foreign_key_keeps_the_spelling_of_the_map():
    """A map file may say ``product`` or ``product_id``; a save must not change one to the other."""
    spelled = AggregateEntry("orders", "distinct", "product", where={"company": 3})
    entry = replace(BUYER, aggregates={"products": spelled})
    assert saved(sent_by(form_of(entry)), entry) == {"products": spelled}


# What is offered ---------------------------------------------------------------------------------


def test_each_relation_that_holds_many_objects_is_offered():
    assert form_of().aggregates.offered == [("orders", "orders")]
    user = form_of(ModelEntry("auth.user"))
    assert "groups" in dict(user.aggregates.offered)


def test_the_ceiling_decides_about_relations():
    with override_settings(TRACKADMIN={"EXCLUDE": ["demo.Order"]}):
        assert form_of(replace(BUYER, aggregates={})).aggregates.offered == []
        assert not form_of(replace(BUYER, aggregates={})).aggregates.any_to_show
        (gone, *_) = form_of().gone
        assert "EXCLUDE" in gone.reason
    with override_settings(TRACKADMIN={"EXCLUDE": ["demo.BuyerProfile.orders"]}):
        assert form_of(replace(BUYER, aggregates={})).aggregates.offered == []


def test_the_ceiling_decides_about_the_fields_of_the_related_model():
    """Also the built-in deny list: a secret is in no select."""
    everything = form_of(entry=BUYER, sent=added())
    row = everything.aggregates.rows[-1]
    assert {"status", "number", "product_id"} <= set(choices(row, "where_1"))
    with override_settings(TRACKADMIN={"EXCLUDE": ["demo.Order.status"]}):
        entry = replace(BUYER, aggregates={"spent": TOTAL})
        row = form_of(entry, added(entry=entry)).aggregates.rows[-1]
        assert "status" not in choices(row, "where_1")
        sent = added(entry=entry, where_1="status", value_1="shipped")
        assert "does not fit here" in refused(sent, entry)["g-2-where_1"]


def test_a_secret_of_the_related_model_is_not_offered():
    entry = ModelEntry("host.person", attributes={"id": AttributeEntry("id")})
    sent = added("purchases", entry, function="latest")
    row = form_of(entry, sent).aggregates.rows[-1]
    for field in ("field", "where_1"):
        assert "note" in choices(row, field)
        assert "api_token" not in choices(row, field)
        assert "shout" not in choices(row, field), "the database does not know it"


def test_a_function_offers_the_fields_that_fit_it():
    for function, fitting, not_fitting in [
        ("sum", {"total", "quantity"}, {"status", "placed_at", "id"}),
        ("max", {"total", "placed_at"}, {"status"}),
        ("latest", {"status", "total"}, set()),
        ("distinct", {"status", "product_id"}, set()),
    ]:
        found = set(choices(form_of(BUYER, added(function=function)).aggregates.rows[-1], "field"))
        assert fitting <= found, function
        assert not found & not_fitting, function


def test_a_count_asks_for_no_field():
    row = form_of(BUYER, added()).aggregates.rows[-1]
    assert not {"field", "by"} & row.fields.keys()


def test_values_to_pick_from_are_picked():
    row = form_of(BUYER, added(where_1="status")).aggregates.rows[-1]
    picked = row.fields["value_1"].widget.choices
    assert [(value, str(label)) for value, label in picked if value] == [
        ("new", "New"),
        ("paid", "Paid"),
        ("shipped", "Shipped"),
    ]
    entry = ModelEntry("host.person", attributes={"id": AttributeEntry("id")})
    row = form_of(entry, added("purchases", entry, where_1="paid")).aggregates.rows[-1]
    picked = row.fields["value_1"].widget.choices
    assert [(value, str(label)) for value, label in picked if value] == [
        ("true", "Yes"),
        ("false", "No"),
    ]


def test_one_more_condition_is_shown_than_there_is_up_to_three():
    for number, expected in [(0, 1), (1, 2), (2, 3), (3, 3)]:
        given = {f"where_{n}": "status" for n in range(1, number + 1)}
        row = form_of(BUYER, added(**given)).aggregates.rows[-1]
        assert len([*row.conditions]) == expected


def everything_offered(label):
    """A row for each relation, function, field and condition that the form of a model offers."""
    entry = ModelEntry(label, attributes={"id": AttributeEntry("id")})
    for relation, _ in form_of(entry).aggregates.offered:
        row = form_of(entry, added(relation, entry)).aggregates.rows[-1]
        for where in choices(row, "where_1"):
            yield entry, relation, {"where_1": where}
        for function in [value for value, _ in row.fields["function"].choices]:
            row = form_of(entry, added(relation, entry, function=function)).aggregates.rows[-1]
            fields = choices(row, "field") if "field" in row.fields else [""]
            by = choices(row, "by")[:1] if "by" in row.fields else [""]
            for field in fields:
                for latest in by:
                    yield entry, relation, {"function": function, "field": field, "by": latest}


TYPED = {Kind.INTEGER: "1", Kind.UUID: "6fa459ea-ee8a-3ca4-894e-db77e160355e"}


@pytest.mark.parametrize("label", ["host.person", "host.club", "demo.buyerprofile", "auth.user"])
def test_what_is_offered_is_accepted_by_the_map(label):
    """Nothing that can be picked is refused on save, on publish or on load."""
    number = 0
    for entry, relation, picked in everything_offered(label):
        facts = catalog().get(catalog().get(label).collections[relation].target)
        if "where_1" in picked:
            row = form_of(entry, added(relation, entry, **picked)).aggregates.rows[-1]
            widget = row.fields["value_1"].widget
            given = [value for value, _ in getattr(widget, "choices", ()) if value]
            kind = facts.attribute(picked["where_1"]).kind
            picked["value_1"] = given[0] if given else TYPED.get(kind, "x")
        found = saved(added(relation, entry, **picked, privacy="none"), entry)
        made = Document({"Thing": replace(entry, aggregates=found)})
        errors = [each for each in check(made, catalog()) if each.level == "error"]
        assert not errors, (relation, picked, errors)
        number += 1
    assert number > 10


# Names -------------------------------------------------------------------------------------------

PROPOSED = {
    "orders_count": AggregateEntry("orders"),
    "order_count": AggregateEntry("order_set"),
    "orders_shipped_count": SHIPPED,
    "orders_total_sum": AggregateEntry("orders", "sum", "total"),
    "orders_product_count": AggregateEntry("orders", "distinct", "product_id"),
    "orders_status_latest": LAST,
    "orders_paid_count": AggregateEntry("orders", where={"paid": True}),
    "orders_not_paid_count": AggregateEntry("orders", where={"paid": False}),
    "orders_level_2_count": AggregateEntry("orders", where={"level": 2}),
    "orders_on_hold_shipped_total_max": AggregateEntry(
        "orders", "max", "total", where={"state": "On hold!", "status": "shipped"}
    ),
    "": AggregateEntry("orders", where={"note": "x" * 200}),
}


@pytest.mark.parametrize("name", PROPOSED)
def test_a_good_name_is_proposed(name):
    assert proposed_name(PROPOSED[name], set()) == name


def test_a_name_that_is_taken_is_not_proposed():
    taken = {"orders_count", "orders_count_2"}
    assert proposed_name(AggregateEntry("orders"), taken) == "orders_count_3"


def test_the_proposal_follows_the_choices_until_somebody_writes_a_name():
    sent = added()
    assert sent["g-4-name"] == "orders_count"
    sent |= {"g-4-where_1": "status", "g-4-value_1": "shipped"}
    again = form_of(BUYER, sent, "rows")
    assert again.aggregates.rows[-1].typed("name") == "orders_shipped_count"
    sent = sent_by(again, **{"g-4-name": "mine", "g-4-function": "sum"})
    sent = sent_by(form_of(BUYER, sent, "rows"), **{"g-4-field": "total"})
    assert form_of(BUYER, sent, "rows").aggregates.rows[-1].typed("name") == "mine"


def test_the_name_of_what_the_map_has_stays_whatever_is_chosen():
    sent = sent_by(form_of(), **{"g-2-value_1": "paid"})
    assert "shipped" in [row.typed("name") for row in form_of(BUYER, sent, "rows").aggregates.rows]


def test_without_a_name_the_proposed_one_is_saved():
    assert "orders_count" in saved(added(name=""))


def test_two_new_rows_get_two_names():
    shown = form_of(BUYER, added(), "add", **{"add-relation": "orders"})
    assert [row.typed("name") for row in shown.aggregates.rows[-2:]] == [
        "orders_count",
        "orders_count_2",
    ]


# Adding without JavaScript -----------------------------------------------------------------------


def test_what_is_added_step_by_step_is_saved():
    sent = added(function="sum")
    assert refused(sent) == {"g-4-field": "Choose a field."}
    sent = sent_by(form_of(BUYER, sent, "rows"), **{"g-4-field": "total", "g-4-where_1": "status"})
    sent = sent_by(form_of(BUYER, sent, "rows"), **{"g-4-value_1": "paid", "g-4-privacy": "none"})
    found = saved(sent)
    assert found["orders_paid_total_sum"] == AggregateEntry(
        "orders", "sum", "total", where={"status": "paid"}, privacy="none", position=8
    )


def test_a_relation_that_was_chosen_and_not_added_is_shown_before_it_is_saved():
    """Nobody has seen what is counted, so it is neither saved nor lost."""
    sent = sent_by(form_of(), **{"add-relation": "orders"})
    assert refused(sent) == {"g-4": "Say what is counted, then save again."}
    shown = form_of(BUYER, sent)
    shown.is_valid()
    assert "orders_count" in saved(sent_by(shown))


def test_a_row_that_was_asked_for_shows_no_errors_yet():
    asked = form_of(BUYER, sent_by(form_of(), **{"add-relation": "orders"}), "add")
    assert asked.marks == []


def test_a_new_row_that_is_not_wanted_goes_when_the_rows_are_shown_again():
    sent = {**added(), "g-4-remove": "on"}
    assert len(form_of(BUYER, sent, "rows").aggregates.rows) == 3
    assert saved(sent) == BUYER.aggregates


# Errors ------------------------------------------------------------------------------------------

ERRORS = {
    "no field": ({"function": "sum", "field": ""}, "field", "Choose a field."),
    "a field that does not fit": ({"function": "sum", "field": "status"}, "field", "does not fit"),
    "no such field": ({"function": "sum", "field": "weight"}, "field", "does not fit"),
    "nothing that makes one the latest": (
        {"function": "latest", "field": "status"},
        "by",
        "Choose a field.",
    ),
    "no such function": ({"function": "median"}, "function", "not one of the"),
    "a value without a field": ({"value_1": "shipped"}, "where_1", "Choose the field"),
    "a field without a value": ({"where_1": "status"}, "value_1", "Give the value"),
    "none of the choices": (
        {"where_1": "status", "value_1": "lost"},
        "value_1",
        "Choose one of: New, Paid, Shipped.",
    ),
    "no number": ({"where_1": "quantity", "value_1": "many"}, "value_1", "'many' is no value of"),
    "a number in other digits": (
        {"where_1": "quantity", "value_1": "\uff11"},
        "value_1",
        "is no value",
    ),
    "a field twice": (
        {"where_1": "status", "value_1": "new", "where_2": "status", "value_2": "paid"},
        "where_2",
        "about this field already",
    ),
    "a name that is no name": ({"name": "9 lives"}, "name", "9 lives"),
    "the name of an attribute": ({"name": "uuid"}, "name", "already has the output name 'uuid'"),
    "the name of another count": ({"name": "spent"}, "name", "already has the output name 'spent'"),
    "no such privacy": ({"privacy": "maybe"}, "privacy", "not one of the"),
    "no such decision": ({"decision": "maybe"}, "decision", "not one of the"),
    "a relation that is not offered": (
        {"relation": "user_set"},
        "",
        "does not offer this relation",
    ),
}


@pytest.mark.parametrize("what", ERRORS)
def test_an_error_is_at_its_input(what):
    changes, field, words = ERRORS[what]
    found = refused(added(**changes))
    anchor = f"g-4-{field}" if field else "g-4"
    assert words in found[anchor]


def test_an_error_keeps_what_was_typed():
    form = form_of(BUYER, added(function="sum", field="", description="My words.", name="mine"))
    assert not form.is_valid()
    row = form.aggregates.rows[-1]
    assert (row.typed("description"), row.typed("name")) == ("My words.", "mine")
    assert "total" in choices(row, "field"), "now the field can be chosen"


def test_a_value_that_looks_personal_is_decided_about():
    """One of its values is sent. A number of them says nothing about a person."""
    entry = ModelEntry("host.person", attributes={"id": AttributeEntry("id")})
    last = {"function": "latest", "field": "email", "by": "moment"}
    assert (
        "Decide how this is sent"
        in refused(added("purchases", entry, **last), entry)["g-1-privacy"]
    )
    found = saved(added("purchases", entry, **last, privacy="pseudonymised"), entry)
    assert found["purchases_email_latest"].privacy == "pseudonymised"
    counted = {"function": "distinct", "field": "email"}
    assert saved(added("purchases", entry, **counted), entry)


# Values ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "typed", "stored"),
    [
        ("status", "paid", "paid"),
        ("level", "2", 2),
        ("paid", "true", True),
        ("paid", "false", False),
        ("points", " 7 ", 7),
        ("note", " gift ", "gift"),
        ("note", "007", "007"),
    ],
)
def test_a_value_is_stored_by_the_kind_of_its_field(field, typed, stored):
    entry = ModelEntry("host.person", attributes={"id": AttributeEntry("id")})
    (found,) = saved(added("purchases", entry, where_1=field, value_1=typed), entry).values()
    assert found.where == {field: stored}
    assert type(found.where[field]) is type(stored)


@pytest.mark.parametrize("value", ["", " spaced ", "lost"])
def test_a_value_that_the_map_has_stays_as_it_is(value):
    """Also one that nobody could type, or that is no longer a choice."""
    entry = replace(BUYER, aggregates={"odd": AggregateEntry("orders", where={"status": value})})
    assert saved(sent_by(form_of(entry)), entry) == entry.aggregates


# Words -------------------------------------------------------------------------------------------


def test_the_words_use_the_names_and_labels_of_the_site():
    facts = catalog().get("demo.buyerprofile")
    where = {"status": "shipped", "quantity": 2000}
    assert in_words(AggregateEntry("orders", where=where), facts) == (
        "Count of orders where status is “Shipped” and quantity is “2000”"
    )
    person = catalog().get("host.person")
    assert in_words(AggregateEntry("purchases", where={"paid": False}), person) == (
        "Count of purchases where paid is no"
    )


def test_the_words_of_what_is_lost_keep_the_names_of_the_map():
    assert in_words(AggregateEntry("baskets", "sum", "weight"), None) == "Sum of weight of baskets"
    facts = catalog().get("demo.buyerprofile")
    assert in_words(GONE, facts) == "Count of baskets"


def test_relations_to_the_same_model_are_told_apart():
    """By the name of the relation, and only where it is needed."""
    person = catalog().get("host.person")
    assert objects_in_words("purchases", person) == "purchases"
    purchases = person.collections["purchases"]
    both = {"purchases": purchases, "gifts": replace(purchases, accessor="gifts")}
    two = SimpleNamespace(collections=both, collection=both.get)
    assert objects_in_words("gifts", two) == "purchases (gifts)"
    assert objects_in_words("purchases", two) == "purchases"
