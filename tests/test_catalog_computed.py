"""Properties and methods: offered where the host marks or lists them, never else, never run."""

# (models for one test need no words for people)

import functools
from operator import attrgetter

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.test import override_settings
from django.test.utils import isolate_apps
from django.utils.functional import cached_property

from tests.host.models import Everything, Hidden, Person, Place, PlaceProxy
from trackadmin.catalog import Kind, trackable
from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.model_facts import ModelFacts


def never(*args, **kwargs):
    raise AssertionError("The catalog ran the host's code.")


class Base(models.Model):
    """Abstract, with a member of each sort; each fails where it is read."""

    name = models.CharField(max_length=9)
    limit = 10
    at_once = property(never)
    by_getter = property(attrgetter("name"))
    write_only = property(None, never)

    class Meta:
        abstract = True

    @property
    @trackable
    def under(self):
        """What it is.

        And more.
        """
        never()

    @trackable(description="Said by the mark.")
    @property
    def over(self):
        """Said by the code."""
        never()

    @trackable
    @cached_property
    def cached(self):
        never()

    @functools.cached_property
    @trackable
    def python_cached(self):
        never()

    @trackable
    def method(self, factor=2, *more, **named):
        never()

    @trackable
    def annotated(self, like: "Nothing" = None) -> "Nothing":  # noqa: F821
        never()

    @trackable
    def inherited(self):
        never()

    @trackable
    def overridden(self):
        never()

    @trackable
    def needs(self, factor):
        never()

    @trackable
    def needs_keyword(self, *, factor):
        never()

    @trackable
    def no_self():
        never()

    @trackable
    async def waits(self):
        never()

    @trackable
    async def waits_and_yields(self):
        yield never()

    @property
    @trackable
    async def waiting(self):
        never()

    @trackable
    def yields(self):
        yield never()

    @trackable
    @classmethod
    def of_class(cls):
        never()

    @staticmethod
    @trackable
    def static():
        never()

    @trackable
    def writes(self):
        never()

    writes.alters_data = True

    @trackable
    def reset_password_url(self):
        never()

    @trackable
    def _private(self):
        never()

    @trackable
    def twice__under(self):
        never()

    @trackable
    def straße(self):
        never()

    @property
    def unmarked(self):
        never()

    @cached_property
    def unmarked_cached(self):
        never()

    def unmarked_method(self):
        never()


OFFERED = ["under", "over", "cached", "python_cached", "method", "annotated", "inherited"]
REFUSED = {
    "needs": "It needs arguments",
    "needs_keyword": "It needs arguments",
    "no_self": "It needs arguments",
    "waits": "async def",
    "waits_and_yields": "async def",
    "waiting": "async def",
    "yields": "many values",
    "of_class": "class method or a static method",
    "static": "class method or a static method",
    "writes": "It changes data",
    "reset_password_url": "looks like a secret",
    "_private": "starts with an underscore",
    "twice__under": "two underscores in a row",
    "straße": "other than English letters",
}
UNMARKED = ["unmarked", "unmarked_cached", "unmarked_method", "at_once", "by_getter", "overridden"]


@pytest.fixture
def thing():
    with isolate_apps("tests.host"):

        class Thing(Base):
            own = models.CharField(max_length=9)

            class Meta:
                app_label = "host"

            def overridden(self):
                never()

        yield Thing


@pytest.fixture
def facts(thing):
    return ModelFacts(thing, Ceiling())


def computed(facts):
    return [name for name, each in facts.attributes.items() if each.computed]


def test_marked_ones_are_offered_in_the_order_they_are_written(facts):
    assert computed(facts) == OFFERED


def test_fields_come_first(facts):
    assert list(facts.attributes)[:3] == ["id", "name", "own"]


@pytest.mark.parametrize("name", REFUSED)
def test_marked_ones_that_cannot_be_read_are_refused_with_the_reason(facts, name):
    assert REFUSED[name] in str(facts.refused[name].refused)
    assert facts.attribute(name) == facts.refused[name]
    assert name not in facts.attributes


@pytest.mark.parametrize("name", UNMARKED)
def test_unmarked_ones_are_never_offered(facts, name):
    assert name not in facts.attributes
    assert name not in facts.refused
    assert "@trackable" in str(facts.attribute(name).refused)


@pytest.mark.parametrize(
    "name", ["limit", "write_only", "objects", "Meta", "_meta", "DoesNotExist", "__class__"]
)
def test_what_else_stands_in_a_class_is_refused(facts, name):
    found = facts.attribute(name)
    assert found is None or found.refused
    assert name not in facts.attributes


@pytest.mark.parametrize("name", ["pk", "save", "delete", "adelete", "full_clean", "clean"])
def test_djangos_own_members_are_refused(facts, name):
    assert "internal part of Django" in str(facts.attribute(name).refused)


def test_facts_of_a_computed_one(facts):
    under = facts.attributes["under"]
    assert (under.kind, under.type_label, under.computed) == (Kind.OTHER, "Computed", True)
    assert (under.help_text, under.verbose_name) == ("What it is.", "under")
    assert (under.unique, under.lookupable, under.field, under.choices) == (False, False, None, [])
    assert facts.attributes["over"].help_text == "Said by the mark."


def test_a_subclass_that_overrides_without_a_mark_takes_it_back(facts, thing):
    class Child(thing):
        class Meta:
            app_label = "host"
            proxy = True

        def inherited(self):
            never()

        @trackable
        def overridden(self):
            never()

    child = computed(ModelFacts(Child, Ceiling()))
    assert "inherited" not in child
    assert child[-1] == "overridden"  # where the child writes it
    assert set(child) ^ set(computed(facts)) == {"inherited", "overridden"}


def test_a_field_that_hides_a_marked_member_is_the_field():
    with isolate_apps("tests.host"):

        class Thing(Base):
            under = models.IntegerField()

            class Meta:
                app_label = "host"

        facts = ModelFacts(Thing, Ceiling())
    assert not facts.attributes["under"].computed


def test_a_property_that_hides_a_field_is_no_field():
    """Reading it would run code that nobody marked."""

    class Sly(Place):
        class Meta:
            app_label = "host"
            proxy = True
            apps = Place._meta.apps.__class__()

        @property
        def name(self):
            never()

        @property
        @trackable
        def id(self):
            never()

    facts = ModelFacts(Sly, Ceiling())
    assert list(facts.attributes) == ["id"]
    assert facts.attributes["id"].computed
    assert not facts.attributes["id"].unique
    assert "@trackable" in str(facts.attribute("name").refused)


def test_a_proxy_has_its_own_and_its_model_has_not():
    assert computed(ModelFacts(PlaceProxy, Ceiling())) == ["loud_name"]
    assert computed(ModelFacts(Place, Ceiling())) == []


def test_managers_are_never_offered():
    facts = ModelFacts(Hidden, Ceiling())
    for name in ("objects", "everything"):
        assert "not a field" in str(facts.attribute(name).refused)


COMPUTED = [
    "Auth.user.get_full_name",
    "auth.User.is_anonymous",
    "auth.User.get_session_auth_hash",
    "auth.User.save",
    "auth.User.set_password",
    "auth.User.email_user",
    "auth.User.objects",
    "host.Everything.get_status_display",
    "host.Everything.get_next_by_moment",
    "host.Person.Get_name",
]


class TestListed:
    """COMPUTED lists what is offered of models whose code is not the site's."""

    @pytest.fixture(autouse=True)
    def _settings(self):
        with override_settings(TRACKADMIN={"COMPUTED": COMPUTED}):
            yield

    def test_listed_ones_are_offered(self):
        assert computed(ModelFacts(User, Ceiling())) == ["is_anonymous", "get_full_name"]
        assert computed(ModelFacts(Everything, Ceiling())) == [
            "shout", "double", "broken", "get_status_display",
        ]  # fmt: skip
        assert computed(ModelFacts(Person, Ceiling())) == []

    @pytest.mark.parametrize(
        ("name", "reason"),
        [
            ("get_session_auth_hash", "secret"),
            ("save", "internal part"),
            ("set_password", "secret|arguments"),
            ("email_user", "arguments"),
            ("objects", "not a field, a property or a method"),
            ("get_short_name", "@trackable"),
        ],
    )
    def test_a_listing_lifts_nothing_else(self, name, reason):
        refused = str(ModelFacts(User, Ceiling()).attribute(name).refused)
        assert any(part in refused for part in reason.split("|"))

    def test_a_property_that_reads_with_something_built_in_can_be_listed(self, thing):
        with override_settings(TRACKADMIN={"COMPUTED": ["host.Thing.by_getter"]}):
            assert "by_getter" in computed(ModelFacts(thing, Ceiling()))

    def test_a_listing_holds_for_proxies_until_they_override(self):
        with isolate_apps("tests.host"):

            class Staff(User):
                class Meta:
                    app_label = "host"
                    proxy = True

            class Shy(User):
                class Meta:
                    app_label = "host"
                    proxy = True

                def get_full_name(self):
                    never()

        assert "get_full_name" in computed(ModelFacts(Staff, Ceiling()))
        assert "get_full_name" not in computed(ModelFacts(Shy, Ceiling()))

    @override_settings(
        TRACKADMIN={"COMPUTED": COMPUTED, "ALLOW": ["auth.User.get_session_auth_hash"]}
    )
    def test_allow_lifts_the_deny_list_for_the_named_one(self):
        assert "get_session_auth_hash" in computed(ModelFacts(User, Ceiling()))


def test_nothing_is_offered_of_a_third_party_without_a_listing():
    assert computed(ModelFacts(User, Ceiling())) == []


def test_exclude_wins_over_the_mark():
    with override_settings(TRACKADMIN={"EXCLUDE": ["host.Everything.shout"]}):
        facts = ModelFacts(Everything, Ceiling())
    assert computed(facts) == ["double", "broken"]
    assert "EXCLUDE" in str(facts.refused["shout"].refused)
