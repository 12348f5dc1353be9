"""Automatic fixes of a draft with one click (E4)."""

import re

import pytest
from django.contrib.admin.models import LogEntry

from tests import screens
from tests.drafts import COUNTRY, draft, everything, the_map
from tests.maps import document, tracked
from tests.screens import client_of, map_page, said
from trackadmin import editing
from trackadmin.editing.fixes import offered
from trackadmin.exceptions import errors_of

pytestmark = screens.MARKS

ORDER = tracked("host.order", ["number"], ["billing_address", "shipping_address"])
ADDRESS = tracked("host.address", ["street"], ["country"])


@pytest.fixture
def broken():
    """A draft in which both addresses of an order lead to one name."""
    draft(document(Address=ADDRESS, Country=COUNTRY))
    editing.save_tracked_model("default", "Order", ORDER)
    return the_map()


def fix(client, row, **sent):
    sent = {"expected": editing.draft_digest(row), **sent}
    return client.post(map_page("fix", row.pk), sent, follow=True)


@pytest.mark.parametrize("page", ["publish", "change"])
def test_the_page_lists_what_the_click_will_do(admin_client, broken, page):
    html = admin_client.get(map_page(page, broken.pk)).content.decode()
    assert "Add these prefixes" in html
    assert "The child gets the prefix &#x27;BillingAddress&#x27;." in html
    assert "The child gets the prefix &#x27;ShippingAddress&#x27;." in html
    form = html[html.index(map_page("fix", broken.pk)) :]
    assert editing.draft_digest(broken) in form


def test_the_click_is_one_edit_in_the_history(admin_client, broken):
    before = editing.history(broken)
    response = fix(admin_client, broken)
    assert response.redirect_chain == [(map_page("publish", broken.pk), 302)]
    assert "2 errors were fixed in the draft" in said(response)[0]
    assert errors_of(editing.draft_problems(broken)) == []
    entries = editing.history(broken)
    assert len(entries) == len(before) + 1
    assert entries[0].who == "admin"
    assert [change.where for change in entries[0].changes.changes] == [
        "Order.billing_address",
        "Order.shipping_address",
    ]
    assert "BillingAddress" in LogEntry.objects.latest("pk").change_message
    assert editing.live_version(broken) is None
    assert "one click" not in response.content.decode()


def test_a_second_click_is_refused_and_changes_nothing(admin_client, broken):
    expected = editing.draft_digest(broken)
    fix(admin_client, broken)
    before = everything()
    response = fix(admin_client, broken, expected=expected)
    assert "changed the draft in the meantime" in said(response)[0]
    assert everything() == before


def test_it_needs_the_permission_to_edit(client, broken):
    """Who may publish sees the errors, and no button; the address is closed to them too."""
    before = everything()
    client_of(client, "view_trackingmap", "publish_trackingmap")
    html = client.get(map_page("publish", broken.pk)).content.decode()
    assert "Two paths" in html
    assert map_page("fix", broken.pk) not in html
    assert fix(client, broken).status_code == 403
    after = everything()
    assert {table.__name__ for table in before if before[table] != after[table]} == set()


@pytest.mark.parametrize("expected", ["", "x", "0" * 63, "0" * 65, "0" * 64 + "\n", "\0"])
def test_a_digest_that_cannot_be_read_is_a_400(admin_client, broken, expected):
    before = everything()
    assert fix(admin_client, broken, expected=expected).status_code == 400
    assert everything() == before


def test_without_a_digest_it_is_a_400(admin_client, broken):
    assert admin_client.post(map_page("fix", broken.pk), {}).status_code == 400


def test_where_nothing_can_be_fixed_nothing_is_offered(admin_client):
    draft(document(Country=COUNTRY))
    row = the_map()
    row.tracked_models.get(prefix="Country").attributes.update(source="gone")
    html = admin_client.get(map_page("publish", row.pk)).content.decode()
    assert "Errors to fix first" in html
    assert map_page("fix", row.pk) not in html
    before = everything()
    assert said(fix(admin_client, row)) == []
    assert everything() == before


def test_a_giant_draft_opens_without_the_list(admin_client, broken, monkeypatch):
    """In a large map it takes too long for a page to find what can be fixed."""
    monkeypatch.setitem(offered.__globals__, "MOST_CHILDREN", 2)
    html = admin_client.get(map_page("publish", broken.pk)).content.decode()
    assert "Two paths" in html
    assert map_page("fix", broken.pk) not in html


def test_errors_stand_apart_from_warnings(admin_client, broken):
    """E14: what stops the publish is not mixed with what does not."""
    editing.save_tracked_model(broken, "Everything", tracked("host.everything", ["contact"]))
    html = admin_client.get(map_page("publish", broken.pk)).content.decode()
    errors, _, warnings = html.partition("<h2>Warnings</h2>")
    assert "Errors to fix first" in errors
    assert set(re.findall(r'<span class="ta-badge">(\w+)', errors)) == {"Error"}
    assert set(re.findall(r'<span class="ta-badge">(\w+)', warnings)) == {"Warning"}
