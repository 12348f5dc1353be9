"""Counts and sums in a database view: the values of the instances, or left out with the reason."""

from dataclasses import replace

import pytest
from django.db import connection

from tests.aggregate_worlds import PERSON, of
from tests.host.models import Club, Country, Order, Person, Place, Profile, Restaurant
from tests.maps import document, tracked
from tests.test_aggregates_urls import joined_map, world
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.compiler.sql.sql_view import view_sql

pytestmark = [
    pytest.mark.django_db(databases=["default", "other"]),
    pytest.mark.postgresql,
]


def shown(view):
    """The rows of a view, as dicts."""
    with connection.cursor() as cursor:
        cursor.execute(view.sql)
        cursor.execute(f'SELECT * FROM "{view.name}"')
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
        cursor.execute(f'DROP VIEW "{view.name}"')
    return rows


@pytest.mark.parametrize("model", [Person, Country, Restaurant, Club, Order, Profile, Place])
def test_a_view_shows_what_the_instances_give(model):
    """Through children too: of no object there is no count, and of an object without any 0."""
    world()
    compiled = joined_map().find(model)
    view = view_sql(compiled, "default")
    out = {left.name for left in view.left_out}
    expected = [
        {
            name: value
            for name, value in compiled.flatten(obj, pytest.fail).items()
            if name not in out
        }
        for obj in model.objects.all()
    ]
    found = shown(view)
    key = next(iter(expected[0]))
    for rows in (found, expected):
        rows.sort(key=lambda each: (str(each[key]), str(each)))
    assert found == expected


def test_what_a_view_cannot_show_is_left_out_with_the_reason():
    world()
    aggregates = {
        **{name: PERSON[name] for name in ("parcels", "encounters", "away", "team")},
        "data": of("purchases", "latest", "data", "day"),
        "secret": replace(of("purchases"), privacy="pseudonymised"),
        "backwards": of("purchases", "latest", "backwards", "day"),
        "different": of("purchases", "distinct", "backwards"),
    }
    person = tracked("host.person", ["name"], aggregates=aggregates)
    compiled = compile_map(document(Person=person), catalog()).by_prefix["Person"]
    view = view_sql(compiled, "default")
    reasons = {left.name: str(left) for left in view.left_out}
    assert {*reasons} == {
        f"Person_{name}"
        for name in ("parcels", "encounters", "away", "data", "secret", "backwards")
    }
    assert "each time" in reasons["Person_parcels"]
    assert "distinct" in reasons["Person_encounters"]
    assert "another database" in reasons["Person_away"]
    assert [*shown(view)[0]] == ["Person_name", "Person_different", "Person_team"]
