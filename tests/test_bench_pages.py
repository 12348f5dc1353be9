"""The bench measures every page of ours, and no page asks more of the database on a larger map."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import pages, report
from tests import screens
from tests.maps import tracked
from tests.screens import MARKS, edit, published_example, some_actions
from trackadmin import editing
from trackadmin.document import ActionEntry
from trackadmin.models import TrackingMap

pytestmark = [*MARKS, pytest.mark.once]

LABELS = ["Order", "Product", "Address", "Country", "Manufacturer", "CompanyAccount"]
#: Without their parameters these answer 404; the bench has each with them, too.
ASK_FOR_MORE = {"trackingmap_tracked", "trackingmap_bring_back", "trackingmap_search"}
ASK_FOR_MORE |= {"trackingmap_bring_back_action"}
#: It looks at objects, as many as EFFECT_OBJECTS says.
OF_OBJECTS = {"trackingmap_effect"}


@pytest.fixture
def asks():
    """What asks for each page, about a small map with waiting changes."""
    row = published_example()
    User.objects.create(pk=1, username="first")
    edit(row, "User", owner="Accounts")
    editing.delete_tracked_model(row.tracked_models.get(prefix="CompanyAccount"))
    some_actions(row)
    editing.publish(row, by=None)
    TrackingMap.objects.create(slug="empty", name="Empty")
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return pages.requests_of(row, client, prefix="BuyerProfile")


def addresses_of_ours():
    return {
        each.name.removeprefix("trackadmin_")
        for model, of_model in admin.site._registry.items()
        if model._meta.app_label == "trackadmin"
        for each in of_model.get_urls()
    }


def test_every_page_is_measured_and_opens(asks):
    """A page that is added later must be added there; what only takes a form is named."""
    assert addresses_of_ours() - screens.POSTED <= asks.keys()
    assert addresses_of_ours() >= screens.POSTED
    answers = {name: ask().status_code for name, ask in asks.items()}
    wrong = {name: code for name, code in answers.items() if code not in (200, 302)}
    assert wrong == dict.fromkeys(ASK_FOR_MORE, 404)


def test_no_page_sends_more_queries_for_a_larger_map(asks):
    """Also not for the pages whose form is a question: what is pasted, and the app's own page."""

    def counts():
        found = {}
        for name, ask in asks.items():
            with CaptureQueriesContext(connection) as captured:
                ask()
            found[name] = len(captured)
        return found

    counts()  # what is kept about versions is read at the first look
    before = counts()
    row = TrackingMap.objects.get(slug="default")
    for prefix in LABELS:
        editing.save_tracked_model(row, prefix, tracked(f"demo.{prefix.lower()}", ["id"]))
        editing.save_action(row, f"new_{prefix}", ActionEntry(brings={prefix: "required"}))
    editing.publish(row, by=None)
    for number in range(3):
        edit(row, "User", owner=f"Team {number}")
        editing.publish(row, by=None)
    counts()
    after = counts()
    grown = {n: (before[n], after[n]) for n in before if after[n] > before[n]}
    assert grown.keys() - OF_OBJECTS == set()


def test_the_bench_counts_what_a_browser_can_send():
    form = '<form><input name="a"><input type="radio" name="b"><input type="radio" name="b">'
    form += '<input type="checkbox" name="c"><input type="checkbox" name="c"><select name="d">'
    form += '</select><textarea name="e"></textarea><input type="submit" name="f"></form>'
    assert pages.most_fields(form + "<form><input name='a'></form>") == 6


def test_the_report_of_the_pages_replaces_only_its_own_part(tmp_path, monkeypatch):
    """And says which pages take longer than they may."""
    monkeypatch.setattr(report, "DOCS", tmp_path)
    page = tmp_path / "performance.md"
    page.write_text("# Performance\n\nOther rows.\n")
    quick = {"page": "history", "database": "SQLite", "again": 10.0, "edited": 20.0}
    quick |= {"queries": 5, "size": 9.0, "fields": 1, "reached": True}
    slow = {**quick, "page": "publish", "edited": 301.0, "reached": False}
    report.write_pages([quick, slow])
    assert "Above 300 ms: publish on SQLite." in page.read_text()
    report.write_pages([quick])
    written = page.read_text()
    assert written.startswith("# Performance\n\nOther rows.\n\n## Pages of the admin\n")
    assert written.count("| history | SQLite | 10 ms | 20 ms | 5 | 9 KB | 1 | yes |") == 1
    assert "publish" not in written.partition("| page |")[2]
