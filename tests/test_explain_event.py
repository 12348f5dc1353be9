"""Explain an event: where each name comes from, and what became of it. No value is ever shown."""

import io
import json
import sys
from dataclasses import replace

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.aggregate_worlds import of
from tests.drafts import everything
from tests.host.models import Person
from tests.maps import attribute, document, tracked
from tests.old_documents import DIGESTS, kept, text_of
from tests.versions import insert, insert_text
from trackadmin import editing
from trackadmin.catalog import catalog
from trackadmin.compiler import compile_map
from trackadmin.document import dump
from trackadmin.document.structure import ActionEntry, ChildEntry, ParameterEntry
from trackadmin.editing import NameState, SourceKind, explain_event
from trackadmin.editing.event_lines import read_events
from trackadmin.exceptions import NotPublished, UnknownMap, UnknownVersion
from trackadmin.runtime import track
from trackadmin.testing import captured_events, override_map

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_process")]

DAY = "2099-06-30"
BILLED = "Order.billing_address.street"
MAP = document(
    Order=tracked("host.order", ["number"], [("person", "Customer"), "billing_address"], "number"),
    Person=tracked(
        "host.person",
        ["id", ("name", attribute("name", description="The full name."))],
        [("boss", "Boss"), "user"],
        "id",
        aggregates={"orders": of("order_set"), "purchases": of("purchases", paid=True)},
    ),
    Address=tracked("host.address", ["street"], ["country"]),
    Country=tracked("host.country", ["code"], key="code"),
    User=tracked("auth.user", ["username"], key="username"),
)
MAP.models["Person"].aggregates.pop("orders")
ACTIONS = {
    "signed": ActionEntry(
        "Somebody signed.",
        parameters={"channel": ParameterEntry("choice", choices=["web"], description="Where.")},
    ),
    "left": ActionEntry(state="deprecated", successor="signed", until=DAY),
}
WITH_ACTIONS = replace(MAP, actions=ACTIONS)


def told(*names, version=None, **values):
    """The explanations of these names; of a single name, its explanation alone."""
    explained = explain_event("default", {**dict.fromkeys(names, 1), **values}, version=version)
    return explained.names[0] if len(explained.names) == 1 else explained.names


def with_entry(prefix, **fields):
    return replace(MAP, models={**MAP.models, prefix: replace(MAP.models[prefix], **fields)})


def under(old, new, base=MAP, **fields):
    """The map with another prefix for a tracked model."""
    models = {new if p == old else p: each for p, each in base.models.items()}
    return replace(base, models={**models, new: replace(models[new], **fields)})


def run(*arguments):
    """What came out on stdout, on stderr, and the error."""
    out, said, error = io.StringIO(), io.StringIO(), None
    try:
        call_command("trackadmin", "explain-event", *arguments, stdout=out, stderr=said)
    except CommandError as raised:
        error = raised
    if error is not None:
        assert error.returncode == 1
    return out.getvalue(), said.getvalue(), str(error or "")


def file_of(tmp_path, *lines):
    path = tmp_path / "events.log"
    path.write_bytes(
        b"\n".join(x if isinstance(x, bytes) else json.dumps(x).encode() for x in lines)
    )
    return str(path)


class TestSources:
    @pytest.mark.parametrize(
        ("name", "kind", "place", "paths"),
        [
            ("Order_number", "attribute", "Order.number", ["Order.number"]),
            ("Customer_name", "attribute", "Person.name", ["Order.person.name"]),
            ("Address_street", "attribute", "Address.street", [BILLED, "Address.street"]),
            ("Boss_name", "attribute", "Person.name", ["Person.boss.name"]),
            ("Customer_Boss_name", "attribute", "Person.name", ["Order.person.boss.name"]),
            (
                "Customer_User_username",
                "attribute",
                "User.username",
                ["Order.person.user.username"],
            ),
            ("Person_purchases", "aggregate", "Person.purchases", ["Person.purchases"]),
            ("Boss_purchases", "aggregate", "Person.purchases", ["Person.boss.purchases"]),
            ("Person__id", "reference", "Person.id", ["Person.id"]),
        ],
    )
    def test_each_name_has_its_entry_and_its_paths(self, name, kind, place, paths):
        insert(MAP)
        made = told(name)
        assert {(str(each.kind), each.place) for each in made.sources} == {(kind, place)}
        assert [each.path for each in made.sources] == paths
        assert made.state is NameState.SAME

    def test_every_name_that_the_compiler_makes_is_known(self):
        """There is no second way to make names: none is missed, and none is added."""
        version = insert(WITH_ACTIONS)
        content = editing.contents(version)
        names = {name for prefix in content.document.models for name in content.names_with(prefix)}
        assert len(names) > 10
        assert {e.state for e in told(*names)} == {NameState.SAME}
        assert told("Order_Nothing").state is NameState.UNKNOWN

    def test_what_an_entry_says(self):
        insert(MAP)
        (source,) = (s for s in told("Person_name").sources if s.path == "Person.name")
        assert (source.model, source.source) == ("host.person", "name")
        assert (source.type, source.description) == ("text", "The full name.")
        assert source.in_code

    def test_a_parameter_belongs_to_its_action(self):
        insert(WITH_ACTIONS)
        made = told("channel", action="signed")
        (source,) = made.sources
        assert (source.kind, source.place) == (SourceKind.PARAMETER, "signed.channel")
        assert (source.type, source.description) == ("choice", "Where.")
        assert told("channel", action="left").state is NameState.UNKNOWN
        assert told("channel").state is NameState.UNKNOWN

    def test_the_action(self):
        insert(WITH_ACTIONS)
        action = explain_event("default", {"action": "left"}).action
        assert (action.name, action.state, action.successor) == ("left", "deprecated", "signed")
        assert (action.until, action.in_live) == (DAY, True)

    def test_an_action_that_the_map_does_not_declare_is_not_named(self):
        """What a visitor made up may be personal."""
        insert(WITH_ACTIONS)
        explained = explain_event("default", {"action": "anna@example.com"})
        assert (explained.action.given, explained.action.declared) == (True, False)
        assert "anna" not in repr(explained)

    @pytest.mark.parametrize("name", ["demo", "host"])
    def test_a_document_of_format_1(self, name):
        """All names that the old release sent are known."""
        insert_text(text_of(name), DIGESTS[name])
        rows = [
            values
            for found in json.loads(kept(name, "values.json")).values()
            for row in found
            for values in row
            if isinstance(values, dict)
        ]
        names = {key for values in rows for key in values}
        assert names
        assert NameState.UNKNOWN not in {each.state for each in told(*names)}


def names_of(content):
    return {
        name for each in compile_map(content, catalog()).by_prefix.values() for name in each.names
    }


class TestWhatBecameOfAName:
    def successor(self, old, new, name):
        insert(old, 1)
        insert(new, 2)
        made = told(name, version=1)
        assert made.state is NameState.GONE
        return made.successor

    def test_a_renamed_attribute(self):
        names = {"id": attribute("id"), "title": attribute("name")}
        new = with_entry("Person", attributes=names)
        assert self.successor(MAP, new, "Person_name") == "Person_title"

    def test_a_renamed_prefix(self):
        assert self.successor(MAP, under("Country", "Nation"), "Country_code") == "Nation_code"

    def test_a_renamed_prefix_of_a_child(self):
        new = with_entry("Person", children={"boss": ChildEntry("Chief"), "user": ChildEntry()})
        old_name = next(n for n in names_of(MAP) if n.endswith("Boss_purchases"))
        new_name = self.successor(MAP, new, old_name)
        assert new_name == old_name.replace("Boss", "Chief")

    def test_a_renamed_count(self):
        counts = {"paid": MAP.models["Person"].aggregates["purchases"]}
        new = with_entry("Person", aggregates=counts)
        assert self.successor(MAP, new, "Person_purchases") == "Person_paid"

    def test_a_count_of_something_else_takes_no_place(self):
        new = with_entry("Person", aggregates={"unpaid": of("purchases", paid=False)})
        assert self.successor(MAP, new, "Person_purchases") == ""

    def test_a_successor_that_a_version_in_between_named(self):
        """Another attribute took the place, and only version 2 said so."""
        names = {"id": attribute("id"), "name": attribute("name", successor="key", until=DAY)}
        names["key"] = attribute("user_id")
        insert(MAP, 1)
        insert(with_entry("Person", attributes=names), 2)
        insert(with_entry("Person", attributes={k: names[k] for k in ("id", "key")}), 3)
        made = told("Person_name", version=1)
        assert (made.state, made.successor) == (NameState.GONE, "Person_key")

    def test_a_deprecated_attribute_and_prefix(self):
        names = {"id": attribute("id"), "title": attribute("name")}
        names["name"] = attribute("name", successor="title", until=DAY)
        insert(with_entry("Person", attributes=names), 1)
        made = told("Person_name")
        assert (made.state, made.until, made.successor) == ("deprecated", DAY, "Person_title")
        insert(under("Country", "Nation", former_prefix="Country", until=DAY), 2)
        made = told("Country_code")
        assert (made.state, made.successor) == (NameState.DEPRECATED, "Nation_code")

    def test_a_deprecated_prefix_of_a_child(self):
        children = {"boss": ChildEntry("Chief", 0, False, "Boss", DAY), "user": ChildEntry("", 1)}
        insert(with_entry("Person", children=children))
        old = next(n for n in names_of(MAP) if n.endswith("Boss_name"))
        made = told(old)
        assert (made.state, made.successor) == ("deprecated", old.replace("Boss", "Chief"))

    def test_a_name_that_means_something_else_today(self):
        insert(MAP, 1)
        names = {"id": attribute("id"), "name": attribute("user_id"), "title": attribute("name")}
        insert(with_entry("Person", attributes=names), 2)
        made = told("Person_name", version=1)
        assert (made.state, made.successor) == (NameState.OTHER, "Person_title")

    def test_an_unknown_name_that_other_versions_have(self):
        insert(MAP, 1)
        insert(with_entry("Person", attributes={"id": attribute("id")}), 2)
        assert told("Person_name").versions == (1,)
        assert told("Person_nothing").versions == ()
        assert told("Person_nothing").sources == ()

    def test_the_version_that_was_used(self):
        insert(MAP, 1)
        insert(WITH_ACTIONS, 2)
        explained = explain_event("default", {})
        assert (explained.version, explained.stamped, explained.live) == (2, False, 2)
        explained = explain_event("default", {}, version=1)
        assert (explained.version, explained.stamped, explained.live) == (1, True, 2)


class TestDrift:
    """A version that the code has moved away from."""

    def test_what_the_code_no_longer_has_keeps_its_names(self):
        gone = replace(MAP.models["Person"], aggregates={"lost": of("nothing")})
        gone.attributes["gone"] = attribute("gone", description="Was here.")
        models = {**MAP.models, "Person": gone, "Lost": tracked("host.lost", ["x"], key="x")}
        models["Lost"] = replace(models["Lost"], aggregates={"y": of("z")})
        insert(replace(MAP, models=models))
        gone.attributes.pop("gone")
        for name, kind in [
            ("Person_gone", "attribute"),
            ("Person_lost", "aggregate"),
            ("Lost_x", "attribute"),
            ("Lost_y", "aggregate"),
        ]:
            made = told(name)
            assert {str(each.kind) for each in made.sources} == {kind}, name
            assert not any(each.in_code for each in made.sources)
            assert {each.type for each in made.sources} == {""}
        assert told("Person_name").sources[0].in_code

    def test_what_the_settings_no_longer_allow_keeps_its_names(self, settings):
        insert(MAP)
        settings.TRACKADMIN = {"MODELS": ["host.Country"]}
        made = told("Order_number")
        assert (made.sources[0].in_code, made.state) == (False, NameState.SAME)
        assert told("Country_code").sources[0].in_code

    def test_children_that_are_gone_are_told(self):
        insert(with_entry("Person", children={"ghost": ChildEntry("Ghost")}))
        assert explain_event("default", {}).lost_children == ("Person.ghost",)

    def test_a_version_that_cannot_be_read(self):
        insert(MAP, 1)
        insert_text(dump(WITH_ACTIONS), "0" * 64, 2)
        explained = explain_event("default", {"Order_number": 1})
        assert explained.unreadable
        assert [each.state for each in explained.names] == [NameState.UNREADABLE]
        made = told("Order_number", version=1)
        assert made.state is NameState.UNREADABLE
        assert made.sources


class TestCosts:
    def test_the_number_of_queries_does_not_grow_with_the_names(self):
        insert(MAP, 1)
        insert(WITH_ACTIONS, 2)
        taken = []
        for names in (["Person_name", "x"], [*names_of(MAP), *(f"x{i}" for i in range(200))]):
            with CaptureQueriesContext(connection) as queries:
                told(*names, version=1)
            taken.append(len(queries))
        assert taken[0] == taken[1] < 10

    def test_nothing_is_written(self, tmp_path):
        insert(MAP)
        before = everything()
        with CaptureQueriesContext(connection) as queries:
            run(file_of(tmp_path, {"Person_name": 1, "x": 2}))
        assert len(queries) > 0
        assert {query["sql"].split()[0] for query in queries} == {"SELECT"}
        assert everything() == before


def test_what_cannot_be_explained_is_refused():
    with pytest.raises(UnknownMap):
        explain_event("nothing", {})
    with pytest.raises(NotPublished):
        explain_event("default", {})
    insert(MAP)
    for number in (2, 0, True, "1"):
        with pytest.raises(UnknownVersion):
            explain_event("default", {}, version=number)


@pytest.mark.parametrize("slug", ["\ud800", "a\0b", "x" * 60, " default", "näh"])
def test_a_map_that_no_database_would_take_is_refused(slug):
    """Half a surrogate pair is legal JSON; it is told without the text itself."""
    insert(MAP)
    line = json.dumps({"values": {}, "map": slug}).encode()
    ((number, found),) = editing.explain_events(line, "default")
    assert number == 1
    assert str(found.reason) == '"map" must be the slug of a map, as text.'


@pytest.mark.parametrize(
    "around", ['{"a": 1, "b": %s}', '[{"b": %s}]', 'INFO {"values": {"b": %s}}']
)
def test_however_deep_an_event_is_it_is_read_or_refused(around):
    """There is a depth that can be read at one place of the code and not at another."""
    depths = range(sys.getrecursionlimit() - 120, sys.getrecursionlimit() + 20)
    for depth in depths:
        data = (around % ("[" * depth + "]" * depth)).encode()
        assert len([*read_events(data)]) == 1


class TestCommand:
    def test_sentences(self, tmp_path):
        insert(WITH_ACTIONS)
        event = {"action": "signed", "channel": "web", "Person_name": "Anna", "odd": 1}
        out, said, error = run(file_of(tmp_path, event))
        assert out.splitlines()[:7] == [
            "line 1: map default, version 1, the live one",
            "  action: signed, live",
            "    meaning: Somebody signed.",
            "  channel: the parameter signed.channel of the action",
            "    type: choice",
            "    meaning: Where.",
            "    in the live version, it means the same",
        ]
        assert "  Person_name: entry Person.name, the attribute name of host.person" in out
        assert "  odd: unknown; no entry of version 1 makes it" in out
        assert (said, error) == ("", "")

    def test_a_line_of_the_log_says_its_map_and_version(self, tmp_path):
        """As the sink writes it, and with what a formatter puts before it."""
        person = Person.objects.create(name="Anna")
        models = {"Person": {"model": "host.Person", "attributes": ["name"]}}
        with override_map(models), captured_events() as events:
            track("signed", person)
        editing.add_map("second", name="Second")
        insert(MAP, 1, "second")
        insert(WITH_ACTIONS, 2, "second")
        line = events[0]._replace(map="second", version=1).as_json().encode()
        out = run(file_of(tmp_path, line))[0]
        assert out.startswith("line 1: map second, version 1; version 2 is live\n")
        assert "entry Person.name" in out
        out, _, error = run(file_of(tmp_path, b"INFO 2026-01-01 [x]: " + line))
        assert out.startswith("line 1: map second, version 1; version 2 is live\n")
        assert error == ""
        assert "Anna" not in out

    def test_references_of_a_logged_event(self, tmp_path):
        insert(MAP)
        event = {
            "version": 1,
            "values": {},
            "references": [{"name": "Person__id", "outcome": "none"}],
        }
        assert "Person__id: a reference" in run(file_of(tmp_path, event))[0]

    def test_bare_values_belong_to_the_map_that_is_named(self, tmp_path):
        editing.add_map("second", name="Second")
        insert(MAP, 1, "second")
        out = run(file_of(tmp_path, {"Person_name": 1}), "--map", "second")[0]
        assert out.startswith("line 1: map second, version 1, the live one\n")

    def test_several_events_have_their_lines(self, tmp_path):
        insert(MAP)
        first = {"Person_name": 1}
        lines = run(file_of(tmp_path, first, b"", first), "--json")[0]
        assert [each["line"] for each in json.loads(lines)] == [1, 3]
        listed = b'\n[{"Person_name": 1},\n\n{"x": 2}\n]\n'
        lines = run(file_of(tmp_path, listed), "--json")[0]
        assert [each["line"] for each in json.loads(lines)] == [2, 4]
        pretty = json.dumps(first, indent=2).encode()
        assert len(json.loads(run(file_of(tmp_path, pretty), "--json")[0])) == 1

    def test_standard_input(self, monkeypatch):
        insert(MAP)
        monkeypatch.setattr("sys.stdin", io.StringIO('{"Person_name": "Anna"}'))
        assert "entry Person.name" in run("-")[0]

    def test_json(self, tmp_path):
        insert(WITH_ACTIONS)
        (found,) = json.loads(
            run(file_of(tmp_path, {"channel": 1, "action": "signed"}), "--json")[0]
        )
        assert found["action"]["description"] == "Somebody signed."
        (name,) = found["names"]
        assert name["state"] == "same"
        assert name["sources"][0]["place"] == "signed.channel"

    @pytest.mark.parametrize(
        ("bad", "words"),
        [
            (b"no JSON", "It is not JSON, from character 1 on. Give an event as"),
            (b"[1]", "It is not an object. Give an event as"),
            (b'"text"', "It is not an object. Give an event as"),
            (b'{"Person_name": "\xff"}', "It is not UTF-8, from byte 18 of the line on."),
            (b"{" * 100_000, "It is not JSON"),
            (b"[" * 100_000, "It is not JSON"),
            (b'{"version": 9, "values": {}}', "has no version 9. Its versions are 1 to 1."),
            (b'{"version": "1", "values": {}}', '"version" must be the number of a version'),
            (b'{"version": true, "values": {}}', '"version" must be the number of a version'),
            (b'{"map": ["x"], "values": {}}', '"map" must be the slug of a map'),
            (b'{"map": "x", "values": []}', '"values" must be an object'),
            (b'{"map": "nothing", "values": {}}', "There is no tracking map 'nothing'."),
        ],
    )
    def test_a_bad_line_is_told_and_the_others_are_explained(self, bad, words, tmp_path):
        insert(MAP)
        good = {"Person_name": 1}
        path = file_of(tmp_path, good, bad, good)
        out, said, error = run(path)
        assert [line for line in out.splitlines() if line.startswith("line")] == [
            "line 1: map default, version 1, the live one",
            "line 3: map default, version 1, the live one",
        ]
        assert said.startswith("line 2: ")
        assert words in said
        assert error == "1 event was not explained."
        found = json.loads(run(path, "--json")[0])
        assert [each["line"] for each in found] == [1, 2, 3]
        assert words in found[1]["error"]

    @pytest.mark.parametrize("nothing", [b"", b"\n \n", b"[]"])
    def test_a_file_without_an_event(self, nothing, tmp_path):
        insert(MAP)
        out, said, error = run(file_of(tmp_path, nothing))
        assert out == ""
        assert said.startswith("line 1: There is no event. Give an event as")
        assert error

    def test_a_file_that_is_not_there(self):
        assert "'nothing.json' cannot be read" in run("nothing.json")[2]

    def test_a_map_that_does_not_exist_or_is_not_published(self, tmp_path):
        path = file_of(tmp_path, {"x": 1})
        assert "line 1: There is no tracking map 'nothing'." in run(path, "--map", "nothing")[1]
        assert "line 1: The tracking map 'default' is not published." in run(path)[1]

    def test_a_name_cannot_steer_the_terminal(self, tmp_path):
        insert(MAP)
        out = run(file_of(tmp_path, {"\x1b[31mred\nline 9: x": 1, "y" * 500: 1}))[0]
        assert "\x1b" not in out
        assert "\\u001b[31mred line 9: x: unknown" in out
        assert max(map(len, out.splitlines())) < 200


scalars = (
    st.text(max_size=30).map(lambda text: f"~{text}~")
    | st.integers(10**8, 10**30)
    | st.floats(1e9, 1e30)
)
NAMES = ["Person_name", "Person__id", "channel", "unknown", "action", "User_username"]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.dictionaries(st.sampled_from(NAMES), scalars, min_size=1),
    logged=st.booleans(),
    cut=st.booleans(),
)
def test_no_value_is_ever_printed(values, logged, cut, tmp_path):
    """Not in sentences, not as JSON, not in an error about a line that is cut off."""
    if not editing.versions("default").exists():
        insert(WITH_ACTIONS)
    event = {"map": "default", "version": 1, "values": values} if logged else values
    line = json.dumps(event).encode()
    for arguments in ([], ["--json"]):
        shown = "".join(run(file_of(tmp_path, line[:-1] if cut else line, b"x"), *arguments))
        assert shown
        for value in values.values():
            assert str(value) not in shown
            assert json.dumps(value).strip('"') not in shown
