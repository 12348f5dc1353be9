"""Code of the host that fails or takes its time: the preview says so and goes on (E6, F3, F17)."""

import time

import pytest
from django.db import connection, models
from django.test import override_settings

from tests import screens
from tests.host.models import Everything, Person
from tests.maps import attribute, document, tracked
from tests.screens import map_page, registered
from trackadmin import editing
from trackadmin.models import TrackingMap

pytestmark = screens.MARKS

#: What the tests put in place of these has no mark of its own.
COMPUTED = ["host.Everything.double", "host.Everything.shout"]
SECRET = "the words of the error"

MAP = document(
    Everything=tracked("host.everything", ["slug", "double", "shout", "broken"], key="slug"),
    Person=tracked("host.person", [("name", attribute("name", privacy="sent"))], ["boss"]),
)


@pytest.fixture
def page():
    editing.import_document("default", MAP)
    editing.publish("default", by=None)
    return map_page("preview", TrackingMap.objects.get().pk)


@pytest.fixture
def thing(page):
    return Everything.objects.create(slug="thing", text="quiet", integer=21)


def raises(*args, **kwargs):
    raise ZeroDivisionError(SECRET)


def asked(client, page, obj, model="Everything"):
    return client.get(page, {"model": model, "object": obj.pk})


def says(response):
    html = response.content.decode()
    assert response.status_code == 200
    assert "ZeroDivisionError" in html
    assert SECRET not in html
    return html


# E6 ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "member", ["get_queryset", "has_view_permission", "get_search_fields", "get_search_results"]
)
def test_an_admin_of_the_host_that_raises_is_told_and_no_error_page(
    admin_client, page, thing, member
):
    """E6: for the page, the choice of an object, and the search."""
    search = page + "search/"
    with registered(Everything, search_fields=["slug"], **{member: raises}):
        found = admin_client.get(search, {"model": "Everything", "term": "thing"})
        assert found.status_code == 200
        entry = found.json()["results"][0]
        assert entry["disabled"] is True
        assert "ZeroDivisionError" in entry["text"]
        assert SECRET not in found.content.decode()
        if member != "get_search_results":
            says(admin_client.get(page, {"model": "Everything"}))
            says(asked(admin_client, page, thing))
            says(admin_client.get(page, {"model": "Everything", "by": "slug", "value": "thing"}))


@pytest.mark.parametrize("text", [raises, lambda self: None, lambda self: 1])
def test_an_object_without_a_text_is_named_by_its_key(admin_client, page, thing, monkeypatch, text):
    """E6: in the list, in the search and above the values."""
    monkeypatch.setattr(Everything, "__str__", text)
    name = f"Everything {thing.pk} (its text raised"
    assert name in admin_client.get(page, {"model": "Everything"}).content.decode()
    response = asked(admin_client, page, thing)
    assert name in response.content.decode()
    assert '"Everything_slug": "thing"' in response.context["json"]
    assert SECRET not in response.content.decode()
    with registered(Everything, search_fields=["slug"]):
        found = admin_client.get(page + "search/", {"model": "Everything", "term": "thing"})
        assert name in found.json()["results"][0]["text"]


def test_a_long_text_is_cut(admin_client, page, thing, monkeypatch):
    monkeypatch.setattr(Everything, "__str__", lambda self: "x" * 100_000)
    assert len(asked(admin_client, page, thing).content) < 100_000


def test_a_repr_that_raises_breaks_nothing(admin_client, page, thing, monkeypatch):
    """E6: also where an attribute fails, whose error once was shown with its object's repr."""
    monkeypatch.setattr(Everything, "__repr__", raises)
    assert asked(admin_client, page, thing).status_code == 200


@pytest.mark.parametrize("member", ["from_db", "refresh_from_db", "__init__", "__getattribute__"])
def test_a_model_that_cannot_be_loaded_is_told(admin_client, page, thing, monkeypatch, member):
    """E6: whatever of the model raises, there is an answer."""
    queries = ({}, {"object": thing.pk}, {"by": "slug", "value": "thing"})
    broken = classmethod(raises) if member == "from_db" else raises
    monkeypatch.setattr(Everything, member, broken, raising=False)
    for query in queries:
        response = admin_client.get(page, {"model": "Everything", **query})
        assert response.status_code == 200, query
        assert SECRET not in response.content.decode()


@pytest.mark.parametrize("member", ["get_queryset", "has_view_permission"])
def test_a_related_object_whose_admin_raises_is_hidden(admin_client, page, member):
    """F2, E6: what cannot be asked is not shown; the rest is."""
    boss = Person.objects.create(name="the boss")
    someone = Person.objects.create(name="someone", boss=boss)
    editing.import_document(
        "default",
        document(
            Person=tracked("host.person", ["id"], [("boss", "Boss")]),
            Place=tracked("host.place", ["name"]),
        ),
    )

    def of_object(self, request, obj=None):
        return obj is None or obj.pk != boss.pk or raises()

    class Rows(models.QuerySet):
        def filter(self, *args, **lookups):
            return raises() if lookups.get("pk") == boss.pk else super().filter(*args, **lookups)

    members = {
        "has_view_permission": {"has_view_permission": of_object},
        "get_queryset": {"get_queryset": lambda self, request: Rows(Person)},
    }[member]
    with registered(Person, **members):
        response = asked(admin_client, page, someone, "Person")
    rows = {row.name: row.draft for row in response.context["rows"]}
    assert rows["Person_id"] == f'"{someone.pk}"'
    assert rows["Boss_id"] == "hidden"
    assert SECRET not in response.content.decode()


# F3 ----------------------------------------------------------------------------------------------


def test_of_an_error_only_its_type_is_shown(admin_client, page, thing, monkeypatch):
    """F3: an error often quotes the values that caused it."""
    monkeypatch.setattr(Everything, "broken", raises)
    response = asked(admin_client, page, thing)
    says(response)
    told = [fault.problem.message for fault in response.context["problems"]]
    assert "The value is lost: ZeroDivisionError." in told


# F17 ---------------------------------------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch):
    """An attribute that takes its time, and how often it was asked."""
    calls = []

    def double(self):
        calls.append(self.pk)
        time.sleep(0.3)
        return self.integer * 2

    monkeypatch.setattr(Everything, "double", double)
    return calls


def test_draft_and_live_ask_an_attribute_once(admin_client, page, thing, slow):
    """F17: two seconds of sleep held the page for four."""
    response = asked(admin_client, page, thing)
    assert slow == [thing.pk]
    rows = {row.name: row for row in response.context["rows"]}
    row = rows["Everything_double"]
    assert (row.draft, row.live, row.status) == ("42", "42", "same")


def test_an_attribute_that_is_a_pseudonym_in_one_version_is_asked_once(
    admin_client, page, thing, slow
):
    entry = tracked(
        "host.everything", [("double", attribute("double", privacy="pseudonymised"))], key=""
    )
    editing.import_document("default", document(Everything=entry))
    row = asked(admin_client, page, thing).context["rows"][0]
    assert slow == [thing.pk]
    assert row.live == "42"
    assert row.draft.startswith('"default:')
    assert row.status == "changed"


@override_settings(TRACKADMIN={"PREVIEW_SECONDS": 0.2, "COMPUTED": COMPUTED})
def test_after_the_time_limit_no_more_code_of_the_host_runs(
    admin_client, page, thing, slow, monkeypatch
):
    """F17: what was not computed says so, in place of a value; columns are shown."""
    monkeypatch.setattr(Everything, "shout", property(raises))
    started = time.monotonic()
    response = asked(admin_client, page, thing)
    assert time.monotonic() - started < 5
    rows = {row.name: row for row in response.context["rows"]}
    assert slow == [thing.pk]
    assert rows["Everything_slug"].draft == '"thing"'
    assert rows["Everything_double"].draft == "42", "it had begun in time"
    late = rows["Everything_shout"]
    assert (late.draft, late.live, late.status) == (*["not computed: time limit"] * 2, "unknown")
    html = response.content.decode()
    assert "ZeroDivisionError" not in html, "it did not run"
    assert html.count("runs the site&#x27;s code for at most 0.2 s") == 1
    assert '"Everything_shout": "not computed: time limit"' in response.context["json"]


@override_settings(TRACKADMIN={"PREVIEW_SECONDS": 0})
def test_related_objects_are_code_of_the_host_too(admin_client, page):
    """A relation may be a descriptor, and loading runs the model's own code."""
    someone = Person.objects.create(name="x", boss=Person.objects.create(name="boss"))
    editing.import_document(
        "default",
        document(
            Person=tracked("host.person", ["id"], ["profile"]),
            Profile=tracked("host.profile", ["nickname"]),
        ),
    )
    rows = {
        row.name: row.draft for row in asked(admin_client, page, someone, "Person").context["rows"]
    }
    assert rows["Person_id"] == f'"{someone.pk}"'
    assert rows["Profile_nickname"] == "not computed: time limit"


@pytest.mark.postgresql
@override_settings(TRACKADMIN={"PREVIEW_SECONDS": 0.5, "COMPUTED": COMPUTED})
def test_a_slow_query_is_ended(admin_client, page, thing, monkeypatch):
    """F17: on PostgreSQL the server ends it, and the page's other queries have no limit after."""

    def sleeps(self):
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(20)")

    monkeypatch.setattr(Everything, "shout", property(sleeps))
    started = time.monotonic()
    response = asked(admin_client, page, thing)
    assert time.monotonic() - started < 10
    told = [fault.problem.message for fault in response.context["problems"]]
    assert any("The value is lost" in words for words in told)
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == ("0",)
