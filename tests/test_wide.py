"""A site of more than 40 models: what rows give by themselves, and what the rest costs."""

import pytest
from django.db import connection, transaction
from django.test import override_settings
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject

from tests import oracle
from tests.wide import models as wide
from tests.wide.site import fill, site_map, site_models
from trackadmin.catalog import catalog
from trackadmin.compiler import check, compile_map, obstacles, query_tree
from trackadmin.compiler.obstacles import ObstacleCode
from trackadmin.compiler.query_tree import MAX_TABLES
from trackadmin.compiler.sql import statement_text
from trackadmin.compiler.sql import statements as statements_module
from trackadmin.runtime import get_model, iter_tracking_values, tracking_values, values_from_query
from trackadmin.runtime.backfill import backfill
from trackadmin.runtime.bulk import stream
from trackadmin.runtime.current import pin, unpin
from trackadmin.runtime.faults import fault_counts
from trackadmin.runtime.flatten import flatten
from trackadmin.runtime.resolve import resolve
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db(databases=["default", "other"])

NAMES = [facts.name for facts in site_models()]
#: Models that have, or lead to, something that is not a column of a row.
NOT_ROWS = {
    **dict.fromkeys(
        ["Company", "Customer", "Purchase", "Delivery", "Parcel", "Passport"], "computed"
    ),
    **dict.fromkeys(["Shouted", "Listener"], "its from_db changes what it holds"),
    **dict.fromkeys(["Folder", "Box"], "behind a manager that hides"),
    "Loose": "without a constraint",
    **dict.fromkeys(["Spot", "Cell"], "over two columns"),
    "Hub": "more tables than one query joins",
}
#: How many objects are loaded by queries of their own, and why; all else is one statement.
LOADED = {
    "Folder": 1,  # the vault
    "Box": 1,  # the same, one level down
    "Loose": 1,  # the city
    "Spot": 1,  # the region
    "Cell": 1,  # the grid
    "Hub": 1,  # the branches that make too many tables, both by one
}


@pytest.fixture(scope="module")
def snapshot():
    return compile_map(site_map(), catalog())


@pytest.fixture
def rows():
    reset()
    return fill()


def models(name):
    return getattr(wide, name)


def statements(captured):
    words = [query["sql"].split()[0] for query in captured.captured_queries]
    return [word for word in words if word in ("SELECT", "SAVEPOINT", "ROLLBACK")]


def url(name, number=0):
    return f"{name}__code={name.lower()}{number}"


def test_the_site_is_wide(snapshot):
    assert len(NAMES) >= 40
    assert max(len(compiled.names) for compiled in snapshot.by_prefix.values()) > 200
    assert len(list(snapshot.by_prefix["Hub"].node.walk())) > MAX_TABLES
    assert max(node.path.count(".") for node in snapshot.by_prefix["Delivery"].node.walk()) >= 4


@pytest.mark.parametrize("name", NAMES)
def test_every_way_gives_the_values_of_the_oracle(snapshot, rows, name):
    """The same row, the same values: by URL, as a stream, and as an object."""
    shown = list(models(name)._default_manager.order_by("pk"))
    expected = [oracle.flatten(snapshot.document, obj) for obj in shown]
    assert expected
    fresh = list(models(name)._default_manager.order_by("pk"))
    assert [flatten(snapshot, (obj,), {}, fail) for obj in fresh] == expected
    compiled = snapshot.by_prefix[name]
    assert [*stream(compiled, models(name)._default_manager.order_by("pk"))] == expected
    for obj, values in zip(shown, expected, strict=True):
        found = resolve(snapshot, f"{name}__code={obj.code}")
        assert [each.outcome for each in found.references] == ["found"]
        assert found == values
        assert list(found) == list(values)
    assert fault_counts() == {}


def fail(code, where, error=None):
    raise AssertionError((code, where)) from error


def test_models_of_columns_are_answered_by_one_statement(snapshot, rows):
    """At least nine in ten of the models whose attributes are all columns."""
    one, without_instance = set(), set()
    for name in NAMES:
        resolve(snapshot, url(name))
        lookup = snapshot.lookup(f"{name}__code")
        assert not snapshot.resolver.obstacle(lookup)
        with CaptureQueriesContext(connection) as captured:
            resolve(snapshot, url(name))
        if statements(captured).count("SELECT") == 1:
            one.add(name)
        if not snapshot.resolver.reasons(lookup):
            without_instance.add(name)
    assert one == {*NAMES} - {*LOADED}
    assert without_instance == {*NAMES} - {*NOT_ROWS}
    columns = {name for name in NAMES if not NOT_ROWS.get(name, "").startswith("computed")}
    assert len(columns & one) / len(columns) >= 0.9


@pytest.mark.parametrize("name", NAMES)
def test_a_url_costs_the_one_statement_and_one_query_for_each_object_that_is_loaded(
    snapshot, rows, name
):
    """An instance for a computed attribute is made from the row and costs no query."""
    resolve(snapshot, url(name))
    with CaptureQueriesContext(connection) as captured:
        resolve(snapshot, url(name))
    assert statements(captured).count("SELECT") == 1 + LOADED.get(name, 0)


@pytest.mark.parametrize("name", NAMES)
def test_an_object_costs_one_query_for_each_child_that_is_not_loaded(snapshot, rows, name):
    """A child comes with its own children by one query, not by one for each object."""
    obj = models(name)._default_manager.get(code=f"{name.lower()}0")
    compiled = snapshot.by_prefix[name]
    with CaptureQueriesContext(connection) as captured:
        compiled.flatten(obj, fail)
    more = {"Box": 1}.get(name, 0)  # the vault behind the folder
    assert statements(captured).count("SELECT") <= len(compiled.node.children) + more


@pytest.mark.parametrize("name", NAMES)
def test_a_flatten_in_a_transaction_sends_one_savepoint_at_most(snapshot, rows, name):
    """However many objects are loaded and computed attributes read."""
    obj = models(name)._default_manager.get(code=f"{name.lower()}0")
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        snapshot.by_prefix[name].flatten(obj, fail)
    found = statements(captured)
    assert found.count("SAVEPOINT") == min(1, found.count("SELECT"))


@pytest.mark.parametrize("name", ["Hub", "Delivery", "Box", "Loose"])
def test_a_url_in_a_transaction_sends_one_savepoint(snapshot, rows, name):
    """The statement and all that is loaded share it."""
    resolve(snapshot, url(name))
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        resolve(snapshot, f"{url(name)}&{url('City')}&{url('Vehicle')}")
    assert statements(captured).count("SAVEPOINT") == 1


@override_settings(TRACKADMIN={"MAX_REFERENCES": 20, "MAX_TABLES": 1000})
def test_several_wide_references_are_answered_by_several_statements(snapshot, rows):
    """Together they have more tables or columns than one statement can have."""
    names = ["Hub", "Delivery", *(name for name in NAMES if name.startswith("Plain"))][:20]
    found = resolve(snapshot, "&".join(map(url, names)))
    # Some have another Part0 than others.
    assert {each.outcome for each in found.references} == {"found", "conflict"}
    with CaptureQueriesContext(connection) as captured:
        resolve(snapshot, "&".join(map(url, names)))
    assert "statement.failed" not in fault_counts()
    assert statements(captured).count("SELECT") <= 6


def test_a_city_that_is_gone_does_not_hide_what_points_to_it(snapshot, rows):
    """A key without a constraint may point to nothing; the row itself is still found."""
    wide.Loose.objects.filter(code="loose0").update(city_id=999)
    found = resolve(snapshot, url("Loose"))
    assert [each.outcome for each in found.references] == ["found"]
    assert found["Loose_title"] == "loose é0"
    assert found["City_title"] is None


def test_a_map_that_one_query_cannot_join_is_published_with_a_warning(snapshot):
    """Publish and explain say so. It is not an error, because the rest is loaded."""
    (problem,) = [p for p in check(site_map(), catalog()) if p.code == "model.too_many_tables"]
    assert (problem.level, problem.where) == ("warning", "Hub")
    assert "69 tables" in str(problem)
    assert problem in snapshot.prove()
    why = snapshot.resolver.reasons(snapshot.lookup("Hub__code"))
    assert why[0].code is ObstacleCode.TOO_MANY_TABLES
    assert str(why[0]).startswith("Hub.branch0: a query of its own loads it. ")


def test_a_hundred_children_of_one_object_are_loaded_by_few_queries(snapshot, rows, monkeypatch):
    """Not by one query for each, whether a query may join four tables or 64."""
    expected = oracle.flatten(snapshot.document, wide.Hub.objects.get(code="hub0"))
    for limit, queries in ((64, 2), (32, 3), (9, 9)):
        for module in (query_tree, statement_text, statements_module):
            monkeypatch.setattr(module, "MAX_TABLES", limit)
        monkeypatch.setattr(query_tree.fits, "__defaults__", (limit, False))
        small = compile_map(site_map(), catalog())
        resolve(small, url("Hub"))
        with CaptureQueriesContext(connection) as captured:
            assert resolve(small, url("Hub")) == expected
        assert statements(captured).count("SELECT") == queries
    assert fault_counts() == {}


@pytest.mark.parametrize("name", ["Spot", "Cell", "Grid", "Hub"])
def test_a_relation_over_two_columns_raises_nowhere(snapshot, rows, name):
    """Stream, backfill, URL and view."""
    obj = models(name).objects.get(code=f"{name.lower()}0")
    expected = oracle.flatten(snapshot.document, obj)
    before = pin("default", compile_map(site_map(), catalog(), number=1, digest="d"))
    try:
        assert next(iter_tracking_values(models(name).objects.order_by("pk"))) == expected
        if name != "Grid":
            assert next(iter(backfill(name))) == expected
        assert values_from_query(url(name)) == expected
        assert tracking_values(obj) == expected
        assert get_model(f"{name}__code", obj.code) == obj
    finally:
        unpin("default", before)
    assert fault_counts() == {}


def test_a_relation_over_two_columns_may_lead_nowhere(snapshot, rows):
    """Nulls, and no fault."""
    wide.Spot.objects.filter(code="spot0").update(north=99)
    found = resolve(snapshot, url("Spot"))
    assert found["Spot_code"] == "spot0"
    assert found["Region_code"] is None
    assert fault_counts() == {}


@pytest.mark.parametrize("name", NAMES)
def test_instances_made_from_rows_give_the_values_of_the_oracle(rows, name, monkeypatch):
    """Even if every model of the site needs instances, inherited ones included."""
    monkeypatch.setattr(obstacles, "loading_code", lambda model, harmless: "for the test")
    snapshot = compile_map(site_map(), catalog())
    for obj in models(name)._default_manager.order_by("pk"):
        found = resolve(snapshot, f"{name}__code={obj.code}")
        assert found == oracle.flatten(snapshot.document, obj)
    with CaptureQueriesContext(connection) as captured:
        resolve(snapshot, url(name))
    more = {**LOADED, "Hub": 2}  # an instance has room for fewer of the branches' columns
    assert statements(captured).count("SELECT") <= 1 + more.get(name, 0)
    assert fault_counts() == {}


def test_several_objects_with_keywords_share_one_savepoint(snapshot, rows):
    """So does a lazy object when it is loaded."""
    found = wide.Folder.objects.get(code="folder0"), wide.Loose.objects.get(code="loose0")
    lazy = SimpleLazyObject(lambda: wide.Spot.objects.get(code="spot0"))
    with transaction.atomic(), CaptureQueriesContext(connection) as captured:
        flatten(snapshot, (*found, lazy), {"other": wide.Box.objects.get(code="box1")}, fail)
    assert statements(captured).count("SAVEPOINT") == 1


def test_what_a_manager_joins_by_itself_counts_too(rows, monkeypatch):
    """The tables of its filter leave less room for the children's."""
    compiled = compile_map(site_map(), catalog())
    objects = wide.Hub.objects.filter(branch0__twig__leaf__bud__isnull=False)
    found = query_tree.shape_of(
        compiled.by_prefix["Hub"].node, "default", spare=query_tree.own_tables(objects)
    )
    assert found.tables + query_tree.own_tables(objects) <= MAX_TABLES
    monkeypatch.setattr(wide.Hub._default_manager, "get_queryset", lambda: objects)
    expected = oracle.flatten(compiled.document, wide.Hub.objects.get(code="hub0"))
    assert resolve(compiled, url("Hub")) == expected
    assert next(iter(stream(compiled.by_prefix["Hub"], objects.order_by("pk")))) == expected
    assert fault_counts() == {}
