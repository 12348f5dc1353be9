"""The timeline of versions: what changed in a few words, who edited; and the changelog."""

import json
from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from markdown_it import MarkdownIt

from tests.maps import attribute, document, tracked
from tests.screens import MARKS, client_of, edit, map_page, person, published_example
from trackadmin import editing
from trackadmin.document import (
    ActionEntry,
    Document,
    ModelEntry,
    dump,
    load,
    plain_fields,
    summaries,
)
from trackadmin.document import digest as digest_of
from trackadmin.document.differing import load_differing
from trackadmin.document.summaries import MOST_HEADS, MOST_NAMES, summary
from trackadmin.editing import version_summaries
from trackadmin.exceptions import DocumentError

pytestmark = MARKS


def model(*names, key="", **fields):
    return tracked("demo.buyerprofile", [(each, attribute(each)) for each in names], key=key)


def told(old, new):
    return str(summary(old, new)).replace("\u00a0", " ")


# In a few words ----------------------------------------------------------------------------------


def test_a_summary_tells_names_that_come_and_go_and_the_new_key():
    old = document(BuyerProfile=model("uuid", "slug", "phone", key="uuid"))
    new = document(BuyerProfile=model("uuid", "slug", "tier", key="slug"))
    assert told(old, new) == "BuyerProfile: + tier, \u2212 phone; key uuid → slug"


def test_what_is_ignored_or_left_out_is_not_told_as_sent():
    """A name with a plus goes out, and nothing else does."""
    old = document(P=model("a", "b", "c"))
    kept = old.models["P"].attributes
    changed = {
        "a": replace(kept["a"], decision="ignored"),
        "b": replace(kept["b"], privacy="dropped"),
        "c": replace(kept["c"], description="x"),
        "d": attribute("d", decision="ignored", position=9),
    }
    new = document(P=replace(old.models["P"], attributes=changed))
    assert told(old, new) == "P: \u2212 a, \u2212 b, c changed, d ignored"
    assert told(new, old) == "P: + a, + b, c changed, d changed"


def test_new_gone_and_renamed_models_are_told_by_one_word():
    old, new = document(A=model("a"), B=model("b")), document()
    assert told(old, new) == "A: removed. B: removed"
    assert told(new, old) == "A: added; + a. B: added; + b"
    renamed = document(Z=replace(old.models["A"], owner="x"))
    one = document(A=old.models["A"])
    assert told(one, renamed) == "Z: renamed from A; owner changed"
    assert told(one, one) == ""


def test_each_field_of_a_tracked_model_has_words_in_a_summary():
    """A field without words of its own would be told by its English name."""
    for kind in (ModelEntry, ActionEntry, Document):
        named = {each.name for each in plain_fields(kind)} - {"key", "position"}
        assert named <= summaries._CHANGED.keys(), kind


def test_an_order_is_told_as_such():
    old = document(A=model("a", "b"), B=model("c"))
    new = document(B=model("c"), A=model("b", "a"))
    assert "A: order changed" in told(old, new)
    assert "Map: order changed" in told(old, new)


def test_a_summary_of_very_much_is_short_and_counts_the_rest():
    names = [f"a{number:02}" for number in range(40)]
    models = {f"M{number:02}": model(*names) for number in range(40)}
    found = summary(document(), document(**models))
    assert (len(found.heads), found.more) == (MOST_HEADS, 40 - MOST_HEADS)
    assert found.heads[0].more_names == 40 - MOST_NAMES
    assert len(str(found)) < 600


def test_reading_only_what_differs_gives_the_same_differences():
    old = document(A=model("a"), B=model("b"), C=model("c"))
    new = document(A=model("a"), B=model("b", "x"), D=model("d"))
    texts = [(dump(each), digest_of(dump(each))) for each in (old, new)]
    less = load_differing(*texts)
    assert [sorted(each.models) for each in less] == [["B", "C"], ["B", "D"]]
    assert summary(*less) == summary(*(load(*each) for each in texts))
    with pytest.raises(DocumentError):
        load_differing(texts[0], (texts[1][0], "0" * 64))


# The page ----------------------------------------------------------------------------------------


@pytest.fixture
def tracking_map():
    """Three versions, edited by two people."""
    row = published_example()
    ann, bob = (User.objects.create_user(name) for name in ("ann", "bob"))
    for owner, by in (("A", bob), ("B", ann), ("C", ann)):
        entry = editing.build_document(row).models["User"]
        changed, kept = replace(entry, owner=owner), row.tracked_models.get(prefix="User")
        editing.save_tracked_model(row, "User", changed, tracked_model=kept, by=by)
    editing.publish(
        row,
        by=ann,
        note="Why *this* <b>",
    )
    edit(row, "User", key="")
    editing.save_action(row, "signup", ActionEntry(), by=bob)
    editing.publish(row, by=None)
    return row


def entries(client, row, query=""):
    response = client.get(map_page("versions", row.pk) + query)
    assert response.status_code == 200
    return response.context["entries"]


def test_each_version_says_who_edited_it_and_what_changed(admin_client, tracking_map):
    third, second, first = entries(admin_client, tracking_map)
    assert (str(second.summary), second.editors) == ("User: owner changed", ["ann", "bob"])
    assert str(third.summary) == "User: no key any more. signup: added"
    assert third.editors == ["bob"]  # code that edits has no name
    assert [each.prefix for each in first.summary.heads] == [
        *("BuyerProfile", "User", "CompanyAccount")
    ]
    assert first.editors == ()
    assert first.approved == ()


def test_nobody_is_an_editor_of_a_version_that_came_later(tracking_map, admin_client):
    """An edit of the draft belongs to no version yet."""
    entry = editing.build_document(tracking_map).models["User"]
    row = tracking_map.tracked_models.get(prefix="User")
    late = person()
    editing.save_tracked_model(
        tracking_map, "User", replace(entry, owner="Z"), tracked_model=row, by=late
    )
    assert late.username not in str([each.editors for each in entries(admin_client, tracking_map)])


def test_a_version_that_cannot_be_read_is_said_and_breaks_nothing(admin_client, tracking_map):
    with connection.cursor() as cursor:
        cursor.execute("UPDATE trackadmin_mapversion SET digest = %s WHERE number = 2", ["0" * 64])
    found = entries(admin_client, tracking_map)
    assert [each.unreadable for each in found] == [True, True, False]
    assert found[2].summary is not None


def test_a_large_map_reads_a_few_and_the_rest_on_request(admin_client, tracking_map, monkeypatch):
    """And what was read once is kept."""
    monkeypatch.setattr(version_summaries, "READ_AT_ONCE", 1)
    kept = version_summaries.BoundedCache(100_000)
    monkeypatch.setattr(version_summaries, "_kept", kept)
    known = [each.summary is not None for each in entries(admin_client, tracking_map)]
    assert known == [True, False, False]
    html = admin_client.get(map_page("versions", tracking_map.pk)).content.decode()
    # The second look has read one more.
    assert html.count('data-into="summary-') == 1
    found = entries(admin_client, tracking_map, "?summary=1")
    assert all(each.summary is not None for each in found)


def test_a_timeline_costs_the_same_however_many_versions(admin_client, tracking_map, monkeypatch):
    def queries():
        monkeypatch.setattr(version_summaries, "_kept", version_summaries.BoundedCache(100_000))
        with CaptureQueriesContext(connection) as captured:
            entries(admin_client, tracking_map)
        return len(captured)

    queries()
    before = queries()
    for number in range(5):
        edit(tracking_map, "User", owner=f"Team {number}")
        editing.publish(tracking_map, by=None)
    assert queries() == before


# Compared, to hand on -----------------------------------------------------------------------------


def test_a_comparison_is_an_address_that_can_be_shared(client, tracking_map):
    """Who may view the map sees it, also of versions that the box does not offer."""
    client_of(client, "view_trackingmap")
    page = map_page("compare", tracking_map.pk)
    html = client.get(page, {"old": 1, "new": 2}).content.decode()
    assert 'href="?old=1&amp;new=2"' in html
    assert '<option value="1" selected>' in html
    assert client.get(page, {"old": 1, "new": 9}).status_code == 404


def test_where_there_are_many_versions_a_number_is_typed(client, tracking_map, monkeypatch):
    monkeypatch.setattr("trackadmin.admin.compare_screens.MOST_SIDES", 2)
    client_of(client, "view_trackingmap")
    html = client.get(map_page("compare", tracking_map.pk), {"old": 1, "new": 2}).content.decode()
    assert '<input name="old" value="1"' in html
    assert "<option" not in html


def test_the_changelog_names_the_versions_between_and_all_changes(tracking_map):
    log = editing.changelog(tracking_map, 1, None)
    assert [each.version.number for each in log.releases] == [3, 2]
    assert log.difference == editing.diff(
        editing.get_version(tracking_map, 1), editing.build_document(tracking_map)
    )
    assert editing.changelog(tracking_map, 3, 1).releases == ()
    data = json.loads(editing.changelog_text(log, "json"))
    assert (data["old"], data["new"]) == (1, "draft")
    assert data["changes"] == log.difference.as_json()
    assert [each["note"] for each in data["versions"]] == ["", "Why *this* <b>"]


def test_no_word_of_an_editor_is_markup_in_a_changelog(tracking_map):
    """Somebody pastes it into a wiki."""
    hostile = "# x\n[a](javascript:b) <img src=x> `c` _d_\n1. e\n- f"
    edit(tracking_map, "User", description=hostile)
    editing.publish(tracking_map, by=None, note=hostile)
    log = editing.changelog(tracking_map, 1, 4)
    html = MarkdownIt("commonmark").render(editing.changelog_text(log, "markdown"))
    plain = MarkdownIt("commonmark").render(
        editing.changelog_text(editing.changelog(tracking_map, 1, 3), "markdown")
    )
    for tag in ("<img", "<a ", "<code", "<em", "<ol", "<b>"):
        assert tag not in html, tag
    assert html.count("<h1") == plain.count("<h1") == 1
    assert "&lt;img src=x&gt;" in html


@pytest.mark.parametrize(
    ("asked", "ending"), [("markdown", "md"), ("text", "txt"), ("json", "json")]
)
def test_the_page_gives_the_text_of_the_command(client, tracking_map, asked, ending):
    client_of(client, "view_trackingmap")
    address = map_page("changelog", tracking_map.pk)
    response = client.get(address, {"old": 1, "new": 3, "format": asked})
    log = editing.changelog(tracking_map, 1, 3)
    assert response.content.decode() == editing.changelog_text(log, asked)
    assert response["Content-Disposition"] == f'attachment; filename="default-1-3.{ending}"'
    assert client.get(address, {"old": 1, "format": "x"}).status_code == 400


def test_a_changelog_of_a_version_that_cannot_be_read_is_not_found(client, tracking_map):
    client_of(client, "view_trackingmap")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE trackadmin_mapversion SET digest = %s", ["0" * 64])
    assert client.get(map_page("changelog", tracking_map.pk)).status_code == 404
