"""Pages about many things show some of them, and say how many there are beside."""

import re

import pytest

from tests.maps import document, tracked
from tests.screens import MARKS, edit, map_page, published_example
from trackadmin import editing
from trackadmin.admin import compare_screens, differences, history_screens, version_screens
from trackadmin.models import TrackingMap

pytestmark = MARKS


@pytest.fixture
def tracking_map():
    return published_example()


def text_of(client, address):
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def told(html):
    """How many changes a page tells in words."""
    return len(re.findall(r'<li class="ta-line', html))


def test_a_long_comparison_is_cut_and_can_be_had_whole(admin_client, tracking_map, monkeypatch):
    editing.import_document(tracking_map, document(), by=None)
    everything = len(editing.review(tracking_map).difference.changes)
    monkeypatch.setattr(differences.grouped, "__defaults__", (2,))
    monkeypatch.setattr(compare_screens, "MOST_TOLD", 2)
    for page in ("publish", "compare"):
        html = text_of(admin_client, map_page(page, tracking_map.pk))
        assert told(html) == 2
        assert f"{everything - 2} more change" in html
        (link,) = re.findall(r'<a href="([^"]+all=1)">List all changes', html)
        address = link.replace("&amp;", "&")
        whole = text_of(
            admin_client,
            map_page("compare", tracking_map.pk) + address if address.startswith("?") else address,
        )
        assert told(whole) == everything
        assert "not listed" not in whole


def test_a_comparison_that_is_not_long_is_told_whole(admin_client, tracking_map):
    editing.import_document(tracking_map, document(), by=None)
    html = text_of(admin_client, map_page("compare", tracking_map.pk))
    assert told(html) == len(editing.review(tracking_map).difference.changes)
    assert "not listed" not in html


def test_the_history_counts_all_changes_and_tells_some(admin_client, monkeypatch):
    row = TrackingMap.objects.get()
    names = ["id", "code", "name"]
    editing.import_document(row, document(Country=tracked("host.country", names, key="code")))
    (entry,) = editing.history(row)
    monkeypatch.setattr(differences.grouped, "__defaults__", (1,))
    html = text_of(admin_client, map_page("history", row.pk))
    assert told(html) == 1
    assert f"{len(entry.changes.changes) - 1} more change" in html


def test_an_edit_with_many_rows_is_told_on_request_and_in_part(
    admin_client, tracking_map, monkeypatch
):
    """Who did it, when and why stays in the list; so does what was edited after it."""
    monkeypatch.setattr(history_screens, "MOST_ROWS", 14)
    monkeypatch.setattr(history_screens, "MOST_MODELS", 1)
    edit(tracking_map, "User", owner="Ours")
    newest, imported = editing.history(tracking_map)
    address = map_page("history", tracking_map.pk)
    html = text_of(admin_client, address)
    assert html.count("<time datetime") == 2
    assert "Ours" in html
    assert "BuyerProfile" not in html
    assert re.findall(r'href="(\?edit=\d+)"', html) == [f"?edit={imported.revision}"]
    part = text_of(admin_client, f"{address}?edit={imported.revision}")
    assert "It wrote 2 more tracked models and actions" in part
    assert "BuyerProfile" in part
    assert "CompanyAccount" not in part
    monkeypatch.setattr(history_screens, "MOST_MODELS", 3)
    whole = text_of(admin_client, f"{address}?edit={imported.revision}")
    assert told(whole) == len(imported.changes.changes)
    assert "It wrote" not in whole
    small = editing.history_of_edit(tracking_map, newest.revision, most=3)
    assert small == newest


def test_an_edit_of_another_map_or_of_none_is_not_told(admin_client, tracking_map):
    other = TrackingMap.objects.create(slug="other", name="Other")
    (imported,) = editing.history(tracking_map)
    assert editing.history_of_edit(other, imported.revision, most=3) is None
    for address in (
        map_page("history", other.pk) + f"?edit={imported.revision}",
        map_page("history", tracking_map.pk) + "?edit=99999999",
    ):
        assert admin_client.get(address).status_code == 404


def test_a_version_shows_a_page_of_its_models(admin_client, tracking_map, monkeypatch):
    monkeypatch.setattr(version_screens, "MODELS_AT_ONCE", 2)
    address = map_page("version", tracking_map.pk, 1)
    prefixes = list(editing.build_document(tracking_map).models)
    shown = []
    for page in (1, 2):
        html = text_of(admin_client, f"{address}?page={page}")
        shown += re.findall(r'<header class="ta-header"><h2>(\w+) <code', html)
        assert f"Page {page} of 2" in html
    assert sorted(shown) == sorted(prefixes)
    assert admin_client.get(f"{address}?page=3").status_code == 404


def test_a_long_document_is_not_on_the_page_and_can_be_downloaded(
    admin_client, tracking_map, monkeypatch
):
    address = map_page("version", tracking_map.pk, 1)
    assert "The document as JSON" in text_of(admin_client, address)
    monkeypatch.setattr(version_screens, "LONGEST_SHOWN", 100)
    html = text_of(admin_client, address)
    assert "The document as JSON" not in html
    assert map_page("document", tracking_map.pk, 1) in html
