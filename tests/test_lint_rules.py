"""Lint's rules: what each finds in a map, and above all what it leaves alone."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.maps import EXAMPLE, HOST, attribute, document, tracked
from trackadmin.catalog import catalog
from trackadmin.codes import LintCode
from trackadmin.document import (
    ActionEntry,
    AggregateEntry,
    ChildEntry,
    Document,
    ParameterEntry,
    read_map_file,
    why_not_a_name,
)
from trackadmin.editing.lint import naming_rule
from trackadmin.editing.lint.model_answers import ModelAnswers
from trackadmin.editing.lint.rule_list import lint_problems
from trackadmin.editing.value_shapes import Shape, shapes_of

DEMO_MAP = Path(__file__).parent.parent / "fixtures" / "demo_map.json"


def better_names(given):
    return naming_rule.better_names(ModelAnswers(given))


def places(code, *args, **models):
    """The places of a document, or of one made of these models, where lint finds this."""
    given = args[0] if args else document(**models)
    return [p.where for p in lint_problems(given, catalog()) if p.code == code]


def said(text, source="name", **fields):
    return attribute(source, description=text, **fields)


# Levels ------------------------------------------------------------------------------------------


def test_the_demo_map_has_no_false_alarm():
    """What is missing there is missing; no name is confused with another one."""
    found = read_map_file(DEMO_MAP.read_text(), catalog().find)
    codes = {problem.code for problem in lint_problems(found, catalog())}
    assert codes == {LintCode.DESCRIPTION, LintCode.OWNER}


def test_a_rule_is_a_hint_unless_the_site_says_otherwise(settings):
    given = document(User=tracked("auth.user", ["id"]))
    assert {p.level for p in lint_problems(given, catalog())} == {"hint"}
    settings.TRACKADMIN = {"LINT": {"owner": "error", "description": "warning"}}
    levels = {p.code: p.level for p in lint_problems(given, catalog())}
    assert levels == {LintCode.OWNER: "error", LintCode.DESCRIPTION: "warning"}
    assert {p.code for p in lint_problems(given, catalog(), ["error"])} == {LintCode.OWNER}


def test_a_rule_that_is_off_finds_nothing(settings):
    given = document(user_account=tracked("auth.user", [("firstName", attribute("first_name"))]))
    assert lint_problems(given, catalog())
    rules = ("name", "description", "owner", "look_alikes", "same_meaning")
    settings.TRACKADMIN = {"LINT": dict.fromkeys(rules, "off")}
    assert lint_problems(given, catalog()) == []


def test_a_place_has_one_problem_of_a_kind():
    """A waiver is for a code and a place, so a second one could not be told from the first."""
    for each in (HOST, EXAMPLE):
        found = [(p.code, p.where) for p in lint_problems(each, catalog())]
        assert len(found) == len(set(found))


# Names -------------------------------------------------------------------------------------------


def test_names_follow_the_rule_of_the_site():
    bad = tracked(
        "auth.user",
        ["id", ("firstName", attribute("first_name")), ("LAST", attribute("last_name"))],
    )
    assert places(LintCode.NAME, userAccount=bad) == [
        "userAccount",
        "userAccount.firstName",
        "userAccount.LAST",
    ]
    assert places(LintCode.NAME, HOST) == []


def test_counts_and_prefixes_of_children_have_names_too():
    counted = {"ordersCount": AggregateEntry("orders")}
    children = {"user": ChildEntry("the_user")}
    buyer = tracked("demo.buyerprofile", ["uuid"])
    given = document(BuyerProfile=replace(buyer, aggregates=counted, children=children))
    assert places(LintCode.NAME, given) == ["BuyerProfile.user", "BuyerProfile.ordersCount"]


@pytest.mark.parametrize(
    "fields",
    [{"decision": "ignored"}, {"privacy": "dropped"}, {"until": "2030-01-01", "successor": "id"}],
)
def test_what_does_not_go_out_or_leaves_is_left_alone(fields):
    """An old name that stays for a while is the way to a better one."""
    bad = ("firstName", attribute("first_name", **fields))
    found = lint_problems(document(User=tracked("auth.user", ["id", bad])), catalog())
    assert not [problem for problem in found if problem.where == "User.firstName"]


def test_the_pattern_is_the_sites(settings):
    settings.TRACKADMIN = {"LINT": {"prefix": r"[a-z_]+", "attribute": r"[A-Z]+"}}
    names = [("ID", attribute("id")), "email"]
    assert places(LintCode.NAME, user=tracked("auth.user", names)) == ["user.email"]
    assert places(LintCode.NAME, User=tracked("auth.user", names[:1])) == ["User"]


def test_a_better_name_is_of_the_same_words():
    names = [("firstName", attribute("first_name")), ("HTTPStatus2", attribute("last_name"))]
    found = better_names(document(buyer_user=tracked("auth.user", names)))
    assert found == {
        "buyer_user": "BuyerUser",
        "buyer_user.firstName": "first_name",
        "buyer_user.HTTPStatus2": "http_status_2",
    }


def test_no_name_that_is_taken_is_proposed():
    names = ["first_name", ("firstName", attribute("last_name"))]
    given = document(
        user=tracked("auth.user", names), User=tracked("host.country", former_prefix="x")
    )
    assert better_names(given) == {}


@given(st.from_regex(r"[A-Za-z](_?[A-Za-z0-9]){0,20}", fullmatch=True))
def test_what_is_proposed_follows_the_rule_and_is_a_name(name):
    given = document(User=tracked("auth.user", [(name, attribute("first_name"))]))
    new = better_names(given).get(f"User.{name}")
    if new is not None:
        assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", new)
        assert why_not_a_name(new) is None
        assert new.replace("_", "") == name.replace("_", "").lower()


# Missing words -----------------------------------------------------------------------------------


def test_descriptions_and_owners_that_are_missing():
    told = tracked("auth.user", [("id", said("The number.", "id")), "email"], owner="Team")
    bare = Document(
        {"User": told},
        actions={
            "signup": ActionEntry("Signed up.", parameters={"colour": ParameterEntry()}),
            "gone": ActionEntry(state="deprecated", until="2030-01-01"),
            "view": ActionEntry(owner="Team", description=" "),
        },
    )
    assert places(LintCode.DESCRIPTION, bare) == [
        "User",
        "User.email",
        "actions.signup.colour",
        "actions.view",
    ]
    assert places(LintCode.OWNER, bare) == ["actions.signup"]


# Look-alikes -------------------------------------------------------------------------------------


def test_the_same_objects_by_different_keys():
    """The attribute soup that a map is for: mfr_id, mfr_uuid, mfr_slug."""
    assert places(
        LintCode.LOOK_ALIKES,
        Order=tracked("demo.order", ["number", ("mfr_id", attribute("status"))]),
        Product=tracked("demo.product", ["sku", ("mfr_uuid", attribute("name"))]),
        Company=tracked("demo.companyaccount", [("mfr_slug", attribute("industry"))]),
        Country=tracked("demo.country", [("mfr_pk", attribute("name"))]),
    ) == ["Country.mfr_pk", "Product.mfr_uuid", "Company.mfr_slug"]


def test_a_key_in_common_is_enough_to_join():
    """One place may say more than another."""
    assert (
        places(
            LintCode.LOOK_ALIKES,
            Order=tracked("demo.order", [("mfr_id", attribute("status"))]),
            Product=tracked(
                "demo.product", [("mfr_id", attribute("sku")), ("mfr_slug", attribute("name"))]
            ),
            Company=tracked("demo.companyaccount", [("mfr_slug", attribute("industry"))]),
        )
        == []
    )


def test_a_foreign_key_that_its_model_does_not_send():
    """The code knows what a foreign key holds, whatever its name says."""
    person = tracked("host.person", ["name", "user_id"])
    assert places(LintCode.LOOK_ALIKES, Person=person, User=tracked("auth.user", ["username"])) == [
        "Person.user_id"
    ]
    assert places(LintCode.LOOK_ALIKES, Person=person, User=tracked("auth.user", ["id"])) == []
    assert places(LintCode.LOOK_ALIKES, Person=person) == []
    address = tracked("host.address", ["country_id"])  # by to_field it holds the code
    country = tracked("host.country", ["code"])
    assert places(LintCode.LOOK_ALIKES, Address=address, Country=country) == []


def test_a_child_brings_all_keys_along():
    person = tracked("host.person", ["name", "user_id"], ["user"])
    assert (
        places(LintCode.LOOK_ALIKES, Person=person, User=tracked("auth.user", ["username"])) == []
    )


def test_two_foreign_keys_to_a_model_that_is_not_tracked():
    assert (
        places(
            LintCode.LOOK_ALIKES,
            Person=tracked("host.person", ["user_id"]),
            Buyer=tracked("demo.buyerprofile", ["user_id"]),
        )
        == []
    )


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("user_name", "username"),
        ("userName", "user_name"),
        ("ORDER_total", "order_total"),
        ("mfr_pk", "mfr_id"),
        ("invoice_nr", "invoice_number"),
    ],
)
def test_names_that_differ_only_in_spelling(one, other):
    """The commoner one stays; of two the first."""
    models = {
        "User": tracked("auth.user", [(one, attribute("username"))]),
        "Person": tracked("host.person", [(other, attribute("name"))]),
    }
    assert places(LintCode.LOOK_ALIKES, **models) == [f"Person.{other}"]
    more = {**models, "Country": tracked("host.country", [(other, attribute("name"))])}
    assert places(LintCode.LOOK_ALIKES, **more) == [f"User.{one}"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        *(
            ("name", "names"),
            ("first_name", "last_name"),
            ("key", "id"),
            ("no_show", "number_show"),
        ),
        *(("house_number", "house_name"), ("created", "created_at"), ("address1", "address2")),
    ],
)
def test_names_that_differ_are_left_alone(one, other):
    found = places(
        LintCode.LOOK_ALIKES,
        User=tracked("auth.user", [(one, attribute("username"))]),
        Person=tracked("host.person", [(other, attribute("name"))]),
    )
    assert found == []


def test_prefixes_that_differ_only_in_spelling():
    order = tracked("host.order", ["number"], [("billing_address", "Useraccount")])
    given = document(UserAccount=tracked("auth.user", ["id"]), Order=order)
    assert places(LintCode.LOOK_ALIKES, given) == ["Order.billing_address"]


def test_classes_of_one_name_are_not_guessed():
    """Two apps have a model Line: a name says nothing about which one is meant."""
    place = tracked("host.place", [("line_id", attribute("name"))])
    assert places(LintCode.LOOK_ALIKES, Place=place, Row=tracked("host.line", ["place"])) == []
    place = tracked("host.place", [("order_line_id", attribute("name"))])
    row = tracked("host.line", ["place"])
    assert places(LintCode.LOOK_ALIKES, Place=place, OrderLine=row) == ["Place.order_line_id"]


# One meaning -------------------------------------------------------------------------------------


def test_one_source_under_two_names():
    twice = [("mail", said("a", "email")), ("email", said("b", "email"))]
    assert places(LintCode.SAME_MEANING, User=tracked("auth.user", twice)) == ["User.email"]


@pytest.mark.parametrize("fields", [{"privacy": "pseudonymised"}, {"until": "2030-01-01"}])
def test_a_pseudonym_and_an_old_name_are_something_else(fields):
    twice = [("mail", said("a", "email", **fields)), ("email", said("b", "email"))]
    assert places(LintCode.SAME_MEANING, User=tracked("auth.user", twice)) == []


def test_a_foreign_key_beside_the_object_that_it_leads_to():
    """By either name of the foreign key."""
    user = tracked("auth.user", ["id"])
    for source in ("user", "user_id"):
        both = tracked("host.person", [("account", attribute(source))], ["user"])
        assert places(LintCode.SAME_MEANING, Person=both, User=user) == ["Person.account"]
    alone = tracked("host.person", ["user_id"])
    assert places(LintCode.SAME_MEANING, Person=alone, User=user) == []
    without = tracked("auth.user", ["username"])
    assert places(LintCode.SAME_MEANING, Person=both, User=without) == []


def test_one_description_of_two_names():
    """Upper case, spaces and the last full stop say nothing. No description is none of these."""
    user = tracked("auth.user", [("email", said("The  E-mail.", "email")), "username"])
    person = tracked("host.person", [("mail", said("the e-mail")), "id"])
    assert places(LintCode.SAME_MEANING, User=user, Person=person) == ["Person.mail"]
    same = tracked("host.person", [("email", said("the e-mail"))])
    assert places(LintCode.SAME_MEANING, User=user, Person=same) == []


# Whatever a map holds ----------------------------------------------------------------------------


def test_what_the_code_no_longer_has_breaks_no_rule():
    gone = tracked("gone.model", ["id", ("x_id", attribute("x"))], ["other"])
    lost = tracked("auth.user", ["nothing", ("order_uuid", attribute("lost"))], ["lost"])
    found = lint_problems(document(Gone=gone, User=lost), catalog())
    assert {problem.where for problem in found} >= {"Gone", "User"}


NAMES = st.sampled_from(["id", "mfr_id", "mfr_uuid", "mfrId", "pk", "name", "x", "user_id", "A_b"])
SOURCES = st.sampled_from(["id", "username", "user_id", "user", "name", "password", "lost"])
MODELS = st.sampled_from(["auth.user", "host.person", "host.order", "gone.model"])


@given(
    st.dictionaries(
        st.sampled_from(["User", "user", "Person", "Mfr", "Users"]),
        st.builds(
            lambda label, names, children: tracked(
                label, [(name, attribute(source)) for name, source in names.items()], children
            ),
            MODELS,
            st.dictionaries(NAMES, SOURCES),
            st.lists(st.sampled_from(["user", "boss", "person", "lost"]), unique=True),
        ),
    )
)
def test_no_map_breaks_the_rules(models):
    """The same problems in the same order each time, as JSON and with something to do."""
    given = document(**models)
    found = lint_problems(given, catalog())
    assert found == lint_problems(given, catalog())
    for problem in found:
        assert json.dumps([problem.code, problem.level, problem.where])
        assert problem.message
        assert problem.fix


# Shapes ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        *(("ann@example.com", Shape.EMAIL), ("Ask <ann.b+c@sub.example.co.uk>!", Shape.EMAIL)),
        *(("mailto:ann@example.com", Shape.EMAIL), ("änn@müller.de", Shape.EMAIL)),
        *(("+49 30 1234567", Shape.PHONE), ("+493012345678", Shape.PHONE)),
        *(("call 030/1234567-8 now", Shape.PHONE), ("(555) 123-4567", Shape.PHONE)),
        *(("01 23 45 67 89", Shape.PHONE), ("0151 23456789", Shape.PHONE)),
        *(("DE89 3704 0044 0532 0130 00", Shape.IBAN), ("GB82WEST12345698765432", Shape.IBAN)),
    ],
)
def test_what_looks_personal(text, shape):
    assert shapes_of(text) == [shape]


@pytest.mark.parametrize(
    "text",
    [
        *("", "a@b", "@example.com", "ann@", "user@localhost", "2 @ 3.50", "Team@Work GmbH"),
        *("4006381333931", "2026-11-28", "28.11.2026 10:15", "01.02.2026", "01/02/2026 10:30"),
        *("10117", "0.12345678901", "192.168.100.200", "00010001", "ORD-2026-000123", "+1", "+5 %"),
        *("6fa459ea-ee8a-3ca4-894e-db77e160355e", "0000-0000-0000-0000", "2026-000-123-456-789"),
        *("DE89370400440532013001", "AB12CDEFGHIJKLMNO", "SKU12ABCDEFGH12345", "v1.0.0-rc.1"),
        *("https://example.com/a?b=c@d", "12:30:45.123456", "3.141592653589793"),
    ],
)
def test_what_is_an_ordinary_code(text):
    assert shapes_of(text) == []


@given(st.text(max_size=200))
def test_any_text_has_shapes_or_none(text):
    assert set(shapes_of(text)) <= set(Shape)


@pytest.mark.parametrize("text", ["a" * 100_000, "a@" * 50_000, "+1 " * 40_000, "0 " * 50_000])
def test_a_long_text_takes_no_time(text):
    assert shapes_of(text) == []
