"""Differences between two documents: nothing left out, in words that a product person reads."""

import json
from dataclasses import replace

import pytest
from hypothesis import example, given

from tests.documents import documents, near_documents
from trackadmin.document import ActionEntry, AttributeEntry, ChildEntry, Document, ModelEntry, diff

USER = ModelEntry(
    "auth.user",
    key="id",
    position=0,
    attributes={
        "id": AttributeEntry("id"),
        "email": AttributeEntry("email", privacy="sent", position=1),
        "joined": AttributeEntry("date_joined", position=2),
    },
    children={"profile": ChildEntry(), "boss": ChildEntry("Boss", position=1)},
)
BUYER = ModelEntry("demo.buyer", position=1, attributes={"uuid": AttributeEntry("uuid")})
MAP = Document({"User": USER, "Buyer": BUYER})


def with_user(**fields):
    return Document({**MAP.models, "User": replace(USER, **fields)})


def with_attribute(name, **fields):
    entry = replace(USER.attributes[name], **fields)
    return with_user(attributes={**USER.attributes, name: entry})


def without(entries, name):
    return {n: e for n, e in entries.items() if n != name}


def words(new, old=MAP):
    return [change.words() for change in diff(old, new).changes]


@given(near_documents, near_documents)
@example(Document(), Document())
def test_empty_exactly_where_equal(old, new):
    assert bool(diff(old, new)) == (old != new)
    assert not diff(old, old)
    assert not diff(new, new)


@given(documents, documents)
def test_far_documents_too(old, new):
    assert bool(diff(old, new)) == (old != new)


@given(near_documents, near_documents)
def test_every_change_is_data_and_one_line(old, new):
    found = diff(old, new)
    assert json.loads(json.dumps(found.as_json())) == found.as_json()
    assert len(found.as_json()) == len(found.changes)
    for change in found.changes:
        assert change.words().isprintable()
        assert change.kind in ("added", "removed", "changed", "moved")
    assert str(found).count("\n") == max(len(found.changes) - 1, 0)


@given(near_documents, near_documents)
def test_there_and_back_mirror_each_other(old, new):
    """What came one way went the other way."""
    there, back = diff(old, new).changes, diff(new, old).changes
    assert len(there) == len(back)
    came = {(c.subject, c.where) for c in there if c.kind == "added"}
    went = {(c.subject, c.where) for c in back if c.kind == "removed"}
    assert len(came) == len(went)


def test_new_name_does_not_change_the_old_order():
    """Entries of one position are ordered by name; a renamed one keeps the place that it had."""
    old = Document({"a": ModelEntry("x.x"), "a_b": ModelEntry("y.y")})
    new = Document({"a": ModelEntry("x.x"), "A": ModelEntry("y.y")})
    assert len(diff(old, new).changes) == len(diff(new, old).changes) == 2


@given(near_documents, near_documents)
def test_the_same_two_give_the_same_words(old, new):
    turned = replace(
        new,
        models=dict(reversed(new.models.items())),
        actions=dict(reversed(new.actions.items())),
    )
    assert diff(old, new) == diff(old, turned)


def test_an_attribute_added():
    entry = AttributeEntry("ctime", position=1)
    new = replace(BUYER, attributes={**BUYER.attributes, "ctime": entry})
    assert words(Document({"User": USER, "Buyer": new})) == [
        "Buyer.ctime: The attribute was added."
    ]


def test_what_is_out_of_the_ordinary_about_it_is_told():
    entry = AttributeEntry("date_of_birth", lookup=True, privacy="pseudonymised", position=3)
    assert words(with_user(attributes={**USER.attributes, "born": entry})) == [
        "User.born: The attribute was added. Its source is date_of_birth. "
        "It is personal and is sent as a pseudonym. URLs can use it as a lookup."
    ]
    entry = AttributeEntry("notes", decision="ignored", position=3)
    assert words(with_user(attributes={**USER.attributes, "notes": entry})) == [
        "User.notes: The attribute was added. It is ignored."
    ]


def test_what_is_added_as_deprecated_says_so():
    """Whoever reviews it sees until when, and what takes its place."""
    dates = {"until": "2099-06-30"}
    added = Document(
        {"User": ModelEntry("auth.user", former_prefix="Person", **dates)},
        actions={"go": ActionEntry(state="deprecated", successor="start", **dates)},
    )
    first, second = (change.words() for change in diff(Document(), added).changes)
    assert first == (
        "User: The model auth.user was added. Its names also go out under the former prefix "
        "'Person'. The former prefix is deprecated and stays until 2099-06-30."
    )
    assert second == (
        "go: The action was added. Its successor is 'start'. It is deprecated and stays until "
        "2099-06-30."
    )


def test_an_attribute_removed_in_the_middle_says_nothing_of_the_order():
    rest = {"id": USER.attributes["id"], "joined": replace(USER.attributes["joined"], position=1)}
    assert words(with_user(attributes=rest)) == ["User.email: The attribute was removed."]


def test_privacy_changed():
    new = with_attribute("email", privacy="pseudonymised")
    said = (
        "User.email: The privacy changed from “Personal, sent as it is” to "
        "“Personal, sent as a pseudonym”."
    )
    assert words(new) == [said]
    assert diff(MAP, new).as_json() == [
        {
            "kind": "changed",
            "subject": "attribute",
            "where": "User.email",
            "field": "privacy",
            "old": "sent",
            "new": "pseudonymised",
            "words": said,
        }
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"lookup": True}, "User.email: URLs can use it as a lookup now."),
        ({"decision": "ignored"}, "User.email: The decision changed from “Tracked” to “Ignored”."),
        ({"source": "mail"}, "User.email: The source changed from 'email' to 'mail'."),
        ({"description": "Where"}, "User.email: The description was set to 'Where'."),
    ],
)
def test_a_field_of_an_attribute(fields, expected):
    assert words(with_attribute("email", **fields)) == [expected]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"key": "email"}, "User: The key changed from 'id' to 'email'."),
        ({"key": ""}, "User: The key 'id' was removed."),
        ({"owner": "Growth"}, "User: The owner was set to 'Growth'."),
        ({"model": "auth.member"}, "User: The model changed from 'auth.user' to 'auth.member'."),
        ({"description": "x" * 200}, f"User: The description was set to '{'x' * 79}…'."),
    ],
)
def test_a_field_of_a_model(fields, expected):
    assert words(with_user(**fields)) == [expected]


def test_long_texts_are_cut_in_words_only():
    (change,) = diff(MAP, with_user(description="x" * 200)).changes
    assert change.new == "x" * 200


def test_children():
    new = with_user(children={"team": ChildEntry("Team"), "boss": ChildEntry("", position=1)})
    assert words(new) == [
        "User.team: The child was added. Its prefix is Team.",
        "User.boss: The prefix 'Boss' was removed, so the child has the prefix of its model again. "
        "Its names change.",
        "User.profile: The child was removed.",
    ]


def test_a_model_added_and_removed_tells_all_that_comes_with_it():
    small = Document({"Buyer": BUYER})
    assert words(MAP, small) == [
        "User: The model auth.user was added. Its key is id.",
        "User.id: The attribute was added.",
        "User.email: The attribute was added. It is personal and is sent as it is.",
        "User.joined: The attribute was added. Its source is date_joined.",
        "User.profile: The child was added.",
        "User.boss: The child was added. Its prefix is Boss.",
    ]
    assert words(small)[:2] == [
        "User: The model auth.user was removed.",
        "User.id: The attribute was removed.",
    ]


def test_a_new_prefix_is_a_new_name_and_not_a_new_model():
    new = Document({"Member": replace(USER, key="email"), "Buyer": BUYER})
    assert words(new) == [
        "Member: The prefix changed from User to Member. "
        "Names that began with User_ begin with Member_ now.",
        "Member: The key changed from 'id' to 'email'.",
    ]


def test_a_new_name_of_an_attribute_says_what_becomes_of_the_output():
    attributes = without(USER.attributes, "joined") | {"since": USER.attributes["joined"]}
    assert words(with_user(attributes=attributes)) == [
        "User.since: The attribute joined was renamed to since. User_joined is User_since now."
    ]


def test_two_names_for_one_source_are_no_renaming():
    source = USER.attributes["joined"]
    attributes = without(USER.attributes, "joined") | {"one": source, "two": source}
    assert words(with_user(attributes=attributes)) == [
        "User.one: The attribute was added. Its source is date_joined.",
        "User.two: The attribute was added. Its source is date_joined.",
        "User.joined: The attribute was removed.",
    ]


def test_two_names_each_for_one_source_are_no_renaming_either():
    """Which of the two became which, nobody knows."""
    source = USER.attributes["joined"]
    rest = without(USER.attributes, "joined")
    old = with_user(attributes=rest | {"one": source, "two": source})
    new = with_user(attributes=rest | {"three": source, "four": source})
    assert {change.kind for change in diff(old, new).changes} == {"added", "removed"}


class TestOrder:
    def test_one_statement_for_the_whole_list(self):
        turned = {
            name: replace(entry, position=2 - entry.position)
            for name, entry in USER.attributes.items()
        }
        (change,) = diff(MAP, with_user(attributes=turned)).changes
        assert change.kind == "moved"
        assert change.words() == "User: The order of the attributes changed."
        assert change.old == ["id", "email", "joined"]
        assert change.new == ["joined", "email", "id"]

    def test_of_models_and_children(self):
        new = Document({"User": replace(USER, position=1), "Buyer": replace(BUYER, position=0)})
        assert words(new) == ["Map: The order of the tracked models changed."]
        children = {"profile": ChildEntry(position=2), "boss": USER.children["boss"]}
        assert words(with_user(children=children)) == ["User: The order of the children changed."]

    def test_other_numbers_in_the_same_order_are_told_as_such(self):
        new = with_attribute("joined", position=7)
        assert words(new) == ["User: The attributes have new positions in the same order."]
        (change,) = diff(MAP, new).changes
        assert change.new == {"id": 0, "email": 1, "joined": 7}
