"""F13: made-up slugs keep no loaders, cause no queries and do not fill the log."""

import random
import string

import pytest
from django.db import OperationalError, connection
from django.test import RequestFactory, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import include, path

from demo.models import CompanyAccount
from tests.versions import NAME_ONLY, announce, insert, insert_text
from trackadmin import testing
from trackadmin.collect.views import collect
from trackadmin.document import digest
from trackadmin.exceptions import UnknownMap
from trackadmin.runtime import current_map, fault_counts, loaders, slugs, store, tracking_values
from trackadmin.runtime.current import _loaders, _near

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 20_000
FOREVER = {"REFRESH_SECONDS": 1000, "STRICT": False}

urlpatterns = [path("t/<slug:map>/", include("trackadmin.collect.urls"))]


@pytest.fixture(autouse=True)
def clean():
    testing.reset()
    yield
    testing.reset()


def made_up(count):
    some = random.Random(7)
    return ["".join(some.choices(string.ascii_lowercase, k=12)) for _ in range(count)]


def visit(slug, query="action=x"):
    assert collect(RequestFactory().get(f"/t/{slug}/?{query}"), map=slug).status_code == 204


@override_settings(TRACKADMIN=FOREVER)
def test_made_up_slugs_leave_nothing_behind(caplog):
    insert(NAME_ONLY)
    assert current_map().number == 1
    with CaptureQueriesContext(connection) as captured:
        for slug in made_up(MANY):
            visit(slug, random.choice(["", "action=x", "Order__id=1", "&".join(["A__b=1"] * 30)]))
    assert len(captured) == 2, "one that there is no such map, and one which maps there are"
    assert len(_loaders) == 1
    assert len(slugs._known) == 1
    assert len(_near) <= 1
    ours = [record.getMessage() for record in caplog.records if record.name == "trackadmin"]
    assert len(ours) < 10, ours
    assert not any(slug in line for slug in made_up(100) for line in ours)
    assert fault_counts()["map.not_published"] == MANY


@override_settings(TRACKADMIN=FOREVER)
def test_real_faults_are_still_logged_after_them(caplog):
    insert(NAME_ONLY)
    for slug in made_up(2000):
        visit(slug)
    insert_text("{", digest("{"), 1, "broken")
    announce(insert(NAME_ONLY, 1, "shop"))
    assert len(tracking_values(CompanyAccount(), map="shop")) == 1
    assert tracking_values(CompanyAccount(), map="broken") == {}
    assert any("broken version 1: map.refused" in record.getMessage() for record in caplog.records)


@override_settings(TRACKADMIN={"REFRESH_SECONDS": 0, "STRICT": False})
def test_map_that_is_not_published_is_named(caplog):
    """A real map has its own place in the log, before and after made-up ones."""
    version = insert(NAME_ONLY)
    version.map.__class__.objects.create(slug="shop", name="Shop")
    visit("madeup")
    assert tracking_values(CompanyAccount(), map="shop") == {}
    assert "shop: map.not_published" in [record.getMessage() for record in caplog.records]


@override_settings(TRACKADMIN=FOREVER)
def test_map_is_served_as_soon_as_it_is_published(caplog):
    insert(NAME_ONLY)
    visit("shop")
    assert tracking_values(CompanyAccount(), map="shop") == {}
    announce(insert(NAME_ONLY, 1, "shop"))
    assert len(tracking_values(CompanyAccount(), map="shop")) == 1


@override_settings(TRACKADMIN={**FOREVER, "STRICT": True})
def test_strict_raises_for_each_and_asks_once():
    insert(NAME_ONLY)
    with CaptureQueriesContext(connection) as captured:
        for slug in made_up(50):
            with pytest.raises(UnknownMap, match="Known maps: default"):
                current_map(slug)
    assert len(captured) == 2
    assert len(_loaders) == 0


@override_settings(TRACKADMIN=FOREVER)
def test_made_up_slugs_while_the_database_is_away(monkeypatch, caplog):
    """Loaders in use are not dropped, and memory is limited."""
    insert(NAME_ONLY)
    snapshot = current_map()

    def fail(*arguments):
        raise OperationalError

    for name in ("newest", "newest_token", "slugs"):
        monkeypatch.setattr(store, name, fail)
    for slug in made_up(2000):
        visit(slug)
    assert current_map() is snapshot
    assert len(_loaders) <= loaders.MAX_EMPTY + 1


@override_settings(TRACKADMIN=FOREVER, ROOT_URLCONF=__name__)
def test_slug_of_a_url_is_logged_in_one_line_and_cut(client, caplog, monkeypatch):
    insert(NAME_ONLY)
    client.get("/t/" + "x" * 5000 + "/?a=1")
    collect(RequestFactory().get("/?a=1"), map="a\nWARNING forged")

    def fail(*arguments):
        raise OperationalError

    monkeypatch.setattr(store, "newest", fail)
    slugs.forget()
    collect(RequestFactory().get("/?a=1"), map="b\nWARNING forged")
    collect(RequestFactory().get("/?a=1"), map="y" * 5000)
    ours = [record.getMessage() for record in caplog.records if record.name == "trackadmin"]
    assert ours
    for line in ours:
        assert line.isprintable()
        assert len(line) < 1000
