"""Renaming on the page of a tracked model: at once, or both names until a date."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from tests import screens
from tests.drafts import the_map
from tests.maps import attribute, document, tracked
from tests.screens import client_of, filled, model_page, said
from trackadmin import editing
from trackadmin.document.structure import AttributeEntry, ChildEntry

pytestmark = screens.MARKS

DAY, LATER = "2099-06-30", "2099-12-31"
MAP = document(
    Person=tracked("host.person", ["id", "name"], ["user"], "id"),
    User=tracked("auth.user", ["username"]),
)


@pytest.fixture
def page(client):
    """The page of Person, which is live, for somebody who may change it."""
    editing.import_document("default", MAP)
    editing.publish("default", by=None)
    client_of(client, "view_trackingmap", "view_trackedmodel", "change_trackedmodel")
    return model_page("change", the_map().tracked_models.get(prefix="Person").pk)


def entry(prefix="Person"):
    return editing.build_document("default").models[prefix]


def form_of(client, page):
    return client.get(page).context["form"]


def send(client, page, **changes):
    return client.post(page, filled(form_of(client, page), **changes), follow=True)


def test_renaming_a_live_name_asks_what_happens_to_it(client, page):
    """Nothing is saved before. The question comes with the usual answer, both names for 90 days,
    so that pressing the button again is enough."""
    before = entry()
    answer = send(client, page, **{"a-name-name": "full_name"})
    assert entry() == before
    html = answer.content.decode()
    assert "name is live. Choose what happens to it, then save again." in html
    assert "Send both names until a date" in html
    row = next(row for row in answer.context["form"].attributes if row.facts.name == "name")
    usual = date.fromisoformat(editing.today()) + timedelta(days=90)
    assert (row["rename"].value(), row["rename_until"].value()) == ("both", usual.isoformat())
    client.post(page, filled(answer.context["form"]), follow=True)
    assert entry().attributes["name"].until == usual.isoformat()


def test_both_names_until_a_date(client, page):
    """The old name is deprecated, names its successor, and comes after the new one."""
    answer = send(
        client,
        page,
        **{"a-name-name": "full_name", "a-name-rename": "both", "a-name-rename_until": DAY},
    )
    assert said(answer) == ["Saved Person in the draft. Publish to make it live."]
    assert entry().attributes == {
        "id": AttributeEntry("id", position=0),
        "full_name": AttributeEntry("name", position=1),
        "name": AttributeEntry("name", position=2, successor="full_name", until=DAY),
    }


def test_at_once(client, page):
    """Only the new name is left, as before this was asked."""
    send(client, page, **{"a-name-name": "full_name", "a-name-rename": "at_once"})
    assert entry().attributes.keys() == {"id", "full_name"}


def test_a_renamed_key_stays_a_lookup(client, page):
    """The key moves to the new name; old links work by the old one."""
    send(
        client,
        page,
        **{"a-id-name": "uuid", "a-id-rename": "both", "a-id-rename_until": DAY},
    )
    saved = entry()
    assert saved.key == "uuid"
    assert saved.attributes["id"].lookup
    assert not saved.attributes["uuid"].lookup
    assert saved.lookups() == ["uuid", "id"]


def test_a_name_that_was_never_live_is_renamed_without_a_question(client, page):
    """Nobody can use it yet."""
    send(client, page, **{"a-boss_id-decision": "tracked", "a-boss_id-name": "chief"})
    send(client, page, **{"a-boss_id-name": "boss"})
    assert "boss" in entry().attributes
    assert "chief" not in entry().attributes


def test_a_name_that_does_not_go_out_is_not_asked_about(client, page):
    """Ignored in the same save: nothing takes its place."""
    send(client, page, **{"a-name-name": "other", "a-name-decision": "ignored"})
    assert entry().attributes["other"].decision == "ignored"


def test_an_attribute_gets_its_old_name_back(client, page):
    """As it was: the row of the old name is gone with the save, and the key is the same again."""
    for row, new in (("id", "uuid"), ("name", "full_name")):
        both = {f"a-{row}-rename": "both", f"a-{row}-rename_until": DAY}
        send(client, page, **{f"a-{row}-name": new}, **both)
    assert said(send(client, page, **{"a-id-name": "id", "a-name-name": "name"})) == [
        "Saved Person in the draft. Publish to make it live."
    ]
    assert entry() == MAP.models["Person"]


def test_a_live_name_stays_where_the_old_one_comes_back(client, page):
    """It is the deprecated one then, if the user says so."""
    send(client, page, **renamed_name(DAY))
    editing.publish("default", by=None)
    assert "full_name is live." in send(client, page, **{"a-name-name": "name"}).content.decode()
    both = {"a-name-rename": "both", "a-name-rename_until": LATER}
    send(client, page, **{"a-name-name": "name"}, **both)
    found = {name: (each.successor, each.until) for name, each in entry().attributes.items()}
    assert found == {"id": ("", ""), "name": ("", ""), "full_name": ("name", LATER)}


def test_the_old_name_of_another_attribute_stays_taken(client, page):
    """Only the attribute that had it can get it back."""
    send(client, page, **renamed_name(DAY))
    before = entry()
    answer = send(client, page, **{"a-id-name": "name"})
    assert "already has the output name" in answer.content.decode()
    assert entry() == before


def test_a_deprecated_name_is_not_proposed_to_leave_before_its_date(client, page):
    """The publish would refuse that."""
    send(client, page, **renamed_name(DAY))
    editing.publish("default", by=None)
    answer = send(client, page, **{"a-name-2-name": "oldest"})
    row = next(row for row in answer.context["form"].attributes if row.row == "name-2")
    assert (row["rename"].value(), row["rename_until"].value()) == ("both", DAY)


def renamed_name(until):
    both = {"a-name-rename": "both", "a-name-rename_until": until}
    return {"a-name-name": "full_name", **both}


@pytest.mark.parametrize("until", ["", "2020-01-01", "soon", "2099-02-30"])
def test_both_names_need_a_day_after_today(client, page, until):
    """The error stands beside the date, and nothing is saved."""
    before = entry()
    answer = send(
        client,
        page,
        **{"a-name-name": "full_name", "a-name-rename": "both", "a-name-rename_until": until},
    )
    row = next(row for row in answer.context["form"].attributes if row.facts.name == "name")
    assert row.errors.keys() == {"rename_until"}
    assert 'name="a-name-rename_until"' in answer.content.decode()
    assert entry() == before


def test_an_answer_that_does_not_exist_is_refused(client, page):
    """It is never taken for one of the others."""
    before = entry()
    answer = send(client, page, **{"a-name-name": "full_name", "a-name-rename": "maybe"})
    assert "not one of the available choices" in answer.content.decode()
    assert entry() == before


def test_an_old_name_that_another_attribute_takes_cannot_stay(client, page):
    """Two values under one name."""
    before = entry()
    answer = send(
        client,
        page,
        **{
            "a-name-name": "id",
            "a-name-rename": "both",
            "a-name-rename_until": DAY,
            "a-id-name": "name",
            "a-id-rename": "at_once",
        },
    )
    assert "Another attribute is called" in answer.content.decode()
    assert entry() == before


def test_a_prefix_of_a_model(client, page):
    """It is asked about, and goes out under both."""
    assert "Person is live." in send(client, page, prefix="Human").content.decode()
    send(client, page, prefix="Human", rename="both", rename_until=DAY)
    assert (entry("Human").former_prefix, entry("Human").until) == ("Person", DAY)


def test_a_prefix_of_a_child(client, page):
    """That it had none before is the former prefix of its model."""
    answer = send(client, page, **{"c-user-child_prefix": "Login"})
    assert "User is live." in answer.content.decode()
    both = {"c-user-rename": "both", "c-user-rename_until": DAY}
    send(client, page, **{"c-user-child_prefix": "Login"}, **both)
    assert entry().children["user"] == ChildEntry("Login", 0, False, "User", DAY)


def test_getting_back_a_former_prefix_ends_it(client, page):
    """A prefix and its former prefix are never the same."""
    send(client, page, prefix="Human", rename="both", rename_until=DAY)
    send(client, page, prefix="Person", rename="at_once")
    assert (entry().former_prefix, entry().until) == ("", "")


def test_the_page_shows_what_is_deprecated(client, page):
    """With its successor and its date, in words; attributes, children and the model."""
    shown = {
        "a-name-name": "full_name",
        "a-name-rename": "both",
        "a-name-rename_until": DAY,
        "c-user-child_prefix": "Login",
        "c-user-rename": "both",
        "c-user-rename_until": DAY,
    }
    send(client, page, prefix="Human", rename="both", rename_until=DAY, **shown)
    html = " ".join(client.get(page).content.decode().split())
    assert "use full_name, stays until June 30, 2099" in html
    assert "<code>Person_</code>" in html
    assert "<code>User_</code>" in html


def test_a_name_can_be_deprecated_without_a_successor(client, page):
    """And taken back, by removing the date."""
    send(client, page, **{"a-name-stays_until": DAY})
    assert (entry().attributes["name"].until, entry().attributes["name"].successor) == (DAY, "")
    send(client, page, **{"a-name-stays_until": ""})
    assert entry() == MAP.models["Person"]


def test_a_later_date_keeps_the_successor(client, page):
    """Only the date changes; without a date the name is an attribute like any other."""
    both = {"a-name-name": "full_name", "a-name-rename": "both", "a-name-rename_until": DAY}
    send(client, page, **both)
    send(client, page, **{"a-name-2-stays_until": LATER})
    old = entry().attributes["name"]
    assert (old.successor, old.until) == ("full_name", LATER)
    send(client, page, **{"a-name-2-stays_until": ""})
    old = entry().attributes["name"]
    assert (old.successor, old.until) == ("", "")


def test_a_former_prefix_ends_without_its_date(client, page):
    """Of a model and of a child."""
    child = {"c-user-child_prefix": "Login", "c-user-rename": "both", "c-user-rename_until": DAY}
    send(client, page, prefix="Human", rename="both", rename_until=DAY, **child)
    send(client, page, **{"stays_until": "", "c-user-stays_until": ""})
    assert (entry("Human").former_prefix, entry("Human").until) == ("", "")
    assert entry("Human").children["user"] == ChildEntry("Login", 0)


def test_a_form_sent_as_it_is_changes_nothing(client, page):
    """Its inputs have the dates of the entry."""
    child = {"c-user-child_prefix": "Login", "c-user-rename": "both", "c-user-rename_until": DAY}
    name = {"a-name-name": "full_name", "a-name-rename": "both", "a-name-rename_until": LATER}
    send(client, page, prefix="Human", rename="both", rename_until=DAY, **child, **name)
    before = entry("Human")
    html = client.get(page).content.decode()
    assert html.count(f'value="{DAY}"') == 2
    assert html.count(f'value="{LATER}"') == 1
    send(client, page, owner="Ada")
    assert entry("Human") == replace(before, owner="Ada")


def test_a_page_opened_before_an_upgrade_empties_nothing(client, page):
    """It does not send the dates, and they stay."""
    made = document(
        Person=tracked(
            "host.person",
            ["id", "name", ("old", attribute("name", successor="name", until=DAY))],
            former_prefix="Human",
            until=DAY,
        ),
        User=MAP.models["User"],
    )
    made.models["Person"].children["user"] = ChildEntry("Login", 0, False, "User", DAY)
    editing.import_document("default", made)
    before = entry()
    sent = filled(form_of(client, page), owner="Ada")
    old = {name: value for name, value in sent.items() if "until" not in name}
    client.post(page, old)
    assert entry() == replace(before, owner="Ada")


def test_successors_follow_a_rename(client, page):
    """Also one at once: else the old name would have a successor that is gone."""
    both = {"a-name-name": "full_name", "a-name-rename": "both", "a-name-rename_until": DAY}
    send(client, page, **both)
    send(client, page, **{"a-name-name": "whole_name"})
    assert entry().attributes["name"].successor == "whole_name"


def test_a_stale_form_keeps_the_answer(client, page):
    """Somebody else saved in the meantime: what was chosen is still chosen."""
    both = {"a-name-name": "full_name", "a-name-rename": "both", "a-name-rename_until": DAY}
    sent = filled(form_of(client, page), **both)
    screens.edit(the_map(), "Person", owner="Ada")
    answer = client.post(page, sent)
    row = next(row for row in answer.context["form"].attributes if row.facts.name == "name")
    assert (row["rename"].value(), row["rename_until"].value()) == ("both", DAY)
    client.post(page, filled(answer.context["form"]))
    assert entry().attributes["name"].until == DAY
