"""Counts and sums of a tracking URL: the same values as of the instance, by one statement."""

import pytest
from django.db import connection, connections
from django.test import override_settings

from tests.aggregate_worlds import PERSON, a_world, of, the_map
from tests.host.models import (
    Club,
    Country,
    Order,
    Person,
    Place,
    PlaceProxy,
    Profile,
    Restaurant,
    TenantManager,
)
from tests.maps import document, tracked
from tests.test_aggregates_flatten import JOINED, sent
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map, fast_paths
from trackadmin.runtime.resolve import resolve

pytestmark = pytest.mark.django_db(databases=["default", "other"])


def joined_map(**others):
    aggregates = {name: PERSON[name] for name in JOINED}
    person = tracked("host.person", ["id", "name"], ["boss"], "id", aggregates=aggregates)
    return compile_map(the_map(**{"Person": person, **others}), catalog())


def world():
    ann, bob, cid = a_world()
    Profile.objects.create(person=bob, nickname="bobby")
    return ann, bob, cid


CASES = [
    (Person, "id"),
    (Country, "code"),
    (Place, "name"),
    (Restaurant, "name"),
    (Club, "name"),
    (Order, "number"),
    (Profile, "nickname"),
]


def same(snapshot, model, key, found):
    obj = model.objects.get(**{key: found})
    query = f"{snapshot.find(obj).prefix}__{key}={found}"
    return resolve(snapshot, query), snapshot.find(obj).flatten(obj, pytest.fail)


@pytest.mark.parametrize(("model", "key"), CASES)
def test_a_url_gives_what_the_instance_gives(model, key):
    """Also through a child, and whatever cannot be in one statement."""
    world()
    for snapshot in (joined_map(), compile_map(the_map(), catalog())):
        for found in model.objects.values_list(key, flat=True):
            values, expected = same(snapshot, model, key, found)
            assert dict(values) == expected
            assert [*expected.values()] != [None] * len(expected)


@pytest.mark.parametrize(("model", "key"), CASES)
def test_a_url_is_one_statement(model, key):
    world()
    snapshot = joined_map()
    found = model.objects.values_list(key, flat=True)[0]
    query = f"{model.__name__}__{key}={found}"
    resolve(snapshot, query)
    _values, queries = sent(connection, lambda: resolve(snapshot, query))
    assert len(queries) == 1


@override_settings(TRACKADMIN={"MAX_TABLES": 1000})
def test_several_references_are_one_statement():
    ann, *_ = world()
    snapshot = joined_map()
    query = f"Person__id={ann.pk}&Country__code=NL&Club__name=Chess&Order__number=o0"
    values, queries = sent(connection, lambda: resolve(snapshot, query))
    assert len(queries) == 1
    assert values["Country_all"] == 5
    assert values["Person_all"] == 5
    assert values["Club_members"] == 2
    query = "Profile__nickname=bobby&Country__code=AQ&Club__name=Nowhere"
    values, queries = sent(connection, lambda: resolve(snapshot, query))
    assert len(queries) == 1
    assert values["Person_all"] == 1
    assert values["Country_all"] == 0
    assert "Club_members" not in values


def test_a_url_reads_a_limited_number_of_tables():
    """Each count and sum is one more, and one without an index ten."""
    ann, *_ = world()
    snapshot = joined_map()
    (cost,) = {each.cost for each in snapshot.by_prefix["Person"].lookups.values()}
    assert cost > len(JOINED)
    values = resolve(snapshot, f"Country__code=NL&Person__id={ann.pk}&Club__name=Chess")
    assert "Club_members" not in values


def test_conditions_keep_their_order_among_the_parameters():
    """The values of conditions come before the reference's own in the text of a statement."""
    world()
    aggregates = {
        "a": of("purchases", status="paid"),
        "b": of("purchases", "sum", "points", status="new", paid=False),
        "c": of("purchases"),
    }
    snapshot = compile_map(
        document(
            Person=tracked("host.person", ["name"], [], "", aggregates=aggregates),
            Order=tracked("host.order", ["number"], ["person"], "number"),
            Country=tracked("host.country", ["code"], key="code", aggregates=aggregates),
        ),
        catalog(),
    )
    for _again in range(2):
        values = resolve(snapshot, "Country__code=NL&Order__number=o1")
        assert (values["Person_a"], values["Person_b"], values["Person_c"]) == (1, 102, 5)
        assert (values["Country_a"], values["Country_b"], values["Country_c"]) == (1, 102, 5)


def test_a_model_whose_code_runs_is_still_one_statement():
    """An instance is made of the row; its counts come with the row."""
    world()
    aggregates = {"parcels": of("parcels"), "kilos": of("parcels", "sum", "kilos")}
    snapshot = compile_map(
        document(
            PlaceProxy=tracked(
                "host.placeproxy", ["name", "loud_name"], key="name", aggregates=aggregates
            )
        ),
        catalog(),
    )
    values, queries = sent(connection, lambda: resolve(snapshot, "PlaceProxy__name=Noma"))
    assert len(queries) == 1
    assert dict(values) == {
        "PlaceProxy_name": "Noma",
        "PlaceProxy_loud_name": "NOMA",
        "PlaceProxy_parcels": 3,
        "PlaceProxy_kilos": 3,
    }
    assert PlaceProxy.objects.count() == 3


def test_what_is_in_another_database_takes_a_query_there():
    *_, cid = world()
    snapshot = compile_map(
        document(
            Person=tracked(
                "host.person", ["id"], key="id", aggregates={n: PERSON[n] for n in ("away", "team")}
            )
        ),
        catalog(),
    )
    (values, elsewhere), here = sent(
        connection,
        lambda: sent(connections["other"], lambda: resolve(snapshot, f"Person__id={cid.pk}")),
    )
    assert values["Person_away"] == 7
    assert (len(here), len(elsewhere)) == (1, 1)
    reasons = map(str, snapshot.resolver.reasons(snapshot.lookup("Person__id")))
    assert "another database" in " ".join(reasons)


def test_a_tenant_that_changes_is_seen(monkeypatch):
    """The statement of a manager that may differ is asked for each time, and still one."""
    ann, *_ = world()
    snapshot = joined_map()
    query = f"Person__id={ann.pk}"
    for tenant, latest in (("red", "red"), ("blue", "blue"), ("none", None), ("red", "red")):
        monkeypatch.setattr(TenantManager, "current", tenant)
        values, queries = sent(connection, lambda: resolve(snapshot, query))
        assert values["Person_last_parcel"] == latest
        assert len(queries) == 1


def test_a_manager_that_raises_costs_its_values_only(monkeypatch):
    ann, *_ = world()
    snapshot = joined_map()
    monkeypatch.setattr(TenantManager, "get_queryset", lambda self: 1 / 0)
    values = resolve(snapshot, f"Person__id={ann.pk}&Country__code=NL")
    assert values["Person_parcels"] is None
    assert values["Person_team"] == 3
    assert values["Country_all"] == 5


def test_a_manager_that_looks_at_the_object_is_asked_for_each(monkeypatch):
    ann, *_ = world()
    snapshot = joined_map()
    plain = TenantManager.get_queryset

    def get_queryset(self):
        found = plain(self)
        name = getattr(getattr(self, "instance", None), "name", "")
        return found.filter(kilos=2) if name == "Ann" else found

    monkeypatch.setattr(TenantManager, "get_queryset", get_queryset)
    values = resolve(snapshot, f"Person__id={ann.pk}")
    assert values["Person_parcels"] == 2
    place = resolve(snapshot, "Place__name=Noma")
    assert place["Place_parcels"] == 2


def test_nothing_is_left_where_nothing_is_unusual():
    ann, *_ = world()
    snapshot = joined_map()
    fast_paths.forget()
    for query in (f"Person__id={ann.pk}", "Country__code=NL&Club__name=Go"):
        for _again in range(3):
            resolve(snapshot, query)
    assert {path for path, _ in fast_paths.counts()} <= {"cursor"}
