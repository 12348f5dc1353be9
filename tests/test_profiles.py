"""How the attributes of a model are filled: counted right, bounded, and without personal values."""

import json
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.core.cache import cache
from django.db import connection, models
from django.db.models.expressions import RawSQL
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from tests.host.models import Address, Country, Everything, Hidden, Place, Purchase, Restaurant
from tests.maps import attribute, tracked
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.compiler.host.whole_tables import whole_table
from trackadmin.editing import Exactness, Unread, profiling, table_sizes

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("quiet_profiles")]

LABEL = "host.everything"


def profiled(rows=None, label=LABEL, **how):
    """The profile of a model, and those of its attributes by name."""
    facts = catalog().get(label)
    found = editing.profile(facts, facts.model.objects.all() if rows is None else rows, **how)
    return found, {each.name: each for each in found.fields}


def fill(count, **fields):
    return Everything.objects.bulk_create(
        Everything(**{"slug": f"s{Everything.objects.count()}-{n}", **fields}) for n in range(count)
    )


# What is counted ---------------------------------------------------------------------------------


FULL = {
    "text": ("x", '"x"'),
    "floating": (1.5, "1.5"),
    "amount": (Decimal("2.50"), '"2.50"'),
    "day": (date(2026, 1, 2), '"2026-01-02"'),
    "clock": (time(3, 4), '"03:04:00"'),
    "moment": (datetime(2026, 1, 2, 3, tzinfo=UTC), '"2026-01-02T03:00:00+00:00"'),
    "span": (timedelta(minutes=5), '"P0DT00H05M00S"'),
    "uuid": (UUID(int=5), f'"{UUID(int=5)}"'),
    "data": ({"a": [1, "ü"]}, json.dumps('{"a":[1,"ü"]}', ensure_ascii=False)),
    "upload": ("uploads/a.txt", '"uploads/a.txt"'),
    "backwards": ("abc", '"abc"'),
    "integer": (7, "7"),
}


def test_a_value_is_shown_as_an_event_has_it():
    fill(1, **{name: value for name, (value, _) in FULL.items()})
    found, fields = profiled()
    assert found.complete
    assert found.rows == 1
    for name, (_, text) in FULL.items():
        assert fields[name].examples == (text,), name
        assert (fields[name].filled, fields[name].distinct) == (1, 1), name


def test_null_and_an_empty_text_are_not_filled_and_zero_is():
    fill(3)
    _, fields = profiled()
    for name in ("text", "amount", "day", "data", "maybe", "upload", "backwards"):
        assert (fields[name].rows, fields[name].filled, fields[name].distinct) == (3, 0, 0), name
        assert fields[name].examples == ()
    assert (fields["integer"].filled, fields["integer"].examples) == (3, ("0",))
    assert fields["flag"].filled == 3


def test_yes_or_no_and_choices_have_shares_in_place_of_examples():
    fill(3, flag=True, status="paid")
    fill(1, flag=False, status="new", maybe=True)
    _, fields = profiled()
    pairs = {n: [(c.text, c.count) for c in fields[n].commonest] for n in ("flag", "status")}
    assert pairs == {"flag": [("true", 3), ("false", 1)], "status": [('"paid"', 3), ('"new"', 1)]}
    assert [(c.text, c.count) for c in fields["maybe"].commonest] == [("true", 1)]
    assert fields["flag"].examples == fields["status"].examples == ()
    facts = catalog().get(LABEL)
    assert editing.labels_of_values(facts.attribute("status"))['"paid"'] == "Paid"
    assert editing.labels_of_values(facts.attribute("level"))["1"] == "Low"


def test_the_commonest_examples_come_first_and_long_texts_are_cut():
    fill(1, text="rare")
    fill(2, text="often")
    fill(1, long_text="a" * 500)
    fill(1, long_text="a" * 501)
    _, fields = profiled()
    assert fields["text"].examples == ('"often"', '"rare"')
    # Two texts that begin alike are two values.
    assert fields["long_text"].distinct == 2
    assert all(len(text) <= 62 and text.endswith('…"') for text in fields["long_text"].examples)


def test_a_foreign_key_has_the_values_of_its_column():
    germany = Country.objects.create(code="DE", name="Germany")
    Address.objects.create(street="a", country=germany)
    Address.objects.create(street="b")
    _, fields = profiled(label="host.address")
    assert (fields["country_id"].filled, fields["country_id"].examples) == (1, ('"DE"',))


def test_a_child_of_another_model_has_its_parents_columns():
    Restaurant.objects.create(name="Roma", stars=2)
    _, fields = profiled(label="host.restaurant")
    assert (fields["name"].filled, fields["stars"].examples) == (1, ("2",))


def test_what_is_denied_is_not_read_and_what_is_computed_does_not_run(monkeypatch):
    monkeypatch.setattr(Everything, "double", lambda self: pytest.fail("it ran"))
    fill(1)
    with CaptureQueriesContext(connection) as sent:
        _, fields = profiled()
    assert "password" not in fields
    assert "password" not in str(sent.captured_queries)
    assert fields["double"].unread is Unread.COMPUTED
    assert fields["double"].examples == ()


# Bounded -----------------------------------------------------------------------------------------


def test_a_sample_is_the_last_rows_and_says_that_it_is_not_all():
    fill(5)
    with override_settings(TRACKADMIN={"PROFILE_ROWS": 3}):
        found, fields = profiled()
    assert (found.rows, found.complete) == (3, False)
    assert (found.size.count, found.size.exactness) == (5, Exactness.EXACT)
    assert fields["slug"].examples == ('"s0-4"', '"s0-3"', '"s0-2"')


def test_no_more_than_a_limit_is_counted(monkeypatch):
    monkeypatch.setattr(table_sizes, "MOST_COUNTED", 3)
    fill(5)
    with override_settings(TRACKADMIN={"PROFILE_ROWS": 1}):
        found, _ = profiled()
    assert (found.size.count, found.size.exactness) == (3, Exactness.AT_LEAST)


def test_all_rows_are_all_and_an_empty_table_is_no_fault():
    found, fields = profiled()
    assert (found.rows, found.complete, found.error) == (0, True, "")
    assert fields["text"].filled == 0
    fill(3)
    with override_settings(TRACKADMIN={"PROFILE_ROWS": 3}):
        assert profiled()[0].complete


def test_reading_stops_when_the_time_is_over(monkeypatch):
    fill(5)
    ticks = iter(range(1000))
    monkeypatch.setattr(profiling, "monotonic", lambda: next(ticks))
    with override_settings(TRACKADMIN={"PROFILE_MILLISECONDS": 2000}):
        found, fields = profiled()
    assert found.late
    assert not found.complete
    assert found.size is None
    assert 0 < found.rows < 5
    assert fields["slug"].distinct == found.rows


@pytest.mark.postgresql
def test_postgresql_ends_a_slow_statement():
    """And what the transaction had before goes on."""
    fill(1)
    rows = Everything.objects.filter(pk__gte=RawSQL("(SELECT 0 FROM pg_sleep(5))", []))
    with override_settings(TRACKADMIN={"PROFILE_MILLISECONDS": 50}):
        found, fields = profiled(rows)
    assert found.late
    assert found.seconds < 3
    assert fields["text"].unread is Unread.LATE
    assert Everything.objects.count() == 1


# The host's code fails ---------------------------------------------------------------------------


def test_one_column_that_fails_costs_no_other(monkeypatch, caplog):
    def broken(self, value, expression, connection):
        raise RuntimeError("secret in an error")

    monkeypatch.setattr(type(Everything._meta.get_field("backwards")), "from_db_value", broken)
    fill(2, text="x")
    found, fields = profiled()
    assert fields["backwards"].unread is Unread.FAILED
    assert fields["text"].filled == 2
    assert all(each.unread is None for n, each in fields.items() if n in FULL and n != "backwards")
    assert "secret" not in str(found)
    assert "secret in an error" in caplog.text


@pytest.mark.parametrize(
    "rows", [lambda: Everything.objects.all()[:5], lambda: Everything.objects.values("pk")[:5]]
)
def test_rows_that_cannot_be_sampled_are_told(rows, caplog):
    fill(1)
    found, fields = profiled(rows())
    assert found.error == "TypeError"
    assert not found.complete
    assert fields["text"].unread is Unread.LATE
    assert "The profile of host.Everything failed" in caplog.text


def test_sql_that_the_database_refuses_is_told_and_breaks_no_transaction(caplog):
    fill(1)
    found, fields = profiled(Everything.objects.extra(where=["no_such_column = 1"]))
    assert found.error in ("OperationalError", "ProgrammingError")
    assert not any(each.rows for each in fields.values())
    # Not one statement for each column.
    assert caplog.text.count("The profile of host.Everything failed") == 1
    assert Everything.objects.count() == 1


def test_no_from_db_of_the_host_runs(monkeypatch):
    fill(1, text="x")
    monkeypatch.setattr(Everything, "from_db", classmethod(lambda *a: pytest.fail("it ran")))
    assert profiled()[1]["text"].filled == 1


def test_a_from_db_that_raises_is_told_where_each_object_is_asked_about(monkeypatch, caplog):
    def from_db(*args, **kwargs):
        raise LookupError("secret")

    fill(1, text="x")
    monkeypatch.setattr(Everything, "from_db", classmethod(from_db))
    found, _ = profiled(permits=lambda obj: True)
    assert found.error == "LookupError"
    assert "secret" not in str(found)


# Who may see what --------------------------------------------------------------------------------


def test_only_permitted_objects_are_summed_up():
    fill(3, text="hidden")
    seen = fill(2, text="seen")
    kept = {each.slug for each in seen}
    found, fields = profiled(permits=lambda obj: obj.slug in kept)
    assert (found.rows, found.complete, found.asked_each) == (2, True, True)
    assert fields["text"].examples == ('"seen"',)
    assert "hidden" not in str(found)


def test_few_objects_are_asked_about_and_nothing_is_told_of_the_others(monkeypatch):
    monkeypatch.setattr(profiling, "MOST_ASKED", 2)
    fill(5)
    asked = []
    found, _ = profiled(permits=lambda obj: asked.append(obj.pk) or True)
    assert len(asked) == 2
    assert (found.rows, found.complete, found.size) == (2, False, None)


def test_a_permission_that_raises_gives_nothing(caplog):
    fill(1, text="hidden")

    def permits(obj):
        raise RuntimeError(obj.text)

    found, _ = profiled(permits=permits)
    assert found.error == "RuntimeError"
    assert "hidden" not in str(found)


def test_what_a_permission_writes_does_not_stay():
    fill(1)

    def permits(obj):
        Place.objects.create(name="written")
        return True

    found, _ = profiled(permits=permits)
    assert found.rows == 1
    assert not Place.objects.exists()


MIXED = [
    ("text", attribute("text", privacy="pseudonymised")),
    ("status", attribute("status", privacy="sent")),
    ("slug", attribute("slug", privacy="dropped")),
    ("integer", attribute("integer", privacy="none")),
]


def test_personal_values_are_left_out_and_counts_stay():
    """By the look of the field, and by what the map says of it."""
    fill(2, text="t-secret", contact="c-secret@example.com", status="paid", integer=7)
    entry = tracked(LABEL, MIXED)
    found, fields = profiled(entry=entry)
    for name in ("text", "contact", "status", "slug"):
        assert fields[name].masked, name
        assert fields[name].examples == fields[name].commonest == (), name
        assert fields[name].filled == 2
    assert "secret" not in str(found)
    assert "paid" not in str(found)
    assert fields["integer"].examples == ("7",)
    _, fields = profiled(entry=entry, personal=True)
    assert fields["contact"].examples == ('"c-secret@example.com"',)
    assert fields["status"].commonest[0].text == '"paid"'
    assert not any(each.masked for each in fields.values())


# What is kept ------------------------------------------------------------------------------------


def kept(rows=None, label=LABEL, **how):
    facts = catalog().get(label)
    rows = facts.model.objects.all() if rows is None else rows
    return editing.kept_profile(facts, rows, **{"whose": ("place", "1"), **how})


def test_a_profile_is_kept_until_a_fresh_one_is_wanted():
    fill(1)
    first = kept()
    fill(1)
    assert kept() == first
    assert kept(fresh=True).rows == 2
    assert kept().rows == 2


@pytest.mark.parametrize(
    "other",
    [
        {"whose": ("place", "2")},
        {"whose": ("another place", "1")},
        {"whose": None},
        {"entry": tracked(LABEL, MIXED)},
        {"permits": lambda obj: True},
        {"personal": True},
    ],
    ids=["person", "place", "unknown place", "privacy", "each object", "right"],
)
def test_a_kept_profile_is_for_nobody_else(other):
    fill(1, text="x")
    kept()
    fill(1, text="x")
    assert kept(**other).rows == 2
    assert kept().rows == 1


def test_a_kept_profile_is_only_of_the_very_same_rows():
    """A host's admin may show one person other rows in the next minute."""
    for tenant in ("red", "blue"):
        fill(1, text=tenant)
    for tenant in ("red", "blue"):
        found = kept(Everything.objects.filter(text=tenant))
        assert {e.name: e.examples for e in found.fields}["text"] == (f'"{tenant}"',)
    assert kept(Everything.objects.none()).rows == 0


def cached():
    return str([cache.get(key.split(":", 2)[2]) for key in cache._cache])


def test_no_personal_value_is_ever_in_the_cache():
    fill(1, text="t-secret", contact="c-secret@example.com")
    entry = tracked(LABEL, MIXED)
    assert "c-secret" in str(kept(entry=entry, personal=True))
    assert not cache._cache
    assert "secret" not in str(kept(entry=entry))
    assert "FieldProfile" in cached()
    assert "secret" not in cached()


def test_a_cache_that_is_down_costs_nothing_but_time(monkeypatch, caplog):
    def down(*args, **kwargs):
        raise ConnectionError

    fill(1)
    monkeypatch.setattr(type(cache._connections[cache._alias]), "get", down)
    monkeypatch.setattr(type(cache._connections[cache._alias]), "set", down)
    assert kept().rows == 1
    assert "The cache did not give a profile" in caplog.text


def test_a_profile_that_failed_is_not_kept(caplog):
    assert kept(Everything.objects.all()[:5]).error
    assert not cache._cache


def test_nothing_is_kept_for_no_time():
    with override_settings(TRACKADMIN={"PROFILE_KEPT_SECONDS": 0}):
        kept()
    assert not cache._cache


# What the database knows of the whole table ------------------------------------------------------


@pytest.mark.parametrize(
    ("rows", "whole"),
    [
        (lambda: Country.objects.all(), True),
        (lambda: Country.objects.order_by("name"), True),
        (lambda: Country.objects.filter(code="DE"), False),
        (lambda: Country.objects.exclude(code="DE"), False),
        (lambda: Country.objects.distinct(), False),
        (lambda: Country.objects.none(), False),
        (lambda: Country.objects.all()[:5], False),
        (lambda: Country.objects.extra(where=["1 = 0"]), False),
        (lambda: Country.objects.annotate(n=models.Count("address")), False),
        (lambda: Country.objects.union(Country.objects.all()), False),
        (lambda: Address.objects.select_related("country"), False),
        (lambda: Hidden.objects.all(), False),
        (lambda: Hidden.everything.all(), True),
        (lambda: Restaurant.objects.all(), False),
        (lambda: PickyRows(Country), False),
    ],
)
def test_only_all_rows_of_a_table_are_a_whole_table(rows, whole):
    assert bool(whole_table(rows())) == whole


class PickyRows(models.QuerySet):
    """A host's class of querysets that leaves out rows in Python."""

    def iterator(self, *args, **kwargs):
        return iter(())


@pytest.mark.postgresql
def test_the_planners_estimates_are_told_for_a_whole_table_only(monkeypatch):
    monkeypatch.setattr(table_sizes, "MOST_COUNTED", 10)
    Purchase.objects.bulk_create(
        Purchase(points=n % 4 if n % 2 else None, note="", email=f"{n}@secret.example")
        for n in range(40)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE host_purchase")
    with override_settings(TRACKADMIN={"PROFILE_ROWS": 5}):
        found, fields = profiled(label="host.purchase")
        some, some_fields = profiled(Purchase.objects.filter(pk__gt=0), label="host.purchase")
    assert (found.size.count, found.size.exactness) == (40, Exactness.ABOUT)
    assert (fields["points"].estimate.not_null, fields["points"].estimate.distinct) == (0.5, 2)
    assert fields["email"].estimate.distinct == 40
    assert "secret" not in str(found)
    assert (some.size.count, some.size.exactness) == (10, Exactness.AT_LEAST)
    assert not any(each.estimate for each in some_fields.values())


@pytest.mark.postgresql
def test_a_table_of_which_the_database_hides_rows_has_no_estimate(monkeypatch):
    Purchase.objects.bulk_create(Purchase() for _ in range(20))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE host_purchase")
    rows = Purchase.objects.all()
    assert table_sizes._planner_says(rows, table_sizes._SIZE) == [(20,)]
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE host_purchase ENABLE ROW LEVEL SECURITY")
        cursor.execute("ALTER TABLE host_purchase FORCE ROW LEVEL SECURITY")
        cursor.execute("CREATE ROLE reader; GRANT SELECT ON host_purchase TO reader")
        cursor.execute("SET LOCAL ROLE reader")
    assert table_sizes._planner_says(rows, table_sizes._SIZE) == []
