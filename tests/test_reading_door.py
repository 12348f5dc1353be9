"""The door for readers: who gets in, to what, and that nothing of any object is behind it."""

import json
import logging

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.test import Client

from tests.maps import EXAMPLE, document, tracked
from trackadmin import editing
from trackadmin.document import parse
from trackadmin.reading.map_views import FILES

pytestmark = pytest.mark.django_db

TOKEN, OTHER = "t" * 32, "o" * 40


@pytest.fixture(autouse=True)
def readers(settings):
    settings.TRACKADMIN = {
        **settings.TRACKADMIN,
        "READER_TOKENS": {"warehouse": TOKEN, "shop": {"TOKEN": OTHER, "MAPS": ["shop"]}},
    }


@pytest.fixture
def published():
    """Two maps: the example, and one whose draft has more."""
    for slug in ("default", "shop"):
        if slug == "shop":
            editing.add_map(slug, name="Shop")
        editing.import_document(slug, EXAMPLE)
        editing.publish(slug, by=None, note="Nobody reads this note.")


def ask(path="", token=TOKEN, **headers):
    headers |= {"Authorization": f"Bearer {token}"} if token else {}
    return Client(raise_request_exception=True).get(f"/tracking/{path}", headers=headers)


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x", "Bearer \xe9"],
)
def test_nobody_reads_without_a_token(published, authorization, django_assert_num_queries):
    headers = {} if authorization is None else {"Authorization": authorization}
    for path in ("", "default/", "default/live/document.json", "nothing/"):
        with django_assert_num_queries(0):
            response = Client().get(f"/tracking/{path}", headers=headers)
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"].startswith("Bearer")
        assert b"User" not in response.content


@pytest.mark.parametrize("wrong", ["", "short", None, 5, lambda: "short", lambda: 1 / 0])
def test_a_token_that_is_no_token_lets_nobody_in(published, settings, wrong, caplog):
    """Neither its text nor the words of an error of the site's code are logged."""
    settings.TRACKADMIN = {**settings.TRACKADMIN, "READER_TOKENS": {"a": wrong}}
    for token in ("", "short", "None", "5"):
        assert ask(token=token).status_code == 401
    assert "division" not in caplog.text


def test_a_token_may_come_from_a_function(published, settings):
    settings.TRACKADMIN = {**settings.TRACKADMIN, "READER_TOKENS": {"a": lambda: OTHER}}
    assert ask(token=OTHER).status_code == 200
    assert ask(token=TOKEN).status_code == 401


def test_a_reader_sees_its_maps_and_does_not_learn_of_others(published):
    everything, some = ask().json()["maps"], ask(token=OTHER).json()["maps"]
    assert [each["map"] for each in everything] == ["default", "shop"]
    assert [each["map"] for each in some] == ["shop"]
    assert ask("shop/live/document.json", OTHER).status_code == 200
    for path in ("default/", "default/1/document.json", "default/live/events.ts"):
        hidden, missing = ask(path, OTHER), ask(path.replace("default", "nothing"), OTHER)
        assert (hidden.status_code, hidden.content) == (missing.status_code, missing.content)
        assert hidden.status_code == 404


def test_the_document_is_the_one_that_was_published(published):
    """The draft is behind no address."""
    editing.import_document("default", document(User=tracked("auth.user", ["id", "date_joined"])))
    (version,) = ask("default/").json()["versions"]
    assert version["digest"] == editing.live_version("default").digest
    for number in ("1", "live"):
        assert parse(ask(f"default/{number}/document.json").content.decode()) == EXAMPLE
    for number in ("0", "2", "01x", "-1", "draft", "9" * 30, "\uff11"):
        assert ask(f"default/{number}/document.json").status_code == 404
    assert ask("default/1/nothing.json").status_code == 404
    assert b"User_date_joined" not in ask("default/live/dictionary.json").content


def test_every_file_is_there_and_has_no_value_of_an_object(published):
    User.objects.create(username="somebody-who-is-here", email="s@example.com")
    for name, (media_type, _write) in FILES.items():
        response = ask(f"default/live/{name}")
        assert response.status_code == 200, name
        assert response.headers["Content-Type"] == media_type
        assert b"User" in response.content
        assert b"somebody-who" not in response.content
        assert b"Nobody reads" not in response.content
    names = {each["name"] for each in ask("default/1/dictionary.json").json()["lines"]}
    assert "User_username" in names
    assert json.loads(ask("default/1/events.schema.json").content)["$defs"]


def test_what_a_reader_has_is_not_sent_again(published):
    first = ask("default/live/dictionary.md")
    etag = first.headers["ETag"]
    again = ask("default/live/dictionary.md", **{"If-None-Match": etag})
    assert (again.status_code, again.content) == (304, b"")
    for response in (first, again):
        assert response.headers["Cache-Control"] == "private, no-cache"
        assert "Authorization" in response.headers["Vary"]
    without = Client().get("/tracking/default/live/dictionary.md", headers={"If-None-Match": etag})
    assert without.status_code == 401
    more = document(**EXAMPLE.models, Country=tracked("host.country", ["code"]))
    editing.import_document("default", more)
    editing.publish("default", by=None)
    assert ask("default/live/dictionary.md", **{"If-None-Match": etag}).status_code == 200


def test_the_words_are_the_same_in_every_language(published):
    path = "default/live/dictionary.csv"
    assert ask(path, **{"Accept-Language": "de"}).content == ask(path).content


def test_it_only_reads(published):
    for method in ("post", "put", "delete", "patch"):
        call = getattr(Client(), method)
        assert call("/tracking/", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_what_is_not_published_or_cannot_be_read_is_a_404(published):
    editing.add_map("empty", name="Empty")
    assert ask("empty/live/document.json").status_code == 404
    assert ask("empty/").json()["versions"] == []


def test_no_token_is_logged(published, caplog):
    caplog.set_level(logging.DEBUG)
    ask("default/9/document.json")
    ask(token=f"{TOKEN}x")
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (["x"], "must be a dict"),
        ({"a": "short"}, "at least 32"),
        ({"a": "x y" * 20}, "without spaces"),
        ({"a": {"TOKEN": TOKEN, "MAP": ["default"]}}, "nothing else"),
        ({"a": {"MAPS": ["default"]}}, "must have TOKEN"),
        ({"a": {"TOKEN": TOKEN, "MAPS": "default"}}, "must be a list"),
        ({"a": TOKEN, "b": {"TOKEN": TOKEN}}, "one token for two"),
    ],
)
def test_a_wrong_setting_is_found_and_no_token_is_told(settings, value, says):
    settings.TRACKADMIN = {**settings.TRACKADMIN, "READER_TOKENS": value}
    found = [each for each in run_checks() if each.id == "trackadmin.E090"]
    assert any(says in f"{each.msg} {each.hint}" for each in found)
    assert not any(TOKEN in f"{each.msg} {each.hint}" for each in found)
