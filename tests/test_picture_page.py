"""The pages with the picture of a map and of a model's tree: who sees them, and what they say."""

import json
import re
from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.drafts import draft, row, the_map
from tests.maps import attribute, document, tracked
from tests.screens import MARKS, client_of, edit, map_page, model_page
from trackadmin import editing
from trackadmin.document.structure import AggregateEntry

pytestmark = MARKS

SHOP = document(
    Person=tracked(
        "host.person",
        ["id", ("name", attribute("name", privacy="pseudonymised"))],
        [("boss", "Boss"), "profile"],
        "id",
        aggregates={"team_count": AggregateEntry("team", description="How many people.")},
    ),
    Profile=tracked("host.profile", ["nickname"], ["person"], "nickname"),
    User=tracked("auth.user", ["id"], key="id"),
    Order=tracked("host.order", ["number"], [("person", "", True)], "number"),
)


@pytest.fixture
def page():
    draft(SHOP)
    editing.publish("default", by=None)
    return map_page("picture", the_map().pk)


def read(response):
    """The rows of the page's table as texts, and the facts that the script draws."""
    html = response.content.decode()
    plain = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html[html.index("The same as a table") :]))
    found = re.search(r'<script id="picture-facts" type="application/json">(.*?)</script>', html)
    return plain, json.loads(found[1])


def rows_of(response):
    return {row.box.prefix: row for row in response.context["rows"]}


# ── The map ────────────────────────────────────────────────────────────────────────────────────


def test_who_may_only_view_sees_it_and_nobody_else(client, page):
    client_of(client, "view_trackingmap")
    for query in ({}, {"model": "Person"}, {"model": "Person", "view": "tree"}):
        assert client.get(page, query).status_code == 200, query
    client_of(client, "change_trackedmodel")
    assert client.get(page).status_code == 403
    assert client.post(page).status_code in (403, 405)


def test_the_table_has_every_box_and_every_arrow(admin_client, page):
    """With its prefix, and "alone"; at both ends of the arrow; each model leads to its page."""
    response = admin_client.get(page)
    words, _facts = read(response)
    html = response.content.decode()
    for prefix in SHOP.models:
        assert f'href="{model_page("change", row(prefix).pk)}">{prefix}</a>' in html
    for told in (
        "boss → Person Its names begin with Boss_ .",
        "profile → Profile",
        "person → Person alone",
        "Order as person alone",
        "Profile as person",
        "2 attributes and 1 count or sum",
        "host.Person",
    ):
        assert told in words, told
    assert "changed" not in words


def test_the_picture_is_drawn_from_the_same_facts(admin_client, page):
    edit(the_map(), "Order", owner="Bob")
    response = admin_client.get(page)
    _words, facts = read(response)
    told = response.context["rows"]
    assert [box["id"] for box in facts["boxes"]] == [row.box.prefix for row in told]
    assert [box["href"] for box in facts["boxes"]] == [row.address for row in told]
    arrows = {(a["start"], a["lines"][0]["words"], a["end"], a["alone"]) for a in facts["arrows"]}
    assert arrows == {
        (t.arrow.start, t.arrow.accessor, t.arrow.end, t.arrow.alone)
        for row in told
        for t in row.brings
    }
    order = next(box for box in facts["boxes"] if box["id"] == "Order")
    assert order["name"] == "Order, host.Order, ≠ changed"


def test_each_state_is_a_word_and_a_mark(admin_client, page):
    """A deleted model has no page to lead to."""
    edit(
        the_map(),
        "Person",
        children={"boss": replace(SHOP.models["Person"].children["boss"], alone=True)},
    )
    editing.delete_tracked_model(row("User"))
    entry = tracked("host.country", [("code", attribute("code"))], position=9)
    editing.save_tracked_model("default", "Country", entry)
    response = admin_client.get(page)
    words, facts = read(response)
    assert {p: str(row.compared) for p, row in rows_of(response).items()} == {
        "Person": "changed",
        "Profile": "same",
        "Order": "same",
        "Country": "new",
        "User": "deleted",
    }
    assert "boss → Person alone changed" in words
    assert "profile → Profile deleted" in words
    boxes = {box["id"]: (box["lines"][-1]["words"], bool(box["href"])) for box in facts["boxes"]}
    assert boxes["Person"] == ("≠ changed", True)
    assert boxes["Country"] == ("+ new", True)
    assert boxes["User"] == ("− deleted", False)  # noqa: RUF001 a minus


def test_a_child_that_leads_nowhere_is_in_the_table_and_not_drawn(admin_client, page):
    editing.delete_tracked_model(row("Profile"))
    words, facts = read(admin_client.get(page))
    assert "profile → not in the map or not in the code" in words
    drawn = [(a["start"], a["lines"][0]["words"]) for a in facts["arrows"] if a["state"] == "same"]
    assert ("Person", "profile") not in drawn


def test_a_part_of_the_map(admin_client, page):
    assert set(rows_of(admin_client.get(page, {"model": "Order"}))) == {"Order", "Person"}
    assert set(rows_of(admin_client.get(page, {"app": "auth"}))) == {"User"}
    html = admin_client.get(page, {"model": "Order"}).content.decode()
    assert "?model=Order&amp;view=tree" in html
    for query in ({"model": "Nothing"}, {"app": "nothing"}, {"model": "Nothing", "view": "tree"}):
        assert admin_client.get(page, query).status_code == 404, query
    for query in ({"view": "x"}, {"model": "a\0"}, {"view": ""}):
        assert admin_client.get(page, query).status_code == 400, query


def test_too_many_boxes_are_not_drawn(admin_client, page, monkeypatch):
    """The page asks for a part; a part that is small enough is drawn."""
    monkeypatch.setattr("trackadmin.admin.picture_screen.MOST_BOXES", 3)
    response = admin_client.get(page)
    html = response.content.decode()
    assert "It would have 4 tracked models. Up to 3 can be drawn" in html
    assert (response.context["rows"], response.context["facts"]["boxes"]) == ([], [])
    assert "picture-facts" not in html
    assert {box["id"] for box in read(admin_client.get(page, {"model": "Order"}))[1]["boxes"]}
    monkeypatch.setattr("trackadmin.admin.picture_screen.MOST_BOXES", 2)
    html = admin_client.get(page, {"model": "Person", "view": "tree"}).content.decode()
    assert "Up to 2 can be drawn; the table has all of them." in html
    assert "Boss_Profile_nickname" in html
    assert "picture-facts" not in html


def test_an_empty_map_says_so(admin_client):
    empty = editing.add_map("fresh", name="Fresh")
    html = admin_client.get(map_page("picture", empty.pk)).content.decode()
    assert "This map tracks nothing yet." in html
    assert admin_client.get(map_page("picture", 999)).status_code == 404


def test_it_is_found_from_the_list_and_from_a_model(admin_client, page):
    assert f'href="{page}"' in admin_client.get(map_page("change", the_map().pk)).content.decode()
    html = admin_client.get(model_page("change", row("Person").pk)).content.decode()
    assert f'href="{page}?model=Person&amp;view=tree"' in html


def test_the_queries_do_not_grow_with_the_map(admin_client, page):
    addresses = [page, f"{page}?model=Person", f"{page}?model=Person&view=tree"]

    def counts():
        found = []
        for address in addresses:
            with CaptureQueriesContext(connection) as captured:
                admin_client.get(address)
            found.append(len(captured))
        return found

    admin_client.get(page)
    few = counts()
    more = editing.undecided("default").models[:30]
    others = {
        f"M{n}": tracked(each.label, ["id"])
        for n, each in enumerate(more)
        if "id" in each.attributes
    }
    draft(document(**SHOP.models, **others))
    assert counts() == few


# ── The tree of a model ────────────────────────────────────────────────────────────────────────


def test_the_tree_tells_where_each_name_comes_from(admin_client, page):
    response = admin_client.get(page, {"model": "Person", "view": "tree"})
    words, facts = read(response)
    for told in (
        "Person_name Person.name Personal, sent as a pseudonym same",
        "Person_team_count Person.team_count count or sum How many people. Undeclared same",
        "Person.boss.profile Profile host.Profile",
        "Boss_Profile_nickname Profile.nickname",
        "Not included from here: person.",
    ):
        assert told in words, told
    assert [box["id"] for box in facts["boxes"]][:2] == ["Person", "Person.boss"]
    assert {(a["start"], a["end"]) for a in facts["arrows"]} >= {("Person", "Person.boss")}
    names = {line["words"] for box in facts["boxes"] for line in box["lines"]}
    assert {"Person_id", "Boss_id", "Boss_Profile_nickname"} <= names


def test_the_tree_tells_new_names_and_those_that_only_live_has(admin_client, page):
    person = SHOP.models["Person"]
    attributes = {"id": person.attributes["id"], "user_id": attribute("user_id")}
    edit(the_map(), "Person", attributes=attributes)
    words, facts = read(admin_client.get(page, {"model": "Person", "view": "tree"}))
    assert "Person_user_id Person.user_id Undeclared new" in words
    assert re.search(r"Only in the live version .*Person_name .*deleted", words)
    top = facts["boxes"][0]
    assert "+ new: Person_user_id" in [line["words"] for line in top["lines"]]


def test_the_tree_tells_names_that_mean_something_else(admin_client, page):
    """In words, in the picture and in the table: what changed, from what to what."""
    attributes = {"id": attribute("id"), "name": attribute("user_id", privacy="sent")}
    edit(the_map(), "Person", attributes=attributes)
    words, facts = read(admin_client.get(page, {"model": "Person", "view": "tree"}))
    assert "changed Live, it comes from: Person.name. By the draft: Person.user_id." in words
    assert "Live, its privacy is: Personal, sent as a pseudonym." in words
    top, *others = facts["boxes"]
    told = [line["words"] for line in top["lines"] if line["kind"] == "state"]
    assert told == ["≠ changed: Person_name"]
    assert top["state"] == "changed"
    assert top["name"].endswith("≠ changed")
    profile = next(box for box in others if box["id"] == "Person.profile")
    assert "changed" not in profile["name"]


def test_long_boxes_are_cut_and_the_table_is_not(admin_client, page, monkeypatch):
    monkeypatch.setattr("trackadmin.admin.picture_facts.NAMES_IN_A_BOX", 1)
    words, facts = read(admin_client.get(page, {"model": "Person", "view": "tree"}))
    assert [line["words"] for line in facts["boxes"][0]["lines"]][2:] == [
        "Person_id",
        "2 more names",
    ]
    assert "Person_team_count" in words


def test_a_model_that_the_site_no_longer_offers_has_no_tree(admin_client, page, settings):
    settings.TRACKADMIN = {"EXCLUDE": ["host.Profile"]}
    response = admin_client.get(page, {"model": "Profile", "view": "tree"})
    assert response.status_code == 200
    assert "The site no longer offers this model" in response.content.decode()
    words, _facts = read(admin_client.get(page))
    assert "Profile not in the code host.profile" in words
