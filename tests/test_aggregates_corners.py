"""Counts and sums on other people's sites: every path says what the related manager says."""

import datetime

import pytest
from django.db import connection
from django.db.models import Value
from django.utils import translation

from tests.aggregate_worlds import defined, of
from tests.corners.models import (
    Caseless,
    CaselessChild,
    Child,
    Computed,
    Day,
    DayChild,
    Leaf,
    Numbered,
    Parent,
    Percent,
    Priced,
    Shy,
    Story,
    Wordy,
)
from tests.maps import document, tracked
from tests.test_aggregates_flatten import sent
from trackadmin.catalog import catalog
from trackadmin.codes import ProblemCode
from trackadmin.compiler import check, compile_map, fast_paths
from trackadmin.compiler.sql.sql_view import view_sql
from trackadmin.runtime import (
    iter_tracking_values,
    tracking_query,
    tracking_values,
    values_from_query,
)
from trackadmin.runtime.current import pin, unpin
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db


@pytest.fixture
def live():
    """``live(Parent=…)`` serves a map of these tracked models."""
    reset()
    before = []

    def serve(**models):
        snapshot = compile_map(document(**models), catalog(), number=1, digest="d")
        before.append(pin("default", snapshot))
        return snapshot

    yield serve
    for each in reversed(before):
        unpin("default", each)
    reset()


def parent(**aggregates):
    return tracked("corners.parent", ["code"], key="code", aggregates=aggregates)


def by_every_path(obj, rows=None):
    """The values of an instance, a URL, a stream of rows and a stream of objects."""
    rows = type(obj).objects.filter(pk=obj.pk) if rows is None else rows
    objects = rows.annotate(one=Value(1)).distinct()  # rows of such a query are not enough
    return [
        tracking_values(obj),
        dict(values_from_query(tracking_query(obj))),
        *iter_tracking_values(rows),
        *iter_tracking_values(objects),
    ]


def test_a_manager_that_sees_that_it_belongs_to_an_object(live):
    """By what only such a manager has, whether it reads it or only looks for it."""
    obj = Parent.objects.create(code="a")
    Shy.everything.create(parent=obj, hidden=True)
    entry = of("shies")
    live(Parent=parent(n=entry))
    assert defined(obj, entry) == 1
    assert [each["Parent_n"] for each in by_every_path(obj)] == [1] * 4


def test_a_condition_goes_through_the_filter_of_the_site(live):
    """Also beside other conditions of the same relation."""
    obj = Parent.objects.create(code="a")
    for name in "xyz":
        Wordy.objects.create(parent=obj, name=name)
    entries = {"every": of("wordies", name="any"), "x": of("wordies", name="x")}
    live(Parent=parent(**entries))
    expected = {f"Parent_{name}": defined(obj, entry) for name, entry in entries.items()}
    assert expected == {"Parent_every": 3, "Parent_x": 1}
    assert by_every_path(obj) == [{"Parent_code": "a", **expected}] * 4


def test_a_percent_sign_in_the_sql_of_the_site(live):
    """No place of a parameter: a stream needs no second try."""
    for code in "ab":
        Percent.objects.create(parent=Parent.objects.create(code=code))
    live(Parent=parent(n=of("percents")))
    rows = Parent.objects.order_by("code")
    values, queries = sent(connection, lambda: [*iter_tracking_values(rows)])
    assert [each["Parent_n"] for each in values] == [1, 1]
    assert len(queries) <= 2  # a cursor of the server is not in the log
    assert [each["Parent_n"] for each in by_every_path(rows[0])] == [1] * 4


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_queryset_that_selects_in_its_own_way(live, language):
    """Each value is its own, and the same in every language."""
    obj = Parent.objects.create(code="a")
    Story.objects.create(parent=obj, title="A", title_en="A", title_de="B", number=3)
    Story.objects.create(parent=obj, title="A", title_en="A", title_de="C", number=5)
    entries = {
        "first": of("stories", "distinct", "title"),
        "second": of("stories", "distinct", "title_de"),
        "third": of("stories", "sum", "number"),
        "titled": of("stories", title="A"),
        "other": of("stories", title="B"),
        "numbered": of("stories", title="A", number=3),
        "newest": of("stories", "latest", "title_de", "number"),
    }
    live(Parent=parent(**entries))
    expected = {"first": 1, "second": 2, "third": 8, "titled": 2, "other": 0, "numbered": 1}
    expected = {f"Parent_{n}": v for n, v in (expected | {"newest": "C"}).items()}
    with translation.override(language):
        assert by_every_path(obj) == [{"Parent_code": "a", **expected}] * 4


def test_the_places_of_a_decimal_of_the_site(live):
    obj = Parent.objects.create(code="a")
    Priced.objects.create(parent=obj, price=5)
    live(Parent=parent(newest=of("priced", "latest", "price", "id")))
    assert [each["Parent_newest"] for each in by_every_path(obj)] == ["5.00"] * 4


def test_what_a_stream_found_is_not_kept_in_an_object_of_the_site(live):
    """A related manager gives its objects the one that it belongs to: that counts anew each time,
    after the stream and while it goes on.
    """
    obj = Parent.objects.create(code="a")
    for code in "xy":
        Leaf.objects.create(code=code, parent=obj)
    live(
        Parent=parent(n=of("children")), Leaf=tracked("corners.leaf", ["code"], ["parent"], "code")
    )
    leaves = obj.leaves.all()
    for rows in (leaves, leaves.filter(code="x").union(leaves.filter(code="y")), leaves.distinct()):
        for values in iter_tracking_values(rows):
            before = tracking_values(obj)["Parent_n"]
            Child.objects.create(parent=obj)
            assert (before, tracking_values(obj)["Parent_n"]) == (before, before + 1)
            assert values["Parent_n"] <= before
    assert tracking_values(obj)["Parent_n"] == Child.objects.count() == 6
    assert not [name for name in vars(obj) if "trackadmin" in name]


def test_a_stream_sends_what_is_stored_and_not_what_an_object_of_the_site_holds(live):
    obj = Parent.objects.create(code="a")
    Leaf.objects.create(code="x", parent=obj)
    live(Parent=parent(), Leaf=tracked("corners.leaf", ["code"], ["parent"], "code"))
    obj.code = "not saved"
    rows = obj.leaves.all()
    for each in (rows, rows.union(rows)):
        assert [*iter_tracking_values(each)] == [{"Leaf_code": "x", "Parent_code": "a"}]


def test_a_computed_column_whose_field_converts(live):
    """The newest value is converted; what the database would compute with is refused."""
    obj = Parent.objects.create(code="a")
    Computed.objects.create(parent=obj, stored=7)
    latest = of("computed", "latest", "shifted", "id")
    snapshot = live(Parent=parent(newest=latest))
    assert defined(obj, latest) == 1014
    assert [each["Parent_newest"] for each in by_every_path(obj)] == [1014] * 4
    if connection.vendor == "postgresql":
        view = view_sql(snapshot.by_prefix["Parent"], "default")
        assert [each.name for each in view.left_out] == ["Parent_newest"]
    wrong = {f: of("computed", f, "shifted") for f in ("sum", "min", "max")}
    wrong["by"] = of("computed", "latest", "stored", "shifted")
    found = check(document(Parent=parent(**wrong)), catalog())
    assert [(each.code, each.where) for each in found if each.level == "error"] == [
        (ProblemCode.AGGREGATE_KIND, f"Parent.{name}") for name in sorted(wrong)
    ]


def test_keys_that_only_the_database_can_compare(live):
    """In a column of the site's own type: Python would find none of the related objects."""
    obj = Caseless.objects.create(code="Ab")
    for code in ("AB", "aB") if connection.vendor == "sqlite" else ("Ab", "Ab"):
        CaselessChild.objects.create(parent_id=code)
    entry = of("children")
    live(Caseless=tracked("corners.caseless", ["code"], key="code", aggregates={"n": entry}))
    assert defined(obj, entry) == 2
    assert [each["Caseless_n"] for each in by_every_path(obj)] == [2] * 4


def test_a_sum_that_fails_in_a_stream_whose_keys_only_the_database_can_compare(live, monkeypatch):
    """It costs its value, and neither the row nor those after it."""
    monkeypatch.setattr(fast_paths, "raising", False)
    for number, big in enumerate((2**62, 5), 1):
        day = Day.objects.create(name=str(number), day=datetime.date(2026, 1, number))
        for _ in range(2):
            DayChild.objects.create(parent=day, big=big)
    entries = {"n": of("children"), "total": of("children", "sum", "big")}
    live(Day=tracked("corners.day", ["name"], key="name", aggregates=entries))
    rows = Day.objects.order_by("name")
    too_much = None if connection.vendor == "sqlite" else 2**63
    for stream in (rows, rows.annotate(one=Value(1)).distinct()):
        assert [*iter_tracking_values(stream)] == [
            {"Day_name": "1", "Day_n": 2, "Day_total": too_much},
            {"Day_name": "2", "Day_n": 2, "Day_total": 10},
        ]


def test_an_object_whose_key_the_database_will_give_has_no_related_objects_yet(live):
    live(Numbered=tracked("corners.numbered", [], aggregates={"n": of("children")}))
    values, queries = sent(connection, lambda: tracking_values(Numbered()))
    assert values == {"Numbered_n": 0}
    assert queries == []


def test_more_values_than_one_statement_can_join(live):
    """As few statements as the database allows, and not one for each value."""
    obj = Parent.objects.create(code="a")
    Child.objects.create(parent=obj, number=2)
    many = {f"n{n}": of("children", "latest", "name", "id", number=n) for n in range(100)}
    live(Parent=parent(**many))
    values, queries = sent(connection, lambda: tracking_values(obj))
    assert len(queries) == 2
    assert (values["Parent_n1"], values["Parent_n2"]) == (None, "")
