"""Former prefixes in a circle: the names that went out before, and none that never did."""

from dataclasses import replace

import pytest

from tests import oracle
from tests.host.models import Person, Place, Restaurant
from tests.maps import document, tracked
from trackadmin.catalog import catalog
from trackadmin.compiler import check, compile_map
from trackadmin.runtime.bulk import stream

pytestmark = pytest.mark.django_db

UNTIL = "2099-12-31"


def in_grace(entry, accessor, former):
    child = replace(entry.children[accessor], former_prefix=former, until=UNTIL)
    return replace(entry, children={**entry.children, accessor: child})


def same_by_every_path(found, model):
    """The names, if instance, stream and oracle agree."""
    assert [p for p in check(found, catalog()) if p.level == "error"] == []
    compiled = compile_map(found, catalog()).find(model)
    for obj in model._default_manager.order_by("pk"):
        expected = oracle.flatten(found, obj)
        assert compiled.flatten(obj, pytest.fail) == expected
        assert list(expected) == list(compiled.names)
    rows = model._default_manager.order_by("pk")
    assert [*stream(compiled, rows)] == [oracle.flatten(found, obj) for obj in rows]
    return compiled.names


def test_a_child_that_leads_to_its_own_model_ends_once():
    """The two prefixes are never in one name."""
    Place.objects.create(name="Inn")
    Restaurant.objects.create(name="Bar")
    place = in_grace(tracked("host.place", ["name"], [("restaurant", "New")]), "restaurant", "Old")
    names = same_by_every_path(document(Place=place), Place)
    assert names == ("Place_name", "New_name", "Old_name")


def test_a_prefix_that_was_taken_away_goes_out_until_its_date():
    """Today the child leads back and gives nothing; its former names stay."""
    boss = Person.objects.create(name="Boss")
    Person.objects.create(name="p", boss=boss)
    person = in_grace(tracked("host.person", ["name"], ["boss"]), "boss", "Chief")
    assert same_by_every_path(document(Person=person), Person) == ("Person_name", "Chief_name")


def test_a_model_with_a_former_prefix_may_lead_to_itself():
    """Its former prefix counts as entered, as its own one does: that is no collision."""
    boss = Person.objects.create(name="Boss")
    Person.objects.create(name="p", boss=boss)
    person = tracked("host.person", ["name"], ["boss"], former_prefix="Human", until=UNTIL)
    assert same_by_every_path(document(Person=person), Person) == ("Person_name", "Human_name")
