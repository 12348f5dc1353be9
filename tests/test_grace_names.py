"""Names in their grace period: both go out, by every path, with one value."""

from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.host.models import Address, Country, Everything, Order, Person
from tests.maps import attribute, document, tracked
from tests.test_sql_view import rows_of
from trackadmin.catalog import catalog, trackable
from trackadmin.collect.event import Event
from trackadmin.compiler import check, compile_map
from trackadmin.compiler.sql.sql_view import view_sql
from trackadmin.document.structure import ActionEntry, ChildEntry
from trackadmin.editing.trying import Trial, each_of, everything
from trackadmin.runtime import (
    get_model,
    iter_tracking_values,
    tracking_query,
    tracking_values,
    values_from_query,
)
from trackadmin.runtime.current import pin, unpin
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db

UNTIL = "2099-12-31"
OLD = {"until": UNTIL}


def shop(order, person, country, user, children, address_children, name):
    """The same shop under other names."""
    made = document(
        **{
            order: tracked("host.order", ["number"], key="number"),
            person: tracked("host.person", ["id", (name, attribute("name"))], ["user"], "id"),
            "Address": tracked("host.address", ["street"], address_children),
            country: tracked("host.country", ["code"], key="code"),
            user: tracked("auth.user", ["username"]),
        }
    )
    made.models[order].children.update(children)
    return made


BEFORE = shop(
    "Purchase",
    "Human",
    "Nation",
    "Account",
    {
        "person": ChildEntry("Buyer", 0),
        "billing_address": ChildEntry("Bill", 1),
        "shipping_address": ChildEntry("", 2),
    },
    ["country"],
    "name",
)
AFTER = shop(
    "Order",
    "Person",
    "Country",
    "User",
    {
        "person": ChildEntry("Customer", 0),
        "billing_address": ChildEntry("Bill", 1),
        "shipping_address": ChildEntry("Ship", 2),
    },
    [("country", "Land")],
    "full_name",
)


def in_grace():
    made = shop(
        "Order",
        "Person",
        "Country",
        "User",
        {
            "person": ChildEntry("Customer", 0, False, "Buyer", UNTIL),
            "billing_address": ChildEntry("Bill", 1),
            # It had no prefix of its own.
            "shipping_address": ChildEntry("Ship", 2, False, "Address", UNTIL),
        },
        ["country"],
        "full_name",
    )
    models = dict(made.models)
    for prefix, former in {
        "Order": "Purchase",
        "Person": "Human",
        "Country": "Nation",
        "User": "Account",
    }.items():
        models[prefix] = replace(models[prefix], former_prefix=former, until=UNTIL)
    models["Address"] = replace(
        models["Address"], children={"country": ChildEntry("Land", 0, False, "Nation", UNTIL)}
    )
    old = attribute("name", position=9, successor="full_name", **OLD)
    models["Person"] = replace(
        models["Person"], attributes={**models["Person"].attributes, "name": old}
    )
    return replace(made, models=models)


GRACE = in_grace()


@pytest.fixture
def grace():
    made = compile_map(GRACE, catalog(), number=1, digest="d")
    before = pin("default", made)
    yield made
    unpin("default", before)
    reset()


@pytest.fixture
def order():
    user = User.objects.create(username="ann")
    person = Person.objects.create(name="Ann", user=user)
    germany, france = (Country.objects.create(code=c, name=c) for c in ("DE", "FR"))
    bill = Address.objects.create(street="Bill street", country=germany)
    ship = Address.objects.create(street="Ship street", country=france)
    return Order.objects.create(
        number="7", person=person, billing_address=bill, shipping_address=ship
    )


def values_by(a_document, obj):
    made = compile_map(a_document, catalog())
    return made.find(obj).flatten(obj, None)


def old_and_new(obj):
    """What goes out before the renames and after them; nothing has two values."""
    before, after = values_by(BEFORE, obj), values_by(AFTER, obj)
    return before | after


def by_url(obj):
    values = values_from_query(f"Order__number={obj.number}")
    return {name: value for name, value in values.items() if "_" in name}


PATHS = {
    "instance": tracking_values,
    "loaded again": lambda obj: tracking_values(Order.objects.get(pk=obj.pk)),
    "URL": by_url,
    "stream": lambda obj: next(iter(iter_tracking_values(Order.objects.all()))),
}


def test_the_map_of_these_tests_is_sound():
    """A map with former prefixes at every level has no problem."""
    assert [p for p in check(GRACE, catalog()) if p.level == "error"] == []


@pytest.mark.parametrize("path", PATHS)
def test_both_names_go_out_with_one_value(grace, order, path):
    """Every name of the map before and of the map after the renames is there, by each path, with
    its value; children below a prefixed child too. Names of both times at once are extra names
    (a new attribute under an old prefix) and have the same values."""
    values, expected = PATHS[path](order), old_and_new(order)
    assert {name: values.get(name, "missing") for name in expected} == expected
    extra = {name: value for name, value in values.items() if name not in expected}
    assert {*extra.values()} <= {*expected.values()}
    assert "Buyer_full_name" in extra
    assert values["Buyer_Account_username"] == values["Customer_User_username"] == "ann"


def test_every_path_gives_the_same_names(grace, order):
    """In the same order, the new name of a value before its old ones."""
    first, *others = [list(path(order)) for name, path in PATHS.items() if name != "URL"]
    assert all(each == first for each in others)
    assert {*first} == {*by_url(order)}
    for new, old in [
        ("Order_number", "Purchase_number"),
        ("Customer_id", "Buyer_id"),
        ("Customer_full_name", "Customer_name"),
        ("Customer_User_username", "Customer_Account_username"),
    ]:
        assert first.index(new) < first.index(old)


@pytest.mark.postgresql
def test_the_view_has_both_names(grace, order):
    """With the same values as the instance."""
    view = view_sql(grace.find(order), "default")
    (row,) = rows_of(view)
    values = tracking_values(order)
    assert row == {name: value for name, value in values.items() if name in row}
    assert {"Order_number", "Purchase_number", "Land_code", "Nation_code"} <= {*row}


def test_the_preview_shows_both_names(grace, order):
    """The preview reads by a path of its own, and gives what goes out."""
    tried = Trial(order, everything, each_of(everything), 5).tried(grace.find(order))
    assert tried.values == tracking_values(order)


def test_a_missing_child_gives_nulls_under_both_names(grace):
    """As it does under one."""
    order = Order.objects.create(number="8")
    for path in PATHS.values():
        values = path(order)
        assert values["Customer_full_name"] is values["Buyer_name"] is None
        assert "Buyer_Account_username" in values


def test_a_keyword_takes_the_place_of_both_prefixes(grace, order):
    """``tracking_values(second=order)`` has no name with the former prefix of the model; its
    children keep both."""
    values = tracking_values(second=order)
    assert values["second_number"] == "7"
    assert values["second_Buyer_name"] == values["second_Customer_name"] == "Ann"
    assert not [name for name in values if "Purchase" in name or "Order" in name]


class Reads:
    """Counts how often a computed attribute runs, and how many queries it sends."""

    def __init__(self, monkeypatch):
        self.number = 0

        @trackable
        def shout(obj):
            self.number += 1
            return f"{obj.text}{self.number}"

        monkeypatch.setattr(Everything, "shout", property(shout))


TWICE = document(
    Everything=tracked(
        "host.everything",
        [
            "slug",
            ("loud", attribute("shout")),
            ("hidden", attribute("shout", privacy="pseudonymised")),
            ("shout", attribute("shout", successor="loud", **OLD)),
        ],
        key="slug",
        former_prefix="Whatever",
        **OLD,
    )
)


@pytest.mark.parametrize("path", ["instance", "deferred", "URL", "stream"])
def test_a_computed_attribute_is_read_once(path, monkeypatch):
    """It may send queries, and it may give another value the next time. Also on the slow path, and
    where one of its names is a pseudonym."""
    made = compile_map(TWICE, catalog(), number=1, digest="d")
    before, reads = pin("default", made), Reads(monkeypatch)
    Everything.objects.create(slug="s", text="hey")
    try:
        values = {
            "instance": lambda: tracking_values(Everything.objects.get()),
            "deferred": lambda: tracking_values(Everything.objects.defer("slug").get()),
            "URL": lambda: values_from_query("Everything__slug=s"),
            "stream": lambda: next(iter(iter_tracking_values(Everything.objects.all()))),
        }[path]()
    finally:
        unpin("default", before)
    assert reads.number == 1
    names = ("Everything_loud", "Everything_shout", "Whatever_loud", "Whatever_shout")
    assert {values[name] for name in names} == {"hey1"}
    assert values["Everything_hidden"] == values["Whatever_hidden"]
    assert values["Everything_hidden"] not in (None, "hey1")


def test_a_computed_attribute_costs_once():
    """What an attribute with two names may cost is told once."""
    costs = compile_map(TWICE, catalog()).by_prefix["Everything"].costs
    assert len([each for each in costs if each.code == "computed"]) == 1


@pytest.mark.parametrize(
    ("query", "deprecated"),
    [
        ("Order__number=7", []),
        ("Purchase__number=7", ["Purchase__number"]),
        ("Purchase__number=7&Purchase__number=7", ["Purchase__number"]),
        ("Order__number=7&Purchase__number=7", ["Purchase__number"]),
    ],
)
def test_links_with_the_former_prefix_work(grace, order, query, deprecated):
    """They find the same object and give the same values; the result says which old name was
    used. The second time, by the fast path, too."""
    expected = dict(tracking_values(order))
    for _ in range(2):
        values = values_from_query(query)
        assert values == expected
        assert values.deprecated == deprecated
        assert {name for name, _, outcome in values.references} == {
            part.partition("=")[0] for part in query.split("&")
        }
        assert {outcome for *_, outcome in values.references} == {"found"}


def test_links_with_the_old_name_of_a_key_work():
    """A renamed key is an attribute of the new name, and the old one stays a lookup."""
    made = document(
        Country=tracked(
            "host.country",
            [
                ("iso", attribute("code")),
                ("code", attribute("code", lookup=True, successor="iso", **OLD)),
            ],
            key="iso",
        )
    )
    country = Country.objects.create(code="DE", name="Germany")
    before = pin("default", compile_map(made, catalog(), number=1, digest="d"))
    try:
        values = values_from_query("Country__code=DE")
        assert values == {"Country_iso": "DE", "Country_code": "DE"}
        assert values.deprecated == ["Country__code"]
        assert get_model("Country__code", "DE") == country
        # New links have the new name.
        assert tracking_query(country) == "Country__iso=DE"
        assert values_from_query("Country__iso=DE").deprecated == []
    finally:
        unpin("default", before)


def test_an_event_of_an_old_link_brings_its_model(order):
    """An action that must bring an order gets it by the old name, and the event is marked."""
    made = replace(GRACE, actions={"pay": ActionEntry(brings={"Order": "required"})})
    before = pin("default", compile_map(made, catalog(), number=1, digest="d"))
    try:
        event = Event.of(values_from_query("action=pay&Purchase__number=7"))
        marked = [(str(code), name) for code, name in event.wrong]
        assert marked == [("name.deprecated", "Purchase__number")]
        assert event.values["Order_number"] == event.values["Purchase_number"] == "7"
        assert Event.of(values_from_query("action=pay&Order__number=7")).wrong == ()
    finally:
        unpin("default", before)


def test_new_links_have_the_new_prefix(grace, order):
    """An old link works, but none is made."""
    assert tracking_query(order) == "Order__number=7"
    assert get_model("Purchase__number", "7") == order


def test_a_former_prefix_is_reserved(grace):
    """Nobody can make up a value under an old name."""
    values = values_from_query("Purchase_total=1&purchase_number=9&Buyer_x=1&free=1")
    assert values == {"free": "1"}
    assert {*values.reserved} == {"Purchase_total", "purchase_number", "Buyer_x"}


def test_a_former_name_that_is_taken_is_an_error_that_names_both():
    """A child under the prefix that its parent had before."""
    made = document(
        Order=tracked(
            "host.order", ["number"], [("person", "Purchase")], former_prefix="Purchase", **OLD
        ),
        Person=tracked("host.person", ["name"]),
    )
    errors = [p for p in check(made, catalog()) if p.code == "name.former_taken"]
    assert errors
    assert all("Order.person" in str(p.what) and "Order" in str(p.what) for p in errors)


def test_a_self_relation_that_gets_a_prefix_does_not_collide():
    """Without a prefix it gave no names, so its former prefix gives none either."""
    made = document(Person=tracked("host.person", ["name"], ["boss"]))
    made.models["Person"].children["boss"] = ChildEntry("Boss", 0, False, "Person", UNTIL)
    assert [p for p in check(made, catalog()) if p.level == "error"] == []
    assert compile_map(made, catalog()).by_prefix["Person"].names == ("Person_name", "Boss_name")


def test_a_prefix_that_was_given_up_still_goes_out():
    """A self relation that lost its prefix leads back, and its old names stay."""
    made = document(Person=tracked("host.person", ["name"], ["boss"]))
    made.models["Person"].children["boss"] = ChildEntry("", 0, False, "Boss", UNTIL)
    assert compile_map(made, catalog()).by_prefix["Person"].names == ("Person_name", "Boss_name")


def test_the_limit_of_names_holds(settings):
    """Names under a former prefix count."""
    settings.TRACKADMIN = {"MAX_NAMES": 3}
    made = document(Person=tracked("host.person", ["id", "name"], former_prefix="Old", **OLD))
    assert "model.too_many_names" in [p.code for p in check(made, catalog())]


@pytest.mark.parametrize("old", [False, True])
def test_old_names_cost_no_query_more(order, old):
    """A URL sends as many statements as it did, also under an old name."""
    numbers = []
    for a_document, query in [
        (AFTER, "Order__number=7"),
        (GRACE, "Purchase__number=7" if old else "Order__number=7"),
    ]:
        before = pin("default", compile_map(a_document, catalog(), number=1, digest="d"))
        with CaptureQueriesContext(connection) as found:
            values_from_query(query)
        unpin("default", before)
        numbers.append(len(found))
    assert numbers[0] == numbers[1] >= 1
