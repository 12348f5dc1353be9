"""The page of live events: what came, filtered, as far as its reader may see it."""

import json
from html import unescape

import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from demo.models import BuyerProfile, CompanyAccount
from tests import outbox, screens
from tests.maps import attribute, tracked
from tests.screens import map_page, person
from trackadmin import editing
from trackadmin.admin import shown_events
from trackadmin.document import ActionEntry
from trackadmin.document.structure import ParameterEntry
from trackadmin.models import AcceptedEvent, DeadLetter, Delivery, TrackingMap
from trackadmin.outbox import TryLater, Worker, discard_all, recent_events
from trackadmin.outbox.batches import make_deliveries
from trackadmin.runtime import track
from trackadmin.runtime.configured_sinks import configured_sinks

pytestmark = [*screens.MARKS, pytest.mark.usefixtures("fresh_process")]

SINKS = {
    "SINKS": {
        "log": {"BACKEND": "trackadmin.sinks.log.LogSink", "PERSONAL": True},
        "table": {"BACKEND": "trackadmin.sinks.table.TableSink", "PERSONAL": True},
        "one": {"BACKEND": "tests.outbox.Receiver", "OPTIONS": {"name": "one"}},
        "few": {"BACKEND": "tests.outbox.Receiver", "OPTIONS": {"name": "few"}, "ACTIONS": ["b"]},
    },
    "STRICT": False,
}
NAME, MAIL = "Wilhelmina", "wilhelmina@example.com"


@pytest.fixture(autouse=True)
def kept():
    """Sinks of each kind; the remote ones remember nothing of other tests."""
    outbox.forget()
    with override_settings(TRACKADMIN=SINKS):
        yield


@pytest.fixture
def tracking_map():
    """The example with an action that must bring a user, published."""
    row = screens.published_example()
    signup = ActionEntry(
        brings={"User": "required"}, parameters={"plan": ParameterEntry("text", privacy="none")}
    )
    editing.save_action(row, "signup", signup)
    entry = editing.build_document(row).models["User"]
    named = {"last_name": attribute("last_name", privacy="none", position=9)}
    screens.edit(row, "User", attributes={**entry.attributes, **named})
    editing.publish(row, by=None)
    return row


@pytest.fixture
def buyer():
    user = User.objects.create(username="w", first_name=NAME, last_name="Xylander", email=MAIL)
    return BuyerProfile.objects.create(user=user)


def page(row, query=""):
    return map_page("events", row.pk) + query


def listed(client, row, query=""):
    """The actions of the events that the page lists, newest first."""
    response = client.get(page(row, query))
    assert response.status_code == 200, query
    return [each.stored.event.action for each in response.context["rows"]]


def opened(client, row, number=None):
    number = number or AcceptedEvent.objects.first().pk
    response = client.get(page(row, f"?event={number}"))
    return response, unescape(response.content.decode())


def everyone(*codenames):
    """A user who may view maps, users and buyers in the host's admin, and what else is named."""
    user = person("view_trackingmap", *codenames)
    host = Permission.objects.filter(codename__in=["view_user", "view_buyerprofile"])
    user.user_permissions.add(*host)
    return User.objects.get(pk=user.pk)


# The list -----------------------------------------------------------------------------------------


def test_the_newest_come_first_with_what_is_wrong_and_what_was_not_found(client, tracking_map):
    track("a")
    track("signup")
    client.get("/t/?action=b&User__id=77777&Nobody__id=1")
    client.force_login(everyone())
    response = client.get(page(tracking_map))
    newest, signup, _first = response.context["rows"]
    assert [str(words) for _name, words in newest.lost] == ["not found", "not allowed"]
    assert [(str(words), name) for words, name in signup.findings] == [("missing object", "User")]
    assert [str(each.trust) for each in (newest, signup)] == ["open", "server"]
    assert "User__id" in response.content.decode()


def test_each_filter_finds_its_events_alone(client, tracking_map, buyer):
    other = editing.add_map("other", name="Other")
    track("a", buyer)
    track("signup")
    client.get("/t/?action=b&User__id=77777")
    client.force_login(everyone())
    for query, found in {
        "": ["b", "signup", "a"],
        "?action=a": ["a"],
        "?model=BuyerProfile": ["a"],
        "?model=User": ["b", "a"],
        "?model=Use": [],
        "?outcome=none": ["b"],
        "?outcome=found": [],
        "?sender=trusted": ["signup", "a"],
        "?sender=open": ["b"],
        "?wrong=1": ["signup"],
        "?sink=few": ["b"],
        "?sink=one": ["b", "signup", "a"],
        "?action=a&wrong=1": [],
        "?action=&model=&outcome=&sink=&sender=&wrong=": ["b", "signup", "a"],
    }.items():
        assert listed(client, tracking_map, query) == found, query
    assert listed(client, other) == []


def test_a_value_that_looks_like_a_finding_is_none(client, tracking_map):
    """The database searches in the text of the JSON; what it finds is read, and then asked."""
    track("a", wrong='"wrong":[],"trust":', note='"outcome":"none"}', User_x="1")
    client.force_login(everyone())
    for query in ("?wrong=1", "?outcome=none", "?model=Order"):
        assert listed(client, tracking_map, query) in ([], ["a"])
    assert listed(client, tracking_map, "?outcome=none") == []


def test_pages_go_back_by_number_and_say_how_far_they_looked(client, tracking_map, monkeypatch):
    monkeypatch.setattr(recent_events, "AT_ONCE", 2)
    monkeypatch.setattr(recent_events, "LOOKED_AT", 4)
    for action in "abcdefg":
        track(action)
    client.force_login(everyone())
    response = client.get(page(tracking_map))
    seen = []
    while True:
        found = response.context["found"]
        seen += [each.event.action for each in found.events]
        if found.older_than is None:
            break
        response = client.get(page(tracking_map, f"?older={found.older_than}"))
    assert seen == [*"gfedcba"]
    rare = client.get(page(tracking_map, "?action=a"))
    assert listed(client, tracking_map, "?action=a") == []
    assert "Further back there may be more" in rare.content.decode()
    older = rare.context["found"].older_than
    assert listed(client, tracking_map, f"?action=a&older={older}") == ["a"]


def test_where_nothing_is_kept_the_page_says_how_to_keep_it(client, tracking_map):
    client.force_login(everyone())
    said = "Events are not kept yet"
    assert said not in client.get(page(tracking_map)).content.decode()
    with override_settings(TRACKADMIN={}):
        html = client.get(page(tracking_map)).content.decode()
    assert said in html
    assert "trackadmin.sinks.table.TableSink" in html
    assert "data-live=" not in html


@pytest.mark.parametrize("query", ["?sink=nobody", "?model=a__b", "?outcome=x", "?older=x"])
def test_a_filter_that_cannot_be_read_is_refused(client, tracking_map, query):
    client.force_login(everyone())
    assert client.get(page(tracking_map, query)).status_code == 400


def test_the_list_costs_the_same_however_many_events_there_are(client, tracking_map, buyer):
    client.force_login(everyone())

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(page(tracking_map, "?sink=one"))
        return len(captured)

    track("a")
    client.get(page(tracking_map))
    Worker(configured_sinks().remote).work_once()
    few = queries()
    for _ in range(20):
        track("b", buyer)
    assert queries() == few <= 15


# One event ----------------------------------------------------------------------------------------


def test_an_event_is_shown_with_reasons_values_sinks_and_json(client, tracking_map, buyer):
    client.get(f"/t/?action=signup&User__id={buyer.user.pk}&BuyerProfile__uuid=x&plan=pro")
    client.force_login(everyone("view_personal_values"))
    response, html = opened(client, tracking_map)
    shown = response.context["opened"]
    reasons = {each.name: str(each.reason) for each, _label in shown["references"]}
    assert reasons["BuyerProfile__uuid"] == "The value is not one that the attribute can have."
    assert json.loads(shown["json"])["values"]["User_email"] == MAIL
    assert f'"{NAME}"' in html
    sinks = {each.name: each for each in shown["sinks"]}
    assert sinks["one"].leaves_out == ["User_first_name", "User_email", "User_username"]
    assert sinks["table"].leaves_out == []
    assert not sinks["few"].wanted
    assert str(sinks["one"].standing.label) == "waits for a worker"


def test_what_is_wrong_is_told_in_words_of_its_version(client, tracking_map):
    track("signup")
    editing.delete_action(tracking_map.actions.get(name="signup"))
    editing.publish(tracking_map, by=None)
    client.force_login(everyone())
    _response, html = opened(client, tracking_map)
    assert "The action 'signup' must bring User, and the event has no such object." in html


def test_personal_values_are_for_those_who_may_see_them(client, tracking_map, buyer):
    track("signup", buyer, plan="pro", secret=MAIL)
    client.force_login(everyone())
    response, html = opened(client, tracking_map)
    for value in (NAME, MAIL):
        assert value not in html
    assert "Xylander" in html
    assert {each.name for each in response.context["opened"]["values"] if each.why_hidden} == {
        "User_first_name",
        "User_email",
        "User_username",
        "secret",
    }
    assert json.loads(response.context["opened"]["json"])["values"]["User_email"] == "hidden"
    client.force_login(everyone("view_personal_values"))
    _response, html = opened(client, tracking_map)
    assert html.count(MAIL) == 6  # two names: in the table, in the JSON and in the form


def test_values_of_what_nobody_may_view_are_hidden_with_any_right(client, tracking_map, buyer):
    """The right to see personal values is not one to view the host's objects."""
    track("a", buyer, CompanyAccount(name="Secret Ltd"))
    client.force_login(person("view_trackingmap", "view_personal_values"))
    _response, html = opened(client, tracking_map)
    for value in (NAME, MAIL, "Xylander", "Secret Ltd", str(buyer.uuid)):
        assert value not in html
    only_users = person("view_trackingmap", "view_personal_values")
    only_users.user_permissions.add(Permission.objects.get(codename="view_user"))
    client.force_login(User.objects.get(pk=only_users.pk))
    _response, html = opened(client, tracking_map)
    # The user came along with a buyer, whom this person may not view.
    assert NAME not in html
    assert str(buyer.uuid) not in html


@pytest.mark.parametrize("way", ["list", "each", "raises"])
def test_where_the_hosts_admin_shows_some_objects_only_values_are_hidden(
    client, tracking_map, buyer, way, monkeypatch
):
    def some(self, request):
        if way == "raises":
            raise ValueError(MAIL)
        return BuyerProfile.objects.filter(pk__lt=0)

    track("a", buyer)
    client.force_login(everyone("view_personal_values"))
    assert str(buyer.uuid) in opened(client, tracking_map)[1]
    of_buyers = type(admin.site.get_model_admin(BuyerProfile))
    if way == "each":
        monkeypatch.setattr(of_buyers, "has_view_permission", lambda *args: True, raising=False)
    else:
        monkeypatch.setattr(of_buyers, "get_queryset", some, raising=False)
    _response, html = opened(client, tracking_map)
    assert str(buyer.uuid) not in html
    assert MAIL not in html


def test_a_count_is_hidden_with_the_objects_that_it_counts(client, tracking_map, buyer):
    from trackadmin.document.structure import AggregateEntry

    counted = {"orders_count": AggregateEntry("orders", "count")}
    screens.edit(tracking_map, "BuyerProfile", aggregates=counted)
    editing.publish(tracking_map, by=None)
    track("a", buyer)
    client.force_login(everyone("view_personal_values"))
    response, _html = opened(client, tracking_map)
    why = {each.name: each.why_hidden for each in response.context["opened"]["values"]}
    assert why["BuyerProfile_orders_count"] == "you may not view the object"
    assert why["BuyerProfile_uuid"] == ""


def test_who_cannot_tell_where_a_value_comes_from_hides_it(client, tracking_map, buyer):
    """A version that is gone says nothing about its names."""
    track("a", buyer)
    AcceptedEvent.objects.update(version=99)
    body = json.loads(AcceptedEvent.objects.get().body)
    AcceptedEvent.objects.update(body=json.dumps({**body, "version": 99}, separators=(",", ":")))
    client.force_login(everyone("view_personal_values"))
    _response, html = opened(client, tracking_map)
    assert "Xylander" not in html
    assert "its origin is not known any more" in html


def test_people_who_may_not_view_the_map_see_nothing(client, tracking_map):
    track("a")
    number = AcceptedEvent.objects.get().pk
    client.force_login(person("view_delivery", "view_trackedmodel", "view_acceptedevent"))
    assert client.get(page(tracking_map)).status_code == 403
    assert client.get(page(tracking_map, f"?event={number}")).status_code == 403


def test_an_event_of_another_map_is_not_there(client, tracking_map):
    other = editing.add_map("other", name="Other")
    track("a")
    client.force_login(everyone())
    _response, html = opened(client, other)
    assert "has no event with the number" in html
    assert "opened" not in _response.context


def test_an_event_is_explained_without_its_values_in_an_address(client, tracking_map, buyer):
    track("signup", buyer)
    client.force_login(everyone())
    response, html = opened(client, tracking_map)
    sent = response.context["opened"]["json"]
    explained = client.post(map_page("explain_event", tracking_map.pk), {"event": sent})
    assert "User_email" in explained.content.decode()
    assert MAIL not in sent
    assert f'action="{map_page("explain_event", tracking_map.pk)}"' in html


def test_the_preview_says_which_names_each_sink_would_get(client, tracking_map, buyer):
    client.force_login(everyone("view_trackedmodel"))
    address = map_page("preview", tracking_map.pk)
    response = client.get(f"{address}?model=User&object={buyer.user.pk}")
    sinks = {each.name: each for each in response.context["sinks"]}
    assert sinks["one"].leaves_out == ["User_first_name", "User_email", "User_username"]
    assert sinks["one"].gets == len(response.context["rows"]) - 3
    assert (sinks["log"].gets, sinks["log"].leaves_out) == (sinks["one"].gets + 3, [])
    url = client.post(map_page("try_url", tracking_map.pk), {"url": "/t/?action=signup&secret=x"})
    sinks = {each.name: each for each in url.context["sinks"]}
    assert not sinks["few"].wanted
    assert sinks["one"].leaves_out == ["secret"]


# Where its delivery stands ------------------------------------------------------------------------


def standing(client, row, sink="one"):
    response = client.get(page(row, f"?sink={sink}"))
    return [str(each.standing.label) for each in response.context["rows"]]


def test_the_list_says_where_each_delivery_stands(client, tracking_map):
    client.force_login(everyone())
    track("a")
    assert standing(client, tracking_map) == ["waits for a worker"]
    assert standing(client, tracking_map, "log") == ["given at once"]
    assert standing(client, tracking_map, "table") == ["in the table"]
    worker = Worker(configured_sinks().remote)

    def down(events):
        raise TryLater("The receiver is down.")

    outbox.Receiver.does["one"] = down
    make_deliveries()
    assert standing(client, tracking_map) == ["in the queue"]
    while worker.work_once():
        pass
    assert standing(client, tracking_map) == ["failed, will be tried again"]
    assert "The receiver is down." in client.get(page(tracking_map, "?sink=one")).content.decode()
    outbox.Receiver.does.clear()
    Delivery.objects.filter(sink="one").update(due_at="2020-01-01T00:00:00Z")
    assert Worker(configured_sinks().remote).work_once()
    assert standing(client, tracking_map) == ["delivered"]


def test_a_dead_letter_is_told_as_one(client, tracking_map):
    client.force_login(everyone())
    track("a")
    Worker(configured_sinks().remote).work_once()
    delivery = Delivery.objects.get(sink="one")
    Delivery.objects.filter(pk=delivery.pk).update(left="[]", due_at=None)
    event = AcceptedEvent.objects.get()
    DeadLetter.objects.create(
        delivery=delivery, sink="one", event=event, reason="Too large.", attempts=3
    )
    assert standing(client, tracking_map) == ["dead letter"]
    html = client.get(page(tracking_map, "?sink=one")).content.decode()
    assert "Too large." in html
    assert "3 attempts" in html
    assert discard_all("one") == 1
    assert standing(client, tracking_map) == ["discarded"]


def test_a_host_model_that_changed_since_does_not_break_an_opened_event(client, tracking_map):
    row = TrackingMap.objects.get(pk=tracking_map.pk)
    editing.save_tracked_model(row, "Order", tracked("demo.order", ["number"], key="number"))
    track("a")
    client.force_login(everyone())
    with override_settings(TRACKADMIN={**SINKS, "MODELS": ["auth.User"]}):
        assert opened(client, tracking_map)[0].status_code == 200
    assert shown_events.event_rows([], None) == []
