"""The editing call that renames, and where a deprecated name is told."""

import io

import pytest
from django.core.management import call_command

from tests import screens
from tests.drafts import draft, the_map
from tests.host.models import Country, Person
from tests.maps import attribute, document, tracked
from tests.screens import client_of, map_page
from trackadmin import editing
from trackadmin.document import from_dict, to_dict
from trackadmin.document.structure import ActionEntry, AttributeEntry, ChildEntry
from trackadmin.exceptions import InvalidMap

pytestmark = screens.MARKS

DAY = "2099-06-30"
MAP = document(
    Person=tracked("host.person", ["id", "name"], ["user", ("boss", "Boss")], "id"),
    User=tracked("auth.user", ["username"]),
    Country=tracked("host.country", ["code", "name"], key="code"),
)


def entry(prefix="Person"):
    return editing.build_document("default").models[prefix]


def test_an_attribute_until_a_date():
    """The key moves, the old name stays a lookup, and both have one source."""
    draft(MAP)
    editing.rename("default", "Person.id", "uuid", until=DAY)
    assert entry().key == "uuid"
    assert entry().attributes == {
        "uuid": AttributeEntry("id", position=0),
        "name": AttributeEntry("name", position=1),
        "id": AttributeEntry("id", lookup=True, position=2, successor="uuid", until=DAY),
    }


def test_an_attribute_at_once():
    """Only the new name is left."""
    draft(MAP)
    editing.rename("default", "Person.id", "uuid")
    assert (entry().key, [*entry().attributes]) == ("uuid", ["uuid", "name"])


@pytest.mark.parametrize(
    ("accessor", "after"),
    [
        ("boss", ChildEntry("New", 1, False, "Boss", DAY)),
        ("user", ChildEntry("New", 0, False, "User", DAY)),
    ],
)
def test_a_child(accessor, after):
    """A child without a prefix had that of its model."""
    draft(MAP)
    editing.rename("default", f"Person.{accessor}", "New", until=DAY)
    assert entry().children[accessor] == after


def test_a_model():
    """And back: then there is no former prefix."""
    draft(MAP)
    editing.rename("default", "Person", "Human", until=DAY)
    assert (entry("Human").former_prefix, entry("Human").until) == ("Person", DAY)
    editing.rename("default", "Human", "Person")
    assert (entry().former_prefix, entry().until) == ("", "")


def test_actions_follow_a_model():
    """They bring the model under its new prefix."""
    made = document(Person=MAP.models["Person"], User=MAP.models["User"])
    made.actions["pay"] = ActionEntry(brings={"Person": "required"})
    draft(made)
    editing.rename("default", "Person", "Human", until=DAY)
    assert editing.build_document("default").actions["pay"].brings == {"Human": "required"}


@pytest.mark.parametrize("place", ["Nobody", "Person.nothing", "", "Person.boss.name"])
def test_a_place_that_does_not_exist(place):
    """The error says what is legal, and nothing is changed."""
    draft(MAP)
    with pytest.raises(InvalidMap, match="Person, User, Country"):
        editing.rename("default", place, "new")
    assert editing.build_document("default") == MAP


def test_a_rename_is_one_edit():
    """With words that say what it was; undo takes all of it back."""
    draft(MAP)
    editing.rename("default", "Person.id", "uuid", until=DAY)
    last, first = editing.history(the_map().tracked_models.get(prefix="Person"))
    assert str(last.comment) == "Renamed Person.id to uuid."
    editing.undo(the_map().tracked_models.get(prefix="Person"), first.revision, by=None)
    assert entry() == MAP.models["Person"]


def test_the_comparison_says_it_in_words():
    """What is deprecated, until when, and what takes its place."""
    draft(MAP)
    version = editing.publish("default", by=None)
    editing.rename("default", "Person.name", "full_name", until=DAY)
    editing.rename("default", "Country", "Land", until=DAY)
    said = str(editing.diff(version, editing.build_document("default")))
    assert "Person.name: It is deprecated and stays until 2099-06-30." in said
    assert "Person.name: Its successor is 'full_name'." in said
    assert "Land: Its names also go out under the former prefix 'Country'." in said
    # The model itself is not deprecated.
    assert "Land: The former prefix is deprecated and stays until 2099-06-30." in said


def test_a_map_file_has_it():
    """And gives it back."""
    draft(MAP)
    editing.rename("default", "Person.name", "full_name", until=DAY)
    editing.rename("default", "Person.boss", "Chief", until=DAY)
    editing.rename("default", "Country", "Land", until=DAY)
    made = editing.build_document("default")
    assert from_dict(to_dict(made), str) == made


RENAMED = document(
    Land=tracked(
        "host.country",
        [
            ("iso", attribute("code")),
            ("code", attribute("code", lookup=True, successor="iso", until=DAY)),
        ],
        key="iso",
        former_prefix="Country",
        until=DAY,
    ),
    Person=tracked("host.person", ["name"], ["user"]),
    User=tracked("auth.user", ["username"]),
)
RENAMED.models["Person"].children["user"] = ChildEntry("Login", 0, False, "User", DAY)


@pytest.fixture
def published():
    draft(RENAMED)
    editing.publish("default", by=None)
    return the_map()


def test_the_version_page_shows_it(client, published):
    """Attributes with their successors, former prefixes, and each name of an event."""
    client_of(client, "view_trackingmap")
    html = " ".join(client.get(map_page("version", published.pk, 1)).content.decode().split())
    assert "use Land_iso, stays until June 30, 2099" in html
    assert "use Land_, stays until June 30, 2099" in html
    assert "<code>User_</code>" in html
    assert '<code>User_username</code> <span class="ta-badge ta-warn">deprecated</span>' in html


def test_the_preview_shows_it(client, published):
    """Beside each deprecated name."""
    rows = editing.preview(published, Country(code="DE", name="Germany")).rows
    assert {row.name: row.grace and row.grace.successor for row in rows} == {
        "Land_iso": None,
        "Land_code": "Land_iso",
        "Country_iso": "Land_iso",
        "Country_code": "Land_iso",
    }
    rows = editing.preview(published, Person(name="Ann")).rows
    assert {row.name: row.grace and row.grace.until for row in rows} == {
        "Person_name": None,
        "Login_username": None,
        "User_username": DAY,
    }


def test_explain_tells_it(published):
    """For each name of the model that a reference leads to."""
    Country.objects.create(code="DE", name="Germany")
    out = io.StringIO()
    call_command("trackadmin", "explain", "Country__code=DE", stdout=out, stderr=io.StringIO())
    assert "deprecated: Country_code. Use Land_iso; it stays until 2099-06-30." in out.getvalue()
    said = "The name 'Country__code' is deprecated and stays in the map until 2099-06-30."
    assert f"{said} Use 'Land__iso' instead." in out.getvalue()
