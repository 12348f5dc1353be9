"""The table of kinds: it is complete, and every path gives the values that its rules say."""

import dataclasses
import datetime
import uuid
from decimal import Decimal

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.host.models import Everything
from tests.maps import EVERY_KIND, document, tracked
from tests.test_compiler_flatten import Faults, strange
from tests.test_runtime_bulk import EVERYTHINGS
from tests.test_sql_view import rows_of
from trackadmin.catalog import Kind, catalog
from trackadmin.catalog.kinds import KINDS, Traits, kind_of
from trackadmin.compiler import compile_map, query_tree
from trackadmin.compiler.sql import row_readers, streams
from trackadmin.compiler.sql.sql_view import view_sql
from trackadmin.compiler.values.rules import IN_LINE_NAMES, RULES, Rule, source_of_loaded

MAP = document(Everything=tracked("host.everything", [*EVERY_KIND], key="uuid"))
FIELDS = {field.name: kind_of(field) for field in Everything._meta.fields}


# ── The table ──────────────────────────────────────────────────────────────────────────────────


def test_every_kind_has_a_rule_and_its_traits():
    assert set(RULES) == set(KINDS) == set(Kind)


def test_no_column_of_the_table_can_be_forgotten():
    """Each rule says ``None`` where the kind has no such thing."""
    columns = [*dataclasses.fields(Rule), *dataclasses.fields(Traits)]
    assert all(each.default is dataclasses.MISSING for each in columns)
    assert all(each.default_factory is dataclasses.MISSING for each in columns)


def test_a_url_carries_the_kinds_that_the_catalog_offers():
    assert {kind for kind, rule in RULES.items() if rule.from_url} == {
        kind for kind, traits in KINDS.items() if traits.lookup
    }


def in_line(kind):
    """The expressions of a kind, with the names that each brings along."""
    fields = [f for f in catalog().get("host.everything").attributes.values() if f.kind is kind]
    found = [RULES[kind].loaded, *(RULES[kind].assigned(facts) for facts in fields)]
    return [code for code in found if code is not None]


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("use_tz", [True, False])
def test_an_expression_names_only_what_it_brings_along(settings, kind, use_tz):
    settings.USE_TZ = use_tz
    for code in in_line(kind):
        used = set(compile(code.text, "", "eval").co_names) - {"v", "t", "RULE"}
        attributes = {"isoformat", "is_finite", "tzinfo", "int", "to_bytes", "hex", "time"}
        assert used - attributes <= set(code.names) <= used
        assert all(IN_LINE_NAMES[name] is value for name, value in code.names.items())


def outcome(function, *arguments):
    try:
        value = function(*arguments)
    except Exception as error:
        return type(error)
    return type(value), value


@pytest.mark.parametrize("kind", Kind)
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(value=strange)
def test_the_expression_gives_what_the_encoder_gives(kind, value):
    """For every kind of value in every kind of field; a datetime may have its halves put apart."""
    code = compile(source_of_loaded(kind), "", "eval")
    generated = outcome(eval, code, {**IN_LINE_NAMES, "v": value})
    assert generated == outcome(RULES[kind].encode, value)


# ── All paths ──────────────────────────────────────────────────────────────────────────────────

UTC = datetime.UTC
NASTY = {
    Kind.INTEGER: {"integer": [0, -1, 2**31 - 1, -(2**31)], "big": [None, 2**63 - 1, -(2**63)]},
    Kind.FLOAT: {"floating": [None, 0.0, -0.0, 0.1, -1e300, 5e-324, 1e15, 1e16, 1e22, 123456.7]},
    Kind.DECIMAL: {
        "amount": [None, *map(Decimal, ["0", "-0.00", "0.1", "-0.01", "1E+3", "9999999999.99"])]
    },
    Kind.BOOLEAN: {"maybe": [None, True, False]},
    Kind.TEXT: {
        "text": ["", " ", "\n", "'\"\\", "%s {c}", "RULE(v)", "ä𝒜\u202e", "x" * 50],
        "long_text": ["x" * 999],
        "status": ["new", "gone"],
    },
    Kind.IP_ADDRESS: {"ip": [None, "", "127.0.0.1", "::1", "::ffff:1.2.3.4", "2001:DB8::0001"]},
    Kind.UUID: {"uuid": [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1), uuid.UUID(int=1)]},
    Kind.DATE: {"day": [None, datetime.date(1, 1, 1), datetime.date.max, datetime.date(987, 6, 5)]},
    Kind.TIME: {"clock": [None, datetime.time(), datetime.time.max, datetime.time(1, 2, 3, 4)]},
    Kind.DATETIME: {
        "moment": [
            None,
            datetime.datetime(1, 1, 2, tzinfo=UTC),
            datetime.datetime(9999, 12, 30, 23, 59, 59, 999999, tzinfo=UTC),
            datetime.datetime(2026, 6, 1, 0, 0, 0, 1, tzinfo=UTC),
            datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone(datetime.timedelta(hours=14))),
        ]
    },
    Kind.DURATION: {
        "span": [
            None,
            *(datetime.timedelta(microseconds=n) for n in (0, -1, 1, 86_400_000_000, -(10**14))),
        ]
    },
    Kind.FILE: {"upload": ["", "a b.txt", "ä/ö.txt"]},
    Kind.JSON: {"data": [None, {}, [], "", 0, False, 1.5, {"b": None, "a": ["ä", "\u2028"]}]},
}


@pytest.mark.parametrize("kind", NASTY)
@pytest.mark.django_db
def test_every_path_gives_the_same_value(kind):
    objects = [
        Everything(**{"slug": f"{name}-{number}", name: value})
        for name, values in NASTY[kind].items()
        for number, value in enumerate(values)
    ]
    assert {FIELDS[name] for name in NASTY[kind]} == {kind}
    Everything.objects.bulk_create(objects)
    all_agree()


def test_every_kind_of_column_has_nasty_values():
    """No column has the kind OTHER here, and binary data is never sent."""
    assert set(NASTY) == set(Kind) - {Kind.OTHER, Kind.BINARY}


@pytest.mark.torture
@pytest.mark.django_db
@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(EVERYTHINGS, min_size=1, max_size=3))
def test_every_path_gives_the_same_values_whatever_they_are(objects):
    with transaction.atomic():
        for number, obj in enumerate(objects):
            obj.pk, obj.uuid, obj.slug = None, uuid.uuid4(), f"slug-{number}"
        Everything.objects.bulk_create(objects)
        all_agree()
        transaction.set_rollback(True)


def all_agree():
    """Generated and slow code, from instances and from rows, and the view where there is one."""
    snapshot = compile_map(MAP, catalog())
    compiled = snapshot.by_prefix["Everything"]
    rows = list(Everything.objects.order_by("pk"))
    generated = [typed(flat(compiled.flatten, obj)) for obj in rows]
    assert all(type_of_column(compiled, values) for values in generated)
    one_by_one = compiled.flatten.__globals__["one_by_one"]
    assert generated == [typed(flat(one_by_one, obj)) for obj in rows]
    assert generated == streamed(compiled) == resolved(snapshot, rows)
    with pytest.MonkeyPatch.context() as patched:
        # So that the generated reader always fails, and each column is read by itself.
        patched.setattr(row_readers, "build", lambda *arguments: failing)
        snapshot = compile_map(MAP, catalog())
        assert generated == streamed(snapshot.by_prefix["Everything"]) == resolved(snapshot, rows)
    if connection.vendor == "postgresql":
        view = view_sql(compiled, "default")
        left_out = {each.name for each in view.left_out}
        shown = [{n: v for n, v in values.items() if n not in left_out} for values in generated]
        assert sorted(map(repr, map(typed, rows_of(view)))) == sorted(map(repr, shown))
        kinds = {output.name: output.facts for output in compiled.node.outputs}
        without = {name for name, facts in kinds.items() if RULES[facts.kind].view is None}
        assert left_out == without | {"Everything_backwards"}  # its field converts values


def failing(converters, instances):
    def fill(row, out, fault):
        raise RuntimeError("The generated reader is switched off.")

    return fill


def type_of_column(compiled, values):
    kinds = {output.name: output.facts.kind for output in compiled.node.outputs}
    return {
        name: kind
        for name, (kind, _) in values.items()
        if kind not in (type(None), RULES[kinds[name]].column)
    } == {}


def flat(flatten, obj):
    faults = Faults()
    values = flatten(obj, faults)
    assert faults == []
    return values


def streamed(compiled):
    rows = Everything.objects.order_by("pk")
    form = query_tree.shape_of(compiled.node, "default", spare=query_tree.own_tables(rows))
    return [typed(each) for each in streams.stream(compiled, rows, form, pytest.fail, 100)]


def resolved(snapshot, rows):
    lookup = snapshot.lookup("Everything__uuid")
    found = [snapshot.resolver.resolve([(lookup, str(obj.uuid))], pytest.fail) for obj in rows]
    return [typed(only.values) for (only,) in found]


def typed(values):
    """So that 1, 1.0 and True differ."""
    return {name: (type(value), value) for name, value in values.items()}
