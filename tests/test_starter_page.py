"""The page that starts an empty map from a proposal: who may, what it sends, what it saves."""

import re

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from reversion.models import Revision

from tests.drafts import draft, everything
from tests.maps import document, tracked
from tests.pages import read
from tests.screens import MARKS, client_of, map_page, said, without_the_theme
from tests.test_admin_pages import inline_code
from trackadmin import editing
from trackadmin.models import MapVersion

pytestmark = MARKS

MAY = ("view_trackingmap", "add_trackedmodel", "change_trackedmodel", "change_trackedaction")


@pytest.fixture
def page(settings):
    settings.TRACKADMIN = {"MODELS": ["demo", "auth", "host", "many"]}
    return map_page("start", draft(document()).pk)


def html_of(response):
    return response.content.decode()


def ticked(html):
    return re.findall(r'name="model" value="([^"]+)" checked', html)


def parts(html):
    return re.findall(r'name="leave" value="([^"]+)"', html)


def seen():
    return editing.draft_digest("default")


def test_an_empty_map_offers_it(admin_client, page):
    html = html_of(admin_client.get(page.replace("start/", "change/")))
    assert f'href="{page}" data-into="starter"' in html
    assert '<div id="starter">' in html
    assert 'id="starter"' in html_of(admin_client.get(page))


def test_what_is_ticked_becomes_the_draft_in_one_edit(admin_client, page):
    """As a browser sends the page: its own models are ticked, those of packages are not."""
    html = html_of(admin_client.get(page))
    labels = ticked(html)
    assert "demo.order" in labels
    assert 'value="auth.user"' in html
    assert "auth.user" not in labels
    sent = {
        "expected": seen(),
        "model": ["demo.order", "demo.product", "auth.group"],
        "leave": ["demo.order:status", "demo.product:name"],
    }
    response = admin_client.post(page, sent, follow=True)
    assert said(response)[0].startswith("3 tracked models were saved in the draft.")
    built = editing.build_document("default").models
    assert {entry.model for entry in built.values()} == {*sent["model"]}
    assert [*built["DemoOrder"].attributes] == ["number", "quantity", "total", "placed_at"]
    assert [*built["DemoOrder"].children] == ["product"]
    assert "name" not in built["Product"].attributes
    assert Revision.objects.count() == 1
    assert not MapVersion.objects.exists()


def test_everything_that_is_ticked_at_first_can_be_sent_and_published(admin_client, page):
    html = html_of(admin_client.get(page))
    admin_client.post(page, {"expected": seen(), "model": ticked(html)})
    assert len(editing.build_document("default").models) == len(ticked(html)) > 40
    editing.publish("default", by=None)


def test_looking_writes_nothing(admin_client, page):
    admin_client.get(page)  # the theme makes its own row on the first page
    before = everything()
    with CaptureQueriesContext(connection) as captured:
        admin_client.get(page)
    assert {query["sql"].split()[0] for query in captured} <= {"SELECT"}
    assert everything() == before


def test_nothing_ticked_saves_nothing(admin_client, page):
    before = everything()
    html = html_of(admin_client.post(page, {"expected": seen()}))
    assert "No model is ticked, so nothing was saved." in html
    assert ticked(html) == []
    assert everything() == before


def test_what_was_left_out_stays_so_when_the_page_comes_back(admin_client, page):
    html = html_of(admin_client.post(page, {"expected": seen(), "leave": "demo.order:status"}))
    assert re.findall(r'name="leave" value="([^"]+)" checked', html) == ["demo.order:status"]


@pytest.mark.parametrize(
    "sent",
    [
        {"model": "demo.nothing"},
        {"model": "demo.order", "leave": "demo.order:number"},
        {"expected": "x"},
    ],
)
def test_what_the_page_did_not_offer_is_refused(admin_client, page, sent):
    """The key cannot be left out either."""
    before = everything()
    assert admin_client.post(page, {"expected": seen(), **sent}).status_code == 400
    assert everything() == before


def test_a_map_that_is_not_empty_is_told_so(admin_client, page):
    draft(document(Country=tracked("host.country", ["code"], key="code")))
    before = everything()
    html = html_of(admin_client.get(page))
    assert "This map already has tracked models" in html
    assert 'name="model"' not in html
    response = admin_client.post(page, {"expected": seen(), "model": "demo.order"}, follow=True)
    assert "Nothing was saved" in said(response)[0]
    assert everything() == before
    assert f'href="{page}"' not in html_of(admin_client.get(page.replace("start/", "change/")))


def test_who_comes_second_is_told_and_overwrites_nothing(admin_client, page):
    shown = seen()
    admin_client.post(page, {"expected": shown, "model": "demo.order"})
    before = everything()
    response = admin_client.post(page, {"expected": shown, "model": "demo.product"}, follow=True)
    assert "Somebody changed this map in the meantime" in said(response)[-1]
    assert everything() == before


@pytest.mark.parametrize("missing", MAY)
def test_who_lacks_one_permission_neither_sees_nor_saves_it(client, page, missing):
    client_of(client, *(codename for codename in MAY if codename != missing))
    before = everything()
    assert client.get(page).status_code == 403
    assert client.post(page, {"expected": seen(), "model": "demo.order"}).status_code == 403
    assert page not in html_of(client.get(page.replace("start/", "change/")))
    assert everything() == before


def test_its_permissions_are_enough(client, page):
    client_of(client, *MAY)
    assert client.get(page).status_code == 200
    client.post(page, {"expected": seen(), "model": "demo.order"})
    assert [*editing.build_document("default").models] == ["DemoOrder"]


def test_a_large_site_stays_below_djangos_limit(admin_client, page, monkeypatch):
    """One field for a model and none for what comes along with it; the rest is told."""
    html = html_of(admin_client.get(page))
    assert len(parts(html)) > 100
    monkeypatch.setattr("trackadmin.admin.forms.starter.MOST_MODELS", 10)
    html = html_of(admin_client.get(page))
    assert len(re.findall('name="model"', html)) == 10
    assert "more models. Add them later" in html
    from trackadmin.admin.forms.starter import StarterForm

    monkeypatch.undo()
    many = [*editing.proposals()] * 20
    assert len(StarterForm(many).proposals) <= settings.DATA_UPLOAD_MAX_NUMBER_FIELDS / 2


def test_it_holds_no_inline_code_and_its_form_is_whole(admin_client, page):
    with without_the_theme():
        html = html_of(admin_client.get(page))
    assert inline_code(html) == []
    (form,) = (form for form in read(html).forms if "expected" in form.sent)
    assert form.action == page
    assert "csrfmiddlewaretoken" in form.sent


def test_the_page_sends_few_queries(admin_client, page, django_assert_max_num_queries):
    admin_client.get(page)
    with django_assert_max_num_queries(20):
        admin_client.get(page)
