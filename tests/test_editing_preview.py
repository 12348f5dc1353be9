"""The preview: the draft's output beside the live one, by the same compiler, writing nothing."""

import datetime
import json
import uuid
from dataclasses import replace
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.functional import SimpleLazyObject

from tests.drafts import COUNTRY, PERSON, PROFILE, SMALL, draft, everything, row, the_map
from tests.host.models import (
    Address,
    Country,
    Everything,
    Hidden,
    Order,
    Person,
    Place,
    Profile,
    Remote,
    Restaurant,
)
from tests.maps import HOST, attribute, document, tracked
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.document import dump
from trackadmin.editing.query_counter import OF_TRANSACTIONS
from trackadmin.exceptions import UnknownMap
from trackadmin.models import MapVersion, TrackedAttribute, TrackedModel

pytestmark = pytest.mark.django_db

KEY = uuid.UUID("6fa459ea-ee8a-3ca4-894e-db77e160355e")


@pytest.fixture
def ada():
    person = Person.objects.create(id=KEY, name="Ada")
    Profile.objects.create(person=person, nickname="countess")
    return Person.objects.get()


def statuses(preview):
    return {each.name: each.status for each in preview.rows}


def test_before_the_first_publish_all_is_new(ada):
    draft()
    shown = editing.preview("default", ada)
    assert shown.values == {
        "Person_id": str(KEY),
        "Person_name": "Ada",
        "Profile_nickname": "countess",
    }
    assert shown.live_values == {}
    assert set(statuses(shown).values()) == {"new"}
    assert json.loads(shown.json) == shown.values
    assert {p.code for p in shown.problems} == {"privacy.undeclared"}, "names look personal"


def test_each_name_is_the_same_new_changed_or_gone(ada):
    draft()
    editing.publish("default", by=None)
    entry = tracked("host.person", ["id", ("name", attribute("id")), "user_id"], ["profile"], "id")
    editing.import_document("default", document(Person=entry, Profile=tracked("host.profile")))
    shown = editing.preview(the_map(), ada)
    assert statuses(shown) == {
        "Person_id": "same",
        "Person_name": "changed",
        "Person_user_id": "new",
        "Profile_nickname": "gone",
    }
    changed = next(each for each in shown.rows if each.status == "changed")
    assert (changed.draft, changed.live) == (str(KEY), "Ada")
    gone = next(each for each in shown.rows if each.status == "gone")
    assert (gone.draft, gone.live) == (None, "countess")


def test_values_that_python_finds_equal_but_json_does_not_are_changed():
    thing = Everything.objects.create(slug="thing", integer=1, flag=True)
    entry = tracked("host.everything", [("x", attribute("integer"))])
    editing.import_document("default", document(Everything=entry))
    editing.publish("default", by=None)
    entry = tracked("host.everything", [("x", attribute("flag"))])
    shown = editing.preview("default", thing, document=document(Everything=entry))
    assert statuses(shown) == {"Everything_x": "changed"}


def test_the_url_names_the_object_by_its_key(ada):
    draft()
    assert editing.preview("default", ada).url == f"Person__id={KEY}"


def test_the_url_is_quoted():
    country = Country.objects.create(code="&=", name="Nowhere")
    draft(document(Country=COUNTRY))
    assert editing.preview("default", country).url == "Country__code=%26%3D"


def test_without_a_key_there_is_no_url(ada):
    draft(document(Person=tracked("host.person", ["name"])))
    assert editing.preview("default", ada).url == ""


def test_queries_are_counted_without_debug_and_with_nothing_loaded(ada, settings):
    settings.DEBUG = False
    assert ada.profile.nickname == "countess"
    draft()
    assert editing.preview("default", ada).queries == 1, "the child, loaded or not"
    draft(document(Person=replace(PERSON, children={})))
    assert editing.preview("default", ada).queries == 0


@pytest.mark.django_db(databases=["default", "other"])
def test_objects_of_another_database():
    remote = Remote.objects.create(name="far", person_name="Ada")
    draft(document(Remote=tracked("host.remote", ["name", "person_name"], key="name")))
    shown = editing.preview("default", remote)
    assert shown.values == {"Remote_name": "far", "Remote_person_name": "Ada"}


def test_lazy_objects_and_descendants():
    Restaurant.objects.create(name="Inn", stars=3)
    draft(document(Place=tracked("host.place", ["name"], key="name")))
    for obj in (SimpleLazyObject(Place.objects.get), Restaurant.objects.get()):
        assert editing.preview("default", obj).values == {"Place_name": "Inn"}


def test_an_object_that_is_not_saved_is_shown_as_it_is():
    draft(document(Country=COUNTRY))
    shown = editing.preview("default", Country(code="XX", name="New"))
    assert shown.values == {"Country_code": "XX", "Country_name": "New"}


def test_an_object_of_a_model_that_is_not_tracked(ada):
    draft(document(Country=COUNTRY))
    shown = editing.preview("default", ada)
    assert (shown.rows, shown.values, shown.url) == ((), {}, "")
    assert "object.not_tracked" in {p.code for p in shown.problems}


def test_a_preview_writes_nothing(ada):
    draft()
    editing.publish("default", by=None)
    before = everything()
    editing.preview("default", ada)
    assert everything() == before


def test_what_the_hosts_code_writes_meanwhile_is_rolled_back(ada, monkeypatch):
    """A property that counts its readings, say."""

    def shout(self):
        Country.objects.create(code="XX", name="written by a property")
        return Country.objects.count()

    thing = Everything.objects.create(slug="thing")
    monkeypatch.setattr(Everything, "shout", property(shout))
    entry = tracked("host.everything", ["slug"])
    draft(document(Everything=entry))
    planted(row("Everything"), "shout")
    shown = editing.preview("default", thing)
    assert not Country.objects.exists()
    assert shown.values["Everything_slug"] == "thing"


def planted(tracked_model, source):
    """Past the operations, as a draft that the code has left behind."""
    TrackedAttribute.objects.create(tracked_model=tracked_model, source=source, position=9)


def test_what_a_property_raises_is_a_problem_and_the_rest_still_comes():
    thing = Everything.objects.create(slug="thing")
    draft(document(Everything=tracked("host.everything", ["broken", "slug"])))
    shown = editing.preview("default", thing)
    assert shown.values == {"Everything_broken": None, "Everything_slug": "thing"}
    told = [p.message for p in shown.problems if p.where == "Everything.broken"]
    assert told == ["The value is lost: RuntimeError."], "its words may hold what nobody may see"


def test_a_draft_with_errors_is_shown_as_far_as_it_compiles(ada):
    draft()
    planted(row("Person"), "gone")
    planted(row("Person"), "\N{FULLWIDTH LATIN SMALL LETTER P}assword")
    TrackedModel.objects.filter(prefix="Person").update(key="missing")
    TrackedModel.objects.create(map=the_map(), prefix="bad prefix", model_label="host.country")
    TrackedModel.objects.create(map=the_map(), prefix="Ghost", model_label="host.ghost")
    user = TrackedModel.objects.create(map=the_map(), prefix="User", model_label="auth.user")
    planted(user, "password")
    shown = editing.preview("default", ada)
    assert shown.values["Person_name"] == "Ada"
    assert shown.values["Profile_nickname"] == "countess"
    assert not [name for name in shown.values if "assword" in name]
    codes = {p.code for p in shown.problems}
    assert {"attribute.gone", "name.invalid", "key.unknown", "model.gone"} <= codes
    hidden = editing.preview("default", User.objects.create_user("eve", password="secret"))
    assert hidden.values == {}


def test_of_two_that_quarrel_the_others_are_shown(ada):
    """Country_a_x of one model and of another: neither alone is wrong."""
    draft()
    country = tracked("host.country", [("a_x", attribute("code"))])
    place = tracked("host.place", [("x", attribute("name"))])
    for prefix, entry in (("Country", country), ("Country_a", place)):
        editing.save_tracked_model("default", prefix, entry)
    shown = editing.preview("default", ada)
    assert "name.twice" in {p.code for p in shown.problems}
    assert shown.values["Person_name"] == "Ada"
    assert editing.preview("default", Place.objects.create(name="Inn")).values == {}
    first = editing.preview("default", Country.objects.create(code="XX", name="New"))
    assert first.values == {"Country_a_x": "XX"}


def test_a_child_of_two_roads_is_shown_with_its_problem(ada):
    draft()
    editing.save_tracked_model(
        "default", "Order", tracked("host.order", ["number"], ["billing_address"])
    )
    shown = editing.preview("default", ada)
    assert "child.not_tracked" in {p.code for p in shown.problems}
    assert shown.values["Person_name"] == "Ada"


def test_a_live_version_that_cannot_be_read_is_a_problem(ada):
    draft()
    MapVersion.objects.create(map=the_map(), number=1, document=dump(SMALL), digest="0" * 64)
    shown = editing.preview("default", ada)
    assert shown.live_values == {}
    assert shown.values["Person_name"] == "Ada"
    assert "live.broken" in {p.code for p in shown.problems}


def test_a_document_can_be_tried_in_place_of_the_draft(ada):
    draft()
    tried = document(Person=tracked("host.person", ["name"]), Profile=PROFILE)
    before = everything()
    assert editing.preview("default", ada, document=tried).values == {"Person_name": "Ada"}
    assert everything() == before


def test_an_unknown_map_has_no_preview(ada):
    with pytest.raises(UnknownMap):
        editing.preview("missing", ada)


def test_the_preview_is_what_is_then_published(ada):
    """The same compiler: after publishing, the live side is the draft side of before."""
    draft()
    reviewed = editing.preview("default", ada)
    editing.publish("default", by=None)
    live = editing.preview("default", ada)
    assert live.live_values == reviewed.values
    assert set(statuses(live).values()) == {"same"}


def shapes():
    """Objects of each shape: with all children, with some, with none, and descendants."""
    user = User.objects.create(username="ada")
    boss = Person.objects.create(name="boss", user=user)
    Profile.objects.create(person=boss, nickname="boss")
    person = Person.objects.create(id=KEY, name="Ada", boss=boss)
    Profile.objects.create(person=person, nickname="countess")
    country = Country.objects.create(code="DE", name="Germany")
    address = Address.objects.create(street="here", country=country)
    nowhere = Address.objects.create(street="nowhere")
    orders = [
        Order(number="1", person=person, billing_address=address, shipping_address=address),
        Order(number="2", billing_address=nowhere),
        Order(number="3"),
    ]
    things = [
        Everything(slug="plain"),
        Everything(
            slug="full",
            text="tëxt",
            integer=7,
            small=1,
            big=2**60,
            floating=1.5,
            amount=Decimal("1234.50"),
            day=datetime.date(2026, 11, 27),
            moment=datetime.datetime(2026, 11, 27, 18, 0, tzinfo=datetime.UTC),
            data={"b": [1, None], "a": "x"},
            backwards="abc",
            status="paid",
            contact="ada@example.com",
        ),
    ]
    for each in [*orders, *things]:
        each.save()
    restaurant = Restaurant.objects.create(name="Inn", stars=3)
    place = Place.objects.create(name="Square")
    hidden = Hidden.objects.create(name="hidden")
    return [
        user,
        boss,
        person,
        country,
        address,
        nowhere,
        *orders,
        *things,
        restaurant,
        place,
        hidden,
    ]


def test_a_preview_shows_what_an_event_carries():
    """It reads attribute by attribute, and an event in one go: the values must be the same."""
    snapshot = compile_map(HOST, catalog())
    for obj in shapes():
        fresh = type(obj)._base_manager.get(pk=obj.pk)
        lost = []
        values = snapshot.find(obj).flatten(fresh, lambda *fault, lost=lost: lost.append(fault[:2]))
        shown = editing.preview("default", obj, document=HOST)
        faults = [(p.code, p.where) for p in shown.problems if "The value is lost" in p.message]
        assert list(shown.values.items()) == list(values.items()), obj
        assert faults == lost
        assert {type(v) for v in shown.values.values()} <= {str, int, float, bool, type(None)}


def test_a_preview_counts_the_queries_that_a_flatten_takes():
    snapshot = compile_map(HOST, catalog())
    for obj in shapes():
        fresh = type(obj)._base_manager.get(pk=obj.pk)
        queries = editing.preview("default", obj, document=HOST).queries
        with CaptureQueriesContext(connection) as captured:
            snapshot.find(obj).flatten(fresh, lambda *fault: None)
        sent = [q["sql"] for q in captured if not q["sql"].startswith(OF_TRANSACTIONS)]
        assert queries == len(sent), (obj, sent)
