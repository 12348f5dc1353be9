"""The general encoder: exact JSON scalars, or a named error."""

import datetime
import decimal
import enum
import json
import uuid
from types import SimpleNamespace

import pytest
from django.core.files.base import ContentFile
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.host.models import Country, Level, Person, Status
from tests.test_compiler_flatten import strange
from trackadmin.catalog import Kind
from trackadmin.compiler import Unencodable, encode
from trackadmin.compiler.values.rules import IN_LINE_NAMES, source_of_loaded

UTC = datetime.UTC
EAST = datetime.timezone(datetime.timedelta(hours=2))


class Nested(enum.Enum):
    INNER = Level.HIGH


class Spoken:
    def __str__(self):
        return mark_safe("spoken")


@pytest.mark.parametrize(
    ("value", "scalar"),
    [
        (None, None),
        (True, True),
        (0, 0),
        ("", ""),
        ("00010001", "00010001"),
        (1.5, 1.5),
        (float("nan"), None),
        (float("inf"), None),
        (decimal.Decimal("1E+3"), "1000"),
        (decimal.Decimal("1.50"), "1.50"),
        (decimal.Decimal("NaN"), None),
        (decimal.Decimal("-Infinity"), None),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (datetime.date(2024, 1, 2), "2024-01-02"),
        (datetime.time(3, 4), "03:04:00"),
        (datetime.datetime(2024, 1, 2, 3, 4), "2024-01-02T03:04:00"),
        (datetime.datetime(2024, 1, 2, 3, 4, tzinfo=UTC), "2024-01-02T03:04:00+00:00"),
        (datetime.datetime(2024, 1, 2, 3, 4, tzinfo=EAST), "2024-01-02T01:04:00+00:00"),
        (datetime.timedelta(days=1, seconds=2), "P1DT00H00M02S"),
        (Status.PAID, "paid"),
        (Level.HIGH, 2),
        (Nested.INNER, 2),
        (gettext_lazy("New"), "New"),
        (mark_safe("<b>"), "<b>"),
        (ContentFile(b"", name="a.txt"), "a.txt"),
        ([1, {"b": 2, "a": "ä"}], '[1,{"a":"ä","b":2}]'),
        ((uuid.UUID(int=1),), '["00000000-0000-0000-0000-000000000001"]'),
        (b"bytes", None),
        (bytearray(b"bytes"), None),
        (memoryview(b"bytes"), None),
        (Country(id=7), 7),
        (Person(id=uuid.UUID(int=2)), "00000000-0000-0000-0000-000000000002"),
        (Spoken(), "spoken"),
        (SimpleLazyObject(lambda: Status.NEW), "new"),
    ],
    ids=repr,
)
def test_each_type_has_its_scalar(value, scalar):
    encoded = encode(value)
    assert (type(encoded), encoded) == (type(scalar), scalar)


@pytest.mark.parametrize("value", [object(), {1}, len, iter(()), SimpleNamespace(), type], ids=repr)
def test_what_has_no_text_of_its_own_is_named(value):
    with pytest.raises(Unencodable, match=type(value).__name__):
        encode(value)


def test_a_queryset_is_never_run():
    """It has no text, and asking for one would read the table."""
    with pytest.raises(Unencodable):
        encode(Country.objects.all())


@pytest.mark.parametrize("value", [{1: {2}}, [float("nan")], {"a": 1, 2: 3}, [object()]], ids=repr)
def test_json_that_cannot_be_written_is_an_error(value):
    with pytest.raises((TypeError, ValueError)):
        encode(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e16, "10000000000000000"),
        (-1.5e16, "-15000000000000000"),
        (1.1e22, "11000000000000000000000"),
        (1e15, "1000000000000000.0"),
        (1e-7, "1e-07"),
        ("1e+16", '"1e+16"'),
    ],
)
def test_a_large_number_in_json_is_what_postgresql_stores(value, text):
    """It knows no exponents; other databases keep them, and events must not differ by that."""
    assert encode({"a": [value, {"b": value}]}) == f'{{"a":[{text},{{"b":{text}}}]}}'


@pytest.mark.torture
@settings(max_examples=oracle.cases(200))
@given(strange)
def test_the_general_rule_is_the_oracles(value):
    try:
        expected = oracle.plain(value)
    except Exception as error:
        with pytest.raises(type(error)):
            encode(value)
        return
    encoded = encode(value)
    assert (type(encoded), encoded) == (type(expected), expected)
    assert json.loads(json.dumps(encoded)) == encoded


@given(st.uuids())
def test_a_uuid_is_written_as_python_writes_it(value):
    assert eval(source_of_loaded(Kind.UUID), {**IN_LINE_NAMES, "v": value}) == str(value)
