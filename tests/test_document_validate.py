"""What can be said against a map without the host's models."""

import pytest
from hypothesis import given

from tests.documents import documents, sound_documents
from trackadmin.document import (
    AttributeEntry,
    ChildEntry,
    Document,
    ModelEntry,
    digest,
    dump,
    entry_problems,
    load,
    validate,
)
from trackadmin.document.validate import name_problems


def user(**fields):
    return ModelEntry(
        **{"model": "auth.user", "attributes": {"id": AttributeEntry("id")}, **fields}
    )


def problem_of(document):
    (problem,) = validate(document)
    return problem


def codes(document):
    return [problem.code for problem in validate(document)]


def test_a_sound_map_has_no_problem():
    assert validate(Document({"User": user(key="id")})) == []
    assert validate(Document()) == []


@given(documents)
def test_sound_names_and_values_load_whatever_else_is_wrong(document):
    assert name_problems(document) == []
    written = dump(document)
    assert load(written, digest(written)) == document
    for problem in validate(document):
        assert problem.where
        assert problem.message.endswith(".")
        assert problem.fix.endswith(".")


@given(sound_documents())
def test_sound_maps_have_no_errors(document):
    assert {problem.level for problem in validate(document)} <= {"warning"}


def test_a_fullwidth_name_is_an_error_that_shows_what_it_looks_like():
    problem = problem_of(
        Document({"User": user(attributes={"pw": AttributeEntry("\uff50assword")})})
    )
    assert (problem.code, problem.level, problem.where) == ("name.invalid", "error", "User.pw")
    assert "'password'" in problem.message
    assert "source" in problem.message


def test_each_kind_of_name_is_checked():
    entry = ModelEntry(
        "auth.user",
        key="a b",
        attributes={"a b": AttributeEntry("c d")},
        children={"e f": ChildEntry("g h")},
    )
    messages = " ".join(problem.message for problem in entry_problems("x y", entry))
    for name in ("x y", "a b", "c d", "e f", "g h"):
        assert f"'{name}'" in messages


def test_a_hostile_name_is_quoted_in_the_place():
    """A place is printed on pages and terminals: no line breaks, no half characters."""
    for name in ("a\nb", "\ud800", "x" * 10_000):
        for problem in validate(Document({name: user()})):
            assert "\n" not in str(problem)
            assert len(str(problem)) < 500
            str(problem).encode()


def test_personal_alone_is_no_decision():
    document = Document(
        {"User": user(attributes={"email": AttributeEntry("email", privacy="personal")})}
    )
    problem = problem_of(document)
    assert problem.code == "privacy.unknown"
    assert "'personal'" in problem.message
    for legal in ("undeclared", "none", "sent", "pseudonymised", "dropped"):
        assert legal in problem.fix


def test_a_key_must_be_one_of_the_attributes():
    problem = problem_of(Document({"User": user(key="uuid")}))
    assert (problem.code, problem.where) == ("key.unknown", "User")
    assert "'uuid'" in problem.message
    assert "id" in problem.fix


def test_a_key_is_an_output_name_and_not_a_source():
    attributes = {"number": AttributeEntry("id")}
    assert codes(Document({"User": user(key="number", attributes=attributes)})) == []
    assert codes(Document({"User": user(key="id", attributes=attributes)})) == ["key.unknown"]


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"decision": "ignored"}, "ignored"),
        ({"privacy": "pseudonymised"}, "personal"),
        ({"privacy": "dropped"}, "personal"),
    ],
)
def test_what_a_url_carries_must_be_sent_in_clear(fields, fault):
    attributes = {"id": AttributeEntry("id"), "mail": AttributeEntry("email", **fields)}
    assert codes(Document({"User": user(attributes=attributes)})) == []
    assert codes(Document({"User": user(key="mail", attributes=attributes)})) == [f"key.{fault}"]
    attributes["mail"] = AttributeEntry("email", lookup=True, **fields)
    assert codes(Document({"User": user(attributes=attributes)})) == [f"lookup.{fault}"]


def test_a_model_is_tracked_once():
    problem = problem_of(Document({"User": user(), "Member": user(position=1)}))
    assert (problem.code, problem.where) == ("model.twice", "Member")
    assert "'User'" in problem.message


class TestNamesOfTwoModels:
    """A_b + c and A + b_c would write the same name."""

    @staticmethod
    def document(**fields):
        return Document(
            {
                "A": ModelEntry("x.a", attributes={"b_c": AttributeEntry("b_c")}),
                "A_b": ModelEntry("x.b", attributes={"c": AttributeEntry("c", **fields)}),
            }
        )

    def test_both_roads_are_named(self):
        problem = problem_of(self.document())
        assert problem.code == "name.twice"
        assert problem.level == "error"
        for word in ("A.b_c", "A_b.c", "'A_b_c'"):
            assert word in problem.message

    @pytest.mark.parametrize("fields", [{"decision": "ignored"}, {"privacy": "dropped"}])
    def test_what_does_not_go_out_takes_no_name(self, fields):
        assert codes(self.document(**fields)) == []


def test_a_model_that_tracks_nothing_is_only_a_warning():
    problem = problem_of(Document({"User": ModelEntry("auth.user")}))
    assert (problem.code, problem.level) == ("model.empty", "warning")


def test_what_the_tables_cannot_hold_is_an_error():
    assert codes(Document({"User": user(owner="x" * 201)})) == ["owner.too_long"]
    assert codes(Document({"User": user(description="\0")})) == ["text.invalid"]
    assert codes(Document({"User": user(description="\ud800")})) == ["text.invalid"]
    assert codes(Document({"User": user(position=2**31)})) == ["position.out_of_range"]
