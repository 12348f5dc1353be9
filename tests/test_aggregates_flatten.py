"""Counts and sums of instances: what the related manager says now, by one query each."""

from dataclasses import replace

import pytest
from asgiref.sync import async_to_sync
from django.db import connection, connections, models, transaction
from django.db.models import Prefetch, QuerySet
from django.db.models.expressions import RawSQL
from django.test.utils import CaptureQueriesContext

from tests.aggregate_worlds import (
    CLUB,
    COUNTRY,
    PERSON,
    PLACE,
    RESTAURANT,
    a_world,
    defined,
    the_map,
)
from tests.host.models import (
    Club,
    Country,
    Person,
    Place,
    Profile,
    Purchase,
    Restaurant,
    TenantManager,
)
from tests.maps import document, tracked
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map, fast_paths
from trackadmin.compiler.values import one_by_one
from trackadmin.runtime import atracking_values, bulk
from trackadmin.runtime.current import pin, unpin
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db(databases=["default", "other"])


@pytest.fixture
def snapshot():
    return compile_map(the_map(), catalog())


CASES = [
    (Person, PERSON),
    (Country, COUNTRY),
    (Place, PLACE),
    (Restaurant, RESTAURANT),
    (Club, CLUB),
]


@pytest.mark.parametrize(("model", "entries"), CASES)
def test_each_value_is_what_the_related_manager_says(snapshot, model, entries):
    a_world()
    objects = [*model.objects.all()]
    assert len(objects) > 1
    for obj in objects:
        values = snapshot.find(obj).flatten(obj, pytest.fail)
        prefix = model.__name__
        found = {name: values[f"{prefix}_{name}"] for name in entries}
        assert found == {name: defined(obj, entry) for name, entry in entries.items()}


def sent(connection, action):
    """The statements that an action sends to a database, without those of transactions."""
    with CaptureQueriesContext(connection) as captured:
        result = action()
    queries = [each["sql"] for each in captured.captured_queries]
    return result, [each for each in queries if each.startswith("SELECT")]


def counted(*names):
    """A map of persons with some of the counts and sums."""
    entries = {name: PERSON[name] for name in names}
    return compile_map(
        document(Person=tracked("host.person", ["name"], aggregates=entries)), catalog()
    )


JOINED = [name for name in PERSON if name not in ("encounters", "encounter", "away")]


def test_an_instance_takes_one_query_for_all_of_its_counts_and_sums():
    """Constant managers and those that are asked each time alike."""
    ann, *_ = a_world()
    snapshot = counted(*JOINED)
    flatten = snapshot.find(ann).flatten
    flatten(ann, pytest.fail)
    values, queries = sent(connection, lambda: flatten(ann, pytest.fail))
    assert len(queries) == 1
    assert values["Person_team"] == 3


def test_another_database_takes_a_query_of_its_own():
    *_, cid = a_world()
    flatten = counted("away", "team").find(cid).flatten
    (values, elsewhere), here = sent(
        connection, lambda: sent(connections["other"], lambda: flatten(cid, pytest.fail))
    )
    assert (len(here), len(elsewhere)) == (1, 1)
    assert values == {"Person_name": "Cid", "Person_away": 7, "Person_team": 0}


def test_a_manager_whose_query_cannot_be_joined_is_asked_for_each_value():
    ann, *_ = a_world()
    flatten = counted("encounters", "encounter", "team").find(ann).flatten
    values, queries = sent(connection, lambda: flatten(ann, pytest.fail))
    assert len(queries) == 3
    assert (values["Person_encounters"], values["Person_encounter"]) == (15, 5)


def test_children_take_one_query_each():
    _ann, bob, _cid = a_world()
    profile = Profile.objects.create(person=bob, nickname="bobby")
    snapshot = compile_map(
        document(
            Profile=tracked("host.profile", ["nickname"], ["person"]),
            Person=tracked(
                "host.person", ["name"], [("boss", "Boss")], aggregates={"n": PERSON["team"]}
            ),
        ),
        catalog(),
    )
    profile = Profile.objects.select_related("person__boss").get()
    values, queries = sent(connection, lambda: snapshot.find(profile).flatten(profile, pytest.fail))
    assert len(queries) == 2
    assert (values["Person_n"], values["Boss_n"]) == (0, 3)


NOTHING = {
    "all": 0,
    "clubs": 0,
    "distinct_note": 0,
    "sum_points": 0,
    "sum_amount": "0.00",
    "sum_weight": 0.0,
    "sum_span": "P0DT00H00M00S",
    "min_amount": None,
    "max_day": None,
    "latest_note": None,
    "tickets": "0.000",
    "parcels": 0,
    "away": 0,
}


@pytest.mark.parametrize("saved", [True, False])
def test_of_nothing(saved):
    """Also of an object without a key: no query is sent for it."""
    person = Person(name="Nobody", id=Person().id if saved else None)
    if saved:
        person.save()
    flatten = counted(*NOTHING).find(person).flatten
    values, queries = sent(connection, lambda: flatten(person, pytest.fail))
    found = {name: values[f"Person_{name}"] for name in NOTHING}
    assert found == NOTHING
    assert [type(each) for each in found.values()] == [type(each) for each in NOTHING.values()]
    assert bool(queries) == saved


def test_a_deferred_object_and_one_without_the_value_that_others_refer_to():
    a_world()
    country = Country.objects.defer("code").get(code="NL")
    snapshot = compile_map(the_map(), catalog())
    assert snapshot.find(country).flatten(country, pytest.fail)["Country_all"] == 5
    unset = Country(id=5, code=None, name="x")
    assert snapshot.find(unset).flatten(unset, pytest.fail)["Country_all"] == 0


def test_what_was_prefetched_with_other_rows_does_not_count():
    """The same row gives the same values, however it was loaded."""
    ann, *_ = a_world()
    few = Prefetch("purchases", Purchase.objects.filter(status="paid"))
    ann = Person.objects.prefetch_related(few).get(pk=ann.pk)
    assert len(ann.purchases.all()) == 1
    assert counted("all").find(ann).flatten(ann, pytest.fail)["Person_all"] == 5


def test_a_tenant_that_changes_is_seen(monkeypatch):
    ann, *_ = a_world()
    flatten = counted("parcels", "last_parcel").find(ann).flatten
    assert flatten(ann, pytest.fail)["Person_last_parcel"] == "red"
    monkeypatch.setattr(TenantManager, "current", "blue")
    assert flatten(ann, pytest.fail)["Person_last_parcel"] == "blue"
    monkeypatch.setattr(TenantManager, "current", "none")
    assert flatten(ann, pytest.fail)["Person_last_parcel"] is None
    assert flatten(ann, pytest.fail)["Person_parcels"] == 0


def test_a_manager_that_raises_costs_its_values_only(monkeypatch):
    """And says so, once for each."""
    ann, *_ = a_world()
    flatten = counted("parcels", "team", "last_parcel").find(ann).flatten
    faults = []
    monkeypatch.setattr(TenantManager, "get_queryset", lambda self: 1 / 0)
    values = flatten(ann, lambda *fault: faults.append(fault[:2]))
    assert values["Person_team"] == 3
    assert values["Person_parcels"] is values["Person_last_parcel"] is None
    assert sorted(faults) == [
        ("aggregate.failed", "Person.last_parcel"),
        ("aggregate.failed", "Person.parcels"),
    ]


def test_a_failing_sum_costs_one_value_and_leaves_the_transaction_usable(monkeypatch):
    """SQLite's sum of integers overflows; PostgreSQL cannot add up what is no number."""
    monkeypatch.setattr(fast_paths, "raising", False)
    ann, *_ = a_world()
    Purchase.objects.filter(person=ann).update(big=2**63 - 1)
    flatten = counted("sum_big", "team", "all").find(ann).flatten
    faults = []
    with transaction.atomic():
        values = flatten(ann, lambda *fault: faults.append(fault[:2]))
        assert Person.objects.filter(pk=ann.pk).exists()
    assert (values["Person_team"], values["Person_all"]) == (3, 5)
    if connection.vendor == "sqlite":
        assert values["Person_sum_big"] is None
        assert faults == [("aggregate.failed", "Person.sum_big")]
    else:
        assert values["Person_sum_big"] == 5 * (2**63 - 1)


def test_a_pseudonym_is_sent_in_place_of_the_value():
    ann, *_ = a_world()
    entries = {"mail": replace(PERSON["latest_email"], privacy="pseudonymised")}
    snapshot = compile_map(
        document(Person=tracked("host.person", [], aggregates=entries)), catalog()
    )
    value = snapshot.find(ann).flatten(ann, pytest.fail)["Person_mail"]
    assert value is not None
    assert "example" not in value


def test_the_slow_path_gives_the_same():
    """An object that the generated code cannot read."""
    ann, *_ = a_world()
    compiled = counted(*PERSON).find(ann)
    slow = one_by_one.flattener(compiled.node, compiled.pseudonym)
    assert slow(ann, pytest.fail) == compiled.flatten(ann, pytest.fail)


class OwnSum(QuerySet):
    """Adds up in a way of its own."""

    def aggregate(self, **kwargs):
        return dict.fromkeys(super().aggregate(**kwargs), 99)


def test_a_manager_that_adds_up_in_its_own_way_is_asked(monkeypatch):
    ann, *_ = a_world()

    def get_queryset(self):
        return OwnSum(self.model, using=self._db)

    monkeypatch.setattr(TenantManager, "get_queryset", get_queryset)
    compiled = counted("parcels", "team").find(ann)
    values = compiled.flatten(ann, pytest.fail)
    assert (values["Person_parcels"], values["Person_team"]) == (99, 3)
    (streamed,) = bulk.stream(compiled, Person.objects.filter(pk=ann.pk))
    assert streamed == values


@pytest.mark.django_db(databases=["default", "other"], transaction=True)
def test_the_async_twin_asks_in_a_thread():
    ann, *_ = a_world()
    snapshot = counted("team", "all")
    before = pin("default", replace_digest(snapshot))
    try:
        values = async_to_sync(atracking_values)(ann)
    finally:
        unpin("default", before)
        reset()
    assert (values["Person_team"], values["Person_all"]) == (3, 5)


def replace_digest(snapshot):
    """As a published one, which has a digest."""
    return compile_map(snapshot.document, catalog(), number=1, digest="d")


def test_a_host_transaction_is_never_left_aborted(monkeypatch):
    """What the database refuses costs the values of that relation, and nothing else."""
    monkeypatch.setattr(fast_paths, "raising", False)
    ann, *_ = a_world()

    def get_queryset(self):
        found = models.Manager.get_queryset(self)
        return found.annotate(broken=RawSQL("nothing_of_this_name", ())).filter(broken=1)

    monkeypatch.setattr(TenantManager, "get_queryset", get_queryset)
    compiled = counted("parcels", "team").find(ann)
    faults = []

    def fault(*given):
        faults.append(given[:2])

    with transaction.atomic():
        values = compiled.flatten(ann, fault)
        assert (values["Person_parcels"], values["Person_team"]) == (None, 3)
        (streamed,) = bulk.stream(compiled, Person.objects.filter(pk=ann.pk))
        assert streamed == values
        assert Person.objects.count() == 4
    assert {*faults} == {("aggregate.failed", "Person.parcels")}
