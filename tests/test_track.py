"""track() sends an event from Python. Strict, it says all that is wrong; else it never fails."""

import asyncio
import json
import pickle
from contextlib import suppress
from decimal import Decimal

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import AnonymousUser, User
from django.db import DatabaseError, connection, transaction
from django.test import override_settings
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy

from demo.models import BuyerProfile, CompanyAccount, Country, Manufacturer
from tests.actions import BUYER, MODELS, by_track, by_url, with_actions
from trackadmin import testing
from trackadmin.exceptions import BadPrefix, NotPublished, NotTracked, PrefixConflict, WrongEvent
from trackadmin.runtime import atrack, event_counts, fault_counts, track
from trackadmin.testing import captured_events, override_map

pytestmark = pytest.mark.django_db


class Sink:
    """Keeps what it gets."""

    events = []

    def write(self, event):
        self.events.append(event)


class RaisingSink:
    def write(self, event):
        raise RuntimeError("hunter2")


class BrokenSink:
    """A sink of which a statement fails, after another one."""

    def write(self, event):
        Country.objects.create(code="XX", name="half")
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column FROM no_such_table")


class SwallowingSink(BrokenSink):
    def write(self, event):
        with suppress(DatabaseError):
            super().write(event)


class TableSink:
    def write(self, event):
        Country.objects.create(code="YY", name=event.action)


class QueryingSink:
    def __init__(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT no_such_column FROM no_such_table")

    def write(self, event):
        """Never called."""


def settings(*sinks, **more):
    paths = [f"tests.test_track.{sink.__name__}" for sink in sinks]
    return override_settings(TRACKADMIN={"STRICT": False, "SINKS": paths, **more})


def strict():
    return settings(STRICT=True)


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    Sink.events.clear()
    with settings(Sink), with_actions():
        yield
    testing.reset()


@pytest.fixture
def buyer():
    user = User.objects.create(id=123, username="testUserOne")
    return BuyerProfile.objects.create(uuid=BUYER, user=user)


# ── What is sent ───────────────────────────────────────────────────────────────────────────────


def test_the_sinks_get_the_event(buyer):
    lazy = SimpleLazyObject(lambda: buyer.user)
    nothing = (None, AnonymousUser(), SimpleLazyObject(AnonymousUser))
    assert track("sign_up", buyer, lazy, *nothing, channel="app", age=None) is None
    (event,) = Sink.events
    assert (event.action, event.map, event.version, event.references) == (
        "sign_up",
        "default",
        0,
        (),
    )
    assert dict(event.values) == {
        "action": "sign_up",
        "channel": "app",
        "BuyerProfile_uuid": BUYER,
        "User_id": 123,
        "User_username": "testUserOne",
    }
    assert event.wrong == ()
    assert fault_counts() == {}


def test_the_same_event_as_by_a_url(client, buyer):
    query = f"action=sign_up&channel=web&score=1.5&BuyerProfile__uuid={BUYER}"
    (by_link,) = by_url(client, query)
    (in_code,) = by_track("sign_up", buyer, channel="web", score=1.5)
    assert [*by_link.values.items()] == [*in_code.values.items()]
    assert by_link.wrong == in_code.wrong


def test_objects_that_are_not_saved_can_be_tracked():
    (event,) = by_track("greet", CompanyAccount(name="New"), phone=1)
    assert event.values["CompanyAccount_name"] == "New"


def test_values_are_encoded_as_those_of_attributes(buyer):
    lazy = gettext_lazy("Home")
    (event,) = by_track("none", at=Decimal("1.50"), buyer=buyer.uuid, text=lazy, parts=[1, "x"])
    values = {name: value for name, value in event.values.items() if name != "action"}
    assert values == {"at": "1.50", "buyer": BUYER, "text": "Home", "parts": '[1,"x"]'}


def test_a_keyword_with_an_object_gives_a_prefix(buyer):
    (event,) = by_track("open_page", referrer=buyer, visitor=AnonymousUser(), friend=None)
    assert event.values["referrer_uuid"] == BUYER
    assert not [name for name in event.values if name.startswith(("visitor", "friend"))]


def test_another_map(buyer):
    data = {"models": MODELS, "actions": {"only_here": {}}, "unknown_actions": "mark"}
    with override_map(data, "shop"):
        (event,) = by_track("only_here", map="shop")
        (other,) = by_track("only_here")
    assert (event.map, event.wrong) == ("shop", ())
    assert other.wrong == (("action.unknown", "only_here"),)


def test_one_event_is_within_the_bounds_of_a_url():
    (event,) = by_track("none", **{f"a{number}": "x" * 4000 for number in range(300)})
    assert len(event.as_json()) < 100_000
    assert {"query.too_many_parameters", "query.too_long"} <= fault_counts().keys()


# ── Strict ─────────────────────────────────────────────────────────────────────────────────────


def test_strict_says_everything_that_is_wrong(buyer):
    """What is wrong, what is legal and what to do; the event is not sent."""
    company = CompanyAccount(name="x")
    with strict(), captured_events() as events, pytest.raises(WrongEvent) as caught:
        track("sign_up", company, channel="App", agee=5, User_id=7)
    assert caught.value.wrong == (
        ("action.missing_model", "BuyerProfile"),
        ("action.missing_model", "User"),
        ("parameter.wrong_kind", "channel"),
        ("parameter.undeclared", "agee"),
        ("parameter.reserved", "User_id"),
    )
    text = str(caught.value)
    for part in (
        "must bring BuyerProfile",
        "It must be one of: app, web.",
        "Did you mean 'age'?",
        "Its parameters are: channel, age, score, agreed, note.",
        "'User_id' is, or looks like, a name of the map",
        "Give the object",
    ):
        assert part in text
    assert "App" not in text.replace("It must be one of: app", ""), "no value"
    assert events == []
    assert event_counts() == {}
    assert fault_counts() == {"parameter.reserved": 1}, "the error says the rest"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (str(again), again.wrong) == (text, caught.value.wrong)


ERRORS = [
    ("sing_up", {}, "Did you mean 'sign_up'? Its actions are: open_page, sign_up"),
    ("zzz", {}, "has no action 'zzz'. Its actions are"),
    ("", {}, "The event has no action"),
    ("planned_one", {}, "planned and not live. Make it live and publish"),
    ("greet", {"phone": 1}, "must bring CompanyAccount"),
    ("sign_up", {"age": "5"}, "It must be a whole number, such as 12."),
    ("sign_up", {"score": Decimal(5)}, "and not a Decimal"),
    ("sign_up", {"agreed": 1}, "It must be True or False"),
    ("sign_up", {"note": 1}, "It must be a text."),
    ("sign_up", {}, "must have the parameter 'channel', and the event has no value for it. It"),
    ("open_page", {"x": 1}, "It has no parameters."),
]


@pytest.mark.parametrize(("action", "parameters", "text"), ERRORS)
def test_each_error_of_strict(action, parameters, text):
    with strict(), pytest.raises(WrongEvent) as caught:
        track(action, **parameters)
    assert text in str(caught.value)


def test_strict_names_what_an_action_brings(buyer):
    with strict(), pytest.raises(WrongEvent, match="It brings no objects"):
        track("open_page", buyer)
    with strict(), pytest.raises(WrongEvent, match="It brings: CompanyAccount"):
        track("greet", buyer, CompanyAccount(), phone=1)


def test_strict_lets_a_deprecated_action_pass():
    """It is allowed until its date."""
    with strict(), captured_events() as events:
        track("old_one")
    assert events[0].wrong == (("name.deprecated", "old_one"),)


def test_strict_accepts_what_the_map_accepts():
    with strict(), with_actions("accept", "accept"), captured_events() as events:
        track("none", x=1)
        track("open_page", x=1)
    assert [event.wrong for event in events] == [(), ()]


def test_strict_raises_what_tracking_values_raises(buyer):
    other = BuyerProfile(uuid=BUYER[:-1] + "f", user=buyer.user)
    with strict():
        with pytest.raises(NotTracked):
            track("open_page", Manufacturer())
        with pytest.raises(NotTracked):
            track("open_page", "a text")
        with pytest.raises(PrefixConflict):
            track("open_page", buyer, other)
        with pytest.raises(BadPrefix):
            track("open_page", **{"a b": buyer})
        testing.reset()
        with pytest.raises(NotPublished):
            track("open_page")


# ── Not strict: nothing is raised ──────────────────────────────────────────────────────────────


def fails(*args, **kwargs):
    raise RuntimeError("hunter2")


class Hostile:
    __str__ = __repr__ = __eq__ = __len__ = __iter__ = __bool__ = __getattr__ = fails
    __hash__ = object.__hash__


CALLS = [
    (("open_page", "no object", 5, Hostile(), User, SimpleLazyObject(fails)), {}),
    (("open_page",), {"x": Hostile(), "y": SimpleLazyObject(fails), "z": object(), "a b": 1}),
    (("open_page",), {"": 1, "x" * 1000: 1, "\0": 1, "é": 1, "__": 1, "a__b": 1, "self": 1}),
    ((None,), {"action": "x", "values": 1, "snapshot": 2, "objects": 3, "keywords": 4}),
    ((Hostile(),), {"thread_sensitive": 1, "function": 2}),
    (("\ud800\0",), {"x": "\ud800\0"}),
    (("open_page", Manufacturer(), BuyerProfile(), BuyerProfile(uuid=BUYER)), {}),
    (("open_page",), {"map": "no-such-map"}),
    (("open_page",), {"map": None}),
    (("open_page",), {"a b": BuyerProfile(), "a__b": BuyerProfile(), "": BuyerProfile()}),
]


@pytest.mark.parametrize(("args", "kwargs"), CALLS, ids=range(len(CALLS)))
def test_nothing_is_raised(args, kwargs, caplog):
    track(*args, **kwargs)

    async def twin():
        await atrack(*args, **kwargs)

    async_to_sync(twin)()
    for event in Sink.events:
        json.loads(event.as_json())
    assert "hunter2" not in caplog.text
    assert User.objects.count() == 0, "and the transaction goes on"


@pytest.mark.parametrize("broken", [5, {"STRICT": False, "SINKS": 5}, {"STRICT": False}])
def test_nothing_is_raised_whatever_the_settings_are(broken, monkeypatch):
    monkeypatch.setattr("trackadmin.runtime.delivery._Outlet.take", fails)
    with override_settings(TRACKADMIN=broken):
        track("open_page")
    assert fault_counts()["track.failed"] == 1


def test_what_is_wrong_is_counted_and_logged_once(caplog, buyer):
    for _ in range(3):
        track("sign_up", buyer, channel="x")
        track("me@example.com", name="secret")
    assert fault_counts() == {"parameter.wrong_kind": 3, "action.unknown": 3}
    assert [record.getMessage() for record in caplog.records] == [
        "default: sign_up: parameter.wrong_kind",
        "default: action.unknown",
    ]
    assert len(Sink.events) == 6, "the events still go out"


def test_a_sink_that_fails_is_counted():
    with settings(RaisingSink, Sink):
        track("open_page")
    assert fault_counts() == {"sink.failed": 1}
    assert len(Sink.events) == 1


# ── The host's transaction ─────────────────────────────────────────────────────────────────────


def broken_user():
    with connection.cursor() as cursor:
        cursor.execute("SELECT no_such_column FROM no_such_table")


class BrokenText:
    def __str__(self):
        broken_user()
        return "x"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sink", [BrokenSink, SwallowingSink, QueryingSink])
def test_a_sink_that_breaks_its_sql_leaves_the_hosts_transaction_as_it_was(sink):
    with settings(sink, Sink), transaction.atomic():
        Country.objects.create(code="AA", name="before")
        track("open_page")
        Country.objects.create(code="BB", name="after")
    assert {*Country.objects.values_list("code", flat=True)} - {"XX"} == {"AA", "BB"}
    assert len(Sink.events) == 1
    if sink is BrokenSink:
        assert not Country.objects.filter(code="XX").exists(), "nothing half done is left"


@pytest.mark.django_db(transaction=True)
def test_what_a_sink_writes_belongs_to_the_hosts_transaction():
    with settings(TableSink):
        with transaction.atomic():
            track("open_page")
        assert Country.objects.get().name == "open_page"
        with transaction.atomic():
            Country.objects.all().delete()
            track("open_page")
            transaction.set_rollback(True)
    assert Country.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_objects_and_parameters_that_break_their_sql_leave_the_transaction_as_it_was():
    with transaction.atomic():
        Country.objects.create(code="AA", name="before")
        track("open_page", SimpleLazyObject(broken_user), x=SimpleLazyObject(broken_user))
        track("open_page", text=BrokenText(), other=BrokenText())
        Country.objects.create(code="BB", name="after")
    assert Country.objects.count() == 2
    assert [event.action for event in Sink.events] == ["open_page"] * 2


# ── Async ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.django_db(transaction=True)
def test_async_twin(buyer):
    async def main():
        fresh = await BuyerProfile.objects.aget(pk=buyer.pk)
        await asyncio.gather(
            atrack("sign_up", fresh, channel="app"), atrack("open_page", self=1, func=2)
        )

    async_to_sync(main)()
    events = {event.action: event for event in Sink.events}
    assert events["sign_up"].values["User_id"] == 123, "the child was loaded in a thread"
    assert events["open_page"].values["self"] == 1


def test_async_twin_raises_when_strict():
    with strict(), pytest.raises(WrongEvent):
        async_to_sync(atrack)("none")
