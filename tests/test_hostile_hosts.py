"""Pages about real objects stand whatever the host's own code says or raises."""

import re
from dataclasses import replace

import pytest

from tests import screens
from tests.drafts import draft, row, the_map
from tests.host.models import Country, Everything
from tests.maps import document, tracked
from tests.screens import map_page, model_page, registered
from trackadmin import editing

pytestmark = [*screens.MARKS, pytest.mark.usefixtures("quiet_profiles")]

LIVE = document(Country=tracked("host.country", ["code"], key="code"))
DRAFT = document(Country=tracked("host.country", ["code", "name"], key="code"))
LONG = "x" * 5_000_000


@pytest.fixture
def pages():
    """The address of each page that reads an object; with what is sent, where it is a POST."""
    Country.objects.create(code="DE", name="Germany")
    draft(LIVE)
    editing.publish("default", by=None)
    draft(DRAFT)
    pk, country = the_map().pk, Country.objects.get().pk
    return [
        (f"{map_page('preview', pk)}?model=Country&by=pk&value={country}", None),
        (f"{map_page('preview', pk)}?model=Country", None),
        (map_page("effect", pk), None),
        (model_page("profile", row("Country").pk), None),
        (map_page("try_url", pk), {"url": "/t/?action=x&Country__code=DE"}),
        (f"{map_page('quality', pk)}?values=1", None),
        (f"{map_page('tracked')}?model=host.country&object={country}", None),
    ]


def opened(client, pages, *, may_view=True):
    """All of their texts."""
    found = []
    for address, sent in pages:
        response = client.get(address) if sent is None else client.post(address, sent)
        # What may not be viewed is not there.
        missing = not may_view and "what-is-tracked" in address
        assert response.status_code == (404 if missing else 200), address
        found.append(response.content.decode())
    return found


TEXTS = {"blank": " ", "long, half a pair and NUL": f"a\ud800b\0{LONG}"}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_whatever_an_object_calls_itself(admin_client, pages, monkeypatch, text):
    monkeypatch.setattr(Country, "__str__", lambda self: text)
    for html in opened(admin_client, pages):
        assert len(html) < 1_000_000
        assert "\0" not in html
        assert not re.search(r"<option[^>]*>\s*</option>", html)


def test_whatever_an_object_raises_when_it_is_named(admin_client, pages, monkeypatch):
    def raising(self):
        raise RecursionError("secret text")

    monkeypatch.setattr(Country, "__str__", raising)
    assert not [html for html in opened(admin_client, pages) if "secret text" in html]


def test_whatever_a_choice_is_called(admin_client, monkeypatch):
    Everything.objects.create(slug="x", status="new")
    draft(document(Everything=tracked("host.everything", ["slug"], key="slug")))
    field = Everything._meta.get_field("status")
    monkeypatch.setattr(field, "choices", [("new", f"half \ud800 pair {LONG}")])
    monkeypatch.delitem(vars(field), "flatchoices", raising=False)
    response = admin_client.get(model_page("profile", row("Everything").pk))
    assert len(response.content) < 1_000_000


@pytest.mark.parametrize("what", ["get_queryset", "has_view_permission", "get_search_fields"])
def test_whatever_the_hosts_admin_raises(admin_client, pages, what):
    """Its words are in the log alone, since they may hold values."""

    def raising(self, *args):
        raise RecursionError("secret text")

    with registered(Country, **{what: raising}):
        found = opened(admin_client, pages, may_view=what != "has_view_permission")
        assert not [html for html in found if "secret text" in html]


def test_a_user_whose_own_name_raises_is_found_by_the_other_names(
    admin_client, admin_user, pages, monkeypatch
):
    def raising(self):
        raise LookupError("secret text")

    monkeypatch.setattr(type(admin_user), "get_full_name", raising)
    entry = editing.build_document("default").models["Country"]
    mine = replace(entry, owner=admin_user.get_username())
    editing.save_tracked_model("default", "Country", mine, tracked_model=row("Country"))
    html = admin_client.get(map_page("change", the_map().pk), {"show": "mine"}).content.decode()
    assert model_page("change", row("Country").pk) in html
