"""A rename to a name that is taken loses nothing, and a name can be given back."""

import pytest

from tests import screens
from tests.drafts import draft, everything
from tests.maps import document, tracked
from trackadmin import editing
from trackadmin.codes import ProblemCode
from trackadmin.document.structure import AttributeEntry
from trackadmin.exceptions import InvalidMap

pytestmark = screens.MARKS

DAY, LATER = "2099-06-30", "2099-12-31"
MAP = document(Country=tracked("host.country", ["code", "name"], key="code"))


def country():
    return editing.build_document("default").models["Country"]


@pytest.mark.parametrize("until", ["", DAY])
@pytest.mark.parametrize(("old", "new"), [("name", "code"), ("code", "name")])
def test_the_name_of_another_attribute_is_refused(old, new, until):
    """One of the two would be lost. Nothing is saved."""
    draft(MAP)
    before = everything()
    with pytest.raises(InvalidMap) as refused:
        editing.rename("default", f"Country.{old}", new, until=until)
    (problem,) = refused.value.problems
    assert (problem.code, problem.where) == (ProblemCode.NAME_TWICE, f"Country.{old}")
    assert everything() == before


def test_the_old_name_of_another_attribute_is_refused():
    """It still goes out, with the value of that one."""
    draft(MAP)
    editing.rename("default", "Country.code", "iso", until=DAY)
    with pytest.raises(InvalidMap):
        editing.rename("default", "Country.name", "code")
    assert [*country().attributes] == ["iso", "name", "code"]


def test_its_own_name_with_a_date_is_refused():
    """There would be no other name that takes its place. Without a date nothing happens."""
    draft(MAP)
    before = everything()
    with pytest.raises(InvalidMap):
        editing.rename("default", "Country.name", "name", until=DAY)
    editing.rename("default", "Country.name", "name")
    assert everything() == before


def test_back_at_once():
    """As it was: the key is back, and nothing is deprecated."""
    draft(MAP)
    editing.rename("default", "Country.code", "iso", until=DAY)
    editing.rename("default", "Country.iso", "code")
    assert country() == MAP.models["Country"]


def test_back_until_a_date():
    """Then the name that it had in the meantime is the deprecated one."""
    draft(MAP)
    editing.rename("default", "Country.code", "iso", until=DAY)
    editing.rename("default", "Country.iso", "code", until=LATER)
    assert country().key == "code"
    assert country().attributes == {
        "code": AttributeEntry("code", position=0),
        "name": AttributeEntry("name", position=1),
        "iso": AttributeEntry("code", lookup=True, position=2, successor="code", until=LATER),
    }


def test_back_by_two_names():
    """The names between stay deprecated, and follow to the name that takes their place now."""
    draft(MAP)
    for name, new in (("name", "title"), ("title", "label"), ("label", "name")):
        editing.rename("default", f"Country.{name}", new, until=DAY)
    successors = {name: each.successor for name, each in country().attributes.items()}
    assert successors == {"code": "", "name": "", "title": "name", "label": "name"}
