"""The same row gives the same values, whether saved, loaded, found by a URL or streamed.

What was assigned to a field may be of another type than what the field gives back after a load.
"""

import datetime
import decimal
import uuid

import pytest
from django.db import Error, transaction
from django.db.models import F, Value
from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests import oracle
from tests.host.models import Everything, Level, Status
from tests.maps import HOST, document, tracked
from tests.test_compiler_flatten import SCALARS, Faults, strange, usual
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.runtime import iter_tracking_values
from trackadmin.runtime.current import pin, unpin

pytestmark = [
    pytest.mark.django_db,
    # Django says so of each naive datetime that it stores.
    pytest.mark.filterwarnings("ignore:DateTimeField .* received a naive datetime"),
]

COLUMNS = [
    name for name, entry in HOST.models["Everything"].attributes.items() if entry.source in usual
]
MAP = document(Everything=tracked("host.everything", COLUMNS, key="slug"))


@pytest.fixture(autouse=True)
def snapshot():
    made = compile_map(MAP, catalog(), number=1, digest="d")
    before = pin("default", made)
    yield made
    unpin("default", before)


def saved(**values):
    """A row saved with these values, or ``None`` where no field or database takes them."""
    obj = Everything(slug=f"s{uuid.uuid4().hex}")
    for name, value in values.items():
        setattr(obj, name, value)
    try:
        with transaction.atomic():
            obj.save()
            # SQLite takes numbers that Django cannot read again.
            Everything.objects.get(pk=obj.pk)
    except (Error, ValueError, TypeError, AttributeError, ArithmeticError, KeyError):
        return None
    except Exception as error:
        if type(error).__name__ in ("ValidationError", "FieldError", "ProgrammingError"):
            return None
        raise
    return obj


def flat(snapshot, obj):
    faults = Faults()
    return snapshot.find(obj).flatten(obj, faults), faults


def same(snapshot, obj):
    """All paths give one dict. Returns the faults of the instance in memory."""
    mine, faults = flat(snapshot, obj)
    assert {type(value) for value in mine.values()} <= SCALARS
    loaded, _ = flat(snapshot, Everything.objects.get(pk=obj.pk))
    (found,) = snapshot.resolver.resolve(
        [(snapshot.lookup("Everything__slug"), str(obj.slug))], lambda *fault: None
    )
    (streamed,) = iter_tracking_values(Everything.objects.filter(pk=obj.pk))
    assert typed(loaded) == typed(found.values) == typed(streamed)
    lost = {where.partition(".")[2] for _, where, _ in faults}
    for name, value in loaded.items():
        if name.partition("_")[2] not in lost:
            assert (name, *typed(mine)[name]) == (name, type(value), value)
        else:
            assert mine[name] is None
    return lost


def typed(values):
    return {name: (type(value), value) for name, value in values.items()}


HOUR = datetime.timezone(datetime.timedelta(hours=1))
MOMENT = datetime.datetime(2026, 6, 1, 23, 30, 15, 123456, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("day", MOMENT),
        ("day", MOMENT.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=-9)))),
        ("day", "2026-06-01"),
        ("moment", MOMENT.astimezone(HOUR)),
        ("moment", "2026-06-01T12:00:00+02:00"),
        ("moment", datetime.datetime(2026, 6, 1, 12)),
        ("moment", datetime.date(2026, 6, 1)),
        ("clock", "12:30"),
        ("clock", MOMENT.replace(tzinfo=None)),
        ("span", datetime.timedelta(microseconds=-1)),
        ("integer", "0012"),
        ("integer", True),
        ("integer", 7.9),
        ("integer", decimal.Decimal("3")),
        ("integer", Level.HIGH),
        ("amount", decimal.Decimal("1.5")),
        ("amount", decimal.Decimal("1E+3")),
        ("amount", decimal.Decimal("2.675")),
        ("amount", decimal.Decimal("2.665")),
        ("amount", 2.675),
        ("amount", "12"),
        ("amount", 3),
        ("flag", "True"),
        ("flag", 1),
        ("maybe", "f"),
        ("floating", "1.25"),
        ("floating", 1),
        ("floating", decimal.Decimal("0.1")),
        ("text", 12),
        ("text", mark_safe("<b>")),
        ("text", Status.PAID),
        ("text", gettext_lazy("New")),
        ("text", b"bytes"),
        ("status", Status.PAID),
        ("uuid", "6FA459EAEE8A3CA4894EDB77E160355E"),
        ("uuid", 12345),
        ("ip", "2001:DB8::0001"),
        ("data", {1: "a", "b": (1, 2)}),
        ("data", {"b": 1, "a": [None, True, 1.5]}),
        ("data", ""),
        ("backwards", "abc"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_assigned_value_is_what_a_load_gives(snapshot, name, value, language):
    """In every language, and without losses."""
    with translation.override(language):
        obj = saved(**{name: value})
        if obj is None:
            pytest.fail(f"{value!r} cannot be stored")
        assert same(snapshot, obj) == set()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("integer", F("positive") + 1),
        ("text", Value("x")),
        ("integer", object()),
        ("amount", decimal.Decimal(10**15)),
        ("moment", "yesterday"),
        ("uuid", "no uuid"),
        ("flag", "perhaps"),
        ("data", {"a": object()}),
        ("data", {"a": float("nan")}),
    ],
    ids=repr,
)
def test_value_that_nobody_can_know_is_null_and_counted(snapshot, name, value):
    """It is never the text of an expression or a value that the field refuses."""
    obj = Everything(slug="x", **{name: value})
    values, faults = flat(snapshot, obj)
    assert values[f"Everything_{name}"] is None
    assert [where for _, where, _ in faults] == [f"Everything.{name}"]


def test_the_example(snapshot):
    """An F() expression that was saved, and the value once it is loaded."""
    obj = Everything.objects.create(slug="seven")
    obj.integer = F("integer") + 1
    obj.save()
    values, faults = flat(snapshot, obj)
    if isinstance(obj.__dict__["integer"], int):  # Django 6.0 reads it back where it can
        assert (values["Everything_integer"], faults) == (1, [])
    else:
        assert values["Everything_integer"] is None
        assert faults.codes == [("value.unencodable", "Everything.integer")]
    obj.refresh_from_db()
    assert flat(snapshot, obj)[0]["Everything_integer"] == 1


@pytest.mark.torture
@settings(
    max_examples=oracle.cases(250),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.dictionaries(st.sampled_from(sorted(usual.keys() - {"slug"})), strange, min_size=1),
    st.sampled_from(["en", "de"]),
)
def test_whatever_was_saved_is_what_a_load_gives(snapshot, values, language):
    with translation.override(language):
        obj = saved(**values)
        if obj is not None:
            same(snapshot, obj)
            Everything.objects.filter(pk=obj.pk).delete()
