"""What no event could ever have, no map may ask of it."""

from dataclasses import replace

import pytest
from django.http import QueryDict

from tests import screens
from tests.actions import MODELS
from tests.drafts import draft, everything, the_map
from trackadmin import compiler, editing
from trackadmin.admin.forms import ActionForm
from trackadmin.catalog import catalog
from trackadmin.document import from_dict, validate
from trackadmin.document.action_rules import LONGEST_CHOICE
from trackadmin.document.structure import ActionEntry, Document, ParameterEntry
from trackadmin.exceptions import InvalidMap
from trackadmin.models import TrackedAction
from trackadmin.runtime import values_from_query
from trackadmin.testing import override_map

pytestmark = screens.MARKS


def with_parameter(name):
    models = from_dict(MODELS, catalog().find).models
    action = ActionEntry(parameters={name: ParameterEntry()})
    return Document(models=models, actions={"pay": action})


RESERVED = ["User_id", "User_anything", "user_id", "BUYERPROFILE_UUID"]


@pytest.mark.parametrize("name", RESERVED)
def test_a_parameter_with_a_name_of_the_map(name):
    """Such a value is never taken, whatever the event: see ``compiler/reserved.py``."""
    (problem,) = compiler.check(with_parameter(name), catalog())[-1:]
    assert (problem.code, problem.level) == ("parameter.name_reserved", "error")
    assert problem.where == f"actions.pay.{name}"
    before = everything()
    with pytest.raises(InvalidMap, match=name):
        editing.import_document("default", with_parameter(name))
    assert everything() == before
    with override_map(MODELS):
        assert name not in values_from_query({name: "1"})


@pytest.mark.parametrize("name", ["user", "users_id", "id", "user_name", "username"])
def test_a_parameter_with_a_name_of_its_own(name):
    """A name that only resembles one is possible."""
    found = compiler.check(with_parameter(name), catalog())
    assert "parameter.name_reserved" not in {problem.code for problem in found}
    with override_map(MODELS):
        assert values_from_query({name: "1"})[name] == "1"


def test_a_prefix_that_makes_a_parameter_impossible():
    """The draft can be saved, as somebody may still change the action, and not published."""
    draft(with_parameter("Shop_id"))
    editing.rename("default", "User", "Shop")
    with pytest.raises(InvalidMap, match="Shop_id"):
        editing.publish("default", by=None)


@pytest.mark.parametrize("name", ["action", "map"])
def test_a_parameter_with_a_name_that_means_something_else(name):
    """``track("pay", map="shop")`` is an event of that map."""
    (problem,) = validate(with_parameter(name))
    assert (problem.code, problem.where) == ("name.invalid", f"actions.pay.{name}")


def with_choice(choice):
    parameter = ParameterEntry(kind="choice", choices=["other", choice])
    return Document(actions={"pay": ActionEntry(parameters={"colour": parameter})})


@pytest.mark.parametrize(
    "choice",
    ["", " ", " red", "red ", "dark\nred", "dark\u2028red", "red\r", "r" * (LONGEST_CHOICE + 1), 1],
)
def test_a_choice_that_no_form_can_show_and_no_event_can_have(choice):
    """The form has one choice in each line: it would make two of one, or another."""
    (problem,) = validate(with_choice(choice))
    assert (problem.code, problem.where) == ("choices.invalid", "actions.pay.colour")


@pytest.mark.parametrize("choice", ["red", "dark red", "rot\u00f6", "0", "r" * LONGEST_CHOICE])
def test_the_form_gives_back_every_possible_choice(choice):
    """Also where there are many: a save that changes nothing changes nothing."""
    made = with_choice(choice)
    many = [choice, *(f"{number:08}" for number in range(2000))]
    parameter = replace(made.actions["pay"].parameters["colour"], choices=many)
    draft(Document(actions={"pay": replace(made.actions["pay"], parameters={"colour": parameter})}))
    row = TrackedAction.objects.get(map=the_map())
    entry = editing.build_document("default").actions["pay"]
    sent = QueryDict(mutable=True)
    shown = ActionForm(row.name, entry, prefixes=[], seen=1)
    for field in [*shown.head, *shown.parameters[0]]:
        if field.value():
            sent[field.html_name] = field.value()
    sent["rows"] = "1"
    form = ActionForm(row.name, entry, prefixes=[], seen=1, data=sent)
    assert form.is_valid(), form.problems
    assert form.as_entry() == entry
