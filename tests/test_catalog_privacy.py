"""The guess whether an attribute tells something about a person."""

# (models for one test need no words for people)

import pytest
from django.contrib.auth.models import Group, User
from django.db import models
from django.test import override_settings
from django.test.utils import isolate_apps

from demo.models import Address, BuyerProfile, CompanyAccount, Manufacturer, Order, Product
from tests.host.models import Everything, Person, Profile
from trackadmin.catalog.privacy import field_is_personal, looks_like_people, name_is_personal


def personal(model):
    return {f.name for f in model._meta.concrete_fields if field_is_personal(f, model)}


@pytest.mark.parametrize(
    ("model", "names"),
    [
        (User, {"username", "first_name", "last_name", "email"}),
        (Group, set()),
        (BuyerProfile, {"phone"}),
        (CompanyAccount, set()),
        (Manufacturer, set()),
        (Product, set()),
        (Order, set()),
        (Address, {"street", "postcode"}),
        (Everything, {"contact", "ip"}),
        (Person, {"name"}),
        (Profile, {"nickname"}),
    ],
)
def test_models_of_the_hosts(model, names):
    assert personal(model) == names


@pytest.mark.parametrize(
    "name",
    [
        "first_name", "firstName", "last_name", "full_name", "get_full_name", "username",
        "user_name", "nickname", "email", "e_mail", "work_email", "phone", "phone_number",
        "mobile", "fax", "street", "address", "billing_address", "postcode", "postal_code", "zip",
        "zip_code", "birth_date", "date_of_birth", "dob", "ip", "last_ip", "ip_address",
        "customer_name", "contact_person_name", "passport_number",
    ],
)  # fmt: skip
def test_names_that_are_personal_on_any_model(name):
    assert name_is_personal(name, Product)


@pytest.mark.parametrize(
    "name",
    [
        "name", "product_name", "company_name", "title", "ctime", "is_email_verified", "has_phone",
        "email_count", "total", "shipping", "zipper", "faxed", "telling", "slug", "", "_",
    ],
)  # fmt: skip
def test_names_that_are_not(name):
    assert not name_is_personal(name, Product)


@pytest.mark.parametrize("name", ["name", "get_name", "city", "photo", "latitude", "display_name"])
def test_names_that_are_personal_on_people_only(name):
    assert name_is_personal(name, Person)
    assert not name_is_personal(name, Product)


@isolate_apps("tests.host")
def test_a_model_is_people_by_its_name_or_by_its_tie_to_a_user():
    class Contact(models.Model):
        class Meta:
            app_label = "host"

    class Membership(models.Model):
        account = models.OneToOneField(User, models.CASCADE)

        class Meta:
            app_label = "host"

    class Seat(models.Model):
        user = models.ForeignKey(User, models.CASCADE)

        class Meta:
            app_label = "host"

    class Staff(User):
        class Meta:
            app_label = "host"
            proxy = True

    class Project(models.Model):
        created_by = models.ForeignKey(User, models.CASCADE)

        class Meta:
            app_label = "host"

    assert [looks_like_people(m) for m in (Contact, Membership, Seat, Staff, User)] == [True] * 5
    assert not looks_like_people(Project)
    assert not looks_like_people(Product)


def test_a_site_without_users_has_people_by_their_names_only():
    with override_settings(AUTH_USER_MODEL="nowhere.User"):
        assert looks_like_people(Person)
        assert not looks_like_people(Order)


class PhoneNumberField(models.CharField):
    """As a package has it."""


class Hashed(models.EmailField):
    """A site's own, built on Django's."""


@isolate_apps("tests.host")
def test_fields_by_their_class_and_by_their_kind():
    class Shop(models.Model):
        line = PhoneNumberField(max_length=9)
        reply_to = Hashed()
        host = models.GenericIPAddressField()
        phone = models.BigIntegerField()
        email_verified = models.BooleanField()
        email_verified_at = models.DateTimeField()
        birthday = models.DateField()
        born_at = models.DateTimeField()
        owner_mail = models.ForeignKey(
            "Mailbox", models.CASCADE, to_field="address", related_name="+"
        )
        address = models.ForeignKey("Mailbox", models.CASCADE, related_name="+")

        class Meta:
            app_label = "host"

    class Mailbox(models.Model):
        address = models.EmailField(unique=True)

        class Meta:
            app_label = "host"

    expected = {"line", "reply_to", "host", "phone", "birthday", "born_at", "owner_mail"}
    assert personal(Shop) == expected
