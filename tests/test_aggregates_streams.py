"""Counts and sums of many objects: as of each instance, and no query for each row."""

from functools import partial

import pytest
from django.db import connection, connections
from django.db.models import Model

from tests.aggregate_worlds import PERSON, of, the_map
from tests.host.models import (
    Club,
    Country,
    Order,
    Person,
    Place,
    PlaceProxy,
    Profile,
    Purchase,
    Restaurant,
    TenantManager,
)
from tests.maps import document, tracked
from tests.test_aggregates_flatten import sent
from tests.test_aggregates_urls import joined_map, world
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map, fast_paths
from trackadmin.compiler.obstacles import Obstacle
from trackadmin.compiler.sql import streams
from trackadmin.runtime import bulk

pytestmark = pytest.mark.django_db(databases=["default", "other"])

MODELS = [Person, Country, Place, Restaurant, Club, Order, Profile, PlaceProxy]


def with_code():
    """A model whose own code runs, so that its objects are loaded."""
    aggregates = {"parcels": of("parcels"), "kilos": of("parcels", "max", "kilos")}
    proxy = tracked("host.placeproxy", ["name", "loud_name"], key="name", aggregates=aggregates)
    return {"PlaceProxy": proxy}


def every_map():
    return joined_map(), joined_map(**with_code()), compile_map(the_map(**with_code()), catalog())


@pytest.mark.parametrize("model", MODELS)
def test_a_stream_gives_what_each_instance_gives(model):
    world()
    for snapshot in every_map():
        compiled = snapshot.find(model)
        rows = model.objects.order_by("pk")
        expected = [compiled.flatten(obj, pytest.fail) for obj in model.objects.order_by("pk")]
        found = [*bulk.stream(compiled, rows)]
        assert found == expected
        assert [[*each] for each in found] == [[*each] for each in expected]
        assert len(found) > 1 or model is Profile


@pytest.mark.parametrize("model", MODELS)
def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(model):
    """Not even where objects must be loaded, or related ones are in another database."""
    world()
    maps = joined_map(**with_code()), joined_map()
    for snapshot in maps:
        compiled = snapshot.find(model)
        [*bulk.stream(compiled, model.objects.all())]
        numbers = []
        for rows in (model.objects.all()[:1], model.objects.all()):
            stream = partial(bulk.stream, compiled, rows)
            _values, queries = sent(connection, lambda stream=stream: [*stream()])
            numbers.append(len(queries))
        assert numbers[0] >= numbers[1]


def test_what_is_in_another_database_is_loaded_for_a_chunk():
    *_, cid = world()
    person = tracked("host.person", ["name"], aggregates={"away": PERSON["away"]})
    compiled = compile_map(document(Person=person), catalog()).by_prefix["Person"]
    assert isinstance(streams.shape(compiled, Person.objects.all()), Obstacle)
    (values, elsewhere), here = sent(
        connection,
        lambda: sent(
            connections["other"], lambda: [*bulk.stream(compiled, Person.objects.order_by("name"))]
        ),
    )
    assert len(here) <= len(elsewhere) == 1  # a cursor of the server is not in the log
    assert [each["Person_away"] for each in values] == [0, 0, 0, 7]
    assert cid.name == values[-1]["Person_name"]


def test_rows_without_obstacles_make_no_instances(monkeypatch):
    world()
    compiled = joined_map().by_prefix["Person"]
    monkeypatch.setattr(Model, "from_db", None)
    assert len([*bulk.stream(compiled, Person.objects.all())]) == 4


def test_chunks_are_complete(monkeypatch):
    """The last one is shorter, and each object has its own values."""
    world()
    monkeypatch.setattr(bulk, "CHUNK_SIZE", 3)
    for snapshot in every_map():
        compiled = snapshot.find(Person)
        rows = Person.objects.order_by("name", "id")
        found = [*bulk.stream(compiled, rows)]
        assert found == [compiled.flatten(obj, pytest.fail) for obj in rows]


def test_a_sum_that_fails_costs_one_value_of_one_row(monkeypatch):
    """SQLite's sum of integers overflows: the others are still found."""
    ann, bob, _cid = world()
    Purchase.objects.filter(person=ann).update(big=2**63 - 1)
    Purchase.objects.filter(person=bob).update(big=4)
    person = tracked(
        "host.person", ["name"], aggregates={n: PERSON[n] for n in ("sum_big", "all", "team")}
    )
    compiled = compile_map(document(Person=person), catalog()).by_prefix["Person"]
    faults = []
    monkeypatch.setattr(bulk, "report", lambda *fault: faults.append(fault[:2]))
    found = {
        each["Person_name"]: each for each in bulk.stream(compiled, Person.objects.order_by("-pk"))
    }
    assert found["Bob"]["Person_sum_big"] == 4
    poor = {
        each["Person_all"]: each["Person_sum_big"]
        for each in bulk.stream(compiled, Person.objects.filter(pk=ann.pk))
    }
    overflows = connection.vendor == "sqlite"
    assert poor == {5: None if overflows else 5 * (2**63 - 1)}
    assert {*faults} == ({("aggregate.failed", "Person.sum_big")} if overflows else set())


def test_a_manager_that_raises_costs_its_values_only(monkeypatch):
    monkeypatch.setattr(fast_paths, "raising", False)
    world()
    compiled = joined_map().by_prefix["Person"]
    monkeypatch.setattr(TenantManager, "get_queryset", lambda self: 1 / 0)
    found = [*bulk.stream(compiled, Person.objects.order_by("-name"))]
    assert [each["Person_parcels"] for each in found] == [None] * 4
    assert found[0]["Person_team"] == 0
    assert max(each["Person_team"] for each in found) == 3


def test_a_tenant_that_changes_is_seen(monkeypatch):
    ann, *_ = world()
    compiled = joined_map().by_prefix["Person"]
    rows = Person.objects.filter(pk=ann.pk)
    for tenant, latest in (("red", "red"), ("blue", "blue"), ("none", None)):
        monkeypatch.setattr(TenantManager, "current", tenant)
        (values,) = bulk.stream(compiled, rows)
        assert values["Person_last_parcel"] == latest


def test_a_pseudonym_and_two_names_in_a_stream():
    world()
    aggregates = {
        "mail": of("purchases", "latest", "email", "day"),
        "n": of("purchases"),
    }
    aggregates["mail"] = type(aggregates["mail"])(
        **{f: getattr(aggregates["mail"], f) for f in ("relation", "function", "field", "by")},
        privacy="pseudonymised",
    )
    person = tracked(
        "host.person",
        ["name"],
        aggregates=aggregates,
        former_prefix="Human",
        until="2030-01-01",
    )
    snapshot = compile_map(document(Person=person), catalog())
    compiled = snapshot.by_prefix["Person"]
    rows = Person.objects.order_by("pk")
    found = [*bulk.stream(compiled, rows)]
    assert found == [compiled.flatten(obj, pytest.fail) for obj in rows]
    assert {each["Human_n"] for each in found} == {0, 1, 5}
    assert all(each["Human_mail"] == each["Person_mail"] for each in found)


def test_an_object_of_a_descendant_counts_as_its_ancestor():
    """Only the place is tracked, and restaurants are places."""
    world()
    place = tracked("host.place", ["name"], aggregates={"parcels": of("parcels", "sum", "kilos")})
    snapshot = compile_map(document(Place=place), catalog())
    compiled = snapshot.find(Restaurant)
    assert compiled.prefix == "Place"
    rows = Restaurant.objects.order_by("pk")
    found = [*bulk.stream(compiled, rows)]
    assert found == [compiled.flatten(obj, pytest.fail) for obj in rows]
    assert [each["Place_parcels"] for each in found] == [3, 0]
