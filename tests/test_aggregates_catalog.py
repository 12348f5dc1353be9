"""Which relations, functions, fields and conditions counts and sums may use, and what is wrong."""

# (models for one test need no words for people)

import pytest
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test import override_settings
from django.test.utils import isolate_apps

from tests.host.models import Club, Country, Order, Person, Place, PlaceProxy, Restaurant
from tests.maps import document, tracked
from trackadmin.catalog import (
    Catalog,
    by_fields,
    catalog,
    condition_fields,
    condition_from_text,
    condition_value,
    fields_for,
)
from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.model_facts import ModelFacts
from trackadmin.compiler import check, compile_map, drift
from trackadmin.document.structure import AggregateEntry
from trackadmin.exceptions import DocumentError


def collections(model):
    found = ModelFacts(model, Ceiling()).collections
    return {name: (each.target, each.kind, each.key, each.path) for name, each in found.items()}


REVERSE, MANY = "reverse foreign key", "many-to-many"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            Person,
            {
                "team": ("host.person", REVERSE, "id", "boss"),
                "order_set": ("host.order", REVERSE, "id", "person"),
                "membership_set": ("host.membership", REVERSE, "id", "person"),
                "purchases": ("host.purchase", REVERSE, "id", "person"),
                "tickets": ("host.ticket", REVERSE, "id", "person"),
                "parcels": ("host.parcel", REVERSE, "id", "person"),
                "encounters": ("host.encounter", REVERSE, "id", "person"),
                "away_notes": ("host.awaynote", REVERSE, "id", "person"),
                "clubs": ("host.club", MANY, "id", "members__id"),
            },
        ),
        (
            Country,
            {
                "address_set": ("host.address", REVERSE, "code", "country"),
                "purchases": ("host.purchase", REVERSE, "code", "country"),
                "order_set": ("host.order", MANY, "id", "tags__id"),
            },
        ),
        (
            Order,
            {
                "lines": ("host.line", REVERSE, "number", "order"),
                "tags": ("host.country", MANY, "number", "order__number"),
            },
        ),
        (
            Restaurant,
            {
                "parcels": ("host.parcel", REVERSE, "id", "place"),
                "purchases": ("host.purchase", REVERSE, "place_ptr_id", "place"),
            },
        ),
        (Place, {"parcels": ("host.parcel", REVERSE, "id", "place")}),
        (PlaceProxy, {"parcels": ("host.parcel", REVERSE, "id", "place")}),
    ],
)
def test_collections_of_the_test_hosts(model, expected):
    assert collections(model) == expected


def test_a_relation_to_itself_in_both_directions():
    assert collections(Club)["friends"][:3] == ("host.club", MANY, "id")


def test_the_model_of_a_collection_must_be_offered():
    with override_settings(TRACKADMIN={"EXCLUDE": ["host.Purchase", "host.Person.team"]}):
        facts = Catalog().get("host.person")
        assert not {"purchases", "team"} & {*facts.collections}
        assert "EXCLUDE" in str(facts.collection("purchases").refused)
        assert "EXCLUDE" in str(facts.collection("team").refused)


@isolate_apps("tests.host", "django.contrib.contenttypes")
def test_what_django_does_not_find_by_one_column_is_refused():
    class OtherDescriptor(models.fields.related_descriptors.ReverseManyToOneDescriptor):
        pass

    class OtherKey(models.ForeignKey):
        related_accessor_class = OtherDescriptor

    class Tag(models.Model):
        kind = models.ForeignKey(ContentType, models.CASCADE)
        number = models.PositiveIntegerField()
        of = GenericForeignKey("kind", "number")

        class Meta:
            app_label = "host"

    class Thing(models.Model):
        tags = GenericRelation(Tag, "number", "kind")

        class Meta:
            app_label = "host"

    class Part(models.Model):
        thing = OtherKey(Thing, models.CASCADE, related_name="parts")
        hidden = models.ForeignKey(Thing, models.CASCADE, related_name="+")

        class Meta:
            app_label = "host"

    facts = ModelFacts(Thing, Ceiling())
    assert not facts.collections
    assert "generic" in str(facts.collection("tags").refused)
    assert "Code of the site" in str(facts.collection("parts").refused)


def offered():
    return catalog().get("host.purchase").attributes.values()


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("count", set()),
        ("sum", {"level", "points", "big", "amount", "weight", "span"}),
        (
            "min",
            {"level", "points", "big", "amount", "weight", "span", "day", "clock", "moment"},
        ),
    ],
)
def test_the_fields_of_a_function(function, expected):
    assert {each.name for each in fields_for(function, offered())} == expected


def test_smallest_and_largest_take_the_same_fields():
    names = [[each.name for each in fields_for(f, offered())] for f in ("min", "max")]
    assert names[0] == names[1]


def test_latest_takes_each_field_and_distinct_each_that_the_database_tells_apart():
    fields = {each.name for each in offered() if not each.computed}
    assert {each.name for each in fields_for("latest", offered())} == fields
    assert {each.name for each in fields_for("distinct", offered())} == fields - {"data"}
    assert "api_token" not in fields


def test_the_newest_is_found_by_dates_and_numbers():
    assert {each.name for each in by_fields(offered())} == {
        *("id", "level", "points", "big", "amount", "weight", "day", "moment"),
    }


def test_conditions_are_texts_whole_numbers_uuids_and_yes_or_no():
    found = {each.name for each in condition_fields(offered())}
    assert {"status", "level", "paid", "ref", "note", "country_id", "person_id"} <= found
    assert not {"amount", "weight", "day", "moment", "data", "shout", "api_token"} & found


@pytest.mark.parametrize(
    ("source", "value", "text"),
    [
        ("status", "paid", "paid"),
        ("note", "", ""),
        ("level", 2, "2"),
        ("paid", True, "true"),
        ("paid", False, "false"),
        ("ref", "0b8f5ee6-6f2b-4d0a-9b1a-0a4f6e8a6f11", "0b8f5ee6-6f2b-4d0a-9b1a-0a4f6e8a6f11"),
    ],
)
def test_a_value_of_a_condition(source, value, text):
    facts = catalog().get("host.purchase").attribute(source)
    condition_value(facts, value)
    found = condition_from_text(facts, text)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("source", "value"),
    [
        *(("status", 1), ("status", "x" * 11), ("note", "\0"), ("note", True)),
        *(("level", "2"), ("level", True), ("level", 2.0), ("points", 2**63), ("paid", 1)),
        *(("paid", "true"), ("ref", "0b8f5ee66f2b4d0a9b1a0a4f6e8a6f11"), ("ref", 5)),
    ],
)
def test_a_value_that_the_field_cannot_hold_is_refused(source, value):
    with pytest.raises(ValueError, match=r"\w"):
        condition_value(catalog().get("host.purchase").attribute(source), value)


@pytest.mark.parametrize(
    ("source", "text"),
    [("level", " 2"), ("level", "+2"), ("level", "\uff11"), ("paid", "True"), ("paid", "1")],
)
def test_a_text_of_a_form_is_read_strictly(source, text):
    with pytest.raises(ValueError, match=r"\w"):
        condition_from_text(catalog().get("host.purchase").attribute(source), text)


def with_aggregates(**aggregates):
    entries = {
        name: AggregateEntry(**{"relation": "purchases", **fields})
        for name, fields in aggregates.items()
    }
    return document(Person=tracked("host.person", ["name"], aggregates=entries))


WRONG = [
    ({"relation": "gone"}, "aggregate.gone", "purchases"),
    ({"relation": "profile"}, "aggregate.gone", "many objects"),
    ({"function": "sum", "field": "note"}, "aggregate.kind", "amount"),
    ({"function": "sum", "field": "gone"}, "aggregate.field_gone", "no field 'gone'"),
    ({"function": "sum", "field": "shout"}, "aggregate.kind", "computed"),
    ({"function": "sum", "field": "person"}, "aggregate.kind", "names an object"),
    ({"function": "min", "field": "note"}, "aggregate.kind", "language of the database"),
    ({"function": "max", "field": "backwards"}, "aggregate.kind", "language"),
    ({"function": "latest", "field": "api_token", "by": "day"}, "aggregate.refused", "secret"),
    ({"function": "latest", "field": "note", "by": "note"}, "aggregate.kind", "a number"),
    ({"where": {"gone": 1}}, "aggregate.field_gone", "no field 'gone'"),
    ({"where": {"amount": 1}}, "aggregate.kind", "A condition takes"),
    ({"where": {"level": "1"}}, "aggregate.value", "whole number"),
    ({"where": {"api_token": "x"}}, "aggregate.refused", "secret"),
]


@pytest.mark.parametrize(("fields", "code", "said"), WRONG)
def test_what_is_wrong_is_a_problem_and_is_left_out(fields, code, said):
    """As for attributes: the rest of the map still works. A secret refuses the whole map."""
    wrong = with_aggregates(wrong=fields, right={})
    (problem,) = [each for each in check(wrong, catalog()) if each.code.startswith("aggregate")]
    assert (problem.code, problem.where) == (code, "Person.wrong")
    assert said in f"{problem.message} {problem.fix}"
    assert [each.code for each in drift(wrong, catalog())] == [code]
    if said == "secret":
        with pytest.raises(DocumentError) as caught:
            compile_map(wrong, catalog())
        assert [each.code for each in caught.value.problems] == ["attribute.secret"]
        return
    snapshot = compile_map(wrong, catalog())
    assert snapshot.by_prefix["Person"].names == ("Person_name", "Person_right")


def test_what_is_ignored_or_dropped_has_no_name():
    found = with_aggregates(
        ignored={"decision": "ignored"}, dropped={"privacy": "dropped"}, kept={}
    )
    assert compile_map(found, catalog()).by_prefix["Person"].names == ("Person_name", "Person_kept")
    assert not drift(found, catalog())


def test_a_latest_value_may_be_personal_and_a_count_is_not():
    found = with_aggregates(
        mail={"function": "latest", "field": "email", "by": "day"},
        mails={"function": "distinct", "field": "email"},
    )
    problems = [each for each in check(found, catalog()) if each.code == "privacy.undeclared"]
    assert "Person.mail" in [each.where for each in problems]
    assert "Person.mails" not in [each.where for each in problems]


def test_two_paths_to_the_name_of_a_count_collide():
    entries = {"n": AggregateEntry("team")}
    found = document(
        Profile=tracked("host.profile", ["nickname"], ["person"]),
        Person=tracked("host.person", [], ["boss"], aggregates=entries),
        Order=tracked("host.order", ["number"], ["person"]),
    )
    assert "name.two_roads" not in [each.code for each in check(found, catalog())]
    both = document(
        Person=tracked("host.person", ["name"], [("boss", "Boss")], aggregates=entries),
    )
    names = compile_map(both, catalog()).by_prefix["Person"].names
    assert names == ("Person_name", "Person_n", "Boss_name", "Boss_n")
    twice = document(
        Order=tracked("host.order", ["number"], ["billing_address", "shipping_address"]),
        Address=tracked("host.address", [], ["country"]),
        Country=tracked("host.country", [], aggregates={"n": AggregateEntry("purchases")}),
    )
    assert "name.two_roads" in [each.code for each in check(twice, catalog())]


def test_an_aggregate_is_no_lookup():
    found = with_aggregates(n={})
    assert not compile_map(found, catalog()).by_prefix["Person"].lookups
