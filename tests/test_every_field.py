"""One fact, one home: no field of an entry is lost on any of the ways that an entry goes."""

from dataclasses import fields, replace
from itertools import count

import pytest
from django.http import QueryDict

from tests.drafts import draft, row, the_map
from tests.screens import filled
from trackadmin import editing
from trackadmin.admin.forms import EntryForm
from trackadmin.catalog import catalog
from trackadmin.document import (
    ActionEntry,
    AggregateEntry,
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    ParameterEntry,
    dump,
    from_dict,
    lists_of,
    parse,
    plain_fields,
    to_dict,
    to_python,
)

pytestmark = pytest.mark.django_db

#: Values that a field must have, or else the entry would have an error on the test host.
CHOSEN = {
    (Document, "unknown_actions"): "mark",
    (Document, "undeclared_parameters"): "refuse",
    (ModelEntry, "model"): "host.person",
    (ModelEntry, "key"): "the_id",
    (ModelEntry, "until"): "2099-01-01",
    (AttributeEntry, "source"): "name",
    (AttributeEntry, "decision"): "tracked",
    (AttributeEntry, "privacy"): "sent",
    (AttributeEntry, "successor"): "the_name",
    (AttributeEntry, "until"): "2099-02-01",
    (ChildEntry, "until"): "2099-03-01",
    (AggregateEntry, "relation"): "purchases",
    (AggregateEntry, "function"): "latest",
    (AggregateEntry, "field"): "status",
    (AggregateEntry, "by"): "level",
    (AggregateEntry, "where"): {"paid": True},
    (AggregateEntry, "decision"): "tracked",
    (AggregateEntry, "privacy"): "pseudonymised",
    (ActionEntry, "state"): "deprecated",
    (ActionEntry, "brings"): {"Person": "required", "User": "optional"},
    (ActionEntry, "successor"): "other",
    (ActionEntry, "until"): "2099-04-01",
    (ParameterEntry, "kind"): "choice",
    (ParameterEntry, "choices"): ["one", "two"],
    (ParameterEntry, "privacy"): "dropped",
}
#: Another value where the one that differs must be legal too.
OTHER = {
    bool: lambda value: not value,
    int: lambda value: value + 1,
    str: lambda value: f"{value}x",
    dict: lambda value: {**value, "x": "y"},
    list: lambda value: [*value, "x"],
}
#: Kept in another way: a file and a form give the order of what is listed.
PLACE = "position"


def distinct(kind, numbers, **fixed):
    """An entry of which every field says something else than its default and than the others."""
    values = {}
    for each in plain_fields(kind):
        value = {bool: not each.default, int: next(numbers), str: f"{each.name}{next(numbers)}"}
        values[each.name] = CHOSEN.get((kind, each.name)) or value[each.kind]
    return kind(**{**values, **fixed})


def full():
    """A draft whose first entry of each class says something in every field."""
    numbers = count(7)
    attributes = {
        "the_id": AttributeEntry("id", position=0),
        "said": distinct(AttributeEntry, numbers, position=1),
        "asked": AttributeEntry("boss_id", decision="ignored", position=2),
        "the_name": AttributeEntry("name", privacy="sent", position=3),
    }
    person = distinct(
        ModelEntry,
        numbers,
        position=0,
        attributes=attributes,
        children={"user": distinct(ChildEntry, numbers, position=0)},
        aggregates={"newest": distinct(AggregateEntry, numbers, position=0)},
    )
    parameters = {"given": distinct(ParameterEntry, numbers, position=0)}
    return distinct(
        Document,
        numbers,
        models={
            "Person": person,
            "User": ModelEntry("auth.user", position=1, attributes={"id": AttributeEntry("id")}),
        },
        actions={
            "asked": distinct(ActionEntry, numbers, position=0, parameters=parameters),
            "other": ActionEntry(position=1),
        },
    )


#: An entry of each class, by its path from the document.
PATHS = {
    Document: (),
    ModelEntry: ("models", "Person"),
    AttributeEntry: ("models", "Person", "attributes", "said"),
    ChildEntry: ("models", "Person", "children", "user"),
    AggregateEntry: ("models", "Person", "aggregates", "newest"),
    ActionEntry: ("actions", "asked"),
    ParameterEntry: ("actions", "asked", "parameters", "given"),
}


def at(entry, path):
    """The entry below another one, at this path."""
    for listed, name in zip(path[::2], path[1::2], strict=True):
        entry = getattr(entry, listed)[name]
    return entry


def changed(entry, path, **values):
    """The entry with other values in the entry at this path."""
    if not path:
        return replace(entry, **values)
    listed, name, *rest = path
    below = getattr(entry, listed)
    return replace(entry, **{listed: {**below, name: changed(below[name], rest, **values)}})


def classes(entry=Document):
    """Every class of entries, from the document down."""
    yield entry
    for _name, kind, _since in lists_of(entry):
        yield from classes(kind)


def test_the_document_says_something_in_every_field():
    """A new field, or a new class of entries, that this test cannot fill is seen here."""
    assert {*PATHS} == {*classes()}
    for kind, path in PATHS.items():
        entry = at(full(), path)
        assert {f.name for f in fields(kind)} == {
            *(f.name for f in plain_fields(kind)),
            *(name for name, _kind, _since in lists_of(kind)),
        }
        for each in plain_fields(kind):
            decided = (kind, each.name) in CHOSEN or each.name == PLACE
            assert decided or getattr(entry, each.name) != each.default, each.name


def test_by_the_text():
    assert parse(dump(full())) == full()


def test_by_the_map_file():
    found = full()
    assert from_dict(to_dict(found), str) == found
    assert from_dict(eval(to_python(found)), str) == found


def test_by_the_rows():
    draft(full())
    assert editing.build_document("default") == full()
    assert editing.building.entry_of(row("Person")) == full().models["Person"]


def test_by_a_version():
    draft(full())
    version = editing.publish("default", by=None)
    draft(Document())
    editing.restore_draft("default", version)
    assert editing.build_document("default") == full()


def test_an_action_by_the_history():
    """Deleted, and put back from what the history keeps."""
    draft(full())
    editing.delete_action(the_map().actions.get(name="asked"))
    assert "asked" not in editing.build_document("default").actions
    edit = editing.history(the_map())[0]
    editing.undo(the_map(), edit.revision, action="asked")
    assert editing.build_document("default") == full()


def test_by_the_history():
    """Deleted, and put back from what the history keeps."""
    draft(full())
    editing.delete_tracked_model(row("Person"))
    edit = editing.history(the_map())[0]
    assert (
        editing.as_it_was(the_map(), edit.revision, prefix="Person").entry
        == (full().models["Person"])
    )
    editing.undo(the_map(), edit.revision, prefix="Person")
    assert editing.build_document("default") == full()


def test_by_the_form():
    """What the page shows is sent back as it is, and nothing changes."""
    entry = full().models["Person"]
    facts = catalog().get(entry.model)
    shown = EntryForm(facts, "Person", entry, seen=1)
    sent = QueryDict(mutable=True)
    sent.update(filled(shown))
    again = EntryForm(facts, "Person", entry, seen=1, data=sent)
    assert again.is_valid(), again.marks
    assert again.as_entry() == entry


def test_a_page_that_is_older_than_a_field_does_not_empty_it():
    """It was opened before an upgrade, so it does not send what the upgrade added."""
    entry = full().models["Person"]
    facts = catalog().get(entry.model)
    sent = QueryDict(mutable=True)
    sent.update(filled(EntryForm(facts, "Person", entry, seen=1)))
    del sent["c-user-alone"]
    again = EntryForm(facts, "Person", entry, seen=1, data=sent)
    assert again.is_valid(), again.marks
    assert again.as_entry() == entry


def test_a_page_that_is_older_than_counts_and_sums_removes_none():
    entry = full().models["Person"]
    facts = catalog().get(entry.model)
    shown = filled(EntryForm(facts, "Person", entry, seen=1))
    sent = QueryDict(mutable=True)
    sent.update({name: value for name, value in shown.items() if not name.startswith("g-")})
    assert len(sent) < len(shown)
    again = EntryForm(facts, "Person", entry, seen=1, data=sent)
    assert again.is_valid(), again.marks
    assert again.as_entry() == entry


def test_what_a_child_brings_is_one_of_two_words():
    """Anything else is refused, and not taken for one of them."""
    entry = full().models["Person"]
    facts = catalog().get(entry.model)
    sent = QueryDict(mutable=True)
    sent.update(filled(EntryForm(facts, "Person", entry, seen=1)) | {"c-user-alone": "false"})
    assert not EntryForm(facts, "Person", entry, seen=1, data=sent).is_valid()


def test_an_entry_that_is_new_by_the_form():
    """The same form for a model that the map does not have yet: nothing comes from what was."""
    entry = full().models["Person"]
    # What is new has no former names.
    once = {name: each for name, each in entry.attributes.items() if not each.successor}
    children = {n: replace(c, former_prefix="", until="") for n, c in entry.children.items()}
    entry = replace(entry, attributes=once, children=children)
    facts = catalog().get(entry.model)
    sent = QueryDict(mutable=True)
    sent.update(filled(EntryForm(facts, "Person", entry)))
    again = EntryForm(facts, "", ModelEntry(entry.model), data=sent)
    assert again.is_valid(), again.marks
    found = again.as_entry()
    assert {n: replace(a, position=0) for n, a in found.attributes.items()} == {
        n: replace(a, position=0) for n, a in entry.attributes.items()
    }
    assert found.children == entry.children
    assert found.aggregates == entry.aggregates


def test_a_difference_in_any_field_is_seen():
    """Comparing leaves no field out, and says each in words."""
    before = full()
    for kind, path in PATHS.items():
        for each in plain_fields(kind):
            if each.name == PLACE:
                continue
            value = getattr(at(before, path), each.name)
            after = changed(before, path, **{each.name: OTHER[each.kind](value)})
            changes = editing.diff(before, after).changes
            assert [c.field for c in changes] == [each.name], (kind, each.name)
            assert changes[0].words()
