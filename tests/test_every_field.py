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
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    dump,
    from_dict,
    parse,
    plain_fields,
    to_dict,
    to_python,
)

pytestmark = pytest.mark.django_db

#: Values that a field must have, or else the entry would have an error on the test host.
CHOSEN = {
    (ModelEntry, "model"): "host.person",
    (ModelEntry, "key"): "the_id",
    (AttributeEntry, "source"): "name",
    (AttributeEntry, "decision"): "tracked",
    (AttributeEntry, "privacy"): "sent",
}
#: Kept in another way: a file and a form give the order of what is listed.
PLACE = "position"


def distinct(kind, numbers, **fixed):
    """An entry of which every field says something else than its default and than the others."""
    values = {}
    for each in plain_fields(kind):
        value = {bool: not each.default, int: next(numbers), str: f"{each.name}{next(numbers)}"}
        values[each.name] = CHOSEN.get((kind, each.name), value[each.kind])
    return kind(**{**values, **fixed})


def full():
    """A draft whose first model says something in every field of every class of entries."""
    numbers = count(7)
    attributes = {
        "the_id": AttributeEntry("id", position=0),
        "said": distinct(AttributeEntry, numbers, position=1),
        "asked": AttributeEntry("boss_id", decision="ignored", position=2),
    }
    children = {"user": distinct(ChildEntry, numbers, position=0)}
    person = distinct(ModelEntry, numbers, position=0)
    return Document(
        {
            "Person": replace(person, attributes=attributes, children=children),
            "User": ModelEntry("auth.user", position=1, attributes={"id": AttributeEntry("id")}),
        }
    )


def test_the_entry_says_something_in_every_field():
    """A new field that is not plain, or that this test cannot fill, is seen here."""
    person = full().models["Person"]
    for entry in (person, person.attributes["said"], person.children["user"]):
        below = {"attributes", "children"}
        assert {f.name for f in fields(entry)} - below == {
            f.name for f in plain_fields(type(entry))
        }
        for each in plain_fields(type(entry)):
            decided = (type(entry), each.name) in CHOSEN or each.name == PLACE
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


def test_a_difference_in_any_field_is_seen():
    """Comparing leaves no field out, and says each in words."""
    numbers = count(100)
    before = full()
    person = before.models["Person"]
    for kind, entry in (
        (ModelEntry, person),
        (AttributeEntry, person.attributes["said"]),
        (ChildEntry, person.children["user"]),
    ):
        for each in plain_fields(kind):
            if each.name == PLACE:
                continue
            value = {bool: not getattr(entry, each.name), int: next(numbers), str: "other"}
            other = replace(entry, **{each.name: value[each.kind]})
            if kind is ModelEntry:
                after = other
            elif kind is AttributeEntry:
                after = replace(person, attributes={**person.attributes, "said": other})
            else:
                after = replace(person, children={"user": other})
            changes = editing.diff(before, Document({**before.models, "Person": after})).changes
            assert [c.field for c in changes] == [each.name]
            assert changes[0].words()
