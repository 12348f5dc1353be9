"""The map as people write it, read into a document and written back."""

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.documents import json_data, sound_documents
from trackadmin.document import (
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    dump,
    from_dict,
    read_map_file,
    to_dict,
    to_python,
)
from trackadmin.exceptions import DocumentError, Problem

EXAMPLE = {
    "BuyerProfile": {
        "model": "demo.BuyerProfile",
        "attributes": ["uuid", "ctime"],
        "children": ["user"],
        "key": "uuid",
    },
    "User": {
        "model": "auth.User",
        "attributes": [
            "id",
            {
                "source": "email",
                "name": "mail",
                "lookup": True,
                "privacy": "sent",
                "description": "Where to write to.",
            },
            {"source": "last_login", "decision": "ignored"},
        ],
        "children": [{"accessor": "boss", "prefix": "Boss"}],
        "key": "id",
        "owner": "Growth",
        "description": "Who logs in.",
    },
}
CASED = {"demo.buyerprofile": "demo.BuyerProfile", "auth.user": "auth.User"}


def find_model(name):
    """A site of two models, in place of the catalog."""
    for cased in CASED.values():
        if name.lower() == cased.lower() or name == cased.split(".")[1]:
            return cased.lower()
    message = f"The site has no model {name!r}."
    raise DocumentError("lost", [Problem("model.unknown", "error", "?", message, "Say which.")])


def problems_of(data, find=find_model):
    with pytest.raises(DocumentError) as caught:
        from_dict(data, find)
    str(caught.value).encode()
    assert all(p.code and p.where and p.message and p.fix for p in caught.value.problems)
    return {(problem.code, problem.where) for problem in caught.value.problems}


def test_the_form_of_the_example():
    assert from_dict(EXAMPLE, find_model) == Document(
        {
            "BuyerProfile": ModelEntry(
                "demo.buyerprofile",
                key="uuid",
                attributes={
                    "uuid": AttributeEntry("uuid"),
                    "ctime": AttributeEntry("ctime", position=1),
                },
                children={"user": ChildEntry()},
            ),
            "User": ModelEntry(
                "auth.user",
                key="id",
                owner="Growth",
                description="Who logs in.",
                position=1,
                attributes={
                    "id": AttributeEntry("id"),
                    "mail": AttributeEntry(
                        "email",
                        lookup=True,
                        privacy="sent",
                        description="Where to write to.",
                        position=1,
                    ),
                    "last_login": AttributeEntry("last_login", decision="ignored", position=2),
                },
                children={"boss": ChildEntry("Boss")},
            ),
        }
    )


def test_it_is_written_back_as_it_was():
    document = from_dict(EXAMPLE, find_model)
    assert to_dict(document, CASED.__getitem__) == EXAMPLE
    assert list(to_dict(document)) == list(EXAMPLE)


def test_without_a_label_function_labels_are_lower_case():
    assert to_dict(from_dict(EXAMPLE, find_model))["User"]["model"] == "auth.user"


def test_all_but_the_prefix_may_be_left_out():
    document = from_dict({"User": {}}, find_model)
    assert document == Document({"User": ModelEntry("auth.user")})
    assert to_dict(document, CASED.__getitem__) == {
        "User": {"model": "auth.User", "attributes": [], "children": [], "key": ""}
    }


@given(sound_documents())
def test_document_to_dict_to_document(document):
    assert from_dict(to_dict(document), str) == document
    assert read_map_file(json.dumps(to_dict(document)), str) == document


@given(sound_documents())
def test_dict_to_document_to_dict(document):
    data = to_dict(document)
    assert to_dict(from_dict(data, str)) == data


@given(sound_documents())
def test_the_python_source_is_the_same_dict(document):
    source = to_python(document)
    assert ast.literal_eval(source) == to_dict(document)
    assert source.endswith("}\n")


def test_the_python_source_can_be_read():
    source = to_python(from_dict(EXAMPLE, find_model), CASED.__getitem__)
    assert source.startswith(
        '{\n    "BuyerProfile": {\n        "model": "demo.BuyerProfile",\n'
        '        "attributes": ["uuid", "ctime"],\n        "children": ["user"],\n'
        '        "key": "uuid",\n    },\n'
    )
    assert all(len(line) < 100 for line in source.splitlines())


@given(sound_documents())
def test_a_map_file_may_be_the_canonical_document(document):
    assert read_map_file(dump(document), find_model) == document
    assert read_map_file(json.dumps(json.loads(dump(document)), indent=2), find_model) == document


def test_a_canonical_document_is_validated_like_any_other():
    document = Document({"User": ModelEntry("auth.user", key="gone")})
    with pytest.raises(DocumentError) as caught:
        read_map_file(dump(document), find_model)
    assert [p.code for p in caught.value.problems] == ["key.unknown"]


@given(json_data)
def test_any_data_is_read_or_refused(data):
    for call in (
        lambda: from_dict(data, find_model),
        lambda: from_dict({"User": data}, find_model),
        lambda: from_dict({"User": {"attributes": data, "children": data}}, find_model),
        lambda: from_dict({"User": {"attributes": [data], "children": [data]}}, find_model),
        lambda: read_map_file(json.dumps(data), find_model),
    ):
        try:
            document = call()
        except DocumentError as error:
            assert error.problems  # noqa: PT017 - it may be a map as well
            str(error).encode()
        else:
            assert from_dict(to_dict(document), find_model) == document


@given(st.text())
def test_any_text_is_read_or_refused(text):
    try:
        read_map_file(text, find_model)
    except DocumentError as error:
        assert error.problems  # noqa: PT017 - it may be a map as well


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"atributes": []}, ("document.unknown_key", "User")),
        ({"attributes": "id"}, ("document.wrong_type", "User.attributes")),
        ({"attributes": [5]}, ("document.wrong_type", "User.attributes.1")),
        ({"attributes": [["id"]]}, ("document.wrong_type", "User.attributes.1")),
        ({"attributes": ["id", {}]}, ("document.missing_key", "User.attributes.2")),
        ({"attributes": [{"source": "id", "position": 1}]},
         ("document.unknown_key", "User.attributes.1")),
        ({"attributes": [{"source": "id", "lookup": 1}]},
         ("document.wrong_type", "User.attributes.1.lookup")),
        ({"attributes": ["id", "id"]}, ("entry.twice", "User.id")),
        ({"attributes": ["id", {"source": "pk", "name": "id"}]}, ("entry.twice", "User.id")),
        ({"attributes": [{"source": "email", "privacy": "personal"}]},
         ("privacy.unknown", "User.email")),
        ({"attributes": ["\uff50assword"]}, ("name.invalid", "User.'\uff50assword'")),
        ({"attributes": ["_state"]}, ("name.invalid", "User.'_state'")),
        ({"children": ["a", "a"]}, ("entry.twice", "User.a")),
        ({"children": [{"prefix": "A"}]}, ("document.missing_key", "User.children.1")),
        ({"children": [{"accessor": "a", "prefix": None}]},
         ("document.wrong_type", "User.children.1.prefix")),
        ({"key": "uuid"}, ("key.unknown", "User")),
        ({"key": None}, ("document.wrong_type", "User.key")),
        ({"model": 5}, ("document.wrong_type", "User.model")),
        ({"model": ""}, ("model.unknown", "User")),
        ({"model": "auth.Nobody"}, ("model.unknown", "User")),
        ([], ("document.wrong_type", "User")),
    ],
)  # fmt: skip
def test_a_mistake_is_told_with_its_place(entry, expected):
    assert problems_of({"User": entry}) == {expected}


def test_every_mistake_is_told_at_once():
    found = problems_of(
        {
            "Nobody": {"attributes": ["a b"], "key": "c"},
            "User": {"attributes": [5, "id", "id"], "children": {}, "more": 1},
            "us er": {"model": "auth.User"},
            5: {},
        }
    )
    assert found == {
        ("model.unknown", "Nobody"),
        ("name.invalid", "Nobody.'a b'"),
        ("key.unknown", "Nobody"),
        ("document.unknown_key", "User"),
        ("document.wrong_type", "User.children"),
        ("document.wrong_type", "User.attributes.1"),
        ("entry.twice", "User.id"),
        ("name.invalid", "'us er'"),
        ("model.twice", "'us er'"),
        ("document.wrong_type", "5"),
    }


def test_the_legal_privacies_are_listed():
    with pytest.raises(DocumentError) as caught:
        from_dict(
            {"User": {"attributes": [{"source": "email", "privacy": "personal"}]}}, find_model
        )
    (problem,) = caught.value.problems
    assert "undeclared, none, sent, pseudonymised, dropped" in problem.fix


@pytest.mark.parametrize("data", [{"actions": {"pay": {}}}, {"unknown_actions": "mark"}])
def test_a_map_without_models_says_that_they_are_missing(data):
    """A file is a whole map: this one would take all models out of it."""
    with pytest.raises(DocumentError) as refused:
        from_dict(data, find_model)
    (problem,) = refused.value.problems
    assert (problem.code, problem.where) == ("document.missing_key", "document")
    assert "'models'" in problem.message


@pytest.mark.parametrize("prefix", ["models", "actions", "unknown_actions"])
def test_a_prefix_may_be_called_like_a_field_of_the_map(prefix):
    """Then the entry says that it is a tracked model."""
    data = {prefix: {"model": "auth.User", "attributes": ["id"]}}
    assert [*from_dict(data, find_model).models] == [prefix]


def test_a_model_that_is_lost_without_a_word_is_told_all_the_same():
    def find(name):
        raise DocumentError("No idea.")

    assert problems_of({"User": {}}, find) == {("model.unknown", "User")}
