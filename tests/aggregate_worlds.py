"""Objects with related ones of every shape, a map with each count and sum, and the definition."""

import datetime
import uuid
from decimal import Decimal

from django.db.models import Count, Max, Min, Sum

from tests.host.models import (
    AwayNote,
    Club,
    Country,
    Encounter,
    Membership,
    Order,
    Parcel,
    Person,
    Place,
    Purchase,
    Restaurant,
    Ticket,
)
from tests.maps import document, tracked
from trackadmin.catalog import catalog
from trackadmin.compiler import encode
from trackadmin.document.structure import AggregateEntry

UTC = datetime.UTC
COMPARED = ("points", "big", "amount", "weight", "span", "day", "clock", "moment")
SUMMED = ("points", "big", "amount", "weight", "span")
FIELDS = (
    *COMPARED,
    *("id", "person_id", "country_id", "place_id", "status", "level", "paid", "ref", "note"),
    *("email", "upload", "backwards"),
)


def of(relation, function="count", field="", by="", **where):
    return AggregateEntry(relation, function, field, by, where, privacy="none")


def each_function(relation):
    """Each function with each field that it takes, over the purchases of a relation."""
    return {
        "all": of(relation),
        "paid": of(relation, paid=True),
        "new_low": of(relation, status="new", level=1, paid=False),
        **{f"sum_{f}": of(relation, "sum", f) for f in SUMMED},
        **{f"min_{f}": of(relation, "min", f) for f in COMPARED},
        **{f"max_{f}": of(relation, "max", f) for f in COMPARED},
        **{f"distinct_{f}": of(relation, "distinct", f) for f in FIELDS},
        **{f"latest_{f}": of(relation, "latest", f, "day") for f in (*FIELDS, "data")},
        "latest_by_moment": of(relation, "latest", "points", "moment", status="paid"),
        "latest_by_points": of(relation, "latest", "note", "points"),
    }


PERSON = {
    **each_function("purchases"),
    "team": of("team"),
    "team_of_ann": of("team", name="Ann"),
    "orders": of("order_set", "distinct", "number"),
    "memberships": of("membership_set", "max", "since"),
    "clubs": of("clubs"),
    "clubs_distinct": of("clubs", "distinct", "name"),
    "clubs_named": of("clubs", name="Chess"),
    "last_club": of("clubs", "latest", "name", "id"),
    "tickets": of("tickets", "sum", "price"),
    "tickets_alive": of("tickets", alive=False),
    "parcels": of("parcels", "sum", "kilos"),
    "last_parcel": of("parcels", "latest", "tenant", "kilos"),
    "encounters": of("encounters", "sum", "minutes"),
    "encounter": of("encounters", "latest", "minutes", "minutes"),
    "away": of("away_notes", "sum", "length"),
}
COUNTRY = {
    **each_function("purchases"),
    "addresses": of("address_set"),
    "orders": of("order_set"),
    "order": of("order_set", "latest", "number", "person"),
}
COUNTRY["order"] = of("order_set", "distinct", "person")
PLACE = {"parcels": of("parcels", "max", "kilos")}
RESTAURANT = {"parcels": of("parcels", "max", "kilos"), "bought": of("purchases", "sum", "amount")}
CLUB = {"members": of("members"), "friends": of("friends"), "named": of("members", name="Ann")}


def the_map(**others):
    person = tracked("host.person", ["id", "name"], ["boss"], "id", aggregates=PERSON)
    return document(
        Person=others.pop("Person", person),
        Country=tracked("host.country", ["code"], key="code", aggregates=COUNTRY),
        Place=tracked("host.place", ["name"], key="name", aggregates=PLACE),
        Restaurant=tracked("host.restaurant", ["name"], key="name", aggregates=RESTAURANT),
        Club=tracked("host.club", ["name"], key="name", aggregates=CLUB),
        Order=tracked("host.order", ["number"], ["person"], "number"),
        Profile=tracked("host.profile", ["nickname"], ["person"], "nickname"),
        **others,
    )


def a_world():
    """Persons with everything, with one thing, and with nothing."""
    country = Country.objects.create(code="NL", name="Netherlands")
    Country.objects.create(code="AQ", name="Antarctica")
    restaurant = Restaurant.objects.create(name="Noma", stars=3)
    Restaurant.objects.create(name="Empty")
    Place.objects.create(name="Park")
    ann = Person.objects.create(name="Ann")
    bob = Person.objects.create(name="Bob", boss=ann)
    cid = Person.objects.create(name="Cid", boss=ann)
    Person.objects.create(name="Ann", boss=ann)
    moment = datetime.datetime(2026, 1, 31, 12, tzinfo=UTC)
    rich = {
        "country": country,
        "place": restaurant,
        "points": 3,
        "big": 2**40,
        "amount": Decimal("10.10"),
        "weight": 0.1,
        "span": datetime.timedelta(hours=3, microseconds=5),
        "day": datetime.date(2026, 1, 31),
        "clock": datetime.time(8, 30),
        "moment": moment,
        "ref": uuid.UUID(int=5),
        "note": "first",
        "email": "a@example.com",
        "data": {"a": [1]},
        "upload": "uploads/a.txt",
        "backwards": "abc",
    }
    for changes in (
        {},
        {"status": "paid", "paid": True, "level": 2, "amount": Decimal("0.20"), "note": "b"},
        {"points": -4, "day": datetime.date(2026, 2, 1), "moment": moment.replace(year=2025)},
        {"day": datetime.date(2026, 2, 1), "note": "tie", "span": None, "weight": None},
        {"day": None, "points": 100, "note": "never the newest", "big": None, "ref": None},
    ):
        Purchase.objects.create(**{"person": ann, **rich, **changes})
    Purchase.objects.create(person=bob)
    chess, _go = Club.objects.create(name="Chess"), Club.objects.create(name="Go")
    chess.friends.add(_go)
    for since in (None, datetime.date(2020, 1, 1)):
        Membership.objects.create(club=chess, person=ann, since=since)
    Membership.objects.create(club=_go, person=bob)
    for number in range(3):
        order = Order.objects.create(number=f"o{number}", person=ann if number else bob)
        order.tags.add(country)
        Ticket.objects.create(person=ann, price=Decimal("1.005"), alive=number != 1)
        for tenant in ("red", "blue"):
            Parcel.objects.create(person=ann, tenant=tenant, kilos=number, place=restaurant)
        Encounter.objects.create(person=ann, minutes=5)
    AwayNote.objects.create(person_id=cid.pk, length=7)
    return ann, bob, cid


def defined(obj, entry):
    """What the related manager says now, by the words of the contract and nothing of ours."""
    rows = getattr(obj, entry.relation).filter(**entry.where)
    facts = catalog().get(rows.model._meta.label).attribute(entry.field) if entry.field else None
    field = facts.field if facts else None
    if entry.function == "latest":
        newest = sorted(
            (each for each in rows if getattr(each, entry.by) is not None),
            key=lambda each: (getattr(each, entry.by), each.pk),
        )
        return encoded(getattr(newest[-1], facts.attname) if newest else None, facts)
    function = {
        "count": lambda: Count("*"),
        "distinct": lambda: Count(entry.field, distinct=True),
        "sum": lambda: Sum(entry.field),
        "min": lambda: Min(entry.field),
        "max": lambda: Max(entry.field),
    }[entry.function]()
    value = rows.aggregate(value=function)["value"]
    if value is None and entry.function == "sum":
        value = field.to_python(0) if facts.kind != "duration" else datetime.timedelta(0)
    return encoded(value, facts if entry.function in ("sum", "min", "max") else None)


def encoded(value, facts):
    if isinstance(value, Decimal) and facts is not None:
        return f"{value.quantize(Decimal(1).scaleb(-facts.field.decimal_places)):f}"
    if value is not None and facts is not None and facts.kind == "json":
        return '{"a":[1]}'
    return encode(value)
