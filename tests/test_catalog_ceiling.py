"""What the host's settings let editors choose from: the ceiling wins over everything."""

# (models for one test need no words for people)

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission, User
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.db import models
from django.test import override_settings
from django.test.utils import isolate_apps

from demo.models import Order as DemoOrder
from tests.host.models import Everything, Order, Place, PlaceProxy, Restaurant
from trackadmin.catalog import denied
from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.model_facts import ModelFacts
from trackadmin.models import MapVersion


def why_not(model, **settings):
    with override_settings(TRACKADMIN=settings):
        return str(Ceiling().why_not_model(model) or "")


def attributes(model, **settings):
    with override_settings(TRACKADMIN=settings):
        return set(ModelFacts(model, Ceiling()).attributes)


class TestByDefault:
    @pytest.mark.parametrize("model", [Order, PlaceProxy, Restaurant, User, Group, DemoOrder])
    def test_the_sites_own_models_are_offered(self, model):
        assert why_not(model) == ""

    @pytest.mark.parametrize(
        "label",
        [
            "contenttypes.ContentType", "sessions.Session", "admin.LogEntry", "auth.Permission",
            "reversion.Version", "reversion.Revision", "admin_interface.Theme",
        ],
    )  # fmt: skip
    def test_machinery_is_not(self, label):
        reason = why_not(apps.get_model(label))
        assert "internal table of the site" in reason
        assert f"add {label!r} to ALLOW" in reason

    def test_trackadmins_own_tables_are_not(self):
        own = apps.get_app_config("trackadmin").get_models()
        assert all("its own tables" in why_not(model) for model in own)
        assert "its own" in why_not(MapVersion, MODELS=["trackadmin.MapVersion"], ALLOW=["x.y"])

    def test_the_table_between_two_models_is_not(self):
        assert "many-to-many" in why_not(Order.tags.through)
        assert "many-to-many" in why_not(Order.tags.through, MODELS=["host"])

    @isolate_apps("tests.host", "django.contrib.sessions", "django.contrib.admin")
    def test_what_is_built_on_machinery_is_machinery(self):
        class Visit(AbstractBaseSession):
            class Meta:
                app_label = "host"

        class Log(apps.get_model("admin.LogEntry")):
            class Meta:
                app_label = "host"
                proxy = True

        assert "internal" in why_not(Visit)
        assert "internal" in why_not(Log)

    @isolate_apps("tests.host")
    def test_a_model_whose_name_says_secrets_is_not(self):
        class AuthToken(models.Model):
            key = models.CharField(max_length=40, primary_key=True)

            class Meta:
                app_label = "host"

        assert "holds secrets ('authtoken')" in why_not(AuthToken)
        assert why_not(AuthToken, ALLOW=["Host.AuthToken"]) == ""
        assert why_not(AuthToken, MODELS=["host.authtoken"]) == ""
        assert "secrets" in why_not(AuthToken, MODELS=["host"])

    @isolate_apps("tests.host")
    def test_a_table_that_django_does_not_manage_is(self):
        class View(models.Model):
            class Meta:
                app_label = "host"
                managed = False

        assert why_not(View) == ""

    @isolate_apps("tests.host")
    def test_a_model_that_was_swapped_out_is_not(self):
        class Old(models.Model):
            class Meta:
                app_label = "host"
                swappable = "HOST_MODEL"

        with override_settings(HOST_MODEL="host.New"):
            assert why_not(Old) == "The site uses host.New instead."


class TestModels:
    @pytest.mark.parametrize("entry", ["host", "HOST", "host.Order", "Host.order", "host.ORDER"])
    def test_an_app_or_a_model_is_listed_in_any_case(self, entry):
        assert why_not(Order, MODELS=[entry]) == ""

    @pytest.mark.parametrize("entries", [[], ["demo"], ["host.Line"], ["hos"], ["host.Orders"]])
    def test_what_is_not_listed_is_not_offered(self, entries):
        assert "add 'host.Order' to MODELS" in why_not(Order, MODELS=entries)

    def test_naming_an_app_does_not_bring_its_machinery(self):
        assert "internal" in why_not(Permission, MODELS=["auth"])
        assert why_not(User, MODELS=["auth"]) == ""

    def test_naming_the_model_does(self):
        assert why_not(Session, MODELS=["sessions.Session"]) == ""
        assert why_not(Session, ALLOW=["sessions.session"]) == ""

    def test_machinery_keeps_its_secrets(self):
        assert attributes(Session, MODELS=["sessions.Session"]) == {"expire_date"}


class TestExclude:
    @pytest.mark.parametrize("entry", ["host", "HOST", "host.Order", "host.order"])
    def test_an_app_or_a_model(self, entry):
        assert f"EXCLUDE has {entry.lower()!r}" in why_not(Order, EXCLUDE=[entry])

    def test_it_wins_over_models_and_allow(self):
        assert "EXCLUDE" in why_not(
            Order, EXCLUDE=["host.Order"], MODELS=["host.Order"], ALLOW=["host.Order"]
        )

    def test_other_models_stay(self):
        assert why_not(DemoOrder, EXCLUDE=["host.Order", "host"]) == ""

    def test_a_model_takes_its_proxies_along_and_not_its_children(self):
        assert "host.place" in why_not(PlaceProxy, EXCLUDE=["host.Place"])
        assert why_not(Place, EXCLUDE=["host.PlaceProxy"]) == ""
        assert why_not(Restaurant, EXCLUDE=["host.Place"]) == ""

    def test_what_a_child_has_from_an_excluded_parent_goes(self):
        assert attributes(Restaurant, EXCLUDE=["host.Place"]) == {"place_ptr_id", "stars"}

    @pytest.mark.parametrize("model", [Place, PlaceProxy, Restaurant])
    def test_a_field_goes_wherever_it_is_inherited(self, model):
        assert "name" in attributes(model)
        assert "name" not in attributes(model, EXCLUDE=["Host.place.name"])

    def test_a_childs_entry_leaves_the_parent_alone(self):
        assert "name" in attributes(Place, EXCLUDE=["host.Restaurant.name"])
        assert "name" not in attributes(Restaurant, EXCLUDE=["host.Restaurant.name"])

    def test_a_field_is_named_exactly(self):
        assert "name" in attributes(Place, EXCLUDE=["host.Place.Name", "host.Place.nam"])

    def test_it_wins_over_allow(self):
        both = ["host.Everything.api_token"]
        assert "api_token" in attributes(Everything, ALLOW=both)
        assert "api_token" not in attributes(Everything, ALLOW=both, EXCLUDE=both)


class TestAllow:
    def test_it_lifts_the_deny_list_for_one_field(self):
        added = attributes(Everything, ALLOW=["Host.Everything.api_token"])
        assert added - attributes(Everything) == {"api_token"}

    @pytest.mark.parametrize("entry", ["host.Everything.password", "host.Everything.binary"])
    def test_never_for_a_password_or_for_binary_data(self, entry):
        assert attributes(Everything, ALLOW=[entry]) == attributes(Everything)

    def test_not_for_the_field_of_a_child_or_a_proxy(self):
        assert attributes(User, ALLOW=["auth.AbstractUser.password"]) == attributes(User)

    @pytest.mark.parametrize("entry", ["host.Order.person", "host.Order.person_id"])
    @pytest.mark.parametrize("source", ["person", "person_id"])
    def test_a_foreign_key_by_its_field_or_its_column(self, entry, source):
        settings = {"DENY_WORDS": ["person"], "ALLOW": [entry]}
        assert "person_id" not in attributes(Order, DENY_WORDS=["person"])
        assert "person_id" in attributes(Order, **settings)
        with override_settings(TRACKADMIN=settings):
            assert denied(source, "host.order") is None
            assert denied("person_ids", "host.order")
            assert denied(source, "host.line")


def test_deny_words_of_the_site():
    assert "amount" in attributes(Everything)
    assert "amount" not in attributes(Everything, DENY_WORDS=["amount"])
    assert "billing_address_id" not in attributes(Order, DENY_WORDS=["address"])
