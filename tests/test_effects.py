"""What a draft changes for real objects: counted, bounded in time, and writing nothing."""

import logging
from dataclasses import replace
from importlib import import_module

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.db import connection
from django.test import override_settings

from tests.drafts import draft, everything, the_map
from tests.host.models import (
    AliveManager,
    Country,
    Everything,
    Hidden,
    Order,
    Person,
    Place,
    Profile,
    Purchase,
    Remote,
)
from tests.maps import attribute, document, tracked
from trackadmin import editing
from trackadmin.document import AggregateEntry, dump
from trackadmin.editing import Example, Reader, Sampled, effects
from trackadmin.editing.effect_tally import MOST_EXAMPLES
from trackadmin.models import MapVersion, TrackedAttribute, TrackedModel

pytestmark = pytest.mark.django_db

#: The module, whose name is that of its function.
effects_module = import_module("trackadmin.editing.effects")


def newest(facts, most):
    return Sampled(list(facts.model._base_manager.order_by("-pk")[:most]))


ALL = Reader(newest)
#: Somebody who may see personal values, too.
TRUSTED = Reader(newest, personal=True)


def published(given):
    draft(given)
    editing.publish("default", by=None)


def thing(*attributes, key=""):
    return document(Everything=tracked("host.everything", attributes, key=key))


def models(found):
    return {each.prefix: each for each in found.models}


def names(model):
    return {each.name: each for each in model.names}


def kinds(model):
    return {each.name: each.kind for each in model.names}


@pytest.fixture
def three():
    """Three things, of which one has a small number."""
    small = {"a": 1, "b": None, "c": None}
    return [Everything.objects.create(slug=slug, small=n) for slug, n in small.items()]


# What becomes of a name --------------------------------------------------------------------------


def test_new_changed_gone_and_how_many_are_filled(three):
    published(thing("slug", ("x", attribute("flag")), "status"))
    draft(thing("slug", ("x", attribute("small")), "small"))
    (model,) = effects("default", ALL).models
    assert kinds(model) == {
        "Everything_x": "changed",
        "Everything_small": "new",
        "Everything_status": "gone",
    }
    assert (model.prefix, model.objects, model.sampled) == ("Everything", 3, 3)
    assert (model.names_before, model.names_after) == (3, 3)
    x, small, status = model.names
    assert (x.known, x.changed, x.filled_before, x.filled_after) == (3, 3, 3, 1)
    assert Example(False, 1) in x.examples
    assert (small.filled_before, small.filled_after) == (None, 1)
    assert (status.filled_before, status.filled_after) == (3, None)
    assert (x.hidden, x.late) == (0, 0)


def test_a_changed_source_with_the_same_values_changed_on_none(three):
    """It is listed, since the draft changes it, and says that no value did."""
    published(thing(("x", attribute("integer"))))
    draft(thing(("x", attribute("positive"))))
    (only,) = models(effects("default", ALL))["Everything"].names
    assert (only.kind, only.known, only.changed, only.examples) == ("changed", 3, 0, ())


def test_values_that_python_finds_equal_but_json_does_not_are_changed():
    Everything.objects.create(slug="a", integer=1, flag=True)
    published(thing(("x", attribute("integer"))))
    draft(thing(("x", attribute("flag"))))
    (only,) = models(effects("default", ALL))["Everything"].names
    assert (only.changed, only.examples) == (1, (Example(1, True),))


def test_a_renamed_attribute_is_gone_and_new(three):
    published(thing(("old", attribute("slug"))))
    draft(thing(("new", attribute("slug"))))
    model = models(effects("default", ALL))["Everything"]
    assert kinds(model) == {"Everything_new": "new", "Everything_old": "gone"}
    values = {each.name: each.examples for each in model.names}
    assert values["Everything_new"] == tuple(Example(None, each) for each in "cba")
    assert values["Everything_old"] == tuple(Example(each, None) for each in "cba")


def test_a_value_that_becomes_a_pseudonym_changes_on_all(three):
    """A pseudonym is what goes out, so it is shown; the value itself is personal now."""
    published(thing("slug"))
    draft(thing(("slug", attribute("slug", privacy="pseudonymised"))))
    (slug,) = models(effects("default", ALL))["Everything"].names
    assert (slug.kind, slug.known, slug.changed, slug.filled_after) == ("changed", 3, 3, 3)
    assert (slug.masked_before, slug.masked_after) == (True, False)
    assert {each.before for each in slug.examples} == {None}
    assert all(each.after.startswith("default:") for each in slug.examples)
    (slug,) = models(effects("default", TRUSTED))["Everything"].names
    assert {each.before for each in slug.examples} == set("abc")


@pytest.mark.parametrize("privacy", ["sent", "dropped"])
def test_what_either_side_declares_personal_is_masked(three, privacy):
    """Also a value that goes because the draft declares it personal and drops it."""
    published(thing("integer", "slug"))
    draft(thing(("told", attribute("slug", privacy=privacy))))
    for _ in range(2):
        found = effects("default", ALL)
        assert "Everything_slug" in names(found.models[0])
        assert "'a'" not in repr(found)
        assert "'a'" in repr(effects("default", TRUSTED))
        # And the other way round: what is live is declared, and the draft is silent.
        published(thing(("told", attribute("slug", privacy=privacy)), "integer"))
        draft(thing("slug"))


def test_what_only_looks_personal_is_masked_and_counted():
    someone = Person.objects.create(name="Ada Lovelace")
    published(document(Person=tracked("host.person", ["id"])))
    draft(document(Person=tracked("host.person", ["id", "name"])))
    (name,) = models(effects("default", ALL))["Person"].names
    assert (name.known, name.filled_after, name.examples, name.masked_after) == (1, 1, (), True)
    (name,) = models(effects("default", TRUSTED))["Person"].names
    assert name.examples == (Example(None, someone.name),)


def test_an_empty_text_is_not_filled_and_false_and_zero_are():
    Everything.objects.create(slug="a", text="", integer=0, flag=False)
    published(thing("slug"))
    draft(thing("slug", "text", "integer", "flag"))
    found = names(models(effects("default", ALL))["Everything"])
    assert {name: each.filled_after for name, each in found.items()} == {
        "Everything_text": 0,
        "Everything_integer": 1,
        "Everything_flag": 1,
    }


def test_examples_are_few_and_different():
    for number in range(8):
        Everything.objects.create(slug=f"s{number}", integer=number % 5)
    published(thing("slug"))
    draft(thing("slug", "integer"))
    (integer,) = models(effects("default", ALL))["Everything"].names
    assert len(integer.examples) == MOST_EXAMPLES
    assert len(set(integer.examples)) == MOST_EXAMPLES


def test_the_size_is_that_of_the_json_that_goes_out():
    """Of the values, as an event is written: no spaces, ASCII. The median of the objects."""
    for slug in ("é", "aa", "aaaaaaaaaa"):
        Everything.objects.create(slug=slug, integer=7)
    published(thing("slug"))
    draft(thing("slug", "integer"))
    sizes = models(effects("default", ALL))["Everything"].sizes
    # {"Everything_slug":"\u00e9"} is the middle one.
    assert (sizes.before, sizes.after, sizes.objects) == (
        28,
        28 + len(',"Everything_integer":7'),
        3,
    )


# Which models ------------------------------------------------------------------------------------


@pytest.fixture
def ada():
    ada = Person.objects.create(name="Ada")
    Profile.objects.create(person=ada, nickname="countess")
    Order.objects.create(number="1", person=ada)
    return ada


PROFILE = tracked("host.profile", ["nickname"])


def test_a_model_is_affected_through_its_children(ada):
    """The entries of order and person do not change; a new name comes along from the profile."""
    order = tracked("host.order", ["number"], ["person"], "number")
    person = tracked("host.person", ["id"], ["profile"], "id")
    country = tracked("host.country", ["code"])
    published(document(Order=order, Person=person, Profile=PROFILE, Country=country))
    new = tracked("host.profile", ["nickname", "person_id"])
    draft(document(Order=order, Person=person, Profile=new, Country=country))
    found = effects("default", ALL)
    assert {each.prefix for each in found.models} == {"Order", "Person", "Profile"}
    for each in found.models:
        assert kinds(each) == {"Profile_person_id": "new"}
        assert each.names[0].filled_after == 1


def test_a_new_child_brings_its_names(ada):
    person = tracked("host.person", ["id"], [], "id")
    published(document(Person=person, Profile=PROFILE))
    draft(document(Person=tracked("host.person", ["id"], ["profile"], "id"), Profile=PROFILE))
    (model,) = effects("default", TRUSTED).models
    assert kinds(model) == {"Profile_nickname": "new"}
    assert model.names[0].examples == (Example(None, "countess"),)


def test_a_missing_child_is_not_filled(ada):
    Person.objects.create(name="Bob")
    published(document(Person=tracked("host.person", ["id"]), Profile=PROFILE))
    draft(document(Person=tracked("host.person", ["id"], ["profile"]), Profile=PROFILE))
    (nickname,) = effects("default", ALL).models[0].names
    assert (nickname.known, nickname.filled_after, nickname.hidden) == (2, 1, 0)


def test_a_new_aggregate_and_a_changed_one(ada):
    for points in (1, 2):
        Purchase.objects.create(person=ada, points=points, paid=points == 1)
    entry = tracked("host.person", ["id"], [], "id")
    counts = {"n": AggregateEntry("purchases")}
    published(document(Person=replace(entry, aggregates=counts)))
    counts = {
        "n": AggregateEntry("purchases", where={"paid": True}, description="Other words."),
        "points_sum": AggregateEntry("purchases", "sum", "points", position=1),
    }
    draft(document(Person=replace(entry, aggregates=counts)))
    (model,) = effects("default", ALL).models
    assert kinds(model) == {"Person_n": "changed", "Person_points_sum": "new"}
    assert [each.examples for each in model.names] == [(Example(2, 1),), (Example(None, 3),)]
    assert (model.url.before, model.url.after) == (1, 1), "counts are part of the one query"


def test_words_and_keys_alone_change_nothing(three):
    published(thing("slug", "integer"))
    described = ("slug", attribute("slug", description="Words.", lookup=True))
    draft(document(Everything=tracked("host.everything", [described, "integer"], key="slug")))
    found = effects("default", ALL)
    assert (found.models, found.others, found.prefixes) == ((), (), {"Everything"})


def test_a_new_model_and_one_that_is_tracked_no_more(three):
    Place.objects.create(name="Inn")
    published(document(Place=tracked("host.place", ["name"], key="name")))
    draft(thing("slug", key="slug"))
    found = models(effects("default", ALL))
    assert kinds(found["Everything"]) == {"Everything_slug": "new"}
    assert kinds(found["Place"]) == {"Place_name": "gone"}
    assert (found["Everything"].names_before, found["Everything"].names_after) == (None, 1)
    assert (found["Place"].names_before, found["Place"].names_after) == (1, None)
    assert (found["Everything"].url.before, found["Everything"].url.after) == (None, 1)
    assert (found["Place"].url.before, found["Place"].url.after) == (1, None)


def test_a_renamed_prefix_gives_all_names_anew(three):
    published(thing("slug"))
    draft(document(Thing=tracked("host.everything", ["slug"])))
    (model,) = effects("default", ALL).models
    assert (model.prefix, kinds(model)) == (
        "Thing",
        {"Thing_slug": "new", "Everything_slug": "gone"},
    )


def test_without_a_live_version_all_is_new(three):
    draft(thing("slug"))
    found = effects("default", ALL)
    assert found.is_first
    assert found.unreadable is None
    assert kinds(found.models[0]) == {"Everything_slug": "new"}


def test_a_live_version_that_cannot_be_read_is_told(three):
    draft(thing("slug"))
    MapVersion.objects.create(
        map=the_map(), number=1, document=dump(thing("slug")), digest="0" * 64
    )
    found = effects("default", ALL)
    assert not found.is_first
    assert found.unreadable.code == "live.broken"
    assert kinds(found.models[0]) == {"Everything_slug": "new"}


def test_a_draft_with_errors_is_shown_as_far_as_it_compiles(three):
    published(thing("slug"))
    draft(thing("slug", "integer"))
    row = TrackedModel.objects.get()
    TrackedAttribute.objects.create(tracked_model=row, source="no_such", position=9)
    found = effects("default", ALL)
    assert [each.code for each in found.errors] == ["attribute.gone"]
    assert kinds(found.models[0]) == {"Everything_integer": "new"}


def test_a_model_whose_code_is_gone_is_listed_with_the_reason(three):
    published(thing("slug"))
    TrackedModel.objects.create(map=the_map(), prefix="Ghost", model_label="host.ghost")
    (ghost,) = effects("default", ALL).models
    assert (ghost.prefix, ghost.names, ghost.objects) == ("Ghost", (), 0)
    assert "host.ghost" in str(ghost.why_not)


def test_a_model_of_which_nothing_may_be_viewed_says_why(three):
    """Its names are listed, and nothing is counted."""

    def nothing(facts, most):
        return Sampled(why_not="You may not view them.")

    published(thing("slug"))
    draft(thing("slug", "integer"))
    (model,) = effects("default", Reader(nothing)).models
    assert (model.why_not, model.objects) == ("You may not view them.", 0)
    assert (model.sizes, model.url, model.names[0].known) == (None, None, 0)
    Everything.objects.all().delete()
    (model,) = effects("default", ALL).models
    assert str(model.why_not) == "There are no objects that you may view."


def test_only_the_newest_objects_are_looked_at():
    for number in range(4):
        Everything.objects.create(slug=f"s{number}")
    published(thing("integer"))
    draft(thing("integer", "slug"))
    with override_settings(TRACKADMIN={"EFFECT_OBJECTS": 2}):
        (model,) = effects("default", ALL).models
    assert (model.objects, model.names[0].known) == (2, 2)
    assert {each.after for each in model.names[0].examples} == {"s3", "s2"}


@pytest.mark.parametrize("only", ["", "Profile"])
def test_of_many_models_the_most_changed_are_looked_at(ada, monkeypatch, only):
    """The others are named; each can be asked for alone."""
    monkeypatch.setattr(effects_module, "MOST_MODELS", 2)
    draft(
        document(
            Profile=PROFILE,
            Country=tracked("host.country", ["code"]),
            Everything=tracked("host.everything", ["slug", "integer", "flag"]),
            Person=tracked("host.person", ["id", "name"]),
        )
    )
    found = effects("default", ALL, only=only)
    looked_at, others = [each.prefix for each in found.models], list(found.others)
    if only:
        assert (looked_at, others) == (["Profile"], [])
    else:
        assert (looked_at, others) == (["Everything", "Person"], ["Profile", "Country"])


@pytest.mark.django_db(databases=["default", "other"])
def test_objects_of_another_database():
    Remote.objects.create(name="far")
    published(document(Remote=tracked("host.remote", ["id"])))
    draft(document(Remote=tracked("host.remote", ["id", "person_name"])))
    (model,) = effects("default", ALL).models
    assert (model.objects, model.names[0].known) == (1, 1)


# Queries of a tracking URL ------------------------------------------------------------------------


def asks(self):
    """A property of the site that asks the database three times."""
    return sum(Country.objects.filter(pk=number).count() for number in range(3))


ONCE = "host.Everything.once"


@pytest.fixture
def asking(monkeypatch):
    monkeypatch.setattr(Everything, "orders", property(asks), raising=False)
    monkeypatch.setattr(Everything, "once", property(lambda self: Country.objects.count()), False)
    with override_settings(TRACKADMIN={"COMPUTED": ["host.Everything.orders", ONCE]}):
        yield


@pytest.mark.usefixtures("asking")
def test_a_computed_attribute_that_asks_the_database_is_the_reason(three):
    """The queries are counted by looking objects up; what is computed without one is no reason."""
    published(thing("slug", key="slug"))
    draft(thing("slug", "orders", "double", key="slug"))
    url = models(effects("default", ALL))["Everything"].url
    assert (url.before, url.after) == (1, 4)
    assert url.computed == ("Everything_orders",)


@pytest.mark.usefixtures("asking")
def test_the_reason_for_fewer_queries_is_what_is_no_longer_computed(three):
    published(thing("slug", "orders", key="slug"))
    draft(thing("slug", key="slug"))
    url = models(effects("default", ALL))["Everything"].url
    assert (url.before, url.after, url.computed) == (4, 1, ("Everything_orders",))


@pytest.mark.usefixtures("asking")
def test_what_both_sides_compute_is_no_reason(three):
    published(thing("slug", "orders", key="slug"))
    draft(thing("slug", ("renamed", attribute("orders")), key="slug"))
    url = models(effects("default", ALL))["Everything"].url
    assert (url.before, url.after, url.computed) == (4, 4, ())
    draft(thing("slug", ("renamed", attribute("orders")), "once", key="slug"))
    url = models(effects("default", ALL))["Everything"].url
    assert (url.before, url.after, url.computed) == (4, 5, ("Everything_once",))


def test_a_child_that_is_loaded_by_a_query_of_its_own_is_a_reason(ada, monkeypatch):
    """No join gives what a manager of the site may hide."""
    manager = AliveManager()
    manager.model = Profile
    monkeypatch.setitem(vars(Profile._meta), "base_manager", manager)
    monkeypatch.setattr(AliveManager, "get_queryset", lambda self: Profile.objects.all())
    person = tracked("host.person", ["id"], [], "id")
    published(document(Person=person, Profile=PROFILE))
    draft(document(Person=tracked("host.person", ["id"], ["profile"], "id"), Profile=PROFILE))
    (model,) = effects("default", ALL).models
    assert (model.url.before, model.url.after, model.url.computed) == (1, 2, ())
    (reason,) = map(str, model.url.reasons)
    assert reason.startswith("Person.profile: a query of its own loads it.")


def test_an_object_that_its_manager_hides_from_urls_has_no_queries():
    Hidden.everything.create(name="gone", alive=False)
    published(document(Hidden=tracked("host.hidden", ["id"], key="id")))
    draft(document(Hidden=tracked("host.hidden", ["id", "alive"], key="id")))
    url = models(effects("default", ALL))["Hidden"].url
    assert (url.before, url.after) == (None, None)


# Time --------------------------------------------------------------------------------------------


class Clock:
    """Time passes only where somebody lets it pass."""

    now = 0.0

    def __call__(self):
        return self.now

    def passes(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(effects_module, "monotonic", clock)
    monkeypatch.setattr("trackadmin.editing.trying.monotonic", clock)
    with override_settings(TRACKADMIN={"EFFECT_SECONDS": 10, "COMPUTED": ["host.Everything.slow"]}):
        yield clock


def slowly(clock, seconds):
    def slow(self):
        clock.passes(seconds)
        return 1

    return property(slow)


def test_what_was_not_reached_is_told(three, clock, monkeypatch):
    """Each object takes four seconds of ten."""
    monkeypatch.setattr(Everything, "slow", slowly(clock, 4), raising=False)
    Everything.objects.create(slug="d")
    published(thing("slug"))
    draft(thing("slug", "slow"))
    (model,) = effects("default", ALL).models
    assert (model.objects, model.sampled, model.names[0].known) == (3, 4, 3)


WIDE = tracked("host.person", ["id", "name", "user_id"])


def test_a_slow_model_leaves_time_for_the_others(three, ada, clock, monkeypatch):
    """Half of the time is its share, though it could use up all of it."""
    monkeypatch.setattr(Everything, "slow", slowly(clock, 6), raising=False)
    draft(document(Everything=tracked("host.everything", ["slow"]), Person=WIDE))
    found = models(effects("default", ALL))
    assert (found["Everything"].objects, found["Everything"].sampled) == (1, 3)
    assert (found["Person"].objects, found["Person"].sampled) == (1, 1)


def test_what_quick_models_leave_goes_to_the_others(three, ada, clock, monkeypatch):
    """The model with most names comes last and gets nearly all of the time."""
    monkeypatch.setattr(Everything, "slow", slowly(clock, 3), raising=False)
    everything = tracked("host.everything", ["slug", "slow"])
    draft(document(Everything=everything, Person=tracked("host.person", ["id"])))
    found = effects("default", ALL)
    assert [each.prefix for each in found.models] == ["Everything", "Person"], "most names first"
    assert [(each.objects, each.sampled) for each in found.models] == [(3, 3), (1, 1)]


def test_a_model_without_any_time_left_says_so(three, ada, clock, monkeypatch):
    monkeypatch.setattr(Everything, "slow", slowly(clock, 11), raising=False)
    draft(document(Everything=tracked("host.everything", ["slow"]), Person=WIDE))
    person = models(effects("default", ALL))["Person"]
    assert person.objects == 0
    assert str(person.why_not) == "There was no time left to look at its objects."


def test_a_value_that_came_too_late_is_not_known(three, clock, monkeypatch):
    """It is neither filled nor changed, and the size of its object is not measured."""
    monkeypatch.setattr(Everything, "slow", slowly(clock, 11), raising=False)
    published(thing("slug", "shout"))
    draft(thing("slow", ("shout", attribute("double")), "slug"))
    (model,) = effects("default", ALL).models
    found = names(model)
    assert (found["Everything_slow"].known, found["Everything_slow"].late) == (1, 0)
    shout = found["Everything_shout"]
    assert (shout.known, shout.changed, shout.late, shout.filled_after) == (0, 0, 1, 0)
    assert (model.sizes, model.url) == (None, None)


@pytest.mark.postgresql
@override_settings(TRACKADMIN={"EFFECT_SECONDS": 0.4, "COMPUTED": ["host.Everything.slow"]})
def test_a_value_whose_query_the_database_ended_is_not_null(three, monkeypatch):
    """It would look like a value that the draft empties."""

    def sleeps(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")

    monkeypatch.setattr(Everything, "slow", property(sleeps), raising=False)
    published(thing("slug", ("x", attribute("integer"))))
    draft(thing("slug", ("x", attribute("slow"))))
    (model,) = effects("default", ALL).models
    assert (model.objects, model.sampled, model.names[0].known) == (0, 3, 0)


# The site's code ---------------------------------------------------------------------------------


def test_nothing_is_written_published_or_logged(three):
    published(thing("slug", key="slug"))
    draft(thing("slug", "integer", key="slug"))
    before = everything()
    effects("default", ALL)
    assert everything() == before
    assert not LogEntry.objects.exists()


@override_settings(TRACKADMIN={"COMPUTED": ["host.Everything.writes"]})
def test_what_the_sites_code_writes_is_rolled_back(three, monkeypatch):
    """Object by object, so that no object sees what another one wrote."""

    def writes(self):
        Country.objects.create(code="XX", name="written")
        return Country.objects.count()

    monkeypatch.setattr(Everything, "writes", property(writes), raising=False)
    published(thing("slug", key="slug"))
    draft(thing("slug", "writes", key="slug"))
    (model,) = effects("default", ALL).models
    assert not Country.objects.exists()
    assert {each.after for each in model.names[0].examples} <= {1, None}


def test_a_sample_that_writes_is_rolled_back(three):
    def writes(facts, most):
        Country.objects.create(code="XX", name="written")
        return newest(facts, most)

    published(thing("slug"))
    draft(thing("slug", "integer"))
    (model,) = effects("default", Reader(writes)).models
    assert model.objects == 3
    assert not Country.objects.exists()


@override_settings(TRACKADMIN={"COMPUTED": ["host.Everything.raises"]})
def test_an_error_is_told_without_its_words(three, monkeypatch):
    """It may quote the value. Events send null then, so it counts as not filled."""

    def raises(self):
        raise ValueError(f"secret of {self.slug}")

    monkeypatch.setattr(Everything, "raises", property(raises), raising=False)
    published(thing("integer"))
    draft(thing("integer", "raises"))
    (model,) = effects("default", ALL).models
    assert (model.names[0].known, model.names[0].filled_after) == (3, 0)
    assert [each.message for each in model.problems] == ["The value is lost: ValueError."], "once"
    assert "secret" not in repr(model)


def test_an_object_that_cannot_be_read_at_all_is_counted_and_logged(three, monkeypatch, caplog):
    """The others are still shown; the page gets no word of the error."""
    stored = effects_module.as_stored

    def fails(obj):
        if obj.slug == "b":
            raise RuntimeError("secret of b")
        return stored(obj)

    monkeypatch.setattr(effects_module, "as_stored", fails)
    published(thing("slug"))
    draft(thing("slug", "integer"))
    with caplog.at_level(logging.ERROR, "trackadmin"):
        (model,) = effects("default", ALL).models
    assert (model.objects, model.failed, model.names[0].known) == (3, 1, 2)
    assert "secret" not in repr(model)
    assert "secret of b" in caplog.text


def test_a_list_that_raises_is_a_reason_and_not_an_error(three, caplog):
    def fails(facts, most):
        raise RuntimeError("secret")

    published(thing("slug"))
    draft(thing("slug", "integer"))
    (model,) = effects("default", Reader(fails)).models
    assert "host.Everything raised RuntimeError" in str(model.why_not)
    assert "secret" not in str(model.why_not)
    assert "secret" in caplog.text


# What may not be viewed ---------------------------------------------------------------------------


def nobody(*hidden):
    """Somebody who may not view objects of these models."""

    def may_view(model, obj):
        return model not in hidden

    return Reader(newest, may_view, personal=True)


def test_a_hidden_child_is_never_filled_or_changed(ada):
    """Nor do the size and the number of queries tell anything about it."""
    person = tracked("host.person", ["id"], ["profile"], "id")
    other = tracked("host.profile", [("nickname", attribute("person_id")), "id"])
    published(document(Person=person, Profile=PROFILE))
    draft(document(Person=person, Profile=other))
    found = effects("default", nobody(Profile), only="Person")
    (model,) = found.models
    for each in model.names:
        assert (each.known, each.changed, each.hidden) == (0, 0, 1)
        assert not each.filled_after
        assert each.examples == ()
    assert (model.objects, model.sizes, model.url) == (1, None, None)
    assert "countess" not in repr(found)


def test_only_objects_that_may_be_viewed_are_counted(ada):
    """One of two profiles is hidden: one object is known, and its values are the only ones."""
    bob = Person.objects.create(name="Bob")
    Profile.objects.create(person=bob, nickname="bobby")
    published(document(Person=tracked("host.person", ["id"]), Profile=PROFILE))
    draft(document(Person=tracked("host.person", ["id"], ["profile"], "id"), Profile=PROFILE))

    def may_view(model, obj):
        return obj is None or model is not Profile or obj.nickname == "bobby"

    (model,) = effects("default", Reader(newest, may_view, personal=True)).models
    (nickname,) = model.names
    assert (nickname.known, nickname.hidden, nickname.filled_after) == (1, 1, 1)
    assert nickname.examples == (Example(None, "bobby"),)
    assert model.sizes.objects == 1


def test_a_number_of_hidden_objects_is_not_counted(ada):
    Purchase.objects.create(person=ada, points=4711)
    entry = tracked("host.person", ["id"], [], "id")
    published(document(Person=entry))
    counted = {"points_sum": AggregateEntry("purchases", "sum", "points")}
    draft(document(Person=replace(entry, aggregates=counted)))
    found = effects("default", nobody(Purchase))
    (points,) = found.models[0].names
    assert (points.known, points.hidden, points.filled_after) == (0, 1, 0)
    assert "4711" not in repr(found)
    assert "4711" in repr(effects("default", ALL)), "a sum that everybody may see is no secret"


def test_hidden_code_does_not_run_for_the_number_of_queries(ada, monkeypatch):
    """The look-up of a tracking URL reads everything, so it is left out."""
    ran = []
    monkeypatch.setattr(Profile, "boast", property(ran.append), raising=False)
    with override_settings(TRACKADMIN={"COMPUTED": ["host.Profile.boast"]}):
        person = tracked("host.person", ["id"], ["profile"], "id")
        published(document(Person=tracked("host.person", ["id"], [], "id")))
        draft(document(Person=person, Profile=tracked("host.profile", ["boast"])))
        effects("default", nobody(Profile), only="Person")
        assert ran == []
        effects("default", ALL, only="Person")
        assert ran != []


def test_a_user_is_read_like_any_other_object():
    User.objects.create(username="ann", email="ann@example.com")
    published(document(User=tracked("auth.user", ["id"], key="id")))
    draft(document(User=tracked("auth.user", ["id", "email", "is_staff"], key="id")))
    found = names(models(effects("default", ALL))["User"])
    assert found["User_email"].examples == ()
    assert found["User_is_staff"].examples == (Example(None, False),)
