"""A deprecated name stays until its date; whoever ends it earlier says why, and all can see it."""

import io
import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import override_settings
from django.utils import timezone

from tests import screens
from tests.drafts import everything, the_map
from tests.maps import attribute, document, tracked
from tests.screens import client_of, map_page, person
from trackadmin import editing
from trackadmin.document.structure import ActionEntry, ChildEntry
from trackadmin.editing import deadlines
from trackadmin.exceptions import LeavesEarly, NoteRequired
from trackadmin.models import MapVersion

pytestmark = screens.MARKS

DAY, LATER, SOONER = "2099-06-30", "2099-12-31", "2099-01-01"


def country(*attributes, **fields):
    return document(Country=tracked("host.country", [*attributes], key="", **fields))


def renamed(until=DAY, **fields):
    """``code`` is ``iso`` now."""
    old = attribute("code", successor="iso", until=until, **fields)
    return country(("iso", attribute("code")), ("code", old))


NEW_ONLY = country(("iso", attribute("code")))


def publish(made, **arguments):
    """Publish this document."""
    editing.import_document("default", made)
    return editing.publish("default", **{"by": None, **arguments})


def refused(made):
    """The names that publishing this document would end early; nothing happens then."""
    editing.import_document("default", made)
    before = everything()
    with pytest.raises(LeavesEarly) as raised:
        editing.publish("default", by=None)
    assert everything() == before
    return raised.value


@pytest.fixture
def on(monkeypatch):
    """Makes it another day."""
    return lambda day: monkeypatch.setattr(deadlines, "today", lambda: day)


def test_a_deprecated_name_cannot_leave_before_its_date():
    """The error says which, until when, and who decided so: the author of the first version that
    has this date, and not of the last one."""
    publish(renamed(SOONER))
    publish(renamed(), by=User.objects.create(username="ann"))
    publish(renamed(), by=User.objects.create(username="bob"), note="Again.")
    error = refused(NEW_ONLY)
    assert error.names == ("Country_code",)
    (problem,) = error.problems
    assert (problem.code, problem.where) == ("name.leaves_early", "Country.code")
    assert str(problem.what) == (
        "Country_code stays until 2099-06-30. ann decided so in version 2."
    )
    assert pickle.loads(pickle.dumps(error)).names == error.names


def test_without_an_author_a_script_decided():
    """A command publishes in nobody's name."""
    publish(renamed())
    assert "A script decided so in version 1." in str(refused(NEW_ONLY))


@pytest.mark.parametrize(
    "made",
    [
        document(Place=tracked("host.place", ["name"])),
        country(("iso", attribute("code")), ("code", attribute("code", decision="ignored"))),
        country(("iso", attribute("code")), ("code", attribute("code", privacy="dropped"))),
        renamed(SOONER),
        replace(renamed(), models={"Land": renamed().models["Country"]}),
    ],
    ids=["model removed", "ignored", "dropped", "shorter date", "prefix renamed at once"],
)
def test_no_way_ends_a_name_early(made):
    """Whatever takes it out of events, and a shorter date, too."""
    publish(renamed())
    assert "Country_code" in refused(made).names


@pytest.mark.parametrize(
    "made",
    [
        renamed(),
        renamed(LATER),
        country("code", ("iso", attribute("code"))),
        country("code", ("other", attribute("name"))),
    ],
    ids=["as it was", "later date", "no longer deprecated", "taken back"],
)
def test_what_keeps_a_name_is_not_refused(made):
    """Nor is anything that happens to names that are not deprecated."""
    publish(renamed())
    assert publish(made).left_early == ""


def shop(**fields):
    made = document(
        Person=tracked("host.person", ["name"], ["user"]),
        User=tracked("auth.user", ["username"], former_prefix="Account", until=DAY),
    )
    made.models["Person"].children["user"] = ChildEntry("Login", 0, False, "User", LATER)
    return made


def test_a_former_prefix_stays_with_all_its_names():
    """Of a tracked model and of a child, below every object that brings it."""
    publish(shop())
    bare = document(
        Person=tracked("host.person", ["name"], [("user", "Login")]),
        User=tracked("auth.user", ["username"]),
    )
    error = refused(bare)
    assert set(error.names) == {"Account_username", "User_username"}
    said = str(error)
    assert "Account_username stays until 2099-06-30" in said
    assert "User_username stays until 2099-12-31" in said


def test_removing_a_child_ends_the_deprecated_names_that_it_brings():
    """Also where the model itself stays."""
    publish(shop())
    made = shop()
    models = {**made.models, "Person": tracked("host.person", ["name"])}
    assert "Account_username" in refused(replace(made, models=models)).names


def test_a_lookup_stays_as_long_as_its_name():
    """Old links have it; the name itself stays here."""
    publish(renamed(lookup=True))
    assert refused(renamed()).names == ("Country__code",)


def test_a_name_and_its_link_are_told_once():
    """One line for each name that leaves."""
    publish(renamed(lookup=True))
    assert refused(NEW_ONLY).names == ("Country_code",)


def test_a_name_that_several_models_give_is_told_once():
    """A buyer and an order bring the same user."""
    old = attribute("username", successor="login", until=DAY)
    user = tracked("auth.user", [("login", attribute("username")), ("username", old)])
    person, profile = (
        tracked("host.person", ["name"], ["user"]),
        tracked("host.profile", ["nickname"], ["person"]),
    )
    publish(document(Person=person, Profile=profile, User=user))
    now = tracked("auth.user", [("login", attribute("username"))])
    error = refused(document(Person=person, Profile=profile, User=now))
    assert len(error.problems) == len(error.names) == 1


def test_on_its_date_it_may_leave(on):
    """Until then it may not, and the day is that of the site."""
    publish(renamed("2031-05-01"))
    editing.import_document("default", NEW_ONLY)
    on("2031-04-30")
    with pytest.raises(LeavesEarly):
        editing.publish("default", by=None)
    on("2031-05-01")
    assert editing.publish("default", by=None).left_early == ""


def test_today_is_a_day_of_the_site(monkeypatch):
    """Not of the visitor, and not of the server."""

    class Evening(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime(2026, 6, 1, 22, 30, tzinfo=UTC).astimezone(tz)

    monkeypatch.setattr(deadlines, "datetime", Evening)
    with override_settings(TIME_ZONE="Europe/Berlin"):
        assert editing.today() == "2026-06-02"
        with timezone.override("America/New_York"):
            assert editing.today() == "2026-06-02"
    with override_settings(TIME_ZONE="America/New_York", USE_TZ=False):
        assert editing.today() == "2026-06-01"


# Letting a name leave early.


def test_leaving_early_needs_a_note_and_is_recorded():
    """Whatever REQUIRE_NOTE says; only these names, and only in this version."""
    publish(renamed())
    editing.import_document("default", NEW_ONLY)
    with pytest.raises(NoteRequired):
        editing.publish("default", by=None, leave_early=["Country_code"], note=" ")
    version = editing.publish("default", by=None, leave_early=["Country_code"], note="Leak.")
    assert version.early_names == ["Country_code"]
    assert publish(NEW_ONLY).early_names == []


def test_only_the_given_names_may_leave():
    """All others are refused, and nothing is published."""
    publish(shop())
    editing.import_document("default", document(Person=tracked("host.person", ["name"])))
    with pytest.raises(LeavesEarly) as raised:
        editing.publish("default", by=None, leave_early=["Account_username"], note="Leak.")
    assert raised.value.names == ("User_username",)
    assert MapVersion.objects.count() == 1


def test_a_prefix_stands_for_its_names():
    """A former prefix may have hundreds of them."""
    publish(shop())
    editing.import_document("default", document(Person=tracked("host.person", ["name"])))
    allowed = ["Account_", "User_"]
    version = editing.publish("default", by=None, leave_early=allowed, note="Leak.")
    assert version.early_names == ["User_username", "Account_username"]


def test_a_name_that_does_not_leave_is_not_recorded():
    """A script may always name it."""
    publish(renamed())
    version = publish(renamed(), leave_early=["Country_code", "Other"], note="Same.")
    assert version.early_names == []


def test_a_rollback_is_always_possible_and_recorded():
    """An emergency does not wait for a date."""
    publish(NEW_ONLY)
    publish(renamed())
    version = editing.roll_back("default", to=1, by=None)
    assert version.early_names == ["Country_code"]


def test_a_broken_live_version_stops_nothing():
    """What cannot be read promises nothing."""
    publish(renamed())
    MapVersion.objects.filter(number=1)._raw = None
    live = editing.live_version("default")
    broken = MapVersion(map=live.map, number=2, document="{}", digest="0" * 64)
    broken.save()
    assert publish(NEW_ONLY).number == 3


# After the date.


def test_after_its_date_nothing_disappears(on):
    """The name goes out as before, and is listed as due."""
    publish(renamed("2031-05-01"))
    on("2031-05-02")
    assert publish(renamed("2031-05-01")).number == 2
    (problem,) = [p for p in editing.draft_problems("default") if p.code == "name.due"]
    assert (problem.level, problem.where) == ("warning", "Country.code")
    assert str(problem.what) == "Country_code stayed until 2031-05-01 and still goes out."


def test_before_its_date_nothing_is_due(on):
    """And what has no date never is."""
    publish(renamed("2031-05-01"))
    on("2031-04-30")
    assert editing.draft_problems("default") == []


def test_former_prefixes_and_actions_are_due_too(on):
    """Each with its old name."""
    from trackadmin.editing.deadlines import due

    on("2100-01-01")
    made = replace(shop(), actions={"pay": ActionEntry(until=DAY)})
    said = [str(problem.what) for problem in due(made)]
    assert said == [
        "User_ stayed until 2099-12-31 and still goes out.",
        "Account_ stayed until 2099-06-30 and still goes out.",
        "pay stayed until 2099-06-30 and still goes out.",
    ]


def test_an_action_cannot_leave_before_its_date():
    """An action is a name of the map as well."""
    publish(renamed())
    live = replace(renamed(), actions={"pay": ActionEntry(until=DAY)})
    from trackadmin.document import digest, dump

    text = dump(live)
    version = MapVersion(map=the_map(), number=2, document=text, digest=digest(text))
    version.save()
    assert refused(renamed()).names == ("pay",)


# The command.


def run(*arguments):
    out, told = io.StringIO(), io.StringIO()
    call_command("trackadmin", *arguments, stdout=out, stderr=told)
    return out.getvalue(), told.getvalue()


def test_the_command_refuses_and_overrides():
    """``publish --leave-early``; the list of versions says so, as JSON too."""
    publish(renamed())
    editing.import_document("default", NEW_ONLY)
    with pytest.raises(CommandError, match="Country_code stays until 2099-06-30"):
        run("publish")
    with pytest.raises(CommandError, match="note"):
        run("publish", "--leave-early", "Country_code")
    out = "".join(run("publish", "--leave-early", "Country_code", "--note", "Leak."))
    assert "These names left before their date: Country_code." in out
    newest, first = json.loads(run("versions", "--json")[0])
    assert (newest["left_early"], first["left_early"]) == (["Country_code"], [])
    assert "left before their date: Country_code" in run("versions")[0]


def test_import_with_publish_overrides_too(tmp_path):
    """Without it, neither the draft nor the versions change."""
    publish(renamed())
    file = tmp_path / "map.json"
    file.write_text('{"Country": {"model": "host.Country", "attributes": ["name"]}}')
    before = everything()
    with pytest.raises(CommandError, match="Country_code"):
        run("import", str(file), "--publish", "--note", "x")
    assert everything() == before
    run("import", str(file), "--publish", "--note", "x", "--leave-early", "Country_code")
    assert editing.live_version("default").early_names == ["Country_code"]


def test_check_lists_what_is_due_and_succeeds(on):
    """A date that has come is no error."""
    publish(renamed("2031-05-01"))
    on("2031-05-02")
    out, _ = run("check")
    assert "Country_code stayed until 2031-05-01" in out
    report = json.loads(run("check", "--json")[0])
    assert "name.due" in [problem["code"] for problem in report["draft"]]


# The pages.


@pytest.fixture
def draft_without_code():
    publish(renamed(), by=User.objects.create(username="ann"))
    editing.import_document("default", NEW_ONLY)
    return map_page("publish", the_map().pk)


def form_of(client, page, **changes):
    form = client.get(page).context["form"]
    return {name: form[name].value() for name in ("expected", "expected_live")} | changes


def test_the_review_lists_what_would_leave_early(client, draft_without_code):
    """With date and who; only somebody who may publish gets the box."""
    publisher = client_of(client, "view_trackingmap", "publish_trackingmap")
    html = publisher.get(draft_without_code).content.decode()
    assert "Names that leave before their date" in html
    assert all(each in html for each in ("Country_code", "June 30, 2099", "ann"))
    assert 'name="leave_early"' in html
    client.force_login(person("view_trackingmap"))
    html = client.get(draft_without_code).content.decode()
    assert "Country_code" in html
    assert 'name="leave_early"' not in html


def test_the_page_publishes_only_with_the_box_and_a_note(client, draft_without_code):
    """Each is asked for beside its field."""
    client_of(client, "view_trackingmap", "publish_trackingmap")
    sent = form_of(client, draft_without_code, note="Leak.")
    answer = client.post(draft_without_code, sent)
    assert answer.context["form"].errors.keys() == {"leave_early"}
    answer = client.post(draft_without_code, {**sent, "leave_early": "on", "note": ""})
    assert answer.context["form"].errors.keys() == {"note"}
    assert MapVersion.objects.count() == 1
    answer = client.post(draft_without_code, {**sent, "leave_early": "on"})
    assert answer.status_code == 302
    assert editing.live_version("default").early_names == ["Country_code"]


def test_nobody_without_the_permission_overrides(client, draft_without_code):
    """Whatever is sent."""
    client_of(client, "view_trackingmap", "publish_trackingmap")
    sent = form_of(client, draft_without_code, note="Leak.", leave_early="on")
    client.force_login(person("view_trackingmap", "change_trackingmap", "change_trackedmodel"))
    assert client.post(draft_without_code, sent).status_code == 403
    assert MapVersion.objects.count() == 1


def test_pages_say_what_left_early(client):
    """The list of versions, the version, and the comparison of it with the one before; not the
    comparison of others."""
    publish(renamed())
    publish(NEW_ONLY, leave_early=["Country_code"], note="Leak.")
    publish(NEW_ONLY)
    client_of(client, "view_trackingmap")
    pk = the_map().pk
    compare = map_page("compare", pk)
    for page, says in [
        (map_page("versions", pk), "left early"),
        (map_page("version", pk, 2), "These names left before their date:"),
        (f"{compare}?old=1&new=2", "In version 2 these names left before their date:"),
        (f"{compare}?old=1&new=draft", "In version 2 these names left before their date:"),
    ]:
        assert says in client.get(page).content.decode()
    for page in (map_page("version", pk, 3), f"{compare}?old=2&new=3"):
        assert "left before their date" not in client.get(page).content.decode()


def test_the_overview_lists_what_is_due(client, on):
    """With the other problems of the draft."""
    publish(renamed("2031-05-01"))
    on("2031-05-02")
    client_of(client, "view_trackingmap")
    html = client.get(map_page("change", the_map().pk)).content.decode()
    assert "Country_code stayed until 2031-05-01" in html


def test_the_rollback_page_lists_what_would_leave(client):
    """It is allowed, and says so."""
    publish(NEW_ONLY)
    publish(renamed())
    client_of(client, "view_trackingmap", "publish_trackingmap")
    html = client.get(map_page("roll_back", the_map().pk, 1)).content.decode()
    assert "A rollback ends them all the same" in html
    assert "Country_code" in html
