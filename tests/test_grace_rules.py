"""What may be said about a deprecated name, and what may not."""

from dataclasses import replace

import pytest

from tests.maps import attribute, document, tracked
from trackadmin.document import validate
from trackadmin.document.structure import ActionEntry, AggregateEntry, ChildEntry, Document

DAY = "2027-03-31"


def codes(made):
    return [(problem.code, problem.level, problem.where) for problem in validate(made)]


def country(*attributes, **fields):
    return document(Country=tracked("host.country", [*attributes], **fields))


def old(**fields):
    return ("iso", attribute("code", **fields))


def test_a_renamed_attribute_is_sound():
    """Two attributes of one source, the old one with its successor and its date."""
    assert codes(country("code", old(successor="code", until=DAY))) == []


def test_an_attribute_may_be_deprecated_without_a_successor():
    """Then nothing takes its place."""
    assert codes(country("code", old(until=DAY))) == []


@pytest.mark.parametrize("day", ["soon", "2027-02-30", "20270331", "2027-3-31", "2027-W13-3"])
def test_until_is_a_date(day):
    """In one spelling: dates are compared as texts."""
    assert codes(country("code", old(until=day))) == [("until.invalid", "error", "Country.iso")]
    assert codes(country("code", former_prefix="Land", until=day)) == [
        ("until.invalid", "error", "Country")
    ]
    assert codes(Document(actions={"pay": ActionEntry(until=day)})) == [
        ("until.invalid", "error", "actions.pay")
    ]


@pytest.mark.parametrize("successor", ["iso", "gone"])
def test_a_successor_is_another_attribute(successor):
    """Not itself, and not one that the map lacks."""
    found = codes(country("code", old(successor=successor, until=DAY)))
    assert found == [("successor.unknown", "error", "Country.iso")]


def test_a_successor_of_an_action_is_another_action():
    """As for attributes."""
    made = Document(actions={"pay": ActionEntry(successor="order", until=DAY)})
    assert codes(made) == [("successor.unknown", "error", "actions.pay")]
    made = Document(
        actions={"pay": ActionEntry(successor="order", until=DAY), "order": ActionEntry()}
    )
    assert codes(made) == []


def test_successors_do_not_lead_back():
    """Each name of the circle is reported; one that only leads into it is not."""
    made = country(
        ("a", attribute("code", successor="b", until=DAY)),
        ("b", attribute("code", successor="c", until=DAY)),
        ("c", attribute("code", successor="b", until=DAY)),
    )
    assert [where for code, _, where in codes(made) if code == "successor.cycle"] == [
        "Country.b",
        "Country.c",
    ]


def test_a_successor_or_former_prefix_needs_a_date():
    """And a tracked model or child that has a date needs a former prefix."""
    assert codes(country("code", old(successor="code"))) == [
        ("until.missing", "error", "Country.iso")
    ]
    assert codes(country("code", former_prefix="Land")) == [("until.missing", "error", "Country")]
    assert codes(country("code", until=DAY)) == [("until.alone", "error", "Country")]
    made = country("code")
    made.models["Country"].children["a"] = ChildEntry("New", 0, False, "Old", "")
    made.models["Country"].children["b"] = ChildEntry("Other", 1, False, "", DAY)
    assert codes(made) == [
        ("until.missing", "error", "Country.a"),
        ("until.alone", "error", "Country.b"),
    ]


def test_a_former_prefix_is_not_the_prefix():
    """Of a tracked model and of a child."""
    made = country("code", former_prefix="Country", until=DAY)
    made.models["Country"].children["a"] = ChildEntry("New", 0, False, "New", DAY)
    assert [code for code, *_ in codes(made)] == ["name.former_taken"] * 2


def test_a_former_prefix_belongs_to_nobody_else():
    """Neither as a prefix nor as the former prefix of another tracked model."""
    made = document(
        Land=tracked("host.country", ["code"]),
        Place=tracked("host.place", ["name"], former_prefix="Land", until=DAY),
        Shop=tracked("host.remote", ["name"], former_prefix="Old", until=DAY),
        Store=tracked("host.hidden", ["name"], former_prefix="Old", until=DAY),
    )
    found = [p for p in validate(made) if p.code == "name.former_taken"]
    assert [p.where for p in found] == ["Place", "Store"]
    assert "Land" in str(found[0].what)
    assert "Shop" in str(found[1].what)


def test_a_former_name_that_another_attribute_has_is_an_error():
    """The error names both."""
    made = document(
        Land=tracked("host.place", ["x_name"]),
        Place=tracked("host.remote", ["name"], former_prefix="Land_x", until=DAY),
    )
    (problem,) = [p for p in validate(made) if p.code == "name.former_taken"]
    assert problem.where == "Place.name"
    assert "Land.x_name" in str(problem.what)


def test_a_former_name_that_a_count_has_is_an_error():
    """Counts and sums have names, too."""
    made = document(
        Land=tracked("host.place", ["x"]),
        Place=tracked("host.remote", ["name"], former_prefix="Land", until=DAY),
    )
    assert [p for p in validate(made) if p.code == "name.former_taken"]
    made = document(
        Land=replace(tracked("host.country"), aggregates={"x_number": AggregateEntry("places")}),
        Place=tracked("host.remote", ["number"], former_prefix="Land_x", until=DAY),
    )
    (problem,) = [p for p in validate(made) if p.code == "name.former_taken"]
    assert "Land.x_number" in str(problem.what)


@pytest.mark.parametrize("field", [{"privacy": "sent"}, {"source": "name"}])
def test_an_old_name_that_is_sent_otherwise_is_a_warning(field):
    """It may be meant: an attribute that takes the place of another one."""
    entry = attribute(**{"source": "code", "successor": "code", "until": DAY, **field})
    assert codes(country("code", ("iso", entry))) == [
        ("successor.differs", "warning", "Country.iso")
    ]


def test_a_deprecated_key_is_a_warning():
    """New links would have the old name."""
    made = country("code", old(until=DAY), key="iso")
    assert codes(made) == [("key.deprecated", "warning", "Country")]
