"""The handbook for the product team: one text, which every page of ours leads to."""

import re

import pytest
from django.test import override_settings

from tests import handbook
from tests.screens import MARKS, client_of, map_page, pages_of, published_example
from trackadmin import editing
from trackadmin.admin.screen import Screen

pytestmark = MARKS

LINK = re.compile(r'<a class="ta-help" href="([^"#]+)#([^"]*)"')


def all_screens(cls=Screen):
    for each in cls.__subclasses__():
        yield each
        yield from all_screens(each)


@pytest.mark.parametrize("language", handbook.SOURCES)
def test_the_page_is_made_of_the_file(language):
    """`python -m tests.handbook` writes it."""
    made = (handbook.PAGES / f"{language}.html").read_text(encoding="utf-8")
    assert made == handbook.page(language)
    assert "{%" not in made
    assert "{{" not in made
    assert ".md" not in made  # a link to a file leads nowhere in the admin


@pytest.mark.parametrize("language", handbook.SOURCES)
def test_each_language_has_the_same_sections(language):
    page = handbook.page(language)
    assert re.findall(r'<h2 id="([^"]+)"', page) == handbook.anchors()
    within = set(re.findall(r'href="#([^"]+)"', page))
    assert within <= set(handbook.anchors())


def test_each_tab_has_a_section():
    tabs = {screen.tab for screen in all_screens()} - {"", "add"}
    assert tabs <= set(handbook.anchors())


def test_every_page_leads_to_the_handbook(admin_client):
    row = published_example()
    editing.delete_tracked_model(row.tracked_models.get(prefix="CompanyAccount"))
    # Files, a part of a select box, and the handbook itself.
    without = {"trackingmap_document", "trackingmap_search", "trackingmap_help"}
    without |= {"trackingmap_changelog", "trackedmodel_presence", "trackedaction_presence"}
    without |= {"trackingmap_export", "trackingmap_dictionary_file"}
    pages = {name: each for name, each in pages_of(row).items() if name not in without}
    for name, address in {**pages, "home": "/admin/trackadmin/"}.items():
        response = admin_client.get(address, follow=True)
        if response.status_code == 200:
            found = LINK.findall(response.content.decode())
            assert [page for page, _section in found] == [map_page("help")], name


def test_the_handbook_is_there_for_whoever_may_view_maps(client):
    help_page = client_of(client, "view_trackingmap").get(map_page("help"))
    assert "<h2" in help_page.content.decode()
    assert client_of(client, "view_mapversion").get(map_page("help")).status_code == 403


def test_it_is_in_the_readers_language(admin_client):
    with override_settings(LANGUAGE_CODE="de"):
        assert "Die Idee" in admin_client.get(map_page("help")).content.decode()


@override_settings(LANGUAGE_CODE="cs")
def test_without_a_handbook_in_the_readers_language_it_is_english(admin_client):
    assert "The idea" in admin_client.get(map_page("help")).content.decode()
