"""What must hold however often, and whatever is killed meanwhile: long in make torture."""

from urllib.parse import urlencode

import pytest
from django.db import connections
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import oracle, tally, worlds
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.runtime import iter_tracking_values, tracking_values, values_from_query
from trackadmin.runtime.current import pin, unpin
from trackadmin.testing import reset

pytestmark = pytest.mark.torture

SEEDS = range(oracle.cases(1))


def exact(values):
    """Equal only where the types are too: 1 is not True, nor 1.0."""
    return {name: (type(value), value) for name, value in values.items()}


class Statements:
    """Counts the SELECTs of each connection, but for nothing else."""

    def __init__(self):
        self.count = 0

    def __call__(self, execute, sql, params, many, context):
        self.count += sql.startswith("SELECT")
        return execute(sql, params, many, context)


@pytest.mark.django_db(databases=["default", "other"])
@pytest.mark.parametrize("seed", SEEDS)
def test_any_map_any_rows_any_query(seed):
    """Flatten, resolve and stream give what plain getattr and the ORM give."""
    world = worlds.World(seed)
    counter = Statements()

    @settings(
        max_examples=40, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(worlds.maps(), st.data())
    def compare(document, data):
        snapshot = compile_map(document, catalog(), number=1, digest="d")
        before = pin("default", snapshot)
        try:
            flattened(world, document)
            for pairs in data.draw(st.lists(world.queries(document), min_size=8, max_size=16)):
                resolved(world, document, snapshot, pairs, counter)
            streamed(world, document, data.draw(st.randoms(use_true_random=True)))
        finally:
            unpin("default", before)

    reset()
    with (
        connections["default"].execute_wrapper(counter),
        connections["other"].execute_wrapper(counter),
    ):
        compare()
    reset()


def flattened(world, document):
    for obj in world.objects(document):
        expected = oracle.flatten(document, obj)
        values = tracking_values(obj)
        assert list(values) == list(expected)
        assert exact(values) == exact(expected)
        tally.compared["objects flattened"] += 1


def resolved(world, document, snapshot, pairs, counter):
    expected, outcomes = worlds.expected_values(world, document, pairs)
    lookups = [snapshot.lookup(name) for name, _ in pairs]
    plain = not any(snapshot.resolver.refusal(lookup) for lookup in lookups if lookup)
    counter.count = 0
    values = values_from_query(urlencode(pairs))
    assert exact(values) == exact(expected)
    assert [(each.name, each.outcome) for each in values.references] == outcomes
    assert not plain or counter.count <= 2, "more than one statement for each database"
    tally.compared["query strings resolved"] += 1


def streamed(world, document, chance):
    for entry in document.models.values():
        model = catalog().get(entry.model).model
        rows = model._default_manager.order_by(chance.choice(["pk", "-pk"]))
        rows = rows[: chance.choice([None, 3])]
        found = list(iter_tracking_values(rows))
        keys = world.keys(rows)
        objects = {obj.pk: obj for obj in world.rows[entry.model]}
        expected = [oracle.flatten(document, objects[pk]) for pk in keys]
        assert [exact(values) for values in found] == [exact(values) for values in expected]
        tally.compared["rows streamed"] += len(found)
