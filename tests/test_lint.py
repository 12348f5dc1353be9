"""Lint: waivers with their reasons, what stops a publish, and ``check --lint``."""

import io
import json
from dataclasses import replace
from datetime import date, timedelta
from functools import partial

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from reversion.models import Revision, Version

from tests.drafts import draft, editor, everything, the_map
from tests.host.models import Country
from tests.maps import attribute, document, tracked
from trackadmin import editing
from trackadmin.codes import LintCode
from trackadmin.document.structure import ActionEntry, AggregateEntry, ParameterEntry
from trackadmin.editing.deadlines import today
from trackadmin.exceptions import InvalidMap, LintRefused, UnknownMap
from trackadmin.models import MapVersion, TrackingMap, Waiver
from trackadmin.models.waivers import REASON_LENGTH

pytestmark = pytest.mark.django_db

NAMED = attribute("name", description="In English.")
#: Of which lint says: no owner. Nothing else.
NO_OWNER = document(Country=tracked("host.country", [("name", NAMED)], description="All of them."))
OWNER = (LintCode.OWNER, "Country")
#: A name that breaks the rule.
CAMEL = replace(
    NO_OWNER.models["Country"],
    owner="Team",
    attributes={"countryName": NAMED},
)
PLAIN = NO_OWNER.models["Country"]
PERSON = tracked("host.person", ["id"])
ACTIONS = {"buy": ActionEntry(description="x", parameters={"price": ParameterEntry()})}
OF_ACTION = (LintCode.OWNER, "actions.buy")
UNDESCRIBED = (LintCode.DESCRIPTION, "actions.buy.price")


def left():
    return [(problem.code, problem.where) for problem in editing.lint("default").problems]


def waived():
    return [(w.waiver.code, w.waiver.place, w.needed) for w in editing.lint("default").waived]


def only(settings, **levels):
    settings.TRACKADMIN = {"LINT": levels}


# Waivers -----------------------------------------------------------------------------------------


def test_what_is_waived_is_listed_apart_with_its_reason():
    draft(NO_OWNER)
    assert left() == [OWNER]
    editing.waive("default", *OWNER, reason=" Nobody is responsible. ", by=editor())
    assert left() == []
    (found,) = editing.lint("default").waived
    assert (found.waiver.reason, found.waiver.author_name) == ("Nobody is responsible.", "editor")
    assert found.problem.where == "Country"
    assert found.needed
    editing.withdraw("default", *OWNER)
    assert (left(), waived()) == ([OWNER], [])


def test_a_waiver_is_no_part_of_the_map():
    """The digest, the differences and what is published stay; so does the form that is open."""
    draft(NO_OWNER)
    digest, rows = editing.draft_digest("default"), everything()
    editing.waive("default", *OWNER, reason="Why not.")
    assert editing.draft_digest("default") == digest
    after = everything()
    same = rows.keys() - {TrackingMap, Waiver, Revision, Version}
    assert {table: after[table] for table in same} == {table: rows[table] for table in same}
    editing.publish("default", by=None, expected=digest)
    assert "Why not" not in MapVersion.objects.get().document


def test_both_are_in_the_history_of_the_map():
    """Who, when and why, in the reader's language."""
    draft(NO_OWNER)
    editing.waive("default", *OWNER, reason="50% of it", by=editor())
    editing.withdraw("default", *OWNER, by=editor("other"))
    back, gone, *_ = editing.history(the_map())
    assert (gone.who, gone.comment) == ("editor", "Waived the missing owner of Country: 50% of it")
    assert (back.who, back.comment) == (
        "other",
        "The missing owner of Country is no longer waived.",
    )
    assert not gone.changes
    assert not gone.prefixes


@pytest.mark.parametrize("code", LintCode)
def test_each_code_has_its_sentence_in_the_history(code, monkeypatch):
    draft(NO_OWNER)
    monkeypatch.setattr("trackadmin.editing.waiving.waivable", lambda *_: {(code, "X")})
    editing.waive("default", code, "X", reason="Because")
    editing.withdraw("default", code, "X")
    back, gone, *_ = editing.history(the_map())
    assert "X" in gone.comment
    assert "Because" in gone.comment
    assert "X" in back.comment


@pytest.mark.parametrize(
    ("code", "place", "reason", "words"),
    [
        (*OWNER, " ", "Say in a few words"),
        (*OWNER, "x" * (REASON_LENGTH + 1), "too long"),
        (LintCode.OWNER, "Gone", "y", "nothing to waive at Gone"),
        (LintCode.DESCRIPTION, "Country", "y", "nothing to waive"),
        ("lint.nothing", "Country", "y", "nothing to waive"),
        ("attribute.gone", "Country", "y", "nothing to waive"),
        (LintCode.NOT_TRACKED, "host.country", "y", "nothing to waive"),
        (LintCode.NOT_TRACKED, "no.model", "y", "nothing to waive"),
        (LintCode.PERSONAL_VALUES, "Country.code", "y", "nothing to waive"),
    ],
)
def test_what_cannot_be_waived_changes_nothing(code, place, reason, words):
    draft(NO_OWNER)
    before = everything()
    with pytest.raises(LintRefused, match=words):
        editing.waive("default", code, place, reason=reason)
    with pytest.raises(LintRefused):
        editing.withdraw("default", code, place)
    assert everything() == before


def test_a_second_waiver_of_the_same_is_refused():
    """As after a double click; the first one stays."""
    draft(NO_OWNER)
    editing.waive("default", *OWNER, reason="First")
    before = everything()
    with pytest.raises(LintRefused, match="already"):
        editing.waive("default", *OWNER, reason="Second")
    assert everything() == before
    with pytest.raises(IntegrityError), transaction.atomic():
        Waiver.objects.create(map=the_map(), code=OWNER[0], place=OWNER[1], reason="Third")


def test_the_first_statement_is_the_lock():
    draft(NO_OWNER)
    for change in (
        partial(editing.waive, "default", *OWNER, reason="x"),
        partial(editing.withdraw, "default", *OWNER),
    ):
        with CaptureQueriesContext(connection) as queries:
            change()
        statements = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "BEGIN"))]
        assert statements[0].startswith("UPDATE")
        assert "sequence" in statements[0]


def test_a_waiver_that_nobody_needs_any_more_says_so():
    """It is kept: who brings the problem back finds it waived."""
    draft(NO_OWNER)
    editing.waive("default", *OWNER, reason="x")
    draft(document(Country=replace(NO_OWNER.models["Country"], owner="Team")))
    assert waived() == [(*OWNER, False)]
    draft(NO_OWNER)
    assert (left(), waived()) == ([], [(*OWNER, True)])
    draft(document())
    editing.withdraw("default", *OWNER)
    assert waived() == []


def test_both_are_in_the_history_of_what_they_are_about():
    """Of the tracked model or the action alone, whatever it was called then; nothing else's."""
    models = document(**NO_OWNER.models, Countryside=PERSON)
    draft(replace(models, actions=ACTIONS))
    first = the_map().tracked_models.get(prefix="Country")
    for code, place in (OWNER, OF_ACTION, UNDESCRIBED, (LintCode.OWNER, "Countryside")):
        editing.waive("default", code, place, reason="x")
    editing.waive("default", LintCode.NOT_TRACKED, "host.profile", reason="x")
    editing.rename("default", "Country", "Nation")
    editing.rename("default", "Countryside", "Country")
    editing.withdraw("default", LintCode.OWNER, "Nation")
    editing.withdraw("default", LintCode.OWNER, "Country")

    def told(row, **limit):
        return [each.comment for each in editing.history(row, **limit)]

    assert told(first)[:-1] == [
        "The missing owner of Nation is no longer waived.",
        "Renamed Country to Nation.",
        "Waived the missing owner of Country: x",
    ]
    assert told(first, limit=1) == ["The missing owner of Nation is no longer waived."]
    assert told(the_map().actions.get())[:-1] == [
        "Waived the missing description of actions.buy.price: x",
        "Waived the missing owner of actions.buy: x",
    ]
    assert told(the_map().tracked_models.get(prefix="Country"))[:-1] == [
        "The missing owner of Country is no longer waived.",
        "Renamed Countryside to Country.",
        "Waived the missing owner of Countryside: x",
    ]


# A new name --------------------------------------------------------------------------------------

BARE = tracked(
    "host.country",
    [("name", attribute("name")), ("code", attribute("code"))],
    owner="Team",
    description="x",
)


def waive(*pairs):
    for code, place in pairs:
        editing.waive("default", code, place, reason="x")


@pytest.mark.parametrize("until", ["", "2099-01-01"])
def test_a_waiver_goes_along_with_a_new_name(until):
    """Of a tracked model, with what is in it, and of an attribute, whether the old name stays or
    not. The revision of the rename has it; an undo brings it back.
    """
    draft(document(Country=BARE))
    waive((LintCode.DESCRIPTION, "Country.name"), (LintCode.DESCRIPTION, "Country.code"))
    editing.rename("default", "Country.name", "label", until=until)
    assert waived() == [
        (LintCode.DESCRIPTION, "Country.code", True),
        (LintCode.DESCRIPTION, "Country.label", True),
    ]
    editing.rename("default", "Country", "Nation", until=until)
    assert {place for _code, place, _needed in waived()} == {"Nation.code", "Nation.label"}
    assert left() == []
    row = the_map().tracked_models.get()
    *_, first = editing.history(row)
    editing.undo(row, first.revision)
    assert {place for _code, place, _needed in waived()} == {"Country.code", "Country.name"}
    assert left() == []


def test_what_was_accepted_of_a_name_does_not_hold_for_another_one():
    """The waiver stays, and is listed as no longer needed; what is inside goes along."""
    draft(document(the_country=replace(BARE, attributes={"aName": NAMED})))
    waive((LintCode.NAME, "the_country"), (LintCode.NAME, "the_country.aName"))
    editing.rename("default", "the_country", "another_country")
    assert left() == [(LintCode.NAME, "another_country")]
    assert waived() == [
        (LintCode.NAME, "another_country.aName", True),
        (LintCode.NAME, "the_country", False),
    ]


def test_a_waiver_goes_along_with_a_count_and_with_an_action():
    counted = AggregateEntry("purchases")
    person = replace(PERSON, owner="Team", aggregates={"purchases_count": counted})
    draft(replace(document(Person=person), actions=ACTIONS))
    waive((LintCode.DESCRIPTION, "Person.purchases_count"), OF_ACTION, UNDESCRIBED)
    renamed = replace(person, aggregates={"purchases": replace(counted, description=" ")})
    row = the_map().tracked_models.get()
    editing.save_tracked_model("default", "Person", renamed, tracked_model=row)
    action = the_map().actions.get()
    editing.save_action("default", "order", ACTIONS["buy"], action=action, both_until="2099-01-01")
    assert waived() == [
        (LintCode.DESCRIPTION, "Person.purchases", True),
        (LintCode.DESCRIPTION, "actions.order.price", True),
        (LintCode.OWNER, "actions.order", True),
    ]


def test_a_waiver_goes_along_with_a_parameter_that_is_renamed_and_with_no_other():
    """One that was declared anew, as another kind or in another place, is another parameter."""
    old = {"price": ParameterEntry("integer"), "tax": ParameterEntry("integer", position=1)}
    draft(replace(document(), actions={"buy": ActionEntry(parameters=old)}))
    action = the_map().actions.get()
    waive(UNDESCRIBED, (LintCode.DESCRIPTION, "actions.buy.tax"))
    new = {"cost": old["price"], "vat": replace(old["tax"], kind="text")}
    editing.save_action("default", "order", ActionEntry(parameters=new), action=action)
    assert {(each.code, each.place) for each in Waiver.objects.all()} == {
        (LintCode.DESCRIPTION, "actions.order.cost"),
        (LintCode.DESCRIPTION, "actions.order.tax"),
    }


def test_waivers_change_places_with_two_names():
    """A label that looks like a place is none."""
    draft(document(host=BARE))
    Waiver.objects.create(map=the_map(), code=LintCode.SAME_MEANING, place="host.name", reason="x")
    waive((LintCode.DESCRIPTION, "host.code"), (LintCode.NOT_TRACKED, "host.profile"))
    swapped = {"code": attribute("name"), "name": attribute("code")}
    draft(document(Country=replace(BARE, attributes=swapped)))
    assert {(each.code, each.place) for each in Waiver.objects.all()} == {
        (LintCode.DESCRIPTION, "Country.name"),
        (LintCode.SAME_MEANING, "Country.code"),
        (LintCode.NOT_TRACKED, "host.profile"),
    }


def test_a_waiver_that_is_there_already_stays_and_so_does_the_one_that_would_come():
    draft(document(Country=BARE))
    waive((LintCode.DESCRIPTION, "Country.name"), (LintCode.DESCRIPTION, "Country.code"))
    only_code = {"code": attribute("code")}
    draft(document(Country=replace(BARE, attributes=only_code)))
    renamed = replace(BARE, attributes={"name": attribute("code")})
    draft(document(Country=renamed))
    assert waived() == [
        (LintCode.DESCRIPTION, "Country.code", False),
        (LintCode.DESCRIPTION, "Country.name", True),
    ]


def test_an_edit_that_renames_nothing_asks_for_no_waivers():
    draft(document(Country=BARE))
    row = the_map().tracked_models.get()
    with CaptureQueriesContext(connection) as queries:
        editing.save_tracked_model("default", "Country", PLAIN, tracked_model=row)
    assert not [each for each in queries if "trackadmin_waiver" in each["sql"]]


def test_a_waiver_is_of_one_map():
    draft(NO_OWNER)
    TrackingMap.objects.create(slug="second", name="Second")
    editing.import_document("second", NO_OWNER)
    editing.waive("second", *OWNER, reason="x")
    assert left() == [OWNER]
    editing.delete_map("second")
    assert not Waiver.objects.exists()


def test_a_person_who_leaves_is_forgotten_and_the_reason_stays():
    draft(NO_OWNER)
    user = editor()
    editing.waive("default", *OWNER, reason="x", by=user)
    user.delete()
    (found,) = editing.lint("default").waived
    assert (found.waiver.author_name, found.waiver.reason) == ("", "x")


def test_lint_reads_and_writes_nothing():
    draft(NO_OWNER)
    editing.waive("default", *OWNER, reason="x")
    before = everything()
    with CaptureQueriesContext(connection) as few:
        editing.lint("default")
    assert everything() == before
    labels = [each.label for each in editing.undecided("default").models]
    draft(document(**{f"M{n}": tracked(label) for n, label in enumerate(labels)}))
    with CaptureQueriesContext(connection) as many:
        editing.lint("default")
    assert len(many) == len(few)
    with pytest.raises(UnknownMap):
        editing.lint("nothing")


# Models that are not in the map ------------------------------------------------------------------


def test_a_model_can_be_said_not_to_be_for_this_map():
    draft(NO_OWNER)
    place = (LintCode.NOT_TRACKED, "host.person")
    assert "host.person" in {each.label for each in editing.undecided("default").models}
    editing.waive("default", *place, reason="Never tracked.")
    found = editing.undecided("default")
    assert "host.person" not in {each.label for each in found.models}
    assert [(m.label, w.reason) for m, w in found.dismissed] == [("host.person", "Never tracked.")]
    assert waived() == []
    assert editing.history(the_map())[0].comment == (
        "The model host.person is not for this map: Never tracked."
    )
    out = command("check", "--undecided", "--json")[1]
    assert "host.Person" not in json.loads(out)["models_not_in_the_map"]
    editing.withdraw("default", *place)
    assert "host.person" in {each.label for each in editing.undecided("default").models}


def test_who_tracks_it_after_all_needs_no_waiver():
    draft(NO_OWNER)
    editing.waive("default", LintCode.NOT_TRACKED, "host.person", reason="x")
    person = tracked("host.person", owner="Team", description="x")
    draft(document(**NO_OWNER.models, Person=person))
    assert editing.undecided("default").dismissed == []
    assert waived() == [(LintCode.NOT_TRACKED, "host.person", False)]


# New names ---------------------------------------------------------------------------------------


def test_a_better_name_is_given_with_one_click():
    draft(document(Country=CAMEL))
    (problem,) = editing.lint("default").problems
    assert problem.fix == "Rename it to country_name, and keep the old name for a while."
    new = editing.give_new_name("default", "Country.countryName", by=editor())
    assert (new.name, new.until) == ("country_name", "")
    assert [*editing.build_document("default").models["Country"].attributes] == ["country_name"]
    assert left() == []
    with pytest.raises(LintRefused, match="nothing to rename"):
        editing.give_new_name("default", "Country.countryName")


def test_a_name_that_is_live_stays_for_a_while():
    """So the publish does not end it before its date; a fix breaks no report."""
    draft(document(Country=CAMEL))
    editing.publish("default", by=None)
    until = (date.fromisoformat(today()) + timedelta(days=90)).isoformat()
    assert editing.give_new_name("default", "Country.countryName").until == until
    attributes = editing.build_document("default").models["Country"].attributes
    assert attributes["countryName"].until == until
    assert attributes["countryName"].successor == "country_name"
    assert left() == []
    editing.publish("default", by=None)


def test_a_waived_name_is_not_renamed():
    draft(document(Country=CAMEL))
    editing.waive("default", LintCode.NAME, "Country.countryName", reason="x")
    before = everything()
    with pytest.raises(LintRefused):
        editing.give_new_name("default", "Country.countryName")
    assert everything() == before


def test_a_prefix_gets_a_better_name_too():
    draft(document(the_country=NO_OWNER.models["Country"]))
    assert editing.give_new_name("default", "the_country").name == "TheCountry"
    assert [*editing.build_document("default").models] == ["TheCountry"]


# A publish ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["off", "hint", "warning"])
def test_what_is_no_error_stops_no_publish(level, settings):
    only(settings, owner=level)
    draft(NO_OWNER)
    editing.publish("default", by=None)
    assert not [p for p in editing.draft_problems("default") if p.code in set(LintCode)]


def test_an_error_stops_a_publish_until_it_is_waived(settings):
    only(settings, owner="error")
    draft(NO_OWNER)
    before = everything()
    with pytest.raises(InvalidMap) as refused:
        editing.publish("default", by=None)
    assert [(p.code, p.level) for p in refused.value.problems] == [(LintCode.OWNER, "error")]
    assert everything() == before
    assert [p.where for p in editing.review(the_map()).errors] == ["Country"]
    assert "Country" in command("check")[1]
    editing.waive("default", *OWNER, reason="x")
    assert editing.draft_problems("default") == []
    editing.publish("default", by=None)


def test_an_error_stops_nothing_but_a_publish(settings):
    """Work goes on, and in an emergency a rollback is possible."""
    draft(NO_OWNER)
    editing.publish("default", by=None)
    only(settings, owner="error")
    draft(document(Country=replace(NO_OWNER.models["Country"], description="")))
    editing.preview("default", Country.objects.create(code="x"))
    editing.roll_back("default", to=1, by=None)


def test_levels_below_error_cost_a_publish_no_query(settings):
    draft(NO_OWNER)
    with CaptureQueriesContext(connection) as queries:
        editing.draft_problems("default")
    assert not [q for q in queries if "waiver" in q["sql"]]


# The command -------------------------------------------------------------------------------------


def command(*arguments):
    """The exit code, and what it writes to stdout and to stderr."""
    out, err = io.StringIO(), io.StringIO()
    try:
        call_command("trackadmin", *arguments, stdout=out, stderr=err)
    except CommandError as error:
        return error.returncode, out.getvalue(), f"{err.getvalue()}{error}"
    return 0, out.getvalue(), err.getvalue()


@pytest.mark.parametrize(("level", "code"), [("hint", 0), ("warning", 1), ("error", 1)])
def test_hints_pass_and_the_rest_does_not(level, code, settings):
    only(settings, owner=level)
    draft(NO_OWNER)
    found, out, told = command("check", "--lint")
    assert found == code
    (line,) = out.splitlines()
    assert line.startswith(f"{level}: Country: The tracked model has no owner.")
    assert line.endswith("[lint.owner]")
    assert ("1 warning or error" in told) == bool(code)
    assert ("no warning and no error" in told) != bool(code)


def test_what_is_waived_passes(settings):
    only(settings, owner="error")
    draft(NO_OWNER)
    editing.waive("default", *OWNER, reason="x")
    code, out, told = command("check", "--lint")
    assert (code, out) == (0, "")
    assert "1 problem is waived." in told


def test_json(settings):
    only(settings, owner="warning", description="off")
    draft(document(**NO_OWNER.models, User=tracked("auth.user", ["id"])))
    editing.waive("default", *OWNER, reason="Why", by=editor())
    code, out, _ = command("check", "--lint", "--json")
    report = json.loads(out)
    assert code == 1
    assert report["problems"] == [
        {
            "code": "lint.owner",
            "level": "warning",
            "where": "User",
            "message": "The tracked model has no owner.",
            "fix": "Name the team or the person to ask about it.",
        }
    ]
    (found,) = report["waived"]
    date.fromisoformat(found.pop("at")[:10])
    assert found == {
        "code": "lint.owner",
        "where": "Country",
        "reason": "Why",
        "by": "editor",
        "needed": True,
    }
    assert report["notes"] == []


def test_values_are_only_read_for_lint():
    draft(NO_OWNER)
    assert command("check", "--values")[0] == 1
    assert "Give --lint --values" in command("check", "--values")[2]
    with pytest.raises(CommandError, match="not allowed with"):
        call_command("trackadmin", "check", "--lint", "--undecided")
    assert "nothing" in command("check", "--lint", "--map", "nothing")[2]
