"""Personal by value: what is counted, whose rows are looked at, and that no value is told."""

import io
import json
import tracemalloc

import pytest
from django.contrib.auth.models import Permission
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import models

from tests import screens
from tests.drafts import draft, everything, the_map
from tests.host.models import Country, Everything, Person, Profile
from tests.maps import attribute, document, tracked
from tests.screens import client_of, map_page, person, registered
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.codes import LintCode
from trackadmin.editing.value_scan import ALL_ROWS, VisibleRows, scanned
from trackadmin.exceptions import LintRefused

pytestmark = screens.MARKS

SECRET = "ann.secret@example.com"
NONE = attribute("name", privacy="none", description="x")
NICKNAME = attribute("nickname", privacy="none")
MAP = document(Person=tracked("host.person", [("name", NONE)], description="x", owner="x"))


def scan(reader=ALL_ROWS):
    return editing.lint("default", reader).values


def told(reader=ALL_ROWS):
    return [(problem.where, problem.message) for problem in scan(reader).problems]


def everybody(*names):
    for name in names:
        Person.objects.create(name=name)


# What is counted ---------------------------------------------------------------------------------


def test_counts_and_no_values():
    draft(MAP)
    everybody(SECRET, "Ann", "Bob", "", "DE89 3704 0044 0532 0130 00", "+49 30 1234567", "b@c.org")
    assert told() == [
        (
            "Person.name",
            "2 of 6 values look like an e-mail address. 1 of 6 values looks like a phone number. "
            "1 of 6 values looks like an IBAN.",
        )
    ]
    assert "secret" not in repr(editing.lint("default", ALL_ROWS))


def test_large_texts_are_not_in_memory_together():
    draft(document(Everything=tracked("host.everything", ["long_text"])))
    size = 300_000
    Everything.objects.bulk_create(
        (Everything(slug=f"s{n}", long_text="x" * size) for n in range(100)), batch_size=10
    )
    tracemalloc.start()
    try:
        scan()
        _now, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 60 * size


def test_rows_that_look_like_nothing_are_no_problem():
    draft(MAP)
    everybody("Ann", "Bob")
    found = scan()
    assert (found.problems, found.notes) == ([], [])


def test_it_is_a_warning_and_only_on_request(settings):
    draft(MAP)
    everybody(SECRET)
    assert editing.lint("default").values is None
    assert editing.lint("default").problems != editing.lint("default", ALL_ROWS).problems
    assert [p.level for p in scan().problems] == ["warning"]
    settings.TRACKADMIN = {"LINT": {"personal_values": "error"}}
    assert [p.level for p in scan().problems] == ["error"]
    editing.publish("default", by=None)  # a publish reads no rows
    settings.TRACKADMIN = {"LINT": {"personal_values": "off"}}
    assert scan().problems == []


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        ("text", {"decision": "ignored"}),
        ("text", {"privacy": "sent"}),
        ("text", {"privacy": "pseudonymised"}),
        ("text", {"privacy": "dropped"}),
        ("text", {"until": "2030-01-01"}),
        ("contact", {}),  # that it is undeclared is a problem already
        ("integer", {"privacy": "none"}),
        ("shout", {"privacy": "none"}),
        ("broken", {"privacy": "none"}),
        ("api_token", {"privacy": "none"}),
        ("lost", {"privacy": "none"}),
    ],
)
def test_what_does_not_go_out_as_a_plain_text_is_not_read(source, fields):
    given = document(Everything=tracked("host.everything", [("x", attribute(source, **fields))]))
    assert [*scanned(given, catalog())] == []


@pytest.mark.parametrize("privacy", ["none", "undeclared"])
def test_what_goes_out_as_not_personal_is_read(privacy):
    draft(
        document(Everything=tracked("host.everything", [("x", attribute("text", privacy=privacy))]))
    )
    Everything.objects.create(slug="a", text=SECRET)
    assert [where for where, _ in told()] == ["Everything.x"]


def test_the_newest_rows_up_to_a_limit(settings):
    settings.TRACKADMIN = {"LINT": {"rows": 2}}
    draft(document(Country=tracked("host.country", [("name", NONE)])))
    for number, name in enumerate((SECRET, "x", "y")):
        Country.objects.create(pk=number + 1, code=str(number), name=name)
    assert told() == []
    Country.objects.create(pk=9, code="9", name="b@example.com")
    ((_, words),) = told()
    assert words == "1 of 2 values looks like an e-mail address."


def test_there_is_a_limit_of_time_and_what_was_not_reached_is_said(settings):
    settings.TRACKADMIN = {"LINT": {"seconds": 0}}
    draft(MAP)
    everybody(SECRET)
    found = scan()
    assert found.problems == []
    assert [str(note) for note in found.notes] == [
        "The time was over before all objects of Person were looked at."
    ]


def test_the_time_ends_between_two_rows_too(monkeypatch, settings):
    """A clock that each row moves on by a second."""
    draft(MAP)
    everybody(SECRET, "b@example.com", "c@example.com")
    now = [0.0]
    monkeypatch.setattr("trackadmin.editing.value_scan.monotonic", lambda: now[0])

    def slow(model, obj):
        now[0] += 1.5
        return True

    found = scan(VisibleRows(ALL_ROWS.rows, slow))
    assert [p.message for p in found.problems] == ["2 of 2 values look like an e-mail address."]
    assert "Person" in str(found.notes[0])


# Whatever code of the host does -------------------------------------------------------------------


class Broken(models.Manager):
    def get_queryset(self):
        raise RuntimeError(SECRET)


def rows_that_fail(model):
    if model is Person:
        raise RuntimeError(SECRET)
    return model._default_manager.all()


def statement_that_fails(model):
    if model is Person:
        return Person.objects.extra(where=["no_such_column = 1"])
    return model._default_manager.all()


@pytest.mark.parametrize("rows", [rows_that_fail, statement_that_fails])
def test_rows_that_cannot_be_read_are_a_note_and_the_rest_goes_on(rows, caplog):
    """The text of the error may hold a value, so it is in the log alone."""
    draft(document(**MAP.models, Country=tracked("host.country", [("name", NONE)])))
    everybody(SECRET)
    Country.objects.create(code="x", name="b@example.com")
    found = scan(VisibleRows(rows, ALL_ROWS.may_view_row))
    assert [problem.where for problem in found.problems] == ["Country.name"]
    (note,) = map(str, found.notes)
    assert note.startswith("The objects of Person could not be read (")
    assert "secret" not in note
    assert "Person" in caplog.text


def test_what_code_of_the_host_writes_meanwhile_does_not_stay():
    draft(MAP)
    everybody(SECRET)
    before = everything()

    def writing(model, obj):
        Country.objects.create(code="w", name="written")
        return True

    assert scan(VisibleRows(ALL_ROWS.rows, writing)).problems
    assert not Country.objects.exists()
    assert everything() == before


# A waiver ----------------------------------------------------------------------------------------


def test_values_can_be_waived_whatever_rows_come():
    """Also before anybody has looked; only a column that is looked at."""
    draft(MAP)
    editing.waive("default", LintCode.PERSONAL_VALUES, "Person.name", reason="Names of ships.")
    everybody(SECRET)
    assert editing.lint("default", ALL_ROWS).problems == []
    (without,) = editing.lint("default").waived
    (with_values,) = editing.lint("default", ALL_ROWS).waived
    assert (without.needed, without.problem) == (True, None)
    assert with_values.problem.where == "Person.name"
    with pytest.raises(LintRefused):
        editing.waive("default", LintCode.PERSONAL_VALUES, "Person.id", reason="x")


# The page: whose rows ----------------------------------------------------------------------------


@pytest.fixture
def page():
    draft(document(**MAP.models, Profile=tracked("host.profile", [("nickname", NICKNAME)])))
    someone = Person.objects.create(name=SECRET)
    Profile.objects.create(person=someone, nickname="profile.secret@example.com")
    return map_page("quality", the_map().pk) + "?values=1"


def viewer_of(client, *names):
    user = person("view_trackingmap")
    user.user_permissions.add(
        *Permission.objects.filter(content_type__app_label="host", codename__in=names)
    )
    client.force_login(user)
    return client


def found_on(client, page):
    """The places that the page tells, and all of its text."""
    response = client.get(page)
    html = response.content.decode()
    assert "secret" not in html
    return [p.where for p in response.context["lint"].values.problems], html


def test_only_models_that_the_person_may_view(client, page):
    found, html = found_on(viewer_of(client, "view_person"), page)
    assert found == ["Person.name"]
    assert "You may not view the objects of Profile." in html
    found, html = found_on(client_of(client, "view_trackingmap"), page)
    assert found == []
    assert "You may not view the objects of Person and Profile." in html


def test_rows_that_the_admin_does_not_list_are_not_counted(client, page):
    """Nor those that it refuses one by one; a count tells about each object."""
    viewer_of(client, "view_person", "view_profile")
    Person.objects.create(name="Listed")

    def listed(self, request):
        return Person.objects.filter(name="Listed")

    with registered(Person, get_queryset=listed):
        assert found_on(client, page)[0] == ["Profile.nickname"]

    def permitted(self, request, obj=None):
        return obj is None or obj.name == "Listed"

    with registered(Person, has_view_permission=permitted):
        assert found_on(client, page)[0] == ["Profile.nickname"]
    assert found_on(client, page)[0] == ["Person.name", "Profile.nickname"]


def test_an_admin_that_fails_hides_its_rows(client, page):
    def broken(self, request, obj=None):
        raise RuntimeError(SECRET)

    viewer_of(client, "view_person")
    with registered(Person, has_view_permission=broken):
        found, html = found_on(client, page)
    assert found == []
    assert "You may not view the objects of Person" in html
    with registered(Person, get_queryset=broken):
        found, html = found_on(client, page)
    assert found == []
    assert "could not be read (RuntimeError)" in html


def test_the_page_reads_no_rows_unless_asked(admin_client, page):
    html = admin_client.get(page.removesuffix("?values=1")).content.decode()
    assert "Look at values" in html
    assert "look like an e-mail" not in html
    html = admin_client.get(page).content.decode()
    assert "1 of 1 values looks like an e-mail address." in html


def test_a_site_that_does_not_want_it_is_not_offered_it(admin_client, page, settings):
    settings.TRACKADMIN = {"LINT": {"personal_values": "off"}}
    html = admin_client.get(page).content.decode()
    assert "Look at values" not in html
    assert "looks like an e-mail" not in html


# The command -------------------------------------------------------------------------------------


def test_the_command_reads_what_the_models_own_manager_gives():
    draft(MAP)
    everybody(SECRET)
    out = io.StringIO()
    with pytest.raises(CommandError, match="1 warning or error"):
        call_command("trackadmin", "check", "--lint", "--values", "--json", stdout=out)
    report = json.loads(out.getvalue())
    (problem,) = (p for p in report["problems"] if p["level"] == "warning")
    assert (problem["code"], problem["where"]) == ("lint.personal_values", "Person.name")
    assert problem["message"] == "1 of 1 values looks like an e-mail address."
    assert "secret" not in out.getvalue()
