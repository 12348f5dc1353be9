"""The page that explains an event: names and no values; it reads what the command reads."""

import json
import logging
import re
from dataclasses import replace

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import screens
from tests.drafts import everything
from tests.host.models import Person
from tests.maps import attribute, document, tracked
from tests.screens import action_page, map_page, model_page, person
from tests.versions import insert, insert_text
from trackadmin import editing
from trackadmin.admin.explain_event_screen import MOST_EVENTS
from trackadmin.document import dump
from trackadmin.document.structure import ActionEntry, ParameterEntry
from trackadmin.models import TrackingMap
from trackadmin.runtime import track
from trackadmin.testing import captured_events

pytestmark = [*screens.MARKS, pytest.mark.usefixtures("fresh_process")]

DAY = "2099-06-30"
SIGNED = ActionEntry(
    "Somebody signed.",
    parameters={"channel": ParameterEntry("choice", choices=["web"], description="Where.")},
)
OLD = replace(
    document(
        Person=tracked(
            "host.person", ["id", ("name", attribute("name", description="Full."))], key="id"
        ),
        Country=tracked("host.country", ["code"], key="code"),
        Place=tracked("host.place", ["name"], key="name"),
    ),
    actions={"signed": SIGNED},
)
#: The name became title and stays for a while; the country is gone.
NEW = replace(
    document(
        Person=tracked(
            "host.person",
            [
                "id",
                ("name", attribute("name", successor="title", until=DAY, description="Full.")),
                ("title", attribute("name")),
            ],
            key="id",
        ),
        Place=tracked("host.place", [("label", attribute("name"))], key="label"),
    ),
    actions={"signed": SIGNED},
)


@pytest.fixture
def page():
    editing.import_document("default", OLD)
    editing.publish("default", by=None)
    editing.import_document("default", NEW)
    insert(NEW, 2)
    return map_page("explain_event", TrackingMap.objects.get(slug="default").pk)


def explained(client, page, *events):
    lines = [each if isinstance(each, str) else json.dumps(each) for each in events]
    response = client.post(page, {"event": "\r\n".join(lines)})  # as browsers do
    assert response.status_code == 200
    return response


def main_part(response):
    """What a reader sees, without tags and the pasted text itself."""
    html = response.content.decode()
    html = re.sub(
        r"<textarea.*?</textarea>", "", html[html.index('id="content-main"') :], flags=re.S
    )
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def test_an_event_of_an_older_version(admin_client, page):
    """What each name meant, what is deprecated, what was renamed, and what is gone."""
    values = {
        "action": "signed",
        "channel": "web",
        "Person_name": 1,
        "Place_name": 1,
        "Country_code": 1,
        "odd": 1,
    }
    event = {"map": "default", "version": 1, "values": values}
    text = main_part(explained(admin_client, page, event))
    assert "Line 1: map default, version 1; version 2 is live" in text
    assert "Action: signed, live" in text
    assert "Meaning: Somebody signed." in text
    assert "The parameter signed.channel of the action" in text
    assert "Entry Person.name, the attribute name of host.person" in text
    assert "Meaning: Full." in text
    assert f"Deprecated: it stays until {DAY}" in text
    assert "Use instead: Person_title" in text
    assert "Use instead: Place_label" in text
    assert text.count("Not in the live version") == 2
    assert "Unknown; no entry of version 1 makes it" in text


def test_each_name_leads_to_its_entry_in_the_draft(admin_client, page):
    row = TrackingMap.objects.get()
    event = {
        "version": 1,
        "values": {"action": "signed", "channel": 1, "Person_name": 1, "Country_code": 1},
    }
    html = explained(admin_client, page, event).content.decode()
    model, action = row.tracked_models.get(prefix="Person"), row.actions.get(name="signed")
    assert f'href="{model_page("change", model.pk)}">Open Person in the draft' in html
    assert f'href="{action_page("change", action.pk)}">Open signed in the draft' in html
    assert "Open Country" not in html


def test_an_event_of_another_map_leads_nowhere_else(admin_client, page):
    """Its names are explained by its own map, and pages of this map are not those of that one."""
    editing.add_map("second", name="Second")
    insert(OLD, 1, "second")
    response = explained(admin_client, page, {"map": "second", "values": {"Person_name": 1}})
    assert "map second, version 1, the live one" in main_part(response)
    assert "in the draft" not in main_part(response)


def test_a_line_of_the_log(admin_client, page):
    """As the sink writes it, and with what a formatter puts before it."""
    with captured_events() as events:
        track("signed", Person.objects.create(name="Anna 4711"), channel="web")
    line = f"INFO 2026-01-01: {events[0].as_json()}"
    text = main_part(explained(admin_client, page, line))
    assert "version 2 is live" in text
    assert "Entry Person.title" in text
    assert "4711" not in text


def test_a_list_and_several_lines(admin_client, page):
    one = {"Person_name": 1}
    text = main_part(explained(admin_client, page, json.dumps([one, one], indent=1)))
    assert text.count("version 2, the live one") == 2
    text = main_part(explained(admin_client, page, one, "", one))
    assert "Line 3: map default" in text


def test_of_many_events_the_first_are_explained(admin_client, page):
    """Also if all of them are bad."""
    for line in ('{"Person_name": 1}', "rubbish"):
        response = explained(admin_client, page, *[line] * (MOST_EVENTS + 1))
        assert len(response.context["events"]) == MOST_EVENTS
        assert "There are more events" in main_part(response)
        response = explained(admin_client, page, *[line] * MOST_EVENTS)
        assert "There are more events" not in main_part(response)


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("rubbish", "Line 1: It is not JSON, from character 1 on. Give an event as a JSON object"),
        ("[1]", "Line 1: It is not an object. Give an event as"),
        ("", "Line 1: There is no event. Give an event as"),
        ('{"a": 1,\n "b": 2\n "c": 3}', "Line 3: It is not JSON, from line 3, character 2 on."),
        ('{"version": 9, "values": {}}', "has no version 9. Its versions are 1 to 2."),
        ('{"map": "nothing", "values": {}}', "There is no tracking map"),
        ("{" * 50_000, "It is not JSON"),
        (r'{"\ud800": 1}', r"\ud800 – Unknown; no entry of version 2 makes it"),
    ],
)
def test_what_cannot_be_explained_is_told(admin_client, page, pasted, words):
    response = admin_client.post(page, {"event": pasted})
    assert response.status_code == 200
    assert words in main_part(response)


def test_good_lines_beside_a_bad_one_are_explained(admin_client, page):
    text = main_part(explained(admin_client, page, "{cut", {"Person_name": 1}))
    assert "Line 1: It is not JSON, from character 2 on." in text
    assert "Line 2: map default" in text


def test_a_version_that_cannot_be_read(admin_client, page):
    insert_text(dump(OLD), "0" * 64, 3)
    text = main_part(explained(admin_client, page, {"Person_name": 1}))
    assert "The version cannot be read:" in text
    assert "Not known, because the version cannot be read" in text


def test_a_map_that_is_not_published(admin_client):
    page = map_page("explain_event", TrackingMap.objects.get().pk)
    text = main_part(explained(admin_client, page, {"Person_name": 1}))
    assert "is not published" in text


def test_what_is_too_long_is_refused(admin_client, page):
    response = admin_client.post(page, {"event": "a" * 100_001})
    assert response.status_code == 400
    assert "at most 100000 characters" in response.content.decode()


def test_the_page_and_the_command_say_the_same(admin_client, page, tmp_path, capsys):
    """One home for the sentences: the page only arranges them."""
    event = {"version": 1, "values": {"action": "signed", "channel": 1, "Person_name": 1, "odd": 1}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    call_command("trackadmin", "explain-event", str(tmp_path / "event.json"))
    text = main_part(explained(admin_client, page, event)).lower()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 10
    for line in lines:
        name, colon, words = line.strip().partition(": ")
        said = words if colon and name in event["values"] else line.strip()
        assert said.lower() in text, line


def test_no_value_is_shown_or_logged_and_nothing_is_written(admin_client, page, caplog):
    """The text itself comes back to who pasted it, in the form alone."""
    caplog.set_level(logging.DEBUG)
    admin_client.get(page)  # the theme makes its own row on the first page
    before = everything()
    event = {"action": "x4711", "Person_name": "x4712", "odd": "x4713", "values": "x4714"}
    response = explained(admin_client, page, event, "{x4715", '{"map": "x"')
    assert "x4711" in response.content.decode()
    assert "x471" not in main_part(response)
    assert "x471" not in caplog.text
    assert everything() == before


def test_a_name_cannot_be_code_or_steer_the_reader(admin_client, page):
    html = explained(admin_client, page, {"<script>x\u202e": 1}).content.decode()
    assert "<script>x" not in html
    assert "&lt;script&gt;x\\u202e" in html


def test_who_may_open_it(client, page):
    client.force_login(person())
    assert client.get(page).status_code == client.post(page, {"event": "{}"}).status_code == 403
    client.force_login(person("view_trackingmap"))
    assert client.get(page).status_code == client.post(page, {"event": "{}"}).status_code == 200
    client.logout()
    assert client.post(page, {"event": "{}"}).status_code == 302


def test_the_number_of_queries_does_not_grow_with_the_map_or_the_names(admin_client, page):
    def queries(*names):
        with CaptureQueriesContext(connection) as captured:
            explained(admin_client, page, {"version": 1, "values": dict.fromkeys(names, 1)})
        return len(captured)

    queries("odd")
    before = queries("Person_name", "odd")
    labels = ["host.address", "host.club", "host.line", "host.constrained"]
    models = {f"X{n}": tracked(label, ["id"]) for n, label in enumerate(labels)}
    larger = replace(NEW, models={**NEW.models, **models})
    editing.import_document("default", larger)
    insert(larger, 3)
    assert queries("Person_name", *(f"odd{n}" for n in range(50))) == before
