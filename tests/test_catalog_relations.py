"""The relations that may come along as children, and those that may not."""

# (models for one test need no words for people)

import pytest
from django.contrib.auth.models import User
from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.test import override_settings
from django.test.utils import isolate_apps

from tests.host.models import Address, Order, Person, Place, PlaceProxy, Profile, Restaurant
from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.model_facts import ModelFacts


def relations(model):
    found = ModelFacts(model, Ceiling()).relations
    return {name: (each.target, each.kind, each.nullable) for name, each in found.items()}


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (Profile, {"person": ("host.person", "one-to-one", False)}),
        (Address, {"country": ("host.country", "foreign key", True)}),
        (
            Person,
            {
                "user": ("auth.user", "foreign key", True),
                "boss": ("host.person", "foreign key", True),
                "profile": ("host.profile", "reverse one-to-one", True),
            },
        ),
        (
            Order,
            {
                "person": ("host.person", "foreign key", True),
                "billing_address": ("host.address", "foreign key", True),
                "shipping_address": ("host.address", "foreign key", True),
            },
        ),
        (User, {"buyer_profile": ("demo.buyerprofile", "reverse one-to-one", True)}),
        (Place, {"restaurant": ("host.restaurant", "reverse one-to-one", True)}),
        (PlaceProxy, {"restaurant": ("host.restaurant", "reverse one-to-one", True)}),
        (Restaurant, {"place_ptr": ("host.place", "one-to-one", False)}),
    ],
)
def test_relations_of_the_test_hosts(model, expected):
    assert relations(model) == expected


def test_forward_relations_come_before_reverse_ones():
    assert list(relations(Person)) == ["user", "boss", "profile"]


def test_the_field_is_the_one_with_the_column():
    reverse = ModelFacts(Person, Ceiling()).relations["profile"]
    assert reverse.field is Profile._meta.get_field("person")
    forward = ModelFacts(Profile, Ceiling()).relations["person"]
    assert forward.field is Profile._meta.get_field("person")


@pytest.mark.parametrize(
    ("model", "name", "reason"),
    [
        (Order, "tags", "many objects"),
        (Order, "lines", "many objects"),
        (Person, "team", "many objects"),
        (Person, "profile", "as a child"),
        (Place, "restaurant", "as a child"),
    ],
)
def test_a_relation_without_a_column_is_no_attribute(model, name, reason):
    facts = ModelFacts(model, Ceiling())
    assert reason in str(facts.attribute(name).refused)
    assert name not in facts.attributes


@isolate_apps("tests.host", "django.contrib.contenttypes", "django.contrib.auth")
def test_generic_hidden_and_unnamed_relations():
    class Note(models.Model):
        content_type = models.ForeignKey(ContentType, models.CASCADE)
        object_id = models.PositiveIntegerField()
        about = GenericForeignKey()
        notes = GenericRelation("self")

        class Meta:
            app_label = "host"

    class Hidden(models.Model):
        note = models.OneToOneField(Note, models.CASCADE, related_name="+")
        odd = models.OneToOneField(Note, models.CASCADE, related_name="_odd")

        class Meta:
            app_label = "host"

    facts = ModelFacts(Note, Ceiling())
    assert dict(facts.relations) == {}  # ContentType is machinery, the rest has no plain name
    assert "any model" in str(facts.attribute("about").refused)
    assert "many objects" in str(facts.attribute("notes").refused)
    assert {"content_type_id", "object_id"} < set(facts.attributes)


@isolate_apps("tests.host")
def test_a_row_that_no_constraint_keeps_may_be_missing():
    class Loose(models.Model):
        person = models.ForeignKey(Person, models.DO_NOTHING, db_constraint=False, related_name="+")

        class Meta:
            app_label = "host"

    assert relations(Loose) == {"person": ("host.person", "foreign key", True)}


def test_a_property_that_hides_a_relation_is_no_relation():
    class Sly(Profile):
        class Meta:
            app_label = "host"
            proxy = True
            apps = Profile._meta.apps.__class__()

        @property
        def person(self):
            raise AssertionError

    assert relations(Sly) == {}


@isolate_apps("tests.host", "django.contrib.auth", "django.contrib.contenttypes")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_relation_from_above_is_inherited():
    class Owned(models.Model):
        owner = models.ForeignKey(Person, models.CASCADE, related_name="+")

        class Meta:
            abstract = True

    class Base(Owned):
        class Meta:
            app_label = "host"

    class Child(Base):
        class Meta:
            app_label = "host"

    class Proxy(Child):
        class Meta:
            app_label = "host"
            proxy = True

    assert relations(Proxy).keys() == relations(Child).keys() == {"base_ptr", "owner"}
    assert relations(Base).keys() == {"owner", "child"}
    assert ModelFacts(Proxy, Ceiling()).ancestors == ("host.child", "host.base")


@pytest.mark.parametrize("entry", ["host.Person.profile", "host.Profile", "host.profile"])
def test_exclude_takes_out_a_reverse_relation(entry):
    with override_settings(TRACKADMIN={"EXCLUDE": [entry]}):
        assert "profile" not in relations(Person)


@pytest.mark.parametrize("entry", ["host.Order.person", "host.Order.person_id"])
def test_exclude_takes_out_a_forward_relation_and_its_key(entry):
    with override_settings(TRACKADMIN={"EXCLUDE": [entry]}):
        facts = ModelFacts(Order, Ceiling())
        assert "person" not in facts.relations
        assert "EXCLUDE" in str(facts.attribute("person").refused)
        assert "EXCLUDE" in str(facts.attribute("person_id").refused)


def test_the_key_to_a_model_that_is_not_offered_still_is():
    with override_settings(TRACKADMIN={"EXCLUDE": ["host.Person"]}):
        facts = ModelFacts(Order, Ceiling())
        assert "person" not in facts.relations
        assert "person_id" in facts.attributes


@isolate_apps("tests.host")
def test_a_relation_to_a_proxy_stands_while_the_model_behind_it_is_offered():
    class Proxy(Person):
        class Meta:
            app_label = "host"
            proxy = True

    class Thing(models.Model):
        person = models.ForeignKey(Proxy, models.CASCADE, related_name="+")

        class Meta:
            app_label = "host"

    with override_settings(TRACKADMIN={"EXCLUDE": ["host.Proxy"]}):
        assert "person" in relations(Thing)
    with override_settings(TRACKADMIN={"EXCLUDE": ["host.Person"]}):
        assert relations(Thing) == {}
