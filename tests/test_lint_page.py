"""The page Quality: what is listed, for whom, and what its buttons do."""

from dataclasses import replace

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import screens
from tests.drafts import draft, editor, everything, the_map
from tests.maps import attribute, document, tracked
from tests.pages import read
from tests.screens import action_page, client_of, map_page, model_page, said
from trackadmin import editing
from trackadmin.codes import LintCode
from trackadmin.document import ActionEntry, AggregateEntry, ParameterEntry
from trackadmin.models import MapVersion, Waiver

pytestmark = screens.MARKS

COUNTRY = tracked("host.country", ["code"], description="x")
OWNER = {"code": LintCode.OWNER, "place": "Country"}


@pytest.fixture
def page():
    draft(document(Country=COUNTRY))
    return map_page("quality", the_map().pk)


def shown(client, page):
    return client.get(page).content.decode()


def sent(client, page, do, **given):
    """What comes of the form on the page with this button, of this place, with these fields."""
    place = {name: value for name, value in given.items() if name in OWNER}
    for form in read(shown(client, page)).forms:
        if ("do", do) in form.buttons and place.items() <= form.sent.items():
            assert form.method == "post"
            return client.post(form.action or page, {**form.sent, **given, "do": do}, follow=True)
    raise AssertionError((do, given))


# What is listed ----------------------------------------------------------------------------------


def test_what_lint_finds_is_listed_by_level(admin_client, page, settings):
    html = shown(admin_client, page)
    assert "<h2>Hints</h2>" in html
    assert "Errors" not in html
    settings.TRACKADMIN = {"LINT": {"owner": "error", "description": "warning"}}
    html = shown(admin_client, page)
    assert html.index("<h2>Errors: they stop a publish</h2>") < html.index("<h2>Warnings</h2>")
    assert "<h2>Hints</h2>" not in html
    assert "Error</span>" in html


def test_a_map_without_a_fault_says_so(admin_client, page, settings):
    settings.TRACKADMIN = {"LINT": {"owner": "off", "description": "off"}}
    assert "Nothing could be better" in shown(admin_client, page)


def test_each_leads_to_its_row(admin_client):
    """The anchors are in the pages: by source, also of a second name, and of a parameter."""
    user = tracked(
        "auth.user",
        [("mail", attribute("email")), ("a", attribute("email")), ("ID", attribute("id"))],
    )
    buyer = replace(
        tracked("demo.buyerprofile", ["uuid"], [("user", "the_user")]),
        aggregates={"n": AggregateEntry("orders")},
    )
    action = ActionEntry(parameters={"colour": ParameterEntry()})
    draft(replace(document(User=user, BuyerProfile=buyer), actions={"signup": action}))
    pks = dict(the_map().tracked_models.values_list("prefix", "pk"))
    models = {prefix: model_page("change", pk) for prefix, pk in pks.items()}
    signup = action_page("change", the_map().actions.get().pk)
    html = shown(admin_client, map_page("quality", the_map().pk))
    for address in [
        *(f"{models['User']}#{anchor}" for anchor in ("a-email", "a-email-2", "a-id")),
        *(f"{models['User']}#{anchor}" for anchor in ("id_owner", "id_description")),
        *(f"{models['BuyerProfile']}#{anchor}" for anchor in ("c-user", "g-1", "a-uuid")),
        *(f"{signup}#{anchor}" for anchor in ("p-0", "id_owner", "id_description")),
    ]:
        assert f'href="{address}"' in html, address
        target, _, anchor = address.partition("#")
        assert f'id="{anchor}"' in shown(admin_client, target), address


def test_a_large_map_is_listed_as_far_as_a_person_reads(admin_client, settings):
    """Each line that is shown can be waived; the one that counts the others cannot."""
    names = [(f"n{number}", attribute("code")) for number in range(250)]
    draft(document(Country=tracked("host.country", names, description="x", owner="x")))
    settings.TRACKADMIN = {"LINT": {"same_meaning": "off"}}
    html = shown(admin_client, map_page("quality", the_map().pk))
    assert "There are 50 more problems of the same kind" in html
    assert html.count('value="waive"') == 200


def test_the_queries_do_not_grow_with_the_map(admin_client, page):
    admin_client.get(page)
    with CaptureQueriesContext(connection) as few:
        admin_client.get(page)
    models = {
        f"M{n}": tracked(each.label) for n, each in enumerate(editing.undecided("default").models)
    }
    draft(document(**models))
    fields = {"map": the_map(), "code": LintCode.OWNER, "reason": "x"}
    Waiver.objects.bulk_create(
        Waiver(place=prefix, author=editor(prefix), **fields) for prefix in models
    )
    with CaptureQueriesContext(connection) as many:
        admin_client.get(page)
    assert len(many) == len(few)


# Waiving -----------------------------------------------------------------------------------------


def test_waive_and_take_back(admin_client, page):
    """With the reason, and who and when; nothing is published."""
    done = sent(admin_client, page, "waive", **OWNER, reason="Nobody <b>owns</b> it.")
    assert said(done) == ["This was waived. The history has the reason."]
    html = done.content.decode()
    assert "Nobody &lt;b&gt;owns&lt;/b&gt; it." in html
    assert "admin" in html[html.index('id="waived"') :]
    assert Waiver.objects.get().author.username == "admin"
    assert "Nobody" in shown(admin_client, map_page("history", the_map().pk))
    done = sent(admin_client, page, "withdraw", **OWNER)
    assert said(done) == ["The waiver was taken back. The history says so."]
    assert not Waiver.objects.exists()
    assert 'id="waived"' not in done.content.decode()
    assert not MapVersion.objects.exists()


@pytest.mark.parametrize(
    ("do", "given", "words"),
    [
        ("waive", {**OWNER, "reason": " "}, "Say in a few words why"),
        ("waive", {**OWNER, "reason": "x" * 501}, "The reason is too long"),
        ("waive", {**OWNER, "place": "Gone", "reason": "x"}, "There is nothing to waive at Gone"),
        ("waive", {"reason": "x"}, "There is nothing to waive"),
        ("withdraw", OWNER, "There is no waiver at Country"),
        ("rename", OWNER, "There is nothing to rename at Country"),
    ],
)
def test_what_is_not_there_any_more_is_told_and_changes_nothing(
    admin_client, page, do, given, words
):
    before = everything()
    done = admin_client.post(page, {"do": do, **given}, follow=True)
    assert said(done)[0].startswith(words)
    assert everything() == before


@pytest.mark.parametrize("do", ["", "x", "waive\n"])
def test_a_button_that_is_not_there_is_refused(admin_client, page, do):
    assert admin_client.post(page, {**OWNER, "do": do, "reason": "x"}).status_code == 400


def test_a_better_name_is_one_click(admin_client, page):
    draft(document(Country=replace(COUNTRY, attributes={"theCode": attribute("code")}, owner="x")))
    editing.publish("default", by=None)
    html = shown(admin_client, page)
    assert "Rename to the_code" in html
    assert "The old name stays until" in html
    done = sent(admin_client, page, "rename", place="Country.theCode")
    assert said(done) == ["The draft has the new name now. Publish to make it live."]
    assert {*editing.build_document("default").models["Country"].attributes} == {
        "theCode",
        "the_code",
    }
    assert "Rename to" not in done.content.decode()
    assert MapVersion.objects.count() == 1


def test_who_may_only_view_reads_it_and_waives_nothing(client, page):
    editing.waive("default", LintCode.DESCRIPTION, "Country.code", reason="Everybody knows.")
    client_of(client, "view_trackingmap")
    html = shown(client, page)
    assert "No owner" in html
    assert "Everybody knows." in html
    assert 'name="do"' not in html
    before = everything()
    for do in ("waive", "withdraw", "rename"):
        assert client.post(page, {**OWNER, "do": do, "reason": "x"}).status_code == 403
    assert everything() == before


def test_who_may_change_tracked_models_may_waive(client, page):
    client_of(client, "view_trackingmap", "change_trackedmodel")
    assert sent(client, page, "waive", **OWNER, reason="x").status_code == 200
    assert Waiver.objects.exists()


def test_nobody_else_sees_it(client, page):
    client_of(client, "change_trackedmodel")
    assert client.get(page).status_code == 403


def test_a_map_that_is_not_there(admin_client):
    assert admin_client.get(map_page("quality", 99)).status_code == 404


# Models that are not for this map ----------------------------------------------------------------


def test_a_model_is_dismissed_and_brought_back_on_the_page_undecided(admin_client, page):
    undecided = map_page("undecided", the_map().pk)
    place = {"code": LintCode.NOT_TRACKED, "place": "host.person"}
    done = sent(admin_client, undecided, "waive", **place, reason="Only in the back office.")
    assert done.redirect_chain[-1][0] == undecided
    html = done.content.decode()
    dismissed = html[html.index('id="dismissed"') :]
    assert "host.Person" not in html[: html.index('id="dismissed"')]
    assert "host.Person" in dismissed
    assert "Only in the back office." in dismissed
    assert "Bring back" in dismissed
    done = sent(admin_client, undecided, "withdraw", **place)
    assert 'id="dismissed"' not in done.content.decode()
    assert "host.Person" in done.content.decode()


def test_who_may_only_view_cannot_dismiss(client, page):
    editing.waive("default", LintCode.NOT_TRACKED, "host.person", reason="x")
    client_of(client, "view_trackingmap")
    html = shown(client, map_page("undecided", the_map().pk))
    assert "host.Person" in html
    assert 'name="do"' not in html
