"""The dictionary has every name of an event, says since when it exists, and has no value."""

import csv
import io
import json
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from markdown_it import MarkdownIt

from tests.maps import HOST, attribute, document, tracked
from tests.old_documents import DIGESTS, text_of
from tests.screens import map_page, person
from tests.versions import insert_text
from trackadmin import editing
from trackadmin.document import ActionEntry, Document, ParameterEntry, digest, dump
from trackadmin.editing import first_versions
from trackadmin.exceptions import NotPublished, UnknownVersion
from trackadmin.models import TrackingMap

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.usefixtures("fresh_process"),
    pytest.mark.filterwarnings("ignore:Language chooser"),
]

DAY = "2099-06-30"
#: What a spreadsheet would compute.
FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\uff1d1"]
PERSON = tracked(
    "host.person",
    ["id", ("name", attribute("name", privacy="pseudonymised")), "user_id"],
    [("boss", "Boss"), "user"],
)
USER = tracked("auth.user", ["username", "email", "is_staff"], owner="Accounts")
ACTIONS = {
    "signed": ActionEntry(
        "Somebody signed.",
        "Growth",
        brings={"User": "required", "Person": "optional"},
        parameters={
            "channel": ParameterEntry("choice", True, ["web", "app"], "none", "Where."),
            "secret": ParameterEntry(privacy="dropped"),
        },
    )
}
MAP = Document({"Person": PERSON, "User": USER}, ACTIONS)


def publish(*documents):
    for each in documents:
        editing.import_document("default", each)
        editing.publish("default", by=None)


def lines(number=None, **which):
    found = editing.dictionary("default", number, **which)
    return {each.name: each for each in editing.dictionary_lines(found)}


def user(*names, **fields):
    return document(User=tracked("auth.user", names, **fields))


# Which names ------------------------------------------------------------------------------------


def test_it_has_every_name_of_an_event_and_no_other():
    publish(HOST)
    (version,) = editing.versions("default")
    contents = editing.contents(version)
    sent = {n for prefix in contents.document.models for n in contents.names_with(prefix)}
    found = editing.dictionary("default")
    assert len(sent) > 50
    assert {each.name for each in found.every_name} == sent
    assert len(found.every_name) == len(sent)


def test_a_line_says_what_is_known():
    publish(MAP)
    found = lines()
    email, hidden, staff = found["User_email"], found["Person_name"], found["User_is_staff"]
    assert (email.type, email.owner) == ("E-mail address · up to 254 characters", "Accounts")
    assert email.paths == ("User.email", "Person.user.email")
    assert (email.privacy_label, email.example) == ("Undeclared, looks personal", "")
    assert (staff.example, staff.is_of_code) == ("true", True)
    assert staff.meaning.startswith("Designates whether the user can log into")
    assert (hidden.type, hidden.personal) == ("Pseudonym", False)
    assert found["Boss_name"].paths == ("Person.boss.name",)
    assert found["signed"].required == ("User",)
    assert found["signed"].optional == ("Person",)
    assert (found["channel"].type, found["channel"].example) == ("One of a list: web, app", '"web"')
    assert found["channel"].kind_words == "Required parameter"
    assert "secret" not in found


def test_what_the_map_says_comes_before_what_the_code_says():
    described = attribute("is_staff", description="Works here.")
    publish(document(User=tracked("auth.user", [("is_staff", described), "id"])))
    assert (lines()["User_is_staff"].meaning, lines()["User_is_staff"].is_of_code) == (
        "Works here.",
        False,
    )


def test_a_deprecated_name_has_its_date_and_what_takes_its_place():
    old = attribute("username", until=DAY, successor="login")
    publish(user(("login", attribute("username")), ("username", old)))
    line = lines()["User_username"]
    assert (line.until, line.successor) == (DAY, "User_login")
    assert line.paths == ("User.username",)
    assert lines()["User_login"].until == ""


def test_a_name_that_the_code_has_lost_is_told_as_such():
    lost = user("username", "email").models["User"]
    gone = {**lost.attributes, "shoe_size": attribute("shoe_size")}
    text = dump(Document({"User": replace(lost, attributes=gone)}))
    insert_text(text, digest(text))
    assert (lines()["User_shoe_size"].in_code, lines()["User_shoe_size"].type) == (False, "")
    assert lines()["User_email"].in_code


@pytest.mark.parametrize("name", DIGESTS)
def test_the_versions_of_older_releases_have_one(name):
    insert_text(text_of(name), DIGESTS[name])
    found = editing.dictionary("default", 1)
    assert found.every_name
    assert all(found.since(each) == 1 for each in found.every_name)


def test_without_a_version_there_is_none_and_the_draft_has_one():
    editing.import_document("default", MAP)
    with pytest.raises(NotPublished):
        editing.dictionary("default")
    with pytest.raises(UnknownVersion):
        editing.dictionary("default", 7)
    assert lines(draft=True)["User_email"].since == 0


# Since when -------------------------------------------------------------------------------------


def test_a_name_is_there_since_the_version_that_it_never_left_again():
    publish(
        user("id"),
        user("id", "email"),
        user("id"),
        user("id", "email", "username"),
        user("id", "email"),
    )
    assert {name: line.since for name, line in lines().items()} == {"User_id": 1, "User_email": 4}
    assert lines(2)["User_email"].since == 2
    assert lines(4)["User_username"].since == 4


def test_what_is_ignored_or_dropped_was_no_name():
    publish(
        user("id", ("email", attribute("email", decision="ignored"))),
        user("id", ("email", attribute("email", privacy="dropped"))),
        user("id", ("email", attribute("email", privacy="sent"))),
    )
    assert lines()["User_email"].since == 3


def test_a_prefix_counts():
    boss, chief = (tracked("host.person", ["id"], [("boss", p)]) for p in ("Boss", "Chief"))
    publish(document(Person=boss), document(Person=chief), document(Human=chief))
    assert {name: line.since for name, line in lines().items()} == {
        "Human_id": 3,
        "Chief_id": 2,
    }


def test_actions_and_their_parameters_have_versions():
    publish(Document(MAP.models), MAP)
    assert (lines()["signed"].since, lines()["channel"].since) == (2, 2)
    assert lines()["User_email"].since == 1


def test_each_version_is_read_once(django_assert_num_queries, monkeypatch):
    """The next version is put on top of what is known; nothing depends on the process."""
    publish(*(user("id", name) for name in ("email", "username", "is_staff")))
    read, its = [], first_versions.vocabulary
    monkeypatch.setattr(
        first_versions,
        "vocabulary",
        lambda text: read.append(text) or its(text),
    )
    first_versions._kept.__init__(10**8)
    row = TrackingMap.objects.get()
    with django_assert_num_queries(3):
        first_versions.first_versions(row)
    assert len(read) == 3
    with django_assert_num_queries(2):
        first_versions.first_versions(row)
    publish(user("id", "email"))
    found = first_versions.first_versions(row)
    assert len(read) == 4
    first_versions._kept.__init__(10**8)
    assert first_versions.first_versions(row) == found


def test_of_a_long_history_only_the_newest_part_is_read(monkeypatch):
    """What may be older says so."""
    publish(user("id"), user("id", "email"), user("id", "email", "username"))
    first_versions._kept.__init__(10**8)
    sizes = [len(each.document) for each in editing.versions("default")]
    monkeypatch.setattr(first_versions, "MOST_CHARACTERS", sizes[0] + sizes[1])
    found = lines()
    assert (found["User_id"].since, found["User_id"].or_earlier) == (2, True)
    assert (found["User_username"].since, found["User_username"].or_earlier) == (3, False)
    assert str(editing.since_in_words(found["User_id"])) == "2 or earlier"
    publish(user("id"))
    assert (lines()["User_id"].since, lines()["User_id"].or_earlier) == (2, True)


# As files ---------------------------------------------------------------------------------------


def test_no_file_has_a_value_of_an_object():
    User.objects.create(username="somebody", email="somebody@example.com", first_name="Zoë")
    publish(MAP)
    found = editing.dictionary("default")
    for write in (editing.dictionary_csv, editing.dictionary_markdown, editing.dictionary_json):
        text = write(found)
        assert "User_email" in text
        assert not any(each in text for each in ("somebody", "Zoë"))


@pytest.mark.parametrize("formula", FORMULAS)
def test_no_cell_is_a_formula_for_a_spreadsheet(formula):
    described = attribute("email", description=formula)
    publish(document(User=tracked("auth.user", [("email", described)], owner=formula.strip())))
    rows = [*csv.reader(io.StringIO(editing.dictionary_csv(editing.dictionary("default"))))]
    assert len(rows) == 2
    assert {len(row) for row in rows} == {12}
    assert f"'{formula}" in [cell.replace("\r\n", "\r") for cell in rows[1]]
    assert not any(cell.lstrip()[:1] in tuple("=+-@\uff1d") for row in rows for cell in row if cell)


def test_markdown_shows_texts_as_they_are():
    nasty = "a | b\n\n# c <img src=x> [d](http://e) `f` **g** \\ &amp; $h$"
    publish(document(User=tracked("auth.user", [("email", attribute("email", description=nasty))])))
    text = editing.dictionary_markdown(editing.dictionary("default"))
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert html.count("<tr>") == 2
    assert not any(tag in html for tag in ("<img", "<a ", "<strong>"))
    assert "a | b # c &lt;img src=x&gt; [d](http://e) `f` **g** \\ &amp;amp; $h$" in html
    assert "<code>User_email</code>" in html


def written(*arguments):
    out = io.StringIO()
    call_command("trackadmin", "dictionary", *arguments, stdout=out, stderr=io.StringIO())
    return out.getvalue()


def test_the_command_writes_each_format_of_each_version():
    with pytest.raises(CommandError, match="publish"):
        written()
    publish(user("id"), user("id", "email"))
    assert "`User_email`" in written()
    assert "`User_email`" not in written("--version", "1")
    assert written("--format", "csv").splitlines()[0].startswith("Name,Kind,Type,Meaning")
    editing.import_document("default", user("id", "username"))
    data = json.loads(written("--draft", "--format", "json"))
    assert (data["version"], [each["name"] for each in data["lines"]]) == (
        None,
        ["User_id", "User_username"],
    )
    assert data["lines"][1]["since"] is None


# The page ---------------------------------------------------------------------------------------


@pytest.fixture
def page(client):
    """The page, for somebody who may only view maps."""
    publish(MAP)
    client.force_login(person("view_trackingmap"))

    def get(query="", page="dictionary"):
        return client.get(map_page(page, TrackingMap.objects.get().pk) + query)

    return get


def listed(response):
    return [each.line.name for each in response.context["rows"]]


def test_who_may_only_view_searches_and_filters(page):
    every = listed(page())
    assert listed(page("?q=EMAIL")) == [n for n in every if n.endswith("_email")] != []
    assert listed(page("?q=log+into")) == [n for n in every if n.endswith("is_staff")]
    assert listed(page("?q=email+nothing")) == []
    assert listed(page("?privacy=pseudonymised")) == ["Person_name", "Boss_name"]
    assert listed(page("?deprecated=1")) == []
    assert listed(page("?model=Nothing")) == []
    assert listed(page("?show=actions&q=where.")) == ["signed"]
    assert page("?show=actions&q=where.").context["counts"] == {"names": 0, "actions": 1}


def test_each_name_has_a_link_that_leads_to_it(page, monkeypatch):
    monkeypatch.setattr("trackadmin.admin.dictionary_screen.ON_A_PAGE", 2)
    html = page().content.decode()
    assert "?name=Person_id#name-Person_id" in html
    last = editing.dictionary("default").every_name[-1].name
    response = page(f"?name={last}")
    assert last in listed(response)
    assert f'id="name-{last}"' in response.content.decode()
    assert response.context["listed"].number > 1
    assert page("?name=User_nothing").status_code == 404


def test_a_version_and_the_draft_have_pages(page):
    editing.import_document("default", user("id", "date_joined"))
    assert "User_date_joined" in listed(page("?version=draft"))
    assert "User_date_joined" not in listed(page("?version=1"))
    assert page("?version=9").status_code == 404
    assert page("?version=x").status_code == 400


def test_each_file_can_be_downloaded(page):
    for wanted, name in {
        "csv": "default-dictionary-version-1.csv",
        "markdown": "default-dictionary-version-1.md",
        "json": "default-dictionary-version-1.json",
        "json-schema": "default-version-1.schema.json",
        "typescript": "default-version-1.ts",
        "python-types": "default-version-1.py",
    }.items():
        response = page(f"?format={wanted}", "dictionary_file")
        assert response.status_code == 200
        assert f'filename="{name}"' in response.headers["Content-Disposition"]
        assert b"User_email" in response.content
    assert page("?format=exe", "dictionary_file").status_code == 400


def test_a_map_that_nobody_has_published_shows_its_draft(client):
    editing.import_document("default", user("id"))
    client.force_login(person("view_trackingmap"))
    pk = TrackingMap.objects.get().pk
    assert listed(client.get(map_page("dictionary", pk))) == ["User_id"]
    assert client.get(map_page("dictionary_file", pk) + "?format=typescript").status_code == 200
