"""A first map, proposed from the host's models: what is proposed, and that it can be published."""

import pytest
from django.db import models
from django.test import override_settings
from django.test.utils import isolate_apps
from reversion.models import Revision

from tests.drafts import draft, everything, the_map
from tests.maps import document
from tests.sprawling import sprawl
from trackadmin import editing
from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.model_facts import ModelFacts
from trackadmin.catalog.obvious import obvious_attributes, suggested_key
from trackadmin.codes import ProblemCode
from trackadmin.document import ActionEntry
from trackadmin.editing import starting
from trackadmin.exceptions import DraftChanged, InvalidMap
from trackadmin.models import MapVersion
from trackadmin.runtime import tracking_values
from trackadmin.testing import reset

pytestmark = pytest.mark.django_db

#: Classes of fields whose values no first map sends.
LONG = models.TextField | models.FileField | models.JSONField


def proposed():
    return {each.model.cased_label: each for each in editing.proposals()}


def names(proposal):
    return [each.name for each in proposal.attributes]


def accessors(proposal):
    return [each.accessor for each in proposal.children]


def of_app(*apps):
    return [each for each in editing.proposals() if each.model.app_label in apps]


# What is proposed ---------------------------------------------------------------------------------


def test_the_shop_gets_what_somebody_would_choose():
    found = proposed()
    order = found["demo.Order"]
    assert order.key == "number"
    assert names(order) == ["quantity", "status", "total", "placed_at"]
    assert accessors(order) == [
        "buyer",
        "company",
        "product",
        "billing_address",
        "shipping_address",
    ]
    assert found["demo.BuyerProfile"].key == "uuid"
    assert found["demo.Manufacturer"].key == "uuid"
    assert names(found["demo.Manufacturer"]) == ["slug", "name"]
    assert found["demo.Product"].key == "sku"


def test_nothing_personal_computed_or_long_is_proposed():
    """On any of the test hosts: by the catalog's guess, and by any word that may be personal."""
    for each in editing.proposals():
        for facts in each.attributes:
            assert not facts.personal, (each.prefix, facts.name)
            assert not facts.computed, (each.prefix, facts.name)
            assert not isinstance(facts.field, LONG)
    assert proposed()["demo.BuyerProfile"].model.attributes["phone"].personal
    user = proposed()["auth.User"]
    assert {"username", "email", "first_name", "last_name"} & {*names(user), user.key} == set()


@isolate_apps("tests.host")
def test_which_attributes_are_obvious():
    class Thing(models.Model):
        reference = models.CharField(max_length=20, unique=True)
        title = models.CharField(max_length=200)
        remark = models.CharField(max_length=200)
        kind = models.CharField(max_length=900)
        body = models.TextField(unique=True)
        size = models.CharField(max_length=2, choices=[("s", "Small")])
        mark = models.CharField(max_length=2, choices=[("a", "A")])
        extra = models.JSONField(default=dict)
        photo = models.FileField()
        latitude = models.FloatField()
        email_verified = models.BooleanField()
        active = models.BooleanField()
        born_on = models.DateField()
        day = models.DateField()
        token = models.CharField(max_length=20, unique=True)
        other = models.ForeignKey("self", models.CASCADE)

        class Meta:
            app_label = "host"

    facts = ModelFacts(Thing, Ceiling())
    found = [each.name for each in obvious_attributes(facts)]
    assert found == ["reference", "title", "size", "mark", "active", "day"]
    assert suggested_key(facts) == "reference"
    with override_settings(TRACKADMIN={"NOT_PERSONAL": ["host.Thing.latitude"]}):
        facts = ModelFacts(Thing, Ceiling())
        assert "latitude" in [each.name for each in obvious_attributes(facts)]


def test_the_sites_own_models_are_ticked_and_come_first():
    found = editing.proposals()
    assert [each.suggested for each in found] == sorted(
        [each.suggested for each in found], reverse=True
    )
    known = proposed()
    assert known["demo.Order"].suggested
    assert not known["demo.Order"].from_a_package
    assert known["auth.User"].from_a_package
    assert not known["auth.User"].suggested
    assert not known["host.Membership"].suggested  # a table between two others
    assert not known["host.PlaceProxy"].suggested  # another name for the same rows


@isolate_apps("tests.host")
def test_technical_models_are_known_by_their_names(monkeypatch):
    from trackadmin.catalog import obvious

    meta = type("Meta", (), {"app_label": "host"})
    made = [
        type(name, (models.Model,), {"__module__": __name__, "Meta": meta})
        for name in ("HistoricalOrder", "LoginAttempt", "Catalog", "Blog")
    ]
    monkeypatch.setattr(obvious.apps, "get_models", lambda: made)
    assert {each.__name__ for each in obvious.technical_models()} == {
        "HistoricalOrder",
        "LoginAttempt",
    }


def test_prefixes_are_class_names_and_never_the_same():
    found = editing.proposals()
    prefixes = [each.prefix for each in found]
    assert len({*prefixes}) == len(prefixes)
    known = proposed()
    assert known["demo.Product"].prefix == "Product"
    # Several apps have a model of this name, so none of them is simply called so.
    assert known["demo.Country"].prefix == "DemoCountry"
    assert known["host.Country"].prefix == "HostCountry"
    with override_settings(TRACKADMIN={"MODELS": ["demo", "auth"]}):
        assert proposed()["demo.Country"].prefix == "Country"


def test_proposing_sends_no_query(django_assert_num_queries):
    with django_assert_num_queries(0):
        editing.proposals()


# The draft ----------------------------------------------------------------------------------------


def test_it_is_one_edit_and_can_be_published_at_once():
    editing.start("default", of_app("demo"), by=None)
    assert Revision.objects.count() == 1
    assert not MapVersion.objects.exists()
    built = editing.build_document("default")
    assert built.models["DemoOrder"].key == "number"
    assert [*built.models["DemoOrder"].children] == [
        "buyer",
        "company",
        "product",
        "billing_address",
        "shipping_address",
    ]
    # Nobody ticked the user, so nothing leads to one.
    assert not built.models["BuyerProfile"].children
    two_addresses = built.models["DemoOrder"].children
    assert two_addresses["billing_address"].prefix != two_addresses["shipping_address"].prefix
    assert editing.draft_problems("default") == []
    editing.publish("default", by=None)
    reset()
    from demo.models import Country

    assert tracking_values(Country.objects.create(code="DE", name="Germany")) == {
        "DemoCountry_code": "DE",
        "DemoCountry_name": "Germany",
    }


@pytest.mark.parametrize(
    "apps", [("wide",), ("host",), ("many",), ("corners", "tenants", "basket"), ("demo", "auth")]
)
def test_what_is_proposed_for_any_host_can_be_published(apps):
    chosen = of_app(*apps)
    editing.start("default", chosen)
    version = editing.publish("default", by=None)
    built = editing.read_version(version)
    assert {entry.model for entry in built.models.values()} == {c.model.label for c in chosen}


def test_a_site_where_everything_leads_to_everything():
    """Children come alone: otherwise one event would have thousands of names."""
    with sprawl():
        chosen = of_app("sprawl")
        built = editing.start("default", chosen)
        assert built.changes
        editing.publish("default", by=None)
        entries = editing.build_document("default").models.values()
        assert sum(len(entry.children) for entry in entries) > starting.MOST_CHILDREN
        assert all(child.alone for entry in entries for child in entry.children.values())


def test_what_does_not_compile_is_left_out(monkeypatch):
    """A child that is wrong, an attribute that is wrong; the rest is saved."""
    real = starting._first_entries

    def broken(chosen):
        entries = real(chosen)
        order = entries["DemoOrder"]
        order.attributes["nothing"] = starting.AttributeEntry("nothing")
        order.children["nobody"] = starting.ChildEntry()
        return entries

    monkeypatch.setattr(starting, "_first_entries", broken)
    editing.start("default", of_app("demo"))
    order = editing.build_document("default").models["DemoOrder"]
    assert "nothing" not in order.attributes
    assert "nobody" not in order.children
    assert order.key == "number"


def test_parts_can_be_left_out_and_the_key_stays():
    chosen = proposed()["demo.Order"].without({"status", "buyer", "number"})
    editing.start("default", [chosen])
    order = editing.build_document("default").models["DemoOrder"]
    assert [*order.attributes] == ["number", "quantity", "total", "placed_at"]
    assert not order.children  # nothing that it leads to was chosen


def test_a_map_that_is_not_empty_is_never_overwritten():
    draft()
    before = everything()
    with pytest.raises(InvalidMap) as caught:
        editing.start("default", of_app("demo"))
    assert [problem.code for problem in caught.value.problems] == [ProblemCode.MAP_NOT_EMPTY]
    assert everything() == before


def test_actions_and_settings_of_the_map_stay():
    draft(document())
    editing.save_action("default", "signup", ActionEntry("Signup."))
    editing.start("default", of_app("demo"))
    assert [*editing.build_document("default").actions] == ["signup"]


def test_who_comes_second_is_refused_and_nothing_is_lost():
    draft(document())
    seen = editing.draft_digest("default")
    editing.start("default", [proposed()["demo.Product"]], expected=seen)
    before = everything()
    with pytest.raises(DraftChanged):
        editing.start("default", [proposed()["demo.Country"]], expected=seen)
    assert everything() == before


def test_an_edit_between_the_look_and_the_lock_is_never_overwritten(monkeypatch):
    """The draft was empty when it was read; the same question is asked under the lock."""
    real = starting.first_document

    def first_document(*args):
        found = real(*args)
        draft()
        return found

    monkeypatch.setattr(starting, "first_document", first_document)
    with pytest.raises(DraftChanged):
        editing.start("default", [proposed()["demo.Product"]])
    assert [*editing.build_document("default").models] == ["Person", "Profile"]


def test_it_can_be_undone_like_any_edit():
    editing.start("default", [proposed()["demo.Product"]])
    (entry,) = editing.history(the_map().tracked_models.get())
    assert "Started from a proposal" in str(entry.comment)
