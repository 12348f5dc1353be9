"""What is wrong with a large document is found once, and again as soon as anything differs."""

from dataclasses import replace

import pytest
from django.test import override_settings

from tests.drafts import COUNTRY, SMALL, draft, the_map
from tests.maps import attribute, document, tracked
from trackadmin import compiler, editing
from trackadmin.catalog import catalog
from trackadmin.codes import LintCode, ProblemCode
from trackadmin.compiler import problems
from trackadmin.document import (
    ActionEntry,
    AggregateEntry,
    Document,
    digest,
    dump,
    dump_model,
    rule_problems,
)
from trackadmin.editing import kept_problems
from trackadmin.editing.accepted import linted
from trackadmin.editing.kept_problems import problems_by
from trackadmin.editing.lint import model_answers
from trackadmin.editing.lint.look_alikes import usual_names
from trackadmin.editing.lint.naming_rule import better_names
from trackadmin.editing.lint.rule_list import lint_problems
from trackadmin.editing.undecided import undecided_in

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


def changed(given, **changes):
    """The document after an edit of one model; ``None`` deletes one."""
    models = {**given.models, **changes}
    return replace(given, models={prefix: each for prefix, each in models.items() if each})


def edits_of(given):
    """Documents that differ a little from one that has no error, with and without errors."""
    order, user = given.models["Order"], given.models["User"]
    yield changed(given, User=replace(user, owner="x"))
    yield changed(given, User=replace(user, key="nothing"))
    yield changed(given, User=replace(user, attributes={"no name": attribute("id")}))
    # Its name is one of an order now: what is wrong is found where the child is.
    twice = {**user.attributes, "id": attribute("id")}
    yield changed(given, User=replace(user, attributes=twice), Order=replace(order, children={}))
    yield changed(given, Order=replace(order, former_prefix="User", until="2027-01-01"))
    yield changed(given, User=None)
    yield changed(given, Country=COUNTRY)
    yield changed(given, BuyerProfile=replace(given.models["BuyerProfile"], children={}))


def test_what_differs_a_little_has_the_problems_of_a_whole_check():
    """In the same order, whichever of two documents was checked first."""
    buyer = tracked("demo.buyerprofile", ["uuid", "ctime"], ["user"], "uuid")
    order = tracked("demo.order", ["number"], ["buyer", ("company", "Firm")], "number")
    first = document(
        User=LARGE.models["User"],
        BuyerProfile=buyer,
        Order=order,
        CompanyAccount=tracked("demo.companyaccount", ["name"], key="name"),
    )
    found = set()
    for each in edits_of(first):
        kept_problems._answers.clear()
        for one, other in [(first, each), (each, first)]:
            problems_by(compiler.check, one)
            again = problems_by(compiler.check, other)
            assert again == compiler.check(other, catalog())
            found |= {problem.code for problem in again}
    assert len(found) > 3


def test_what_differs_a_little_has_the_digest_lint_and_open_attributes_of_a_whole_look():
    """Words, waivers and fixes depend on the order, so that is the same as well."""
    look_alike = tracked(
        "demo.companyaccount", [("Name", attribute("name")), "is_demo"], key="Name"
    )
    first = document(
        User=LARGE.models["User"],
        BuyerProfile=tracked("demo.buyerprofile", ["uuid", "user_id"], ["user"], "uuid"),
        Order=tracked("demo.order", ["number", "buyer_id", "name"], ["buyer"], "number"),
        CompanyAccount=look_alike,
        Country=tracked("demo.country", ["code", "name"], key="code"),
    )
    first = replace(first, actions={"signup": ActionEntry()})
    found = set()
    for each in [*edits_of(first), replace(first, actions={}), changed(first, Firm=look_alike)]:
        expected = {}
        for given in (first, each):
            kept_problems._answers.clear()
            expected[id(given)] = found_out(given)
        for pair in [(first, each), (each, first)]:
            kept_problems._answers.clear()
            assert [found_out(given) for given in pair] == [expected[id(g)] for g in pair]
        assert expected[id(each)][1] == lint_problems(each, catalog())
        found |= {problem.code for problem in expected[id(each)][1]}
    assert found >= {*LintCode} - {LintCode.PERSONAL_VALUES, LintCode.NOT_TRACKED}


def found_out(given):
    """All that is kept by tracked model."""
    looked = linted(given)
    assert kept_problems.digest_of(given) == digest(dump(given))
    names = usual_names(looked.answers), better_names(looked.answers)
    left = undecided_in(given, catalog())
    return rule_problems(given), looked.problems, names, left.attributes


def test_after_an_edit_only_the_changed_model_is_looked_at_and_written(monkeypatch):
    looked, written = [], []
    monkeypatch.setattr(
        model_answers,
        "in_order",
        lambda given: [(p, Spied(p, e, looked)) for p, e in given.items()],
    )
    monkeypatch.setattr(
        kept_problems, "dump_model", lambda entry: written.append(entry.model) or dump_model(entry)
    )
    for given in (LARGE, changed(LARGE, User=replace(LARGE.models["User"], owner="x"))):
        looked.clear()
        written.clear()
        linted(given)
        undecided_in(given, catalog())
        kept_problems.digest_of(given)
    assert set(looked) == {"User"}
    assert written == ["auth.user"]


class Spied:
    """An entry that says when somebody looks into it."""

    def __init__(self, prefix, entry, looked):
        self._spied = prefix, entry, looked

    def __getattr__(self, name):
        prefix, entry, looked = self._spied
        looked.append(prefix)
        return getattr(entry, name)


def test_what_leads_to_a_changed_model_is_checked_again(monkeypatch):
    """And nothing else is planned."""
    buyer = tracked("demo.buyerprofile", ["uuid"], ["user"], "uuid")
    account = tracked("demo.companyaccount", ["name"], key="name")
    given = document(User=LARGE.models["User"], BuyerProfile=buyer, CompanyAccount=account)
    problems_by(compiler.check, given)
    planned = []
    real = problems.plan
    monkeypatch.setattr(
        problems, "plan", lambda m, matched: planned.append(matched.prefix) or real(m, matched)
    )
    problems_by(compiler.check, changed(given, User=replace(given.models["User"], owner="x")))
    assert planned == ["User", "BuyerProfile"]


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
