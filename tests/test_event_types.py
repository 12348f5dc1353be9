"""The types for programs hold for real events: a JSON Schema validator, tsc and mypy check this."""

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import pytest
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from demo.models import BuyerProfile, CompanyAccount
from tests import actions as acting
from tests import typescript_compiler, worlds
from trackadmin.catalog import catalog
from trackadmin.compiler import check, compile_map
from trackadmin.document import ActionEntry, ParameterEntry
from trackadmin.editing.event_types import event_types
from trackadmin.editing.json_schemas import json_schema
from trackadmin.editing.python_types import python_types
from trackadmin.editing.typescript_types import typescript_types
from trackadmin.runtime import track, tracking_values
from trackadmin.runtime.current import pin, unpin
from trackadmin.testing import captured_events

#: How many events of made-up maps are validated: some in each run, many under the torture.
TIMES = float(os.environ.get("TRACKADMIN_TORTURE", "1"))
EVENTS = 10_000 if TIMES > 1 else 250
#: How many are sent by each map; a map may refuse some.
OF_EACH = 200
PRIVACIES = ("none", "none", "undeclared", "sent", "pseudonymised", "dropped")
VALUES = ["1", "-5", "0.5", "true", "false", "red", "", "Ünïcode", "9" * 30, "x" * 300]


@st.composite
def actions(draw, tracked):
    """Some actions for a map, with what they bring and their parameters."""
    brings = st.dictionaries(st.sampled_from(tracked), st.sampled_from(["required", "optional"]))
    parameters = st.dictionaries(
        st.sampled_from(["color", "amount", "agreed", "from_page"]),
        st.builds(
            ParameterEntry,
            kind=st.sampled_from(["text", "integer", "number", "boolean"]),
            required=st.booleans(),
            privacy=st.sampled_from(PRIVACIES),
        )
        | st.builds(
            ParameterEntry,
            kind=st.just("choice"),
            required=st.booleans(),
            choices=st.just(["red", "blue"]),
            privacy=st.sampled_from(PRIVACIES),
        ),
    )
    entries = st.builds(ActionEntry, brings=brings, parameters=parameters)
    return {name: draw(entries) for name in ("click", "buy")}


@st.composite
def acting_maps(draw):
    found = draw(worlds.maps())
    handling = st.sampled_from(["accept", "mark", "refuse"])
    acting = replace(
        found,
        actions=draw(actions([*found.models])),
        unknown_actions=draw(handling),
        undeclared_parameters=draw(handling),
    )
    assert not [each for each in check(acting, catalog()) if each.level == "error"]
    return acting


class Judge:
    """Validates what a map sends against what it says."""

    def __init__(self, tracking_map):
        self.schema = json.loads(json_schema(event_types("default", 1, tracking_map)))
        Draft202012Validator.check_schema(self.schema)
        self.whole = Draft202012Validator(self.schema)

    def event(self, event):
        """The event, also as a sink gets it that may not have personal values."""
        for sent in (event, event.without(event.personal)):
            self.whole.validate(json.loads(sent.as_json()))

    def values(self, tracking_map, obj):
        """What an object gives has the names of its model, no more and no fewer."""
        models = tracking_map.models.items()
        prefix = next(p for p, each in models if each.model == obj._meta.label_lower)
        if its := self.schema["$defs"].get(f"values.{prefix}"):
            Draft202012Validator(its).validate(dict(tracking_values(obj)))


class Sender:
    """Sends events about the rows of a world, some of them wrong."""

    def __init__(self, world, tracking_map, chance):
        self.chance, self.client = chance, Client()
        self.objects = world.objects(tracking_map)
        self.references = [
            (f"{each}__{name}", text)
            for prefix, entry in tracking_map.models.items()
            for each in (prefix, entry.former_prefix)
            for name in (entry.lookups() if each else ())
            for text in [*world.texts[entry.model, entry.attributes[name].source], "nobody"]
        ]

    def by_url(self):
        some = self.chance.sample(self.references, min(len(self.references), 3))
        more = [(name, self.chance.choice(VALUES)) for name in self.some_parameters()]
        action = self.chance.choice(["click", "click", "buy", "buy", "unknown"])
        self.client.get("/t/", [*some, *more, ("action", action)])

    def by_code(self):
        some = self.chance.sample(self.objects, min(len(self.objects), 2))
        typed = {"color": "red", "amount": 5, "agreed": True, "from_page": "home"}
        track("click", *some, **{name: typed[name] for name in self.some_parameters()})

    def some_parameters(self):
        return self.chance.sample(["color", "amount", "agreed", "from_page"], 3)


@pytest.mark.django_db(databases=["default", "other"])
@pytest.mark.once
@pytest.mark.torture
def test_every_event_of_made_up_maps_is_as_the_schema_says(caplog):
    """250 events in each run, 10,000 under the torture; a good part has nothing wrong."""
    caplog.set_level("CRITICAL", "trackadmin")
    world, tally = worlds.World(11), Counter()

    @settings(
        max_examples=1 + EVENTS * 3 // (2 * OF_EACH),
        phases=[Phase.generate],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(acting_maps(), st.randoms(use_true_random=False))
    def compare(tracking_map, chance):
        snapshot = compile_map(tracking_map, catalog(), number=1, digest="d")
        before, judge = pin("default", snapshot), Judge(tracking_map)
        sender = Sender(world, tracking_map, chance)
        try:
            with captured_events() as events:
                for number in range(OF_EACH):
                    sender.by_code() if number % 4 == 0 else sender.by_url()
            for event in events:
                judge.event(event)
                tally["events"] += 1
                tally["clean"] += not event.wrong and event.action in tracking_map.actions
            for obj in chance.sample(sender.objects, min(len(sender.objects), 20)):
                judge.values(tracking_map, obj)
                tally["objects"] += 1
        finally:
            unpin("default", before)

    compare()
    assert tally["events"] >= EVENTS
    assert tally["clean"] >= EVENTS / 20
    assert tally["objects"] >= EVENTS / 20


# By the compilers of the languages ---------------------------------------------------------------


@pytest.fixture
def sent(client, django_user_model):
    """The types of a map, and events of it with nothing wrong."""
    user = django_user_model.objects.create(username="ann")
    buyer = BuyerProfile.objects.create(uuid=acting.BUYER, user=user)
    company = CompanyAccount.objects.create(name="Ltd")
    with acting.with_actions() as snapshot:
        types = event_types("default", None, snapshot.document)
        events = [
            *acting.by_track("sign_up", buyer, channel="web", age=5, score=0.5, agreed=True),
            *acting.by_track("sign_up", buyer, company, channel="app"),
            *acting.by_url(client, f"action=sign_up&channel=app&BuyerProfile__uuid={acting.BUYER}"),
            *acting.by_track("open_page"),
        ]
    assert [event.wrong for event in events] == [()] * 4
    return types, [event.as_dict() for event in events]


CLASSES = {"sign_up": "SignUpEvent", "open_page": "OpenPageEvent"}


@pytest.mark.once
@pytest.mark.django_db
def test_typescript_takes_real_events_and_refuses_others(sent, tmp_path):
    types, events = sent
    bad = events[0] | {"values": events[0]["values"] | {"age": "5"}}
    lines = [typescript_types(types)]
    for number, event in enumerate(events):
        lines.append(f"const e{number}: {CLASSES[event['action']]} = {json.dumps(event)};")
    refused = [
        f"const bad1: SignUpEvent = {json.dumps(bad)};",
        f"const bad2: OpenPageEvent = {json.dumps(events[0])};",
        'const bad3: UserValues = {"User_id": 1};',
        'const bad4: UserValues = {"User_id": null, "User_username": "a"};',
    ]
    lines += [line for each in refused for line in ("// @ts-expect-error", each)]
    (tmp_path / "events.ts").write_text("\n".join(lines) + "\n")
    assert typescript_compiler.errors_in(tmp_path / "events.ts") == ""


@pytest.mark.once
@pytest.mark.django_db
def test_mypy_takes_real_events_and_refuses_others(sent, tmp_path):
    types, events = sent
    bad = events[0] | {"values": events[0]["values"] | {"age": "5"}}
    lines = [python_types(types)]
    for number, event in enumerate(events):
        lines.append(f"e{number}: {CLASSES[event['action']]} = {event!r}")
    lines += [
        f"bad1: SignUpEvent = {bad!r}  # type: ignore[typeddict-item]",
        'bad2: UserValues = {"User_id": 1}  # type: ignore[typeddict-item]',
        'bad3: UserValues = {"User_id": None, "User_username": ""}  # type: ignore[typeddict-item]',
    ]
    (tmp_path / "events.py").write_text("\n".join(lines) + "\n")
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull, "events.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout
