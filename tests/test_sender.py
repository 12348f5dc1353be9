"""What a tracking URL says about its sender beside the signature: the event's id; and the pixel."""

import json
import uuid

import pytest
from django.template import Context, Template
from django.test import override_settings

from tests.maps import EXAMPLE
from trackadmin import editing, testing
from trackadmin.codes import EventCode
from trackadmin.collect.views import PIXEL
from trackadmin.document import ActionEntry, ParameterEntry, to_dict
from trackadmin.exceptions import InvalidMap, WrongEvent
from trackadmin.models.events import AcceptedEvent
from trackadmin.runtime import Event, fault_counts, track, values_from_query
from trackadmin.testing import captured_events, override_map

pytestmark = pytest.mark.django_db

ID = "6fa459ea-ee8a-4ca4-894e-db77e160355e"
#: A map with an action that declares one parameter, and marks all others.
STRICT_MAP = {
    "models": {},
    "actions": {"open": {"parameters": {"n": {}}}},
    "unknown_actions": "mark",
    "undeclared_parameters": "mark",
}


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    with override_map(to_dict(EXAMPLE)):
        yield
    testing.reset()


def codes(values):
    return [finding.code for finding in values.wrong]


# ── The id of the event ────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("given", [ID, ID.upper()])
def test_an_id_that_the_sender_gives_is_kept_in_one_spelling(given):
    values = values_from_query({"action": "a", "event_id": given})
    assert (values.event_id, values.wrong) == (ID, [])
    assert dict(values) == {"action": "a"}
    assert Event.of(values).id == ID


NO_IDS = ["", "7", "x" * 36, ID[:-1], f"{{{ID}}}", f"urn:uuid:{ID}", ID.replace("-", "")]


@pytest.mark.parametrize("given", [*NO_IDS, f"{ID}\n", "0" * 8, 7, [ID], {"a": ID}, True])
def test_another_is_dropped_noted_and_replaced(given):
    values = values_from_query({"action": "a", "event_id": given})
    last = given[-1] if isinstance(given, list) else given
    if last == ID:  # of a list, as of a repeated parameter, the last one counts
        assert values.event_id == ID
        return
    assert (values.event_id, codes(values)) == ("", [EventCode.EVENT_ID_INVALID])
    assert dict(values) == {"action": "a"}
    assert uuid.UUID(Event.of(values).id).version == 7


@pytest.mark.parametrize("letter", "0f")
def test_the_id_of_a_program_that_has_none_does_not_make_its_events_one(letter):
    given = "-".join(letter * length for length in (8, 4, 4, 4, 12))
    assert codes(values_from_query({"event_id": given})) == [EventCode.EVENT_ID_INVALID]


def test_it_is_no_parameter_of_the_action(client):
    """A map that marks undeclared parameters does not mark it, and does not send it."""
    with override_map(STRICT_MAP), captured_events() as events:
        client.post("/t/", {"action": "open", "n": "1", "event_id": ID})
        client.get("/t/", {"action": "open", "event_id": "x", "sig": "y"})
    assert [event.wrong for event in events] == [
        (),
        (("event_id.invalid", "event_id"), ("signature.invalid", "sig")),
    ]
    assert [set(event.values) for event in events] == [{"action", "n"}, {"action"}]


def test_a_repeated_delivery_is_one_event_and_changes_nothing(client):
    """However it is sent, and by anybody."""
    with override_settings(TRACKADMIN={"SINKS": ["trackadmin.sinks.table.TableSink"]}):
        client.get("/t/", {"action": "first", "event_id": ID})
        client.post("/t/", {"action": "second", "event_id": ID.upper()})
        body = json.dumps({"action": "third", "event_id": ID})
        client.post("/t/", body, content_type="text/plain")
        client.get("/t/pixel.gif", {"action": "fourth", "event_id": ID})
    assert [*AcceptedEvent.objects.values_list("event_id", "action")] == [(uuid.UUID(ID), "first")]


@pytest.mark.parametrize("name", ["event_id", "sig"])
def test_no_action_declares_such_a_parameter(name):
    action = ActionEntry(parameters={name: ParameterEntry()})
    with pytest.raises(InvalidMap, match=f"'{name}' is"):
        editing.save_action("default", "open", action)


@pytest.mark.parametrize("name", ["event_id", "sig"])
def test_the_site_s_own_code_sends_no_such_value(name):
    """A warehouse has the event's id in a column of its own."""
    with captured_events() as events:
        track("a", **{name: ID})
        with override_settings(TRACKADMIN={"STRICT": True}), pytest.raises(WrongEvent, match=name):
            track("a", **{name: ID})
    assert [(dict(e.values), e.wrong, e.id == ID) for e in events] == [
        ({"action": "a"}, (("parameter.reserved", name),), False)
    ]


def test_a_page_may_give_the_id_and_learns_of_a_wrong_one():
    tag = "{% load trackadmin %}{% tracking_url action='open' event_id=given %}"
    with override_settings(TRACKADMIN={"STRICT": True}), override_map(STRICT_MAP):
        url = Template(tag).render(Context({"given": uuid.UUID(ID)}))
        assert url == f"/t/?action=open&amp;event_id={ID}"
        with pytest.raises(WrongEvent, match="not a UUID"):
            Template(tag).render(Context({"given": "7"}))
        with pytest.raises(WrongEvent, match="'sig'"):
            Template(tag.replace("event_id", "sig")).render(Context({"given": "7"}))


# ── The pixel ──────────────────────────────────────────────────────────────────────────────────


def test_the_pixel_makes_an_event_and_is_always_the_same_bytes(client):
    with captured_events() as events:
        answers = [
            client.get("/t/pixel.gif", query)
            for query in (
                {"action": "mail_open", "event_id": ID},
                {"CompanyAccount__name": "x"},
                {"action": "a", "sig": "x"},
                {},
            )
        ]
    assert len({answer.serialize_headers() + answer.content for answer in answers}) == 1
    assert (answers[0].status_code, answers[0].content) == (200, PIXEL)
    assert (answers[0]["Content-Type"], answers[0]["Cache-Control"]) == ("image/gif", "no-store")
    assert not answers[0].cookies
    assert [event.action for event in events] == ["mail_open", None, "a"]
    assert events[0].id == ID


def test_the_pixel_is_an_image_of_one_transparent_pixel():
    """Its header and its one frame: https://www.w3.org/Graphics/GIF/spec-gif89a.txt."""
    assert PIXEL[:10] == b"GIF89a" + (1).to_bytes(2, "little") * 2
    extension = PIXEL.index(b"!\xf9\x04")
    assert PIXEL[extension + 3] & 1, "transparent"
    assert PIXEL[-1:] == b";"
    assert len(PIXEL) == 43


def test_a_link_checker_gets_the_pixel_without_an_event_and_nobody_posts_to_it(client):
    with captured_events() as events:
        assert client.head("/t/pixel.gif?action=a").status_code == 200
        assert client.post("/t/pixel.gif?action=a").status_code == 405
    assert events == []


def test_a_template_has_the_address_of_the_pixel_of_each_map(client):
    tag = "{% load trackadmin %}{% tracking_pixel action='open' signed=True map=slug %}"
    url = Template(tag).render(Context({"slug": "default"}))
    assert url.startswith("/t/pixel.gif?action=open&amp;sig=")
    with captured_events() as events:
        client.get(url.replace("&amp;", "&"))
    assert [event.trust for event in events] == ["signed"]
    with override_map({}, slug="nowhere"):
        assert Template(tag).render(Context({"slug": "nowhere"})) == ""
    assert fault_counts()["url.not_included"] == 1
