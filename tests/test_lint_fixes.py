"""Which problems of lint have a one-click fix, by rule and kind of entry, and what a fix does."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import pytest

from tests import screens
from tests.drafts import draft, everything, the_map
from tests.maps import attribute, document, tracked
from tests.pages import read
from tests.screens import map_page, said
from trackadmin import editing
from trackadmin.codes import LintCode
from trackadmin.document import ActionEntry, AggregateEntry, ChildEntry, ParameterEntry
from trackadmin.editing.deadlines import today
from trackadmin.editing.lint.rule_list import RULES
from trackadmin.exceptions import InvalidMap, LintRefused

pytestmark = screens.MARKS

NAME, LOOK_ALIKES, SAME = LintCode.NAME, LintCode.LOOK_ALIKES, LintCode.SAME_MEANING
COUNTRY = tracked("host.country", ["code"], description="A country.", owner="Team")
PERSON = tracked("host.person", ["name"], description="A person.", owner="Team")
USER = tracked("auth.user", ["username"], description="A user.", owner="Team")


def attributes(entry, **sources):
    """The entry with these attributes, each with a description of its own."""
    made = {
        name: attribute(source, description=f"Its {name}.", position=at)
        for at, (name, source) in enumerate(sources.items())
    }
    return replace(entry, attributes=made)


def counted(entry, *names):
    made = {
        name: AggregateEntry("purchases", description=f"How many, {name}.", position=at)
        for at, name in enumerate(names)
    }
    return replace(entry, aggregates=made)


def with_child(entry, accessor, prefix):
    return replace(entry, children={accessor: ChildEntry(prefix)})


def acting(action):
    return replace(document(), actions={"buy": action})


ACTION = ActionEntry(description="Somebody buys.", owner="Team")
NAMED = attributes(PERSON, name="name")
ACCOUNT = attributes(USER, username="username")


@dataclass
class Case:
    """A problem in a document, and what one click calls its place; empty where there is no fix."""

    rule: str
    kind: str
    document: object
    code: str
    place: str
    new: str = ""
    #: The place after the fix.
    then: str = ""


#: Every rule, and each kind of entry that it looks at.
CASES = [
    Case("name", "tracked model", document(a_person=NAMED), NAME, "a_person", "APerson", "APerson"),
    Case(
        *("name", "attribute", document(Person=attributes(PERSON, theName="name"))),
        *(NAME, "Person.theName", "the_name", "Person.the_name"),
    ),
    Case(
        *("name", "child", document(Person=with_child(NAMED, "user", "the_user"), User=ACCOUNT)),
        *(NAME, "Person.user", "TheUser", "Person.user"),
    ),
    Case(
        *("name", "aggregate", document(Person=counted(NAMED, "buysCount"))),
        *(NAME, "Person.buysCount", "buys_count", "Person.buys_count"),
    ),
    Case(
        *("look_alikes", "tracked model"),
        document(
            Person=with_child(NAMED, "user", "Account"),
            ACCOUNT=attributes(COUNTRY, code="code"),
            User=ACCOUNT,
        ),
        *(LOOK_ALIKES, "ACCOUNT"),
    ),
    Case(
        *("look_alikes", "child"),
        document(
            Country=attributes(COUNTRY, code="code"),
            Person=with_child(NAMED, "user", "COUNTRY"),
            User=ACCOUNT,
        ),
        *(LOOK_ALIKES, "Person.user"),
    ),
    Case(
        *("look_alikes", "attribute"),
        document(
            User=attributes(USER, user_name="username"), Person=attributes(PERSON, username="name")
        ),
        *(LOOK_ALIKES, "Person.username", "user_name", "Person.user_name"),
    ),
    Case(
        *("look_alikes", "aggregate"),
        document(User=attributes(USER, buys_nr="username"), Person=counted(NAMED, "buys_number")),
        *(LOOK_ALIKES, "Person.buys_number", "buys_nr", "Person.buys_nr"),
    ),
    # By other keys: track the key there, or bring the object along. Only a person can choose.
    Case(
        *("look_alikes", "attribute by another key"),
        document(Person=attributes(PERSON, user_id="user_id"), User=ACCOUNT),
        *(LOOK_ALIKES, "Person.user_id"),
    ),
    # Which of two names stays, and what a description says, only a person knows.
    Case(
        *("same_meaning", "attribute", document(User=attributes(USER, a="email", b="email"))),
        *(SAME, "User.b"),
    ),
    Case(
        *("same_meaning", "aggregate"),
        document(
            Person=replace(
                counted(NAMED, "a", "b"),
                aggregates=dict.fromkeys(
                    "ab", AggregateEntry("purchases", description="How many.")
                ),
            )
        ),
        *(SAME, "Person.b"),
    ),
    *(
        Case("description", kind, given, LintCode.DESCRIPTION, place)
        for kind, given, place in [
            ("tracked model", document(Person=replace(NAMED, description="")), "Person"),
            ("attribute", document(Person=PERSON), "Person.name"),
            (
                "aggregate",
                document(Person=replace(NAMED, aggregates={"n": AggregateEntry("purchases")})),
                "Person.n",
            ),
            ("action", acting(replace(ACTION, description="")), "actions.buy"),
            (
                "parameter",
                acting(replace(ACTION, parameters={"price": ParameterEntry()})),
                "actions.buy.price",
            ),
        ]
    ),
    Case(
        *("owner", "tracked model", document(Person=replace(NAMED, owner=""))),
        *(LintCode.OWNER, "Person"),
    ),
    Case("owner", "action", acting(replace(ACTION, owner="")), LintCode.OWNER, "actions.buy"),
]
FIXED = [case for case in CASES if case.new]


def each_case(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda each: f"{each.rule} {each.kind}")


def found():
    return {(str(each.code), each.where) for each in editing.lint("default").problems}


def test_each_rule_is_here():
    assert {case.rule for case in CASES} == {*RULES}


@each_case(CASES)
def test_the_problem_has_a_fix_or_none(case):
    draft(case.document)
    lint = editing.lint("default")
    assert (case.code, case.place) in found()
    new = lint.new_names.get((case.code, case.place))
    assert (new.name if new else "") == case.new
    if not case.new:
        before = everything()
        with pytest.raises(LintRefused):
            editing.give_new_name("default", case.place, code=case.code)
        assert everything() == before


@each_case(FIXED)
def test_a_fix_solves_the_problem_and_touches_nothing_else(case):
    """Nor does it make another problem; one edit, whose history says what was renamed."""
    draft(case.document)
    before = found()
    editing.give_new_name("default", case.place, code=case.code)
    assert found() == before - {(case.code, case.place)}
    after = editing.build_document("default")
    assert renamed_back(after, case) == renamed_back(case.document, case)
    head = case.then.partition(".")[0]
    row = the_map().tracked_models.get(prefix=head)
    assert len(editing.history(row)) == 2
    assert editing.history(row)[0].comment == f"Renamed {case.place} to {case.new}."


def renamed_back(given, case):
    """All of a document but the one name."""
    old, new = case.place.rpartition(".")[2], case.new

    def text(each):
        return repr(each).replace(f"'{new}'", f"'{old}'")

    head, entry = case.then.partition(".")[0], given.models
    rest = {prefix: each for prefix, each in entry.items() if prefix not in (head, case.place)}
    (own,) = (each for prefix, each in entry.items() if prefix in (head, case.place))
    if case.kind == "child":
        child = own.children[old]
        own = replace(own, children={old: replace(child, prefix="")})
    return rest, given.actions, text(own) if "." in case.place else own


@each_case(FIXED)
def test_a_fix_of_a_live_name_says_what_becomes_of_it(case):
    """It stays for a while, but for a count or sum, which has one name at a time."""
    draft(case.document)
    editing.publish("default", by=None)
    until = (date.fromisoformat(today()) + timedelta(days=90)).isoformat()
    new = editing.give_new_name("default", case.place, code=case.code)
    one_name = case.kind == "aggregate"
    assert (new.until, new.ends) == ("" if one_name else until, one_name)
    assert (case.code, case.place) not in found()
    assert not [p for p in editing.draft_problems("default") if p.level == "error"]


@each_case(CASES)
def test_the_page_leads_to_the_row_and_has_the_button(case, admin_client):
    draft(case.document)
    page = map_page("quality", the_map().pk)
    html = admin_client.get(page).content.decode()
    assert f'"><code class="ta-where">{case.place}</code></a>' in html
    buttons = [
        form
        for form in read(html).forms
        if ("do", "rename") in form.buttons
        and (form.sent["code"], form.sent["place"]) == (case.code, case.place)
    ]
    assert len(buttons) == bool(case.new)
    if case.new:
        assert f"Rename to {case.new}" in html
        (form,) = buttons
        done = admin_client.post(page, {**form.sent, "do": "rename"}, follow=True)
        assert said(done) == ["The draft has the new name now. Publish to make it live."]
        assert (case.code, case.place) not in found()


def test_the_page_says_that_the_old_name_of_a_count_ends(admin_client):
    draft(document(Person=counted(NAMED, "buysCount")))
    page = map_page("quality", the_map().pk)
    words = "The old name ends with the next publish"
    assert words not in admin_client.get(page).content.decode()
    editing.publish("default", by=None)
    assert words in admin_client.get(page).content.decode()


@pytest.mark.parametrize(
    "given",
    [
        document(Person=counted(attributes(PERSON, buys_count="name"), "buysCount")),
        document(Person=attributes(PERSON, buysCount="name", buys_count="id")),
    ],
    ids=["attribute", "two attributes"],
)
def test_no_name_that_is_taken_is_proposed(given):
    draft(given)
    lint = editing.lint("default")
    assert (NAME, "Person.buysCount") in found()
    assert not {place for _code, place in lint.new_names}


def test_a_spelling_that_breaks_the_naming_rule_is_not_proposed():
    """One fix must not bring the next problem."""
    given = document(
        User=attributes(USER, userName="username"), Person=attributes(PERSON, user_name="name")
    )
    draft(given)
    assert (LOOK_ALIKES, "Person.user_name") in found()
    assert [*editing.lint("default").new_names] == [(NAME, "User.userName")]


def test_a_count_has_one_name_at_a_time():
    draft(document(Person=counted(NAMED, "buys")))
    before = everything()
    with pytest.raises(InvalidMap, match="one name at a time"):
        editing.rename("default", "Person.buys", "bought", until="2099-01-01")
    with pytest.raises(InvalidMap, match="already has"):
        editing.rename("default", "Person.buys", "name")
    assert everything() == before
