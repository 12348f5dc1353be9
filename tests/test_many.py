"""Counts and sums by every path, compared with an oracle that looks at each related object."""

import decimal
import random
from dataclasses import replace
from functools import lru_cache

import pytest
from django.apps import apps
from django.db import connection, models, transaction
from django.db.models import Count, Max, Min, Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import oracle, tally, worlds
from tests.many.models import Shop
from tests.many.rows import fill
from tests.maps import document, tracked
from trackadmin.catalog import catalog
from trackadmin.compiler import check, compile_map
from trackadmin.compiler.sql.sql_view import view_sql
from trackadmin.document import AggregateEntry
from trackadmin.exceptions import ExportError
from trackadmin.runtime import (
    iter_tracking_values,
    tracking_query,
    tracking_values,
    values_from_query,
)
from trackadmin.runtime.backfill import backfill
from trackadmin.runtime.current import pin, unpin

pytestmark = [
    pytest.mark.django_db(databases=["default", "other"]),
    pytest.mark.usefixtures("fresh_process"),
]

LABELS = ["many.shop", "many.branch", "many.town", "many.label", "many.sale", "many.shopproxy"]
ORM = {"sum": Sum, "min": Min, "max": Max}
#: Names of one document; far below what a query may select.
AT_ONCE = 60


@lru_cache
def combinations(label):
    """Each relation with each function and each field that exists, sensible or not."""
    return [
        AggregateEntry(relation, function, field, by)
        for relation, model in worlds.related_models(label).items()
        for function, fields in worlds.FIELDS.items()
        for field in fields
        if not field or field in _fields(model)
        for by in (worlds.NEWEST_BY[:3] if function == "latest" else [""])
        if not by or by in _fields(model)
    ]


def part_of(found):
    """All in the long run, and every fifth in the short one."""
    return found if oracle.cases(1) > 1 else found[::5]


def _fields(model):
    return {field.attname for field in model._meta.concrete_fields}


@lru_cache
def offered(label):
    """Those that the map may have."""
    every = {f"a{n}": replace(a, position=n) for n, a in enumerate(combinations(label))}
    tracked_model = replace(tracked(label), aggregates=every)
    problems = check(document(It=tracked_model), catalog())
    refused = {p.where.partition(".")[2] for p in problems if p.level == "error"}
    return [aggregate for name, aggregate in every.items() if name not in refused]


@pytest.mark.torture
@pytest.mark.parametrize("label", LABELS)
def test_the_oracle_says_what_the_related_manager_says(label):
    """The oracle itself, compared with the ORM's own aggregates, where these exist."""
    fill(random.Random(1))
    compared = 0
    with worlds.acting_as("a"):
        for obj in apps.get_model(label).objects.all():
            for aggregate in part_of(combinations(label)):
                rows = getattr(obj, aggregate.relation).filter()
                said = oracle.aggregated(aggregate, oracle.related_rows(obj, aggregate), rows.model)
                if aggregate.function == "count":
                    assert said == rows.count()
                elif aggregate.function == "distinct":
                    assert said == rows.aggregate(n=Count(aggregate.field, distinct=True))["n"]
                elif aggregate.function != "latest":
                    field = rows.model._meta.get_field(aggregate.field)
                    found = rows.aggregate(n=ORM[aggregate.function](aggregate.field))["n"]
                    assert said == scalar(found, field, aggregate.function), aggregate
                compared += 1
    assert compared


def scalar(found, field, function):
    """Of what the ORM computes: a decimal number has the field's places, a sum of nothing is 0."""
    if found is None and function == "sum":
        found = oracle.nothing(field)
    if isinstance(found, decimal.Decimal) and isinstance(field, models.DecimalField):
        found = round(found, field.decimal_places)
    return oracle.scalar(found, field)


def in_documents(label):
    """All that is offered, in documents of at most ``AT_ONCE``."""
    found = part_of(offered(label))
    for start in range(0, len(found), AT_ONCE):
        part = found[start : start + AT_ONCE]
        named = {f"{a.relation}_{a.function}{n}": a for n, a in enumerate(part)}
        named = {name: replace(a, position=n) for n, (name, a) in enumerate(named.items())}
        key = "text" if label == "many.label" else "id" if label == "many.sale" else "code"
        top = replace(tracked(label, ["id"] if key == "text" else [key]), aggregates=named)
        yield document(It=top if key == "text" else replace(top, key=key))


@pytest.mark.torture
@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("name", ["a", None])
def test_every_function_of_every_field_by_every_path(label, name):
    """As a tenant sees them, and as nobody does; there strict managers raise and give null."""
    fill(random.Random(2))
    with worlds.acting_as(name):
        for found in in_documents(label):
            agree(found, "It")


def agree(found, *prefixes):
    """Instance, URL, stream, backfill and view say what the oracle says."""
    snapshot = compile_map(found, catalog(), number=1, digest="d")
    before = pin("default", snapshot)
    try:
        for prefix in prefixes:
            _agree(found, snapshot, prefix)
    finally:
        unpin("default", before)


def _agree(found, snapshot, prefix):
    model = apps.get_model(found.models[prefix].model)
    rows = model._default_manager.order_by("pk")
    expected = [exact(oracle.flatten(found, obj)) for obj in rows]
    assert [exact(tracking_values(obj)) for obj in rows] == expected
    assert tuple(name for name, _, _ in expected[0]) == snapshot.by_prefix[prefix].names
    if found.models[prefix].key:
        queries = [tracking_query(obj) for obj in rows]
        assert [exact(values_from_query(query)) for query in queries] == expected
    assert [exact(values) for values in iter_tracking_values(rows)] == expected
    assert [exact(values) for values in backfill(prefix, chunk=2)] == expected
    has_sums = {name for name, _, _ in expected[0]} & worlds.names_of_sums(found)
    tally.count("rows, by each path", has_sums, len(expected))
    if connection.vendor == "postgresql":
        same_by_view(snapshot.by_prefix[prefix], expected)


def exact(values):
    return [(name, type(value), value) for name, value in values.items()]


def same_by_view(compiled, expected):
    """What the view leaves out it lists; the names of that."""
    try:
        view = view_sql(compiled, "default")
    except ExportError:
        return set(compiled.names)
    missing = {each.name for each in view.left_out}
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(view.sql)
        cursor.execute(f'SELECT * FROM "{view.name}"')
        names = [column.name for column in cursor.description]
        rows = [exact(dict(zip(names, map(whole, row), strict=True))) for row in cursor.fetchall()]
        cursor.execute(f'DROP VIEW "{view.name}"')
    shown = [[each for each in values if each[0] not in missing] for values in expected]
    assert sorted(rows, key=repr) == sorted(shown, key=repr)
    return missing


def whole(value):
    """A sum of whole numbers may not fit into any column of whole numbers."""
    return int(value) if isinstance(value, decimal.Decimal) else value


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(3))
def test_any_map_with_counts_and_sums(seed):
    """With conditions, children that have them too, prefixes and pseudonyms."""
    fill(random.Random(seed))
    labels = [label for label in worlds.ATTRIBUTES if label.startswith("many.")]

    @settings(max_examples=oracle.cases(15), database=None, suppress_health_check=list(HealthCheck))
    @given(worlds.maps(labels), st.sampled_from(["a", "b", "boss", None]))
    def compare(found, name):
        with worlds.acting_as(name):
            agree(found, *found.models)

    compare()


@pytest.mark.postgresql
def test_a_view_has_them():
    """Those of related objects whose manager is always the same."""
    fill(random.Random(4))
    usual = ("sales", "hiddens", "friends", "partners", "parts")
    usual = [a for a in offered("many.shop") if a.relation in usual]
    named = {f"n{number}": replace(a, position=number) for number, a in enumerate(usual)}
    found = document(It=replace(tracked("many.shop", ["code"], key="code"), aggregates=named))
    expected = [exact(oracle.flatten(found, obj)) for obj in Shop.objects.order_by("pk")]
    missing = same_by_view(compile_map(found, catalog()).by_prefix["It"], expected)
    assert missing == set()


def test_they_are_not_all_refused():
    """What must be there: each function, both sorts of relation, both ways."""
    found = {(a.relation, a.function, a.field) for a in offered("many.shop")}
    assert found >= {
        ("sales", "count", ""),
        ("sales", "sum", "amount"),
        ("sales", "sum", "pieces"),
        ("sales", "min", "moment"),
        ("sales", "max", "day"),
        ("sales", "latest", "status"),
        ("sales", "distinct", "status"),
        ("friends", "count", ""),
        ("partners", "count", ""),
        ("partner_of", "count", ""),
        ("parts", "count", ""),
        ("hiddens", "sum", "amount"),
    }
    assert {a.relation for a in offered("many.label")} >= {"sales", "hiddens"}
    assert {a.relation for a in offered("many.sale")} >= {"labels", "visits"}
    assert {a.relation for a in offered("many.branch")} >= {"sales", "visits", "friends"}
    assert {a.relation for a in offered("many.town")} == {"shops"}
