"""System checks: every setting has one, and a deploy with a drifted map fails."""

import logging
import os
import re
import subprocess
import sys
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.test import override_settings

from tests.maps import document, tracked
from tests.versions import insert, insert_text
from trackadmin import checks
from trackadmin.checks import RULES, check_live_map, check_settings
from trackadmin.conf import DEFAULTS
from trackadmin.models import MapVersion

ROOT = Path(__file__).resolve().parent.parent
SETTINGS_PAGE = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")

UNREACHABLE = """
from tests.settings import *
DATABASES = {
    alias: {"ENGINE": "django.db.backends.postgresql", "NAME": "x", "HOST": "127.0.0.1", "PORT": 1}
    for alias in ("default", "other")
}
STATIC_ROOT = "static"
# From 6.1 on, Django itself asks PostgreSQL which release it is where a column is generated.
INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "tests.corners"]
"""


class BrokenSink:
    """It has no method write."""


class GoodSink:
    def write(self, event):
        pass


def found(**settings):
    """The ids that these settings give, without the prefix; each message and hint reads well."""
    with override_settings(TRACKADMIN=settings):
        messages = check_settings(None)
    for message in messages:
        assert message.msg
        assert message.hint
        assert message.id.startswith("trackadmin.")
    return [message.id.removeprefix("trackadmin.") for message in messages]


# ── The settings ───────────────────────────────────────────────────────────────────────────────


def test_the_defaults_and_the_tests_own_settings_are_sound():
    assert found() == []
    assert found(**DEFAULTS) == []


def test_every_setting_has_one_check_of_its_own():
    assert RULES.keys() == DEFAULTS.keys()
    numbers = [number for number, _ in RULES.values()]
    assert len(set(numbers)) == len(numbers)
    assert all(re.fullmatch(r"E\d{3}", number) for number in numbers)


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("STRICT", 1),
        ("STRICT", "yes"),
        ("REFRESH_SECONDS", "1"),
        ("REFRESH_SECONDS", True),
        ("REFRESH_SECONDS", -1),
        ("REFRESH_SECONDS", float("nan")),
        ("REFRESH_SECONDS", None),
        ("MODELS", "demo"),
        ("MODELS", [1]),
        ("EXCLUDE", None),
        ("EXCLUDE", "demo"),
        ("EXCLUDE", ["demo.Order.nothing"]),
        ("EXCLUDE", [""]),
        ("ALLOW", {"demo.Order": True}),
        ("DENY_WORDS", "margin"),
        ("DENY_WORDS", [" "]),
        ("COMPUTED", "demo.BuyerProfile.order_count"),
        ("PSEUDONYM_KEYS", "secret"),
        ("PSEUDONYM_KEYS", {}),
        ("PSEUDONYM_KEYS", {"a:b": "secret"}),
        ("PSEUDONYM_KEYS", {"": "secret"}),
        ("PSEUDONYM_KEYS", {"2026": ""}),
        ("PSEUDONYM_KEYS", {"2026": b"secret"}),
        ("REQUIRE_NOTE", None),
        ("REVIEWS", 1),
        ("REVIEWS", {"APPROVALS": -1}),
        ("REVIEWS", {"APPROVALS": True}),
        ("REVIEWS", {"APPROVALS": "1"}),
        ("REVIEWS", {"APPROVAL": 1}),
        ("REVIEWS", {"LAST_EDITOR_MAY_APPROVE": 1}),
        ("REVIEWS", {"ROLLBACKS": None}),
        ("SINKS", "tests.test_checks.GoodSink"),
        ("SINKS", ["tests.test_checks.NoSink"]),
        ("SINKS", ["tests.nothing.NoSink"]),
        ("SINKS", ["tests.test_checks.BrokenSink"]),
        ("SINKS", ["nodots"]),
        ("BOOTSTRAP_FILE", 5),
        ("BOOTSTRAP_FILE", ""),
        ("TOKEN_CACHE", "nothing"),
        ("TOKEN_CACHE", 5),
        ("MAX_NAMES", 0),
        ("MAX_NAMES", "many"),
        ("MAX_NAMES", True),
        ("MAX_REFERENCES", 2.5),
        ("MAX_TABLES", 0),
        ("PREVIEW_SECONDS", "2"),
        ("PREVIEW_SECONDS", -1),
        ("PROFILE_ROWS", 0),
        ("PROFILE_MILLISECONDS", 0.5),
        ("PROFILE_KEPT_SECONDS", -1),
        ("EFFECT_OBJECTS", 0),
        ("DUE", {"WAIVER_DAYS": 0}),
        ("EFFECT_SECONDS", "5"),
        ("GUESSABLE_KEYS", "sinned"),
        ("GUESSABLE_KEYS", 1),
        ("GUESSABLE_KEYS", ["open"]),
        ("LINT", None),
        ("LINT", {"owner": "fatal"}),
        ("LINT", {"owner": []}),
        ("LINT", {"owners": "hint"}),
        ("LINT", {"prefix": "["}),
        ("LINT", {"attribute": ""}),
        ("LINT", {"attribute": 5}),
        ("LINT", {"rows": 0}),
        ("LINT", {"seconds": "2"}),
        ("SINK_SECONDS", "2"),
        ("SINK_SECONDS", -1),
        ("ORIGINS", None),
        ("ORIGINS", "https://www.example.com"),
        ("ORIGINS", ["www.example.com"]),
        ("ORIGINS", ["https://www.example.com/"]),
        ("ORIGINS", ["https://WWW.example.com"]),
        ("ORIGINS", ["https://["]),
        ("ORIGINS", ["null"]),
    ],
)
def test_a_wrong_value_is_told_under_its_own_id(key, wrong):
    assert found(**{key: wrong}) == [RULES[key][0]]


@pytest.mark.parametrize(
    ("key", "right"),
    [
        ("STRICT", True),
        ("REFRESH_SECONDS", 0),
        ("MODELS", ["demo", "auth.User"]),
        ("MODELS", ("DEMO.order",)),
        ("MODELS", []),
        ("EXCLUDE", {"demo.Order.number", "auth"}),
        ("ALLOW", ["host.Everything.api_token"]),
        ("DENY_WORDS", ["margin"]),
        ("COMPUTED", ["demo.BuyerProfile.order_count"]),
        ("PSEUDONYM_KEYS", {"2025": "a", "2026": "b"}),
        ("SINKS", ["tests.test_checks.GoodSink"]),
        ("SINKS", []),
        ("BOOTSTRAP_FILE", __file__),
        ("BOOTSTRAP_FILE", Path(__file__)),
        ("MAX_REFERENCES", 1),
        ("MAX_TABLES", 100),
        ("PREVIEW_SECONDS", 0.5),
        ("PROFILE_ROWS", 1),
        ("PROFILE_MILLISECONDS", 100),
        ("PROFILE_KEPT_SECONDS", 0),
        ("EFFECT_OBJECTS", 1),
        ("DUE", {"WAIVER_DAYS": None, "UNDECIDED_DAYS": 7}),
        ("EFFECT_SECONDS", 0),
        ("LINT", {}),
        ("LINT", {"owner": "off", "description": "error", "prefix": r"\w+", "rows": 10}),
        ("SINK_SECONDS", None),
        ("SINK_SECONDS", 0.5),
        ("ORIGINS", "*"),
        ("ORIGINS", ["*"]),
        ("ORIGINS", ["https://www.example.com", "http://[::1]:8000", "app://localhost"]),
    ],
)
def test_right_values_pass(key, right):
    assert found(**{key: right}) == []


@pytest.mark.parametrize(
    ("key", "stale", "why"),
    [
        ("MODELS", "demmo", "no such thing"),
        ("MODELS", "demo.Nothing", "no such thing"),
        ("MODELS", "demo.Order.number", "no such thing"),
        ("ALLOW", "demo", "no such thing"),
        ("ALLOW", "demo.Gone", "no such thing"),
        ("ALLOW", "demo.Order.gone_token", "no such thing"),
        ("ALLOW", "auth.User.password", "still cannot"),
        ("ALLOW", "host.Order.objects", "a manager"),
        ("ALLOW", "host.Person.order_set", "a relation"),
        ("COMPUTED", "demo.BuyerProfile", "no such thing"),
        ("COMPUTED", "demo.BuyerProfile.renamed", "no such thing"),
        ("COMPUTED", "gone.Model.name", "no such thing"),
        ("COMPUTED", "host.Order.objects", "a manager"),
        ("COMPUTED", "host.Order.person", "a relation"),
        ("COMPUTED", "host.Order.tags", "a relation"),
        ("COMPUTED", "host.Person.order_set", "a relation"),
        ("COMPUTED", "host.Order.number", "a field"),
        ("COMPUTED", "host.Order.delete", "still cannot"),
    ],
)
def test_an_entry_without_effect_is_a_warning_that_stops_no_command(key, stale, why):
    """B8. A package renamed a property: migrate and rollback must still run."""
    with override_settings(TRACKADMIN={key: [stale]}):
        (message,) = check_settings(None)
        call_command("check", stdout=StringIO(), stderr=StringIO())
    assert message.id == "trackadmin.W053"
    assert not message.is_serious()
    assert key in message.msg
    assert why in message.msg


@pytest.mark.parametrize("entry", ["demo.Order.gone", "gone", "demo.Gone"])
def test_an_entry_of_exclude_that_names_nothing_is_an_error(entry):
    """B8. What was to be kept back may now be tracked under another name."""
    assert found(EXCLUDE=[entry]) == ["E004"]


@pytest.mark.parametrize("entry", ["host.Order.tags", "host.Order.person", "host.Person.order_set"])
def test_a_relation_may_be_excluded(entry):
    assert found(EXCLUDE=[entry]) == []


def test_what_exclude_keeps_back_needs_no_warning_elsewhere():
    assert found(EXCLUDE=["demo.Order.number"], ALLOW=["demo.Order.number"]) == []


def test_no_secret_is_shown():
    for keys in ("hunter2", ["hunter2"], {"a:b": "hunter2"}, {"": "hunter2"}):
        with override_settings(TRACKADMIN={"PSEUDONYM_KEYS": keys}):
            assert "hunter2" not in str(check_settings(None))


def test_an_unknown_key_is_told_with_what_it_may_be():
    with override_settings(TRACKADMIN={"MODEL": [], "strict": True}):
        messages = {m.msg: m for m in check_settings(None)}
    assert {m.id for m in messages.values()} == {"trackadmin.E021"}
    hints = " ".join(str(m.hint) for m in messages.values())
    assert "'MODELS'" in hints
    assert "'STRICT'" in hints


def test_what_is_no_dict_is_told():
    with override_settings(TRACKADMIN=["MODELS"]):
        assert [m.id for m in check_settings(None)] == ["trackadmin.E020"]


def test_several_mistakes_are_told_at_once():
    assert sorted(found(STRICT=5, MAX_NAMES=0, MORE=1)) == ["E001", "E013", "E021"]


def test_a_bootstrap_file_that_is_not_there_is_a_warning(tmp_path):
    assert found(BOOTSTRAP_FILE=str(tmp_path / "map.json")) == ["W004"]


def test_events_that_the_logging_drops_are_a_warning(monkeypatch):
    """A site that configures no logging would wait for its events for ever."""
    logger = logging.getLogger("trackadmin.events")
    monkeypatch.setattr(logger, "level", logging.NOTSET)
    logger.manager._clear_cache()
    try:
        assert found() == ["W007"]
        assert found(SINKS=["demo.sinks.TableSink"]) == []
    finally:
        logger.manager._clear_cache()


def test_a_cache_of_one_process_alone_is_a_warning():
    """The default cache of Django is such a one."""
    assert found(TOKEN_CACHE="default") == ["W005"]
    redis = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache"}}
    with override_settings(CACHES=redis):
        assert found(TOKEN_CACHE="default") == []


# ── The installation ───────────────────────────────────────────────────────────────────────────


def installed(*names):
    class Config:
        def __init__(self, name):
            self.name = name

    return lambda: [Config(name) for name in names]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["admin_interface", "django.contrib.admin", "reversion"], []),
        (["django.contrib.admin", "reversion"], []),
        (["reversion"], []),
        (["django.contrib.admin", "admin_interface", "reversion"], ["W001"]),
        (["admin_interface", "django.contrib.admin"], ["W002"]),
    ],
)
def test_the_list_of_apps(names, expected, monkeypatch):
    monkeypatch.setattr(checks.apps, "get_app_configs", installed(*names))
    assert [m.id.removeprefix("trackadmin.") for m in checks._installation()] == expected


def test_frames_that_are_denied():
    middleware = ["django.middleware.clickjacking.XFrameOptionsMiddleware"]
    with override_settings(MIDDLEWARE=middleware, X_FRAME_OPTIONS="DENY"):
        assert found() == ["W003"]
    with override_settings(MIDDLEWARE=middleware, X_FRAME_OPTIONS="SAMEORIGIN"):
        assert found() == []
    with override_settings(MIDDLEWARE=[], X_FRAME_OPTIONS="DENY"):
        assert found() == []


# ── The live maps ──────────────────────────────────────────────────────────────────────────────

DRIFTED = document(CompanyAccount=tracked("demo.companyaccount", ["name", "gone"], key="name"))


def live(databases=("default",)):
    return check_live_map(None, databases=databases)


@pytest.mark.django_db
def test_a_sound_live_map_passes():
    insert()
    assert live() == []
    call_command("check", databases=["default"])


@pytest.mark.django_db
def test_without_a_version_there_is_nothing_to_say():
    assert live() == []


@pytest.mark.django_db
def test_a_drifted_live_map_fails_the_check_of_a_deploy():
    insert(DRIFTED)
    (message,) = live()
    assert message.id == "trackadmin.E101"
    assert "'default'" in message.msg
    assert "CompanyAccount.gone" in message.msg
    with pytest.raises(SystemCheckError, match=r"trackadmin\.E101"):
        call_command("check", databases=["default"])


@pytest.mark.django_db
def test_what_the_settings_no_longer_allow_is_drift_too():
    insert()
    given = {"EXCLUDE": ["demo.CompanyAccount.is_demo"], "GUESSABLE_KEYS": "open"}
    with override_settings(TRACKADMIN=given):
        (message,) = live()
    assert message.id == "trackadmin.E101"
    assert "CompanyAccount.is_demo" in message.msg


GUESSABLE = document(
    User=tracked("auth.user", ["id", "username", "email"], key="id"),
    BuyerProfile=tracked("demo.buyerprofile", ["uuid"], key="uuid"),
)


@pytest.mark.django_db
def test_keys_that_can_be_guessed_need_a_decision():
    """A UUID needs none, nor does a model for which the map demands a signature."""
    insert(GUESSABLE)
    undecided = override_settings(TRACKADMIN={})
    with undecided:
        (message,) = live()
    assert (message.id, message.level) == ("trackadmin.W080", 30)
    assert re.findall(r"\w+__\w+", str(message.msg)) == ["User__id"]
    assert "GUESSABLE_KEYS" in str(message.hint)
    for decided in ("open", "signed", True, False):
        with override_settings(TRACKADMIN={"GUESSABLE_KEYS": decided}):
            assert live() == []
    signed = replace(GUESSABLE.models["User"], signed_only=True)
    insert(replace(GUESSABLE, models={**GUESSABLE.models, "User": signed}), number=2)
    with undecided:
        assert live() == []


@pytest.mark.django_db
def test_only_the_newest_version_counts():
    insert(DRIFTED, number=1)
    insert(number=2)
    assert live() == []


@pytest.mark.django_db
def test_every_map_is_checked():
    insert(DRIFTED, slug="one")
    insert(DRIFTED, slug="two")
    insert(slug="three")
    assert [re.findall(r"map '(\w+)'", str(m.msg)) for m in live()] == [["one"], ["two"]]


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["{}", "nothing", '{"format":99,"models":{}}'])
def test_a_version_that_cannot_be_served_fails(text):
    insert_text(text, "0" * 64)
    (message,) = live()
    assert message.id == "trackadmin.E102"


@pytest.mark.django_db
@pytest.mark.parametrize("databases", [None, (), ("other",)])
def test_the_database_is_left_alone_where_it_is_not_asked(databases, django_assert_num_queries):
    insert(DRIFTED)
    with django_assert_num_queries(0):
        assert live(databases) == []
        call_command("check", **({"databases": databases} if databases else {}))


@pytest.mark.django_db(transaction=True)
def test_before_the_tables_are_there_it_says_nothing():
    """The first migrate of a site runs this check as well."""
    insert(DRIFTED)
    table = MapVersion._meta.db_table
    with connection.schema_editor() as editor:
        editor.alter_db_table(MapVersion, table, "elsewhere")
    try:
        assert live() == []
    finally:
        with connection.schema_editor() as editor:
            editor.alter_db_table(MapVersion, "elsewhere", table)
    assert [m.id for m in live()] == ["trackadmin.E101"]


@pytest.mark.django_db
def test_tables_of_an_older_release_are_a_warning_that_lets_migrate_run(monkeypatch):
    def fail(*where):
        raise checks.DatabaseError("no such column")

    insert()
    monkeypatch.setattr(checks, "live_problems", fail)
    (message,) = live()
    assert message.id == "trackadmin.W006"
    assert message.level < 40  # an error is 40 and stops


@pytest.mark.parametrize(
    "arguments",
    [
        ["-m", "django", "check"],
        ["-m", "django", "check", "--deploy", "--fail-level", "ERROR"],
        ["-m", "django", "collectstatic", "--dry-run", "--no-input", "-v0"],
        ["-c", "import django; django.setup(); import trackadmin.runtime, trackadmin.editing"],
    ],
    ids=["check", "deploy", "collectstatic", "import"],
)
def test_no_database_is_needed(arguments, tmp_path):
    """Import, check and collectstatic work where the database cannot be reached."""
    (tmp_path / "unreachable.py").write_text(UNREACHABLE)
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "unreachable",
        "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)]),
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "trackadmin." not in done.stderr


# ── The page about the settings ────────────────────────────────────────────────────────────────


def test_every_setting_has_a_heading_in_the_docs():
    headings = re.findall(r"^### (\w+)$", SETTINGS_PAGE, re.MULTILINE)
    assert sorted(headings) == sorted(DEFAULTS)


@pytest.mark.parametrize("key", DEFAULTS)
def test_the_docs_give_its_default_and_its_check(key):
    section = re.split(r"^#+ ", SETTINGS_PAGE.partition(f"### {key}\n")[2], flags=re.MULTILINE)[0]
    assert f"Default: `{DEFAULTS[key]!r}`".replace("'", '"') in section.replace("'", '"')
    assert f"`trackadmin.{RULES[key][0]}`" in section


def test_the_docs_list_every_check():
    files = (ROOT / "trackadmin" / "checks").glob("*.py")
    source = "".join(file.read_text(encoding="utf-8") for file in files)
    numbers = set(re.findall(r'"(?:trackadmin\.)?([EW]\d{3})"', source))
    assert len(numbers) > len(DEFAULTS)
    assert numbers == set(re.findall(r"trackadmin\.([EW]\d{3})", SETTINGS_PAGE))


@pytest.mark.parametrize("entry", ["shop", "host.Nobody", "tests.wide.models.Nobody", "x.y"])
def test_an_entry_of_harmless_loading_that_names_nothing_is_a_warning(entry):
    """E1: a declaration that has no effect is seen; it breaks no deploy."""
    assert found(HARMLESS_LOADING=[entry]) == ["W034"]


@pytest.mark.parametrize(
    "entry", ["wide", "wide.Shouted", "tests.wide.models.Shouting", "tests.wide.site.fill"]
)
def test_an_app_a_model_a_class_and_a_function_may_be_harmless(entry):
    assert found(HARMLESS_LOADING=[entry]) == []
