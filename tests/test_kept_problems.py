"""What is wrong with a large document is found once, and again as soon as anything differs."""

from dataclasses import replace

import pytest
from django.test import override_settings

from tests.drafts import COUNTRY, SMALL, draft, the_map
from tests.maps import attribute, document, tracked
from trackadmin import compiler, editing
from trackadmin.codes import ProblemCode
from trackadmin.document import AggregateEntry, Document
from trackadmin.editing import kept_problems
from trackadmin.editing.kept_problems import problems_by

LARGE = document(Country=COUNTRY, User=tracked("auth.user", ["id", "username", "email"], key="id"))


@pytest.fixture(autouse=True)
def small_is_large(monkeypatch):
    monkeypatch.setattr(kept_problems, "KEPT_FROM", 4)
    monkeypatch.setattr(kept_problems, "_answers", [])


class Finder:
    """A finder that counts how often it was asked."""

    def __init__(self):
        self.asked = 0

    def __call__(self, a_document, catalog):
        self.asked += 1
        return compiler.check(a_document, catalog)


def test_an_equal_document_is_looked_at_once():
    """The answer is the same, and who changes the list that it got changes no other."""
    finder = Finder()
    first = problems_by(finder, LARGE)
    assert [problem.code for problem in first] == [ProblemCode.PRIVACY_UNDECLARED] * 2
    expected = list(first)
    first.clear()
    assert problems_by(finder, replace(LARGE)) == expected
    assert finder.asked == 1


def test_a_small_document_is_looked_at_each_time():
    finder = Finder()
    for _ in range(2):
        problems_by(finder, SMALL)
    assert finder.asked == 2


def test_another_document_another_finder_or_other_settings_are_looked_at():
    finder = Finder()
    problems_by(finder, LARGE)
    user = replace(LARGE.models["User"], attributes={"mail": attribute("email", privacy="sent")})
    larger = {**LARGE.models["User"].attributes, "more": attribute("nothing")}
    changed = replace(LARGE, models={**LARGE.models, "User": replace(user, attributes=larger)})
    found = problems_by(finder, changed)
    assert ProblemCode.ATTRIBUTE_GONE in {problem.code for problem in found}
    assert finder.asked == 2
    with override_settings(TRACKADMIN={"EXCLUDE": ["auth.User"]}):
        found = problems_by(finder, LARGE)
    assert ProblemCode.MODEL_REFUSED in {problem.code for problem in found}
    assert problems_by(compiler.drift, LARGE) == []


def test_a_condition_with_1_and_one_with_true_are_two():
    """They are equal to Python, and only one of them is right."""

    def counting(value):
        aggregates = {"many": AggregateEntry("user_permissions", where={"id": value})}
        user = replace(LARGE.models["User"], aggregates=aggregates)
        return Document({**LARGE.models, "User": user})

    finder = Finder()
    assert counting(1) == counting(True)
    problems_by(finder, counting(1))
    problems_by(finder, counting(True))
    assert finder.asked == 2


def test_few_answers_are_kept():
    finder = Finder()
    for number in range(kept_problems.MOST_KEPT + 1):
        problems_by(finder, replace(LARGE, unknown_actions=f"{number}"))
    assert len(kept_problems._answers) == kept_problems.MOST_KEPT
    problems_by(finder, replace(LARGE, unknown_actions="0"))
    assert finder.asked == kept_problems.MOST_KEPT + 2


@pytest.mark.django_db
def test_a_review_sees_each_edit():
    """Of a draft that is kept: the very next look has the new problem, and not the old one."""
    draft(LARGE)
    assert editing.review(the_map()).errors == []
    row = the_map().tracked_models.get(prefix="User")
    entry = editing.entry_of(row)
    assert len(editing.review(the_map()).problems) == 2
    calm = {n: replace(a, privacy="none") for n, a in entry.attributes.items()}
    editing.save_tracked_model(
        "default", "User", replace(entry, attributes=calm), tracked_model=row
    )
    assert editing.review(the_map()).problems == []
