"""Which fields the database proves unique."""

# (models for one test need no words for people)

import pytest
from django.contrib.postgres.indexes import BrinIndex, HashIndex, OpClass
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.test.utils import isolate_apps

from demo.models import BuyerProfile, CompanyAccount
from tests.host.models import Constrained, Everything, Line, Order, PlaceProxy, Profile, Restaurant
from trackadmin.catalog.uniqueness import is_indexed, is_unique


def unique(model):
    return {field.name for field in model._meta.concrete_fields if is_unique(field)}


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (Everything, {"id", "slug", "small", "big", "uuid", "backwards"}),
        (Constrained, {"id", "yes"}),
        (Line, {"id"}),
        (Order, {"number"}),
        (Profile, {"id", "person", "nickname"}),
        (Restaurant, {"id", "name", "place_ptr"}),
        (PlaceProxy, {"id", "name"}),
        (BuyerProfile, {"id", "uuid", "user"}),
        (CompanyAccount, {"id", "name"}),
    ],
)
def test_models_of_the_test_host(model, names):
    assert unique(model) == names


def with_constraint(**options):
    class Thing(models.Model):
        a = models.CharField(max_length=9)
        b = models.CharField(max_length=9)

        class Meta:
            app_label = "host"
            constraints = [models.UniqueConstraint(name="one", **options)]

    return unique(Thing) - {"id"}


@pytest.mark.parametrize(
    "options",
    [
        {"fields": ["a"]},
        {"fields": ["a"], "include": ["b"]},
        {"fields": ["a"], "deferrable": models.Deferrable.DEFERRED},
        {"fields": ["a"], "nulls_distinct": False},
    ],
)
def test_a_constraint_that_proves_it(options):
    with isolate_apps("tests.host"):
        assert with_constraint(**options) == {"a"}


@pytest.mark.parametrize(
    "options",
    [
        {"fields": ["a"], "condition": models.Q(b="x")},
        {"fields": ["a"], "opclasses": ["varchar_pattern_ops"]},
        {"fields": ["a", "b"]},
    ],
)
def test_a_constraint_that_does_not(options):
    with isolate_apps("tests.host"):
        assert with_constraint(**options) == set()


@pytest.mark.parametrize(
    "expression", [Lower("a"), models.F("a"), OpClass("a", "text_ops")], ids=["lower", "f", "op"]
)
def test_expressions_prove_nothing_of_a_field(expression):
    class Meta:
        app_label = "host"
        constraints = [models.UniqueConstraint(expression, name="one")]

    with isolate_apps("tests.host"):
        attrs = {"a": models.TextField(), "Meta": Meta, "__module__": __name__}
        assert unique(type("Thing", (models.Model,), attrs)) == {"id"}


@isolate_apps("tests.host")
def test_unique_together_of_one_field_proves_it_and_of_two_does_not():
    class Thing(models.Model):
        a = models.TextField()
        b = models.TextField()

        class Meta:
            app_label = "host"
            unique_together = [("a",), ("a", "b")]

    assert unique(Thing) == {"id", "a"}


@isolate_apps("tests.host")
def test_constraints_of_a_parents_table_hold_for_its_children():
    class Base(models.Model):
        code = models.TextField()

        class Meta:
            abstract = True
            constraints = [models.UniqueConstraint(fields=["code"], name="%(class)s_code")]

    class Parent(Base):
        other = models.TextField()

        class Meta(Base.Meta):
            app_label = "host"

    class Child(Parent):
        own = models.TextField()

        class Meta:
            app_label = "host"

    assert unique(Parent) == {"id", "code"}
    assert unique(Child) == {"id", "code", "parent_ptr"}


@isolate_apps("tests.host")
def test_a_childs_constraint_says_nothing_of_its_parents_field():
    """Django refuses it in its checks; were it there, it would hold for no table."""

    class Parent(models.Model):
        code = models.TextField()

        class Meta:
            app_label = "host"

    class Child(Parent):
        class Meta:
            app_label = "host"
            constraints = [models.UniqueConstraint(fields=["code"], name="child_code")]

    assert unique(Child) == {"id", "parent_ptr"}


@isolate_apps("tests.host")
def test_unique_for_a_date_is_not_unique():
    class Post(models.Model):
        slug = models.SlugField(unique_for_date="day")
        day = models.DateField()

        class Meta:
            app_label = "host"

    assert unique(Post) == {"id"}


# ── F16: which columns have an index ───────────────────────────────────────────────────────────


def indexed(model):
    return {field.name for field in model._meta.concrete_fields if is_indexed(field)}


@pytest.mark.parametrize(
    ("model", "names"),
    [
        # A foreign key has an index of its own; of unique_together the first column has one.
        (Line, {"id", "order"}),
        (Profile, {"id", "person", "nickname"}),
        (Constrained, {"id", "yes", "together_a"}),
        (Restaurant, {"id", "name", "place_ptr"}),
    ],
)
def test_columns_that_an_index_finds(model, names):
    assert indexed(model) == names


@pytest.mark.parametrize(
    ("options", "names"),
    [
        ({"indexes": [models.Index(fields=["a", "b"], name="i")]}, {"a"}),
        ({"indexes": [models.Index(fields=["-b"], name="i")]}, {"b"}),
        ({"indexes": [models.Index(Lower("a"), name="i")]}, set()),
        ({"indexes": [models.Index(fields=["a"], name="i", condition=models.Q(b=""))]}, set()),
        ({"indexes": [BrinIndex(fields=["a"], name="i")]}, set()),
        ({"indexes": [HashIndex(fields=["a"], name="i")]}, {"a"}),
        ({"unique_together": [("b", "a")]}, {"b"}),
        ({"constraints": [models.UniqueConstraint(fields=["b", "a"], name="c")]}, {"b"}),
        (
            {"constraints": [models.UniqueConstraint(fields=["a"], name="c", condition=Q(b=""))]},
            set(),
        ),
        ({"constraints": [models.CheckConstraint(condition=Q(b=""), name="c")]}, set()),
    ],
)
def test_an_index_counts_where_it_finds_one_value_of_the_column(options, names):
    """Not one on an expression, not a partial one, not a block range index."""
    with isolate_apps("tests.host"):

        class Thing(models.Model):
            a = models.CharField(max_length=9)
            b = models.CharField(max_length=9)
            Meta = type("Meta", (), {"app_label": "host", **options})

        assert indexed(Thing) - {"id"} == names


def test_field_says_itself_that_it_has_an_index():
    with isolate_apps("tests.host"):

        class Thing(models.Model):
            a = models.CharField(max_length=9, db_index=True)
            b = models.ForeignKey(Order, models.CASCADE, db_index=False, related_name="+")
            c = models.SlugField()

            class Meta:
                app_label = "host"

        assert indexed(Thing) == {"id", "a", "c"}


def test_first_column_of_a_key_of_several_has_an_index():
    with isolate_apps("tests.host"):

        class Thing(models.Model):
            pk = models.CompositePrimaryKey("a", "b")
            a = models.IntegerField()
            b = models.IntegerField()

            class Meta:
                app_label = "host"

        assert indexed(Thing) == {"a"}
