"""Shortcuts from a driver's value to what goes out: they give what Django's converters give."""

import uuid

import pytest
from django.db import connection, models
from django.db.backends.sqlite3 import base as sqlite3
from django.db.models.expressions import Col
from hypothesis import example, given
from hypothesis import strategies as st

from tests.host.models import Constrained, Country, Everything, Person, Profile
from trackadmin.catalog import Kind, catalog
from trackadmin.compiler import compile_map
from trackadmin.compiler.sql.binding import binder
from trackadmin.compiler.sql.conversions import Conversions, converters
from trackadmin.compiler.sql.row_columns import Column
from trackadmin.compiler.values.rules import RULES
from trackadmin.document import from_dict

#: PostgreSQL has types of its own for these; its driver needs no short cuts.
SQLITE = sqlite3.DatabaseWrapper({**connection.settings_dict, "NAME": ":memory:"}, "memory")
FIELDS = {
    "amount": (Kind.DECIMAL, models.DecimalField(max_digits=8, decimal_places=2)),
    "long": (Kind.DECIMAL, models.DecimalField(max_digits=30, decimal_places=10)),
    "whole": (Kind.DECIMAL, models.DecimalField(max_digits=5, decimal_places=0)),
    "uuid": (Kind.UUID, models.UUIDField()),
    "flag": (Kind.BOOLEAN, models.BooleanField(null=True)),
    "moment": (Kind.DATETIME, models.DateTimeField()),
}


def both_ways(kind, field, value):
    """What the shortcut gives, and what the ORM's converters and the encoder give."""
    field.set_attributes_from_name("field")
    expression = Col("t", field)
    fused = Conversions([Column("field", kind)], [expression], SQLITE).fused
    assert fused, "there is a shortcut"

    def the_long_way(value):
        for converter in converters(expression, SQLITE):
            value = converter(value, expression, SQLITE)
        return RULES[kind].encode(value)

    return outcome(fused[0], value), outcome(the_long_way, value)


def outcome(function, value):
    try:
        result = function(value)
    except Exception:
        return "null, and counted"
    return type(result), result


@given(
    st.sampled_from(["amount", "long", "whole"]),
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.decimals(-(10**6), 10**6, places=2).map(float)
    | st.decimals(-(10**20), 10**20, places=10).map(float),
)
@example("amount", 2.675)
@example("amount", float("inf"))
@example("amount", -0.0)
@example("amount", 999999.99)
@example("amount", 9999999.99)
@example("whole", 99999.5)
@example("long", 1e22)
@example("long", 0.1 + 0.2)
def test_decimals(name, value):
    """SQLite holds floats: rounding, too many digits and NaN give what Django gives."""
    short, long = both_ways(*FIELDS[name], value)
    assert short == long


@given(st.uuids().map(lambda value: value.hex) | st.text(max_size=40) | st.none())
@example("6FA459EAEE8A3CA4894EDB77E160355E")
@example("6fa459ea-ee8a-3ca4-894e-db77e160355e")
def test_uuids(value):
    short, long = both_ways(*FIELDS["uuid"], value)
    assert short == long


@given(st.sampled_from([0, 1, True, False, None, 2, "x"]))
def test_booleans(value):
    short, long = both_ways(*FIELDS["flag"], value)
    assert short == long


@given(st.datetimes() | st.datetimes().map(lambda value: value.isoformat(" ")) | st.none())
@example("2026-01-02 03:04:05.5")
@example("no date")
def test_moments(value):
    short, long = both_ways(*FIELDS["moment"], value)
    assert short == long


# ── What a statement takes for a text ──────────────────────────────────────────────────────────

MAP = {
    "Everything": {
        "attributes": [
            *({"source": name, "lookup": True} for name in ("slug", "small", "big", "text")),
            *({"source": name, "lookup": True} for name in ("integer", "backwards", "uuid")),
        ],
        "key": "uuid",
    },
    "Person": {"model": "host.Person", "attributes": ["id"], "key": "id"},
    "Profile": {
        "attributes": [{"source": "nickname", "lookup": True}, "person_id"],
        "key": "person_id",
    },
    "Country": {"model": "host.Country", "attributes": ["id", "code"], "key": "code"},
    "Constrained": {"attributes": ["yes"], "key": "yes"},
}
UUID = uuid.UUID("6fa459ea-ee8a-3ca4-894e-db77e160355e")


@pytest.mark.django_db
@pytest.mark.parametrize("spelling", [str, lambda value: str(value).upper()])
def test_bound_texts_find_what_the_orm_finds(spelling):
    """In every kind of field that a URL may use, and in each spelling."""
    person = Person.objects.create(id=UUID, name="Ann")
    rows = {
        "Everything__uuid": Everything.objects.create(
            uuid=UUID, slug="s", small=-3, big=2**62, text="T", integer=7, backwards="BA"
        ),
        "Person__id": person,
        "Profile__person_id": Profile.objects.create(person=person, nickname="N"),
        "Country__code": Country.objects.create(code="NL", name="x"),
        "Constrained__yes": Constrained.objects.create(
            yes="Y", folded="f", together_a=1, sometimes="a"
        ),
    }
    for name in ("slug", "small", "big", "text", "integer", "backwards"):
        rows[f"Everything__{name}"] = rows["Everything__uuid"]
    snapshot = compile_map(from_dict(MAP, catalog().find), catalog())
    for reference, obj in rows.items():
        value = getattr(obj, snapshot.lookup(reference).source)
        text = spelling(value) if isinstance(value, uuid.UUID) else str(value)
        (found,) = snapshot.resolver.resolve([(snapshot.lookup(reference), text)], pytest.fail)
        assert found.status == "found", reference


def test_malformed_texts_are_not_bound():
    snapshot = compile_map(from_dict(MAP, catalog().find), catalog())
    for reference, text in (
        ("Everything__uuid", UUID.hex),
        ("Everything__big", str(2**63)),
        ("Everything__slug", ""),
        ("Country__code", "\ud800"),
    ):
        with pytest.raises(ValueError, match=r"\w"):
            binder(snapshot.lookup(reference), "default")(text, connection)


def test_field_of_the_host_that_refuses_a_value_does_not_make_the_text_malformed(monkeypatch):
    def get_db_prep_value(self, value, connection, prepared=False):
        raise ValueError("not today")

    snapshot = compile_map(from_dict(MAP, catalog().find), catalog())
    lookup = snapshot.lookup("Everything__backwards")
    monkeypatch.setattr(type(lookup.facts.field), "get_db_prep_value", get_db_prep_value)
    with pytest.raises(TypeError):
        binder(lookup, "default")("abc", connection)
