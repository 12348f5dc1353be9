"""What is wrong with an event is stamped on it as codes and names, from a URL and from Python."""

import json

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.test import override_settings
from django.utils.functional import SimpleLazyObject
from hypothesis import given
from hypothesis import strategies as st

from demo.models import Address, BuyerProfile, CompanyAccount, Country, Manufacturer
from tests.actions import ACTIONS, BUYER, MODELS, by_track, by_url, with_actions
from trackadmin import testing
from trackadmin.codes import EventCode
from trackadmin.runtime import event_counts, fault_counts, track, values_from_query
from trackadmin.testing import captured_events, override_map

pytestmark = pytest.mark.django_db
REFERENCES = f"BuyerProfile__uuid={BUYER}"


@pytest.fixture(autouse=True)
def lenient():
    testing.reset()
    with override_settings(TRACKADMIN={"STRICT": False, "SINKS": []}):
        yield
    testing.reset()


@pytest.fixture
def buyer():
    user = User.objects.create(id=123, username="testUserOne")
    return BuyerProfile.objects.create(uuid=BUYER, user=user)


@pytest.fixture
def company():
    return CompanyAccount.objects.create(name="Demo", industry="")


def wrong(events):
    (event,) = events
    return [*event.wrong]


# ── Each finding ───────────────────────────────────────────────────────────────────────────────


def test_right_events_have_no_mark(client, buyer, company):
    with with_actions():
        by_link = by_url(
            client, f"action=sign_up&channel=app&age=5&{REFERENCES}&CompanyAccount__name=Demo"
        )
        in_code = by_track("sign_up", buyer, company, channel="app", age=5)
        assert wrong(by_url(client, "action=open_page")) == wrong(by_track("open_page")) == []
    assert wrong(by_link) == wrong(in_code) == []
    assert by_link[0].values == in_code[0].values
    assert by_link[0].values["age"] == 5
    assert fault_counts() == {}


def test_unknown_action(client):
    with with_actions():
        assert wrong(by_url(client, "action=sing_up")) == [("action.unknown", "sing_up")]
        assert wrong(by_track("sing_up")) == [("action.unknown", "sing_up")]
        assert wrong(by_url(client, "page=1")) == [("action.unknown", "")]
        assert wrong(by_url(client, f"action={'x' * 5000}")) == [("action.unknown", "x" * 100)]
    with with_actions(unknown="accept"):
        assert wrong(by_url(client, "action=sing_up")) == wrong(by_track("sing_up")) == []
        assert wrong(by_url(client, "page=1")) == []


@pytest.mark.parametrize("value", [5, 5.5, True, None, ["sign_up"], {"a": 1}])
def test_an_action_that_is_no_text_is_unknown(client, value):
    with with_actions(), captured_events() as events:
        client.post("/t/", json.dumps({"action": value}), content_type="application/json")
        track(value)
    names = [name for event in events for code, name in event.wrong if code == "action.unknown"]
    assert len(names) == 2
    assert names[1] == ""


def test_a_map_without_actions_marks_only_those_that_an_event_has(client):
    with override_map({"models": MODELS, "unknown_actions": "mark"}):
        assert wrong(by_url(client, "action=x")) == [("action.unknown", "x")]
        assert wrong(by_url(client, "page=1")) == []


def test_planned_and_deprecated_actions(client):
    with with_actions(unknown="refuse"):
        planned = [("action.not_live", "planned_one")]
        assert wrong(by_url(client, "action=planned_one")) == planned
        assert wrong(by_track("planned_one")) == planned
        old = [("name.deprecated", "old_one")]
        assert wrong(by_url(client, "action=old_one")) == wrong(by_track("old_one")) == old
    assert "name.deprecated" not in fault_counts(), "it is no fault before its date"


def test_missing_model(client, buyer, company):
    missing = [("action.missing_model", "BuyerProfile"), ("action.missing_model", "User")]
    with with_actions():
        assert wrong(by_url(client, "action=sign_up&channel=app")) == missing
        nobody = f"BuyerProfile__uuid={BUYER[:-1]}f"
        assert wrong(by_url(client, f"action=sign_up&channel=app&{nobody}")) == missing
        assert wrong(by_url(client, "action=sign_up&channel=app&BuyerProfile__id=1")) == missing
        assert wrong(by_track("sign_up", channel="app")) == missing
        nothing = (None, AnonymousUser(), SimpleLazyObject(AnonymousUser))
        assert wrong(by_track("sign_up", *nothing, channel="app")) == missing
        assert wrong(by_track("sign_up", company, channel="app")) == missing


VISIT = {
    "models": {
        "CompanyAccount": {"attributes": ["employees"], "children": ["address"], "key": ""},
        "Address": {"model": "demo.Address", "attributes": ["city"]},
    },
    "actions": {"visit": {"brings": {"CompanyAccount": "required", "Address": "required"}}},
}


def test_a_child_counts_where_it_has_values():
    """What a report finds under the model's names is what counts, however it came there."""
    address = Address(city="Bern")
    with override_map(VISIT):
        assert wrong(by_track("visit", CompanyAccount(address=address))) == []
        alone = wrong(by_track("visit", CompanyAccount()))
        assert alone == [("action.missing_model", "Address")]
        assert wrong(by_track("visit", CompanyAccount(), address)) == []


def test_an_object_counts_whatever_its_values_are():
    with override_map(VISIT):
        (event,) = by_track("visit", CompanyAccount(), Address(city="x"))
    assert event.values["CompanyAccount_employees"] is None
    assert event.wrong == ()


def test_a_prefixed_child_does_not_count():
    """Its values have other names, so a report on the model's own names finds nothing."""
    child = {"accessor": "address", "prefix": "Office"}
    models = {"CompanyAccount": {**VISIT["models"]["CompanyAccount"], "children": [child]}}
    with override_map({**VISIT, "models": {**VISIT["models"], **models}}):
        found = wrong(by_track("visit", CompanyAccount(address=Address(city="Bern"))))
    assert found == [("action.missing_model", "Address")]


def test_unexpected_model(client, buyer, company):
    unexpected = [("action.unexpected_model", "CompanyAccount")]
    with with_actions():
        assert wrong(by_url(client, "action=open_page&CompanyAccount__name=Demo")) == unexpected
        assert wrong(by_track("open_page", company, company)) == unexpected
        # Children come along by themselves, and nobody can leave them out.
        only_buyer = [("action.unexpected_model", "BuyerProfile")]
        assert wrong(by_track("open_page", buyer)) == only_buyer
        # An object that was not found brings nothing.
        assert wrong(by_url(client, "action=open_page&CompanyAccount__name=none")) == []


def test_objects_under_prefixes_of_the_sites_own_are_not_judged(buyer):
    """The map cannot list a prefix that only the code has; the values go out as documented."""
    with with_actions():
        (event,) = by_track("open_page", referrer=buyer, friend=SimpleLazyObject(lambda: buyer))
    assert event.wrong == ()
    assert event.values["referrer_uuid"] == event.values["friend_uuid"] == BUYER


def test_a_keyword_that_is_a_prefix_of_the_map_is_judged(company):
    with with_actions():
        found = wrong(by_track("open_page", CompanyAccount=company))
        assert found == [("action.unexpected_model", "CompanyAccount")]
        brought = by_track("greet", CompanyAccount=company, phone=1)
    assert wrong(brought) == []


def test_missing_parameter(client, buyer):
    missing = [("action.missing_parameter", "channel")]
    with with_actions():
        assert wrong(by_url(client, f"action=sign_up&{REFERENCES}")) == missing
        assert wrong(by_track("sign_up", buyer)) == missing
        assert wrong(by_track("sign_up", buyer, channel=None)) == missing
        with captured_events() as events:
            body = {"action": "sign_up", "BuyerProfile__uuid": BUYER, "channel": None}
            client.post("/t/", json.dumps(body), content_type="application/json")
    assert wrong(events) == missing


def test_undeclared_parameter(client):
    with with_actions():
        assert wrong(by_url(client, "action=open_page&x=1&y=2")) == [
            ("parameter.undeclared", "x"),
            ("parameter.undeclared", "y"),
        ]
        assert wrong(by_track("open_page", x=1)) == [("parameter.undeclared", "x")]
        # Of an unknown action the map says nothing but that it is unknown.
        assert wrong(by_url(client, "action=none&x=1")) == [("action.unknown", "none")]
    with with_actions(undeclared="accept"):
        assert wrong(by_url(client, "action=open_page&x=1")) == []


def test_reserved_parameter(client):
    reserved = [("parameter.reserved", "User_id")]
    with with_actions():
        events = by_url(client, "action=open_page&User_id=1") + by_track("open_page", User_id=1)
        again = by_track("open_page", action="x", User__id=1, user_ID=2, x__y=3)
    assert [[*event.wrong] for event in events] == [reserved, reserved]
    assert {name for _, name in again[0].wrong} == {"action", "User__id", "user_ID", "x__y"}
    assert [dict(event.values) for event in events + again] == [{"action": "open_page"}] * 3


def test_old_names_of_references_are_marked(client):
    """They work until their date; the map says that they are old, so it need not have actions."""
    old = {"source": "slug", "name": "old", "lookup": True, "until": "2030-01-01"}
    attributes = ["slug", {**old, "successor": "slug"}]
    models = {"Manufacturer": {"attributes": attributes, "key": "slug"}}
    actions = {"look": {"brings": {"Manufacturer": "required"}}}
    country = Country.objects.create(code="CH", name="x")
    Manufacturer.objects.create(slug="acme", country=country)
    mark = ("name.deprecated", "Manufacturer__old")
    with override_map(models):
        assert wrong(by_url(client, "action=look&Manufacturer__old=acme")) == [mark]
        assert wrong(by_url(client, "action=look&Manufacturer__slug=acme")) == []
    with override_map({"models": models, "actions": actions}):
        for _ in range(2):
            assert wrong(by_url(client, "action=look&Manufacturer__old=acme")) == [mark]
        # The slow path: a name that is twice in the query.
        assert wrong(by_url(client, "action=look&a=1&a=2&Manufacturer__old=acme")) == [mark]
        nobody = by_url(client, "action=look&Manufacturer__old=nobody")
        assert wrong(nobody) == [("action.missing_model", "Manufacturer"), mark]
    assert "name.deprecated" not in fault_counts()
    assert event_counts()["default", "look", "name.deprecated"] == 5


# ── Kinds ──────────────────────────────────────────────────────────────────────────────────────

#: Parameter, text of a URL, and the value that goes into the event.
RIGHT = [
    ("age", "0", 0),
    ("age", "-7", -7),
    ("age", "9223372036854775807", 2**63 - 1),
    ("score", "5", 5),
    ("score", "5.50", 5.5),
    ("score", "-0.5", -0.5),
    ("score", "1e3", 1000.0),
    ("score", "9223372036854775808", float(2**63)),
    ("agreed", "true", True),
    ("agreed", "false", False),
    ("channel", "web", "web"),
    ("note", "", ""),
    ("note", " 1", " 1"),
]
SPELLINGS = [" 1", "1 ", "+1", "\uff11", "1_000", "01", "", "x", "1.", "0x1", "NaN", "inf", "1\n"]
WRONG = [
    *[
        ("age", text)
        for text in [*SPELLINGS, "-0", "1.0", "1e3", "9223372036854775808", "9" * 4000]
    ],
    *[("score", text) for text in [*SPELLINGS, ".5", "1e400", "-Infinity", "1,5", "9" * 4000]],
    *[("agreed", text) for text in ["True", "TRUE", "1", "0", "yes", "", "on", "true "]],
    *[("channel", text) for text in ["App", "", "app ", "\uff41pp", "app,web"]],
]


def sent(client, name, text):
    with captured_events() as events:
        client.get("/t/", {"action": "sign_up", "BuyerProfile__uuid": BUYER, name: text})
    return events[0]


@pytest.mark.parametrize(("name", "text", "value"), RIGHT)
def test_texts_become_values_of_their_kind(client, buyer, name, text, value):
    with with_actions():
        event = sent(client, name, text)
    assert event.values[name] == value
    assert type(event.values[name]) is type(value)
    assert "parameter.wrong_kind" not in dict(event.wrong)


@pytest.mark.parametrize(("name", "text"), WRONG)
def test_other_texts_stay_and_are_marked(client, buyer, name, text):
    with with_actions():
        event = sent(client, name, text)
    assert ("parameter.wrong_kind", name) in event.wrong
    assert event.values[name] == text


PYTHON = {
    "age": ([5, -1, 0], ["5", 5.0, True, 2**70, float("nan")]),
    "score": ([5, 5.5], ["5", True, "NaN", float("inf"), 2**70]),
    "agreed": ([True, False], [1, 0, "true", "True"]),
    "channel": (["app"], ["x", 1, True, "App"]),
    "note": (["", "x"], [1, True, 1.5, object()]),
}
KINDS = [(n, v, True) for n, (right, _) in PYTHON.items() for v in right]
KINDS += [(n, v, False) for n, (_, bad) in PYTHON.items() for v in bad]


@pytest.mark.parametrize(("name", "value", "is_right"), KINDS)
def test_python_values_are_of_exactly_their_kind(buyer, name, value, is_right):
    """Nothing is guessed: a text is no number, and a bool is no integer."""
    with with_actions():
        (event,) = by_track("sign_up", buyer, **{"channel": "app", name: value})
    assert (("parameter.wrong_kind", name) in event.wrong) is not is_right
    assert ("action.missing_parameter", name) not in event.wrong


@pytest.mark.parametrize(("name", "value", "is_right"), KINDS)
def test_json_bodies_may_have_values_or_texts(client, buyer, name, value, is_right):
    try:
        body = json.dumps({"action": "sign_up", "BuyerProfile__uuid": BUYER, name: value})
    except TypeError:
        return
    with with_actions(), captured_events() as events:
        client.post("/t/", body, content_type="application/json")
    (event,) = events
    null = event.values[name] is None
    texts = value in ("5", "true")
    assert (("parameter.wrong_kind", name) in event.wrong) is not (is_right or null or texts)


# ── Nothing personal, no value ─────────────────────────────────────────────────────────────────


def test_private_parameters_go_out_as_declared(client, company):
    with with_actions():
        query = "action=greet&CompanyAccount__name=Demo&email=me%40example.com&phone=0049"
        events = by_url(client, query) + by_track("greet", company, email="me@example.com", phone=1)
    for event in events:
        assert "phone" not in event.values
        assert event.values["email"].startswith("default:")
        assert "me@example.com" not in event.as_json()
    assert events[0].values["email"] == events[1].values["email"]
    assert events[0].wrong == (("parameter.wrong_kind", "phone"),), "0049 is no integer"
    assert events[1].wrong == ()
    assert "0049" not in events[0].as_json()


@given(
    st.dictionaries(
        st.sampled_from([*ACTIONS["sign_up"]["parameters"], "email", "phone", "x", "User_id"]),
        st.text(min_size=1, max_size=30).map(lambda text: f"secret{text}"),
    ),
    st.sampled_from(["sign_up", "greet", "open_page", "old_one"]),
)
def test_no_value_is_ever_in_what_is_wrong(parameters, action):
    with with_actions():
        values = values_from_query({"action": action, **parameters})
        (event,) = by_track(action, **parameters)
    json.loads(event.as_json())
    for code, name in [*event.wrong, *values.wrong]:
        assert EventCode(code)
        assert "secret" not in name
    assert "secret" not in json.dumps([dict(event_counts_text())])


def event_counts_text():
    return {" ".join(key): number for key, number in event_counts().items()}


@given(
    st.dictionaries(
        st.text(max_size=20),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
            lambda inner: st.lists(inner, max_size=3),
            max_leaves=3,
        ),
        max_size=6,
    ),
    st.sampled_from([*ACTIONS, "none", ""]),
    st.sampled_from(["accept", "mark", "refuse"]),
)
def test_strange_parameters_never_raise(parameters, action, handling):
    with with_actions(handling, handling), captured_events() as events:
        values = values_from_query({**parameters, "action": action})
        track(action, **{name: value for name, value in parameters.items() if name != "map"})
    json.dumps(dict(values), allow_nan=False)
    for event in events:
        json.loads(event.as_json())
    assert "track.failed" not in fault_counts()
    for name, value in parameters.items():
        declared = ACTIONS.get(action, {}).get("parameters", {}).get(name)
        if declared is None and isinstance(value, bool) and name in values:
            assert values[name] is value


def test_what_is_wrong_is_limited(client):
    """A stranger's 200 parameters do not push out what the map misses."""
    query = "&".join(f"{'x' * 150}{number}=1" for number in range(190))
    with with_actions():
        (event,) = by_url(client, f"action=sign_up&{query}")
    assert event.wrong[0] == ("action.missing_model", "BuyerProfile")
    assert len(json.dumps(event.wrong)) < 8192
    assert len(event.as_json()) < 200_000


# ── Nothing changes by itself ──────────────────────────────────────────────────────────────────

SAMPLES = [
    f"action=sign_up&channel=app&age=5&{REFERENCES}",
    "action=none&User_id=7&x=true",
    "page=1&CompanyAccount__name=Demo",
    "age=5&agreed=true&email=me@example.com",
]


@pytest.mark.parametrize("query", SAMPLES)
def test_an_upgraded_map_sends_the_same_bytes(client, buyer, company, query, monkeypatch):
    """Without actions nothing is read, marked or left out, also under the same query."""
    monkeypatch.setattr("trackadmin.runtime.event.new_id", lambda: "id")
    accepting = {"unknown_actions": "accept", "undeclared_parameters": "accept"}
    lines = []
    for data in (MODELS, {"models": MODELS, "actions": {}, **accepting}):
        with override_map(data) as snapshot:
            assert snapshot.checks is None
            (event,) = by_url(client, query)
            lines.append(event._replace(time="now").as_json())
    assert lines[0] == lines[1]
    event = json.loads(lines[0])
    parameters = dict(pair.split("=") for pair in query.split("&") if "__" not in pair)
    parameters.pop("User_id", None)
    assert {name: event["values"][name] for name in parameters} == parameters
    expected = [{"code": "parameter.reserved", "name": "User_id"}] if "User_id" in query else []
    assert event["wrong"] == expected


def test_an_action_that_is_accepted_is_as_it_was(client):
    """With actions, an event of another action is still untouched."""
    with with_actions("accept", "accept"):
        (event,) = by_url(client, "action=none&age=5&email=me")
    assert dict(event.values) == {"action": "none", "age": "5", "email": "me"}
    assert event.wrong == ()


# ── Refused ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("unknown", "undeclared", "query", "code"),
    [
        ("refuse", "accept", "action=none", "action.unknown"),
        ("refuse", "accept", "page=1", "action.unknown"),
        ("accept", "refuse", "action=open_page&x=1", "parameter.undeclared"),
    ],
)
def test_refused_events_reach_no_sink_and_are_counted(
    client, caplog, unknown, undeclared, query, code
):
    with with_actions(unknown, undeclared):
        assert by_url(client, query) == by_url(client, query) == []
        values = values_from_query(query)
        assert values.refused, "and this counts nothing, because it sends nothing"
    assert [finding.code for finding in values.wrong] == [code]
    assert fault_counts() == {"event.refused": 2, code: 2}
    name = values.get("action", "")
    assert event_counts() == {("default", name, "refused"): 2, ("default", name, code): 2}
    refused = [record for record in caplog.records if record.code == "event.refused"]
    assert len(refused) == 1, "logged once"
    assert "none" not in refused[0].getMessage(), "a name from outside is not logged"


def test_track_is_refused_in_the_same_way():
    with with_actions("refuse", "refuse"):
        assert by_track("none") == by_track("open_page", x=1) == []
        (event,) = by_track("planned_one")
    assert event.wrong == (("action.not_live", "planned_one"),)
    assert fault_counts()["event.refused"] == 2


def test_other_findings_refuse_nothing(client):
    with with_actions("refuse", "refuse"):
        (event,) = by_url(client, "action=sign_up&age=x&User_id=7")
    assert {code for code, _ in event.wrong} == {
        "action.missing_model",
        "action.missing_parameter",
        "parameter.wrong_kind",
        "parameter.reserved",
    }


# ── Counts ─────────────────────────────────────────────────────────────────────────────────────


def test_events_are_counted_by_action_and_finding(client):
    with with_actions():
        for _ in range(3):
            by_url(client, "action=open_page&x=1&y=2")
        by_track("open_page")
    assert event_counts() == {
        ("default", "open_page", "sent"): 4,
        ("default", "open_page", "parameter.undeclared"): 3,
    }
    testing.reset()
    assert event_counts() == {}


def test_names_from_outside_are_counted_within_bounds(client):
    with with_actions():
        for number in range(150):
            by_url(client, f"action=x{number}")
        by_url(client, "action=x1")
        by_url(client, "action=open_page")
    counts = event_counts()
    assert counts["default", "x1", "sent"] == 2
    assert counts["default", "other", "sent"] == 50
    assert counts["default", "open_page", "sent"] == 1, "an action of the map has its name"
    assert sum(number for (_, _, what), number in counts.items() if what == "sent") == 152


def test_the_names_of_maps_that_do_not_exist_are_not_kept():
    with captured_events():
        track("x", map="no-such-map")
    assert event_counts() == {("an unknown map", "x", "sent"): 1}
