"""The kind of value that each field gives, and its type in words."""

# (models for one test need no words for people)

import pytest
from django.contrib.postgres import fields as postgres
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Upper
from django.test.utils import isolate_apps

from tests.host.models import Everything, Line, Order, Person, Profile, Restaurant, ReversedField
from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.kinds import Kind, final_field, kind_of, type_text
from trackadmin.catalog.model_facts import ModelFacts

KINDS = {
    "id": (Kind.INTEGER, "Whole number"),
    "text": (Kind.TEXT, "Text · up to 50 characters"),
    "long_text": (Kind.TEXT, "Text"),
    "slug": (Kind.TEXT, "Slug · up to 50 characters"),
    "contact": (Kind.TEXT, "E-mail address · up to 254 characters"),
    "url": (Kind.TEXT, "Web address · up to 200 characters"),
    "ip": (Kind.IP_ADDRESS, "IP address"),
    "small": (Kind.INTEGER, "Whole number"),
    "integer": (Kind.INTEGER, "Whole number"),
    "positive": (Kind.INTEGER, "Whole number"),
    "big": (Kind.INTEGER, "Whole number"),
    "floating": (Kind.FLOAT, "Number"),
    "amount": (Kind.DECIMAL, "Decimal number · 2 places"),
    "flag": (Kind.BOOLEAN, "Yes or no"),
    "maybe": (Kind.BOOLEAN, "Yes or no"),
    "day": (Kind.DATE, "Date"),
    "clock": (Kind.TIME, "Time of day"),
    "moment": (Kind.DATETIME, "Date and time"),
    "span": (Kind.DURATION, "Length of time"),
    "uuid": (Kind.UUID, "UUID"),
    "data": (Kind.JSON, "JSON"),
    "upload": (Kind.FILE, "File"),
    "binary": (Kind.BINARY, "Binary data"),
    "status": (Kind.TEXT, "Text · up to 10 characters · with choices"),
    "level": (Kind.INTEGER, "Whole number · with choices"),
    "backwards": (Kind.TEXT, "Text · up to 50 characters"),
    "password": (Kind.TEXT, "Text · up to 50 characters"),
    "api_token": (Kind.TEXT, "Text · up to 50 characters"),
}


def test_every_field_of_the_model_with_everything():
    found = {f.name: (kind_of(f), str(type_text(f))) for f in Everything._meta.concrete_fields}
    assert found == KINDS


class FromNothing(models.Field):
    """A field that tells Django only where to keep it."""

    def get_internal_type(self):
        return "CharField"


class AddressAsText(models.GenericIPAddressField):
    """A site's own field of addresses with a column of texts."""

    def get_internal_type(self):
        return "CharField"


class TextAsAddress(models.CharField):
    """A site's own field of texts with a column of addresses."""

    def get_internal_type(self):
        return "GenericIPAddressField"


class CharField(models.Field):
    """A site's own field that merely bears the name of one of Django's."""


@pytest.mark.parametrize(
    ("field", "kind", "label"),
    [
        (models.ImageField(), Kind.FILE, "Image"),
        (models.FilePathField(path="/srv"), Kind.TEXT, "File path"),
        (models.PositiveBigIntegerField(), Kind.INTEGER, "Whole number"),
        (models.SmallAutoField(primary_key=True), Kind.INTEGER, "Whole number"),
        (ReversedField(max_length=3), Kind.TEXT, "Text · up to 3 characters"),
        (models.GenericIPAddressField(), Kind.IP_ADDRESS, "IP address"),
        (AddressAsText(), Kind.TEXT, "IP address"),
        (TextAsAddress(), Kind.IP_ADDRESS, "Text"),
        (FromNothing(), Kind.OTHER, "FromNothing"),
        (CharField(), Kind.OTHER, "Char"),
        (postgres.ArrayField(models.TextField()), Kind.JSON, "List"),
        (postgres.HStoreField(), Kind.JSON, "Texts by key"),
        (postgres.IntegerRangeField(), Kind.OTHER, "Range"),
        (postgres.DateTimeRangeField(), Kind.OTHER, "Range"),
        (SearchVectorField(), Kind.OTHER, "SearchVector"),
    ],
)
def test_other_fields(field, kind, label):
    assert (kind_of(field), str(type_text(field))) == (kind, label)


def test_generated_fields_are_what_they_give():
    field = models.GeneratedField(
        expression=Upper("name"), output_field=models.CharField(max_length=9), db_persist=True
    )
    assert (kind_of(field), str(type_text(field))) == (Kind.TEXT, "Text")


@pytest.mark.parametrize(
    ("model", "name", "kind", "label", "target"),
    [
        (Order, "billing_address", Kind.INTEGER, "Foreign key to Address", "host.Address.id"),
        (Order, "person", Kind.UUID, "Foreign key to Person", "host.Person.id"),
        (Person, "boss", Kind.UUID, "Foreign key to Person", "host.Person.id"),
        (Person, "user", Kind.INTEGER, "Foreign key to User", "auth.User.id"),
        (Profile, "person", Kind.UUID, "One-to-one with Person", "host.Person.id"),
        (Line, "order", Kind.TEXT, "Foreign key to Order", "host.Order.number"),
        (Restaurant, "place_ptr", Kind.INTEGER, "One-to-one with Place", "host.Place.id"),
    ],
)
def test_foreign_keys_are_what_they_point_to(model, name, kind, label, target):
    field = model._meta.get_field(name)
    assert (kind_of(field), str(type_text(field)), str(final_field(field))) == (kind, label, target)


@isolate_apps("tests.host")
def test_the_column_of_a_field_of_addresses_decides_whether_a_url_can_carry_them():
    """A key that was published with such a field stays a key."""

    class Server(models.Model):
        text = AddressAsText(unique=True)
        address = models.GenericIPAddressField(unique=True)
        other = TextAsAddress(unique=True)

        class Meta:
            app_label = "host"

    facts = ModelFacts(Server, Ceiling())
    found = {name: facts.attribute(name) for name in ("text", "address", "other")}
    assert {name: each.lookupable for name, each in found.items()} == {
        "text": True,
        "address": False,
        "other": False,
    }
    assert found["text"].personal
    assert found["address"].personal


@isolate_apps("tests.host")
def test_chains_of_keys_are_followed_to_their_end():
    class Land(models.Model):
        code = models.CharField(max_length=2, unique=True)

        class Meta:
            app_label = "host"

    class Capital(models.Model):
        land = models.OneToOneField(Land, models.CASCADE, to_field="code", primary_key=True)

        class Meta:
            app_label = "host"

    class Mayor(models.Model):
        capital = models.ForeignKey(Capital, models.CASCADE)

        class Meta:
            app_label = "host"

    field = Mayor._meta.get_field("capital")
    assert final_field(field) is Land._meta.get_field("code")
    assert kind_of(field) is Kind.TEXT


@isolate_apps("tests.host")
def test_a_key_to_a_model_that_is_not_there_leads_nowhere():
    class Lost(models.Model):
        other = models.ForeignKey("nowhere.Nothing", models.CASCADE)

        class Meta:
            app_label = "host"

    field = Lost._meta.get_field("other")
    assert final_field(field) is None
    assert kind_of(field) is Kind.OTHER
    assert str(type_text(field)) == "Foreign key to nowhere.Nothing"
    facts = ModelFacts(Lost, Ceiling())
    assert list(facts.attributes) == ["id"]
    assert "not installed" in str(facts.attribute("other").refused)
    assert not facts.relations


def test_a_list_of_choices_is_not_asked_for():
    """Django runs a callable only when the choices are read; it may cost queries."""

    def never():
        raise AssertionError

    assert str(type_text(models.CharField(max_length=3, choices=never))).endswith("with choices")
