"""The list of a map's tracked models: find, filter, group, pages, and moving among them."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.drafts import draft, row, the_map
from tests.maps import attribute, document, tracked
from tests.pages import read
from tests.screens import MARKS, client_of, edit, map_page
from trackadmin import editing
from trackadmin.document import AttributeEntry

pytestmark = MARKS

MAP = document(
    Person=tracked(
        "host.person",
        ["id", ("name", attribute("name", privacy="sent"))],
        key="id",
        owner="Growth team",
    ),
    User=tracked("auth.user", ["id", "email"], key="id", owner="ann@example.com"),
    Country=tracked("host.country", ["id", "code", "name"], key="code", description="Where it is."),
    Company=tracked("demo.companyaccount", ["name"], key="name", owner="Ann"),
)


@pytest.fixture
def page():
    draft(MAP)
    editing.publish("default", by=None)
    return map_page("change", the_map().pk)


def shown(client, address, **query):
    return [row.prefix for row in client.get(address, query).context["listed"].rows]


# ── Finding ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("pers", ["Person"]),  # the prefix
        ("AUTH.", ["User"]),  # the model
        ("company account", ["Company"]),  # the model's name for people
        ("growth", ["Person"]),  # the owner
        ("where it", ["Country"]),  # the description
        (" country ", ["Country"]),
        ("nothing like it", []),
    ],
)
def test_a_model_is_found_by_each_of_its_words(admin_client, page, words, found):
    assert shown(admin_client, page, q=words) == found


def test_what_is_not_found_is_said(admin_client, page):
    html = admin_client.get(page, {"q": "nothing like it"}).content.decode()
    assert "No tracked model fits." in html
    assert "0 of 4" in html


def test_the_form_says_what_was_asked(admin_client, page):
    html = admin_client.get(page, {"q": "o", "show": "mine", "group": "app"}).content.decode()
    form = next(f for f in read(html).forms if "q" in f.sent)
    assert form.sent == {"q": "o", "show": "mine", "app": "", "group": "app"}


# ── Filters ────────────────────────────────────────────────────────────────────────────────────


def test_changed_ones_are_those_that_differ_from_live(admin_client, page):
    """The new, the changed and the deleted ones; the others stay away."""
    assert shown(admin_client, page, show="changed") == []
    edit(the_map(), "User", owner="Bob")
    entry = tracked("demo.order", [("id", AttributeEntry("id"))], position=9)
    editing.save_tracked_model("default", "Order", entry)
    editing.delete_tracked_model(row("Company"))
    response = admin_client.get(page, {"show": "changed"})
    listed = response.context["listed"]
    assert [(r.prefix, str(r.state)) for r in listed.rows] == [
        ("User", "changed"),
        ("Order", "new"),
    ]
    assert listed.deleted == ["Company"]
    assert admin_client.get(page, {"show": "problems"}).context["listed"].deleted == []
    assert admin_client.get(page, {"q": "person"}).context["listed"].deleted == []
    assert admin_client.get(page, {"app": "demo"}).context["listed"].deleted == ["Company"]


def test_those_with_problems_say_how_many(admin_client, page):
    assert shown(admin_client, page, show="problems") == ["User"]
    (found,) = admin_client.get(page, {"show": "problems"}).context["listed"].rows
    assert (found.problems, found.error) == (1, False)
    assert "1 problem<" in admin_client.get(page).content.decode()


def test_those_with_undecided_attributes(admin_client, page):
    """Only where a source of the model is neither tracked nor ignored."""
    assert "Country" not in shown(admin_client, page, show="undecided")
    assert "Person" in shown(admin_client, page, show="undecided")
    left = [
        each.facts.name
        for each in editing.undecided("default").attributes
        if each.prefix == "Person"
    ]
    decisions = {name: attribute(name, decision="ignored") for name in left}
    editing.decide("default", {"Person": decisions})
    assert "Person" not in shown(admin_client, page, show="undecided")


def test_mine_are_those_that_my_name_or_a_group_of_mine_owns(client, page):
    """By the user name, the full name, the e-mail address or a group; nobody else's."""
    client_of(client, "view_trackingmap")
    person = User.objects.get(username__startswith="user")
    assert shown(client, page, show="mine") == []
    person.email = "Ann@Example.com"
    person.save()
    assert shown(client, page, show="mine") == ["User"]
    person.first_name, person.email = "ann", ""
    person.save()
    assert shown(client, page, show="mine") == ["Company"]
    person.groups.add(Group.objects.create(name="Growth team"))
    assert shown(client, page, show="mine") == ["Person", "Company"]
    person.username, person.first_name = "ANN", ""
    person.save()
    assert shown(client, page, show="mine") == ["Person", "Company"]


def test_an_app_alone_or_each_app_under_its_name(admin_client, page):
    assert shown(admin_client, page, app="host") == ["Person", "Country"]
    listed = admin_client.get(page, {"group": "app"}).context["listed"]
    found = [(name, [row.prefix for row in rows]) for name, rows in listed.groups]
    assert [prefixes for _name, prefixes in found] == [["User"], ["Company"], ["Person", "Country"]]
    assert found[0][0] == "Authentication and Authorization"


@pytest.mark.parametrize(
    "query", [{"app": "nothing"}, {"show": "x"}, {"show": ""}, {"group": "x"}, {"page": "x"}]
)
def test_what_cannot_be_read_is_refused(admin_client, page, query):
    assert admin_client.get(page, query).status_code == 400


# ── The order, and pages ───────────────────────────────────────────────────────────────────────


def test_buttons_to_move_are_offered_in_the_whole_list_only(admin_client, page):
    move = map_page("move", the_map().pk)
    assert f'action="{move}"' in admin_client.get(page).content.decode()
    for query in ({"q": "o"}, {"app": "host"}, {"show": "problems"}, {"group": "app"}):
        html = admin_client.get(page, query).content.decode()
        assert f'action="{move}"' not in html, query
        assert "To change the order, show the whole list." in html, query


@pytest.fixture
def pages_of_two(monkeypatch):
    monkeypatch.setattr("trackadmin.admin.model_list.ON_A_PAGE", 2)


def test_long_lists_have_pages_that_keep_the_filters(admin_client, page, pages_of_two):
    """Each model is on one of them, and what was deleted follows the last."""
    editing.delete_tracked_model(row("Company"))
    first = admin_client.get(page)
    assert shown(admin_client, page) == ["Person", "User"]
    assert shown(admin_client, page, page=2) == ["Country"]
    assert first.context["listed"].deleted == []
    assert admin_client.get(page, {"page": 2}).context["listed"].deleted == ["Company"]
    assert admin_client.get(page, {"page": 3}).status_code == 404
    assert admin_client.get(page, {"page": 0}).status_code == 404
    html = admin_client.get(page, {"q": "e", "group": "app"}).content.decode()
    assert 'href="?q=e&amp;group=app&amp;page=2#models"' in html


def test_at_once_means_all_rows_are_there(admin_client, page, monkeypatch):
    """With pages, or after a search, the script would find only a part: the form is sent then."""
    assert "data-filter" in admin_client.get(page).content.decode()
    assert "data-filter" not in admin_client.get(page, {"q": "o"}).content.decode()
    monkeypatch.setattr("trackadmin.admin.model_list.ON_A_PAGE", 2)
    assert "data-filter" not in admin_client.get(page).content.decode()


def test_a_model_moves_over_the_end_of_a_page(admin_client, page, pages_of_two):
    """And the next page is the one that shows it."""
    move = map_page("move", the_map().pk)
    html = admin_client.get(page).content.decode()
    assert html.count(" disabled>↑") == 1
    assert " disabled>↓" not in html
    response = admin_client.post(move, {"prefix": "User", "to": "down"}, follow=True)
    assert [row.prefix for row in response.context["listed"].rows] == ["User", "Company"]
    response = admin_client.post(move, {"prefix": "User", "to": "up"}, follow=True)
    assert [row.prefix for row in response.context["listed"].rows] == ["Person", "User"]


def test_the_queries_do_not_grow_with_the_map(admin_client, page):
    """Of no filter."""
    queries = [{}, {"q": "o"}, {"group": "app"}]
    queries += [{"show": each} for each in ("changed", "problems", "undecided", "mine")]

    def counts():
        found = []
        for query in queries:
            with CaptureQueriesContext(connection) as captured:
                admin_client.get(page, query)
            found.append(len(captured))
        return found

    admin_client.get(page)
    few = counts()
    models = editing.undecided("default").models[:30]
    draft(document(**MAP.models, **{f"M{n}": tracked(each.label) for n, each in enumerate(models)}))
    assert counts() == few
