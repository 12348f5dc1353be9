"""A rename with both names for a while, and a name that leaves early, in a real Chromium."""

from urllib.request import urlopen

import pytest
from playwright.sync_api import expect

from tests.browser import chromium, log_in, page

pytestmark = pytest.mark.browser

MAP = "/admin/trackadmin/trackingmap/1/"
USER = "/admin/trackadmin/trackedmodel/2/change/"


def publish(opened, site, note):
    opened.goto(site.url + MAP + "publish/")
    opened.get_by_label("Note").fill(note)
    opened.get_by_role("button", name="Publish version").click()


def event(site):
    """What an event about user 123 says."""
    urlopen(f"{site.url}/t/?action=test&User__id=123", timeout=30).read()
    return site.logged()[-1]["values"]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_name_is_renamed_and_both_go_out(site, scripts):
    """The page asks what happens to the old name, with an answer to be confirmed; then events have
    both, the review refuses to end the old one early, and the box and a note end it."""
    new = f"given_name_{scripts}".lower()
    with chromium() as browser, page(browser, java_script_enabled=scripts) as opened:
        log_in(opened, site, "admin")
        opened.goto(site.url + USER)
        name = opened.locator("#id_a-first_name-name")
        old = name.input_value()
        name.fill(new)
        opened.get_by_role("button", name="Save", exact=True).click()
        expect(opened.get_by_text("Nothing was saved yet")).to_be_visible()
        question = opened.get_by_role("group", name=f"What happens to {old}")
        expect(question.get_by_label("Send both names until a date")).to_be_checked()
        opened.get_by_role("button", name="Save", exact=True).click()
        expect(opened.get_by_text("in the draft. Publish to make it live.")).to_be_visible()
        publish(opened, site, "A better name.")
        expect(opened.get_by_text(f"use User_{new}, stays until").first).to_be_visible()
        values = event(site)
        assert values[f"User_{new}"] == values[f"User_{old}"] == "TestUser"

        opened.goto(site.url + USER)
        row = opened.locator("#attribute-rows tr").filter(
            has=opened.locator(f'input[value="{old}"]')
        )
        row.get_by_text("Undecided", exact=True).click()
        opened.get_by_role("button", name="Save", exact=True).click()
        publish(opened, site, "A leak.")
        expect(opened.get_by_text("The draft ends names before their date")).to_be_visible()
        expect(opened.get_by_role("cell", name="admin")).to_be_visible()
        opened.get_by_label("Let these names leave before their date").check()
        opened.get_by_role("button", name="Publish version").click()
        expect(opened.get_by_text("These names left before their date:")).to_be_visible()
        assert f"User_{old}" not in event(site)
