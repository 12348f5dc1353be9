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
    """Who, when and why, in the reader's language; the history of the model has its edits."""
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
    assert len(editing.history(the_map().tracked_models.get())) == 1


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
