"""System checks: the settings and the installation always, the live maps where a database is asked.

Each setting has one id, listed in ``docs/settings.md``; an id never changes its meaning.
"""

from __future__ import annotations

import difflib
import logging
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from pydoc import locate
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage, Error, Info, Warning
from django.db import Error as DatabaseError
from django.db import connections, router
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve
from django.utils import translation
from django.utils.module_loading import import_string

from trackadmin.catalog import catalog
from trackadmin.catalog.labels import model_of
from trackadmin.conf import DEFAULTS
from trackadmin.exceptions import few
from trackadmin.models import MapVersion, TrackingMap
from trackadmin.runtime import live_problems
from trackadmin.runtime.address import Place, is_tracking_view, places
from trackadmin.runtime.current import DEFAULT_MAP

#: What is wrong with a value and what to do about it, for each fault.
Faults = Iterator[tuple[str, str]]

ADMIN, THEME, HISTORY = "django.contrib.admin", "admin_interface", "reversion"
REVISIONS = "reversion.middleware.RevisionMiddleware"
FRAMES = "django.middleware.clickjacking.XFrameOptionsMiddleware"
#: The sink that writes to a logger, and the logger's name.
LOG_SINK, EVENTS = "trackadmin.collect.sinks.LogSink", "trackadmin.events"
#: Scheme, host and port, as a browser sends them.
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?")
#: Caches that each process has to itself, so that none hears of another's publish.
PRIVATE_CACHES = ("LocMemCache", "DummyCache")


def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The settings and the list of apps; asks no database."""
    raw = getattr(django_settings, "TRACKADMIN", {})
    if not isinstance(raw, dict):
        message = f"TRACKADMIN must be a dict, not {type(raw).__name__}."
        return [Error(message, "Write TRACKADMIN = {…}.", id="trackadmin.E020")]
    wrong = list(_wrong_values(raw))
    # What a value says is only worth a look where it is one.
    closer = [] if wrong else [*_strange_entries(), *_doubts(raw)]
    return [*_unknown_keys(raw), *wrong, *closer, *_installation(), *_transactions()]


def check_live_map(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Whether the live version of each map can be served whole, by the code as it is now.

    Runs where Django is told to ask a database that holds maps: ``check --database`` and
    ``migrate``. Before the tables are there it has nothing to say.
    """
    return [message for alias in databases or () for message in _live_maps(alias)]


def _live_maps(alias: str) -> list[CheckMessage]:
    """What is wrong with the maps in this database; no router is asked for a tenant's."""
    try:
        if not router.allow_migrate_model(alias, MapVersion):
            return []
        if MapVersion._meta.db_table not in connections[alias].introspection.table_names():
            return []
        slugs = list(TrackingMap.objects.db_manager(alias).values_list("slug", flat=True))
        return [message for slug in slugs for message in _live_map(slug, alias)]
    except DatabaseError as error:
        # An error would stop the very migration that puts this right.
        message = f"The tracking maps cannot be read: {error}."
        hint = "Migrate the database, then check again."
        return [Warning(message, hint, id="trackadmin.W006")]


def _live_map(slug: str, alias: str) -> Iterator[CheckMessage]:
    problems = live_problems(slug, alias)
    if not problems:
        return
    lines = "\n".join(f"  {problem}" for problem in few(problems))
    if problems[0].code == "map.refused":
        message = f"The live version of the tracking map {slug!r} cannot be served:\n{lines}"
        yield Error(message, "Publish the map again, or roll back.", id="trackadmin.E102")
    else:
        message = f"The live version of the tracking map {slug!r} has drifted:\n{lines}"
        hint = (
            "Publish the map without these before the code is deployed, or give the code back what "
            "the map names. Until then they are missing from every event."
        )
        yield Error(message, hint, id="trackadmin.E101")


def check_addresses(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whether a visitor who asks for the tracking URL gets it, in each URLconf of the settings."""
    try:
        found = {urlconf: places(urlconf) for urlconf in _urlconfs()}
        with translation.override(django_settings.LANGUAGE_CODE):
            hidden = [each for urlconf in found for each in _hidden(urlconf, found[urlconf])]
    except Exception:  # noqa: BLE001 a URLconf that is broken is reported by Django itself
        return []
    include = 'path("t/", include("trackadmin.collect.urls"))'
    if not any(found.values()):
        message = "No URLconf of the site includes the tracking URL."
        hint = (
            f"Put {include} first in urlpatterns. Where you track from Python only, add "
            "'trackadmin.W046' to SILENCED_SYSTEM_CHECKS."
        )
        return [Warning(message, hint, id="trackadmin.W046")]
    without = [
        Info(
            f"The URLconf {urlconf!r} does not include the tracking URL.",
            f"Where its pages use {{% tracking_url %}}, put {include} first in its urlpatterns.",
            id="trackadmin.W048",
        )
        for urlconf, there in found.items()
        if not there
    ]
    return [*hidden, *without]


def _hidden(urlconf: str, there: Iterable[Place]) -> Iterator[CheckMessage]:
    """The places whose address leads to another view, or to another map."""
    for place in there:
        try:
            address = place.address(place.map or DEFAULT_MAP, urlconf)
        except NoReverseMatch:
            continue  # what the address needs is only known in a request
        prefix = get_script_prefix().rstrip("/")
        try:
            match = resolve(address.removeprefix(prefix), urlconf)
        except Resolver404:
            continue
        if not is_tracking_view(match.func):
            what = f"the view {match.view_name or match.func!r} (route {match.route!r})"
            hint = "Put the tracking URL before it in urlpatterns: the first that matches answers."
        elif place.map and match.kwargs.get("map", DEFAULT_MAP) != place.map:
            what = f"the tracking URL of the map {match.kwargs.get('map', DEFAULT_MAP)!r}"
            hint = "Include each map's tracking URL with a namespace and at an address of its own."
        else:
            continue
        which = f"the map {place.map or DEFAULT_MAP!r} in the URLconf {urlconf!r}"
        message = f"The tracking URL {address!r} of {which} is answered by {what}."
        yield Warning(message, hint, id="trackadmin.W047")


def _urlconfs() -> list[Any]:
    """The site's URLconf, and those that settings of other packages name, such as django-hosts."""
    found: list[Any] = [django_settings.ROOT_URLCONF]
    for name in dir(django_settings):
        if "URLCONF" in name and isinstance(value := getattr(django_settings, name), str | dict):
            found += value.values() if isinstance(value, dict) else [value]
    hosts = getattr(django_settings, "ROOT_HOSTCONF", None)
    if hosts:
        found += [host.urlconf for host in import_module(hosts).host_patterns]
    return [*dict.fromkeys(each for each in found if isinstance(each, str))]


def _unknown_keys(raw: dict[Any, Any]) -> Iterator[CheckMessage]:
    for key in raw.keys() - DEFAULTS.keys():
        near = difflib.get_close_matches(str(key).upper(), DEFAULTS, n=1)
        hint = f"Is it {near[0]!r}?" if near else f"Legal: {', '.join(DEFAULTS)}."
        yield Error(f"TRACKADMIN has no setting {key!r}.", hint, id="trackadmin.E021")


def _wrong_values(raw: dict[Any, Any]) -> Iterator[CheckMessage]:
    for key, (number, faults) in RULES.items():
        for fault, hint in faults(raw.get(key, DEFAULTS[key])):
            yield Error(f"TRACKADMIN[{key!r}] {fault}.", hint, id=f"trackadmin.{number}")


def _strange_entries() -> Iterator[CheckMessage]:
    for stray in catalog().strays():
        message = f"TRACKADMIN[{stray.setting!r}] has the entry {stray.entry!r}, but {stray.why}."
        hint = "Correct its spelling, or take it out. A field is written app.Model.field."
        if stray.setting == "EXCLUDE":
            # What it names would be tracked unseen under another name.
            yield Error(message, hint, id=f"trackadmin.{RULES['EXCLUDE'][0]}")
        else:
            # Less is offered than was meant. That must not stop a migrate or a rollback.
            yield Warning(message, hint, id="trackadmin.W053")


def _doubts(raw: dict[Any, Any]) -> Iterator[CheckMessage]:
    path = raw.get("BOOTSTRAP_FILE")
    if isinstance(path, str | Path) and not Path(path).is_file():
        message = f"TRACKADMIN['BOOTSTRAP_FILE'] names {str(path)!r}, and there is no such file."
        hint = "Write it with 'manage.py trackadmin export --format bootstrap'."
        yield Warning(message, hint, id="trackadmin.W004")
    for entry in raw.get("HARMLESS_LOADING", ()):
        if not _is_code(entry):
            message = (
                f"TRACKADMIN['HARMLESS_LOADING'] has the entry {entry!r}, and it names nothing."
            )
            hint = "Write an app, a model such as 'shop.Order', or the dotted path of a class."
            yield Warning(message, hint, id="trackadmin.W034")
    cache = django_settings.CACHES.get(str(raw.get("TOKEN_CACHE")), {})
    if str(cache.get("BACKEND", "")).endswith(PRIVATE_CACHES):
        message = "TRACKADMIN['TOKEN_CACHE'] names a cache that each process has to itself."
        hint = "Name one that all processes share, such as Redis, or leave the setting out."
        yield Warning(message, hint, id="trackadmin.W005")
    logs = LOG_SINK in raw.get("SINKS", DEFAULTS["SINKS"])
    if logs and not logging.getLogger(EVENTS).isEnabledFor(logging.INFO):
        message = (
            f"Events go to the logger {EVENTS!r}, and LOGGING drops them: their level is INFO."
        )
        hint = f"Give {EVENTS!r} a handler and the level INFO in LOGGING, or name another sink."
        yield Warning(message, hint, id="trackadmin.W007")


def _is_code(entry: str) -> bool:
    """Whether an entry names an app, a model, or a class or function by its dotted path."""
    if any(config.label.lower() == entry.lower() for config in apps.get_app_configs()):
        return True
    return model_of(entry) is not None or locate(entry) is not None


def _installation() -> Iterator[CheckMessage]:
    names = [config.name for config in apps.get_app_configs()]
    if {ADMIN, THEME} <= set(names) and names.index(THEME) > names.index(ADMIN):
        message = f"{THEME!r} comes after {ADMIN!r} in INSTALLED_APPS, so its theme does not show."
        yield Warning(message, f"Put {THEME!r} before it.", id="trackadmin.W001")
    if HISTORY not in names:
        message = f"{HISTORY!r} is not in INSTALLED_APPS, so maps cannot be edited in this process."
        yield Warning(message, f"Add {HISTORY!r}, and migrate.", id="trackadmin.W002")
    framed = THEME in names and FRAMES in django_settings.MIDDLEWARE
    if framed and django_settings.X_FRAME_OPTIONS == "DENY":
        message = (
            "X_FRAME_OPTIONS is 'DENY', so the admin's windows for related objects stay empty."
        )
        hint = "Set X_FRAME_OPTIONS = 'SAMEORIGIN', and silence 'security.W019'."
        yield Warning(message, hint, id="trackadmin.W003")


def _transactions() -> Iterator[CheckMessage]:
    """What opens a transaction around whole requests, where SQLite cannot bear it."""
    try:
        alias = router.db_for_write(TrackingMap)
    except Exception:  # noqa: BLE001 a router that wants a tenant to be chosen first
        return
    database = connections[alias].settings_dict
    waits = database.get("OPTIONS", {}).get("transaction_mode") in ("IMMEDIATE", "EXCLUSIVE")
    if connections[alias].vendor == "sqlite" and not waits:
        for path in filter(_opens_a_revision, django_settings.MIDDLEWARE):
            message = (
                f"The middleware {path!r} runs each request in a transaction that begins with a "
                "read. When two editors save at the same time, SQLite answers one of them with "
                "'database is locked'."
            )
            hint = (
                f"Set 'OPTIONS': {{'transaction_mode': 'IMMEDIATE'}} in DATABASES[{alias!r}], or "
                "use a subclass of the middleware with atomic = False."
            )
            yield Warning(message, hint, id="trackadmin.W054")


def _opens_a_revision(path: str) -> bool:
    try:
        middleware = import_string(path)
    except ImportError:
        return False  # Django itself says so when the site starts
    kinds = {f"{cls.__module__}.{cls.__qualname__}" for cls in getattr(middleware, "__mro__", ())}
    return REVISIONS in kinds and bool(getattr(middleware, "atomic", True))


def _switch(value: Any) -> Faults:
    if not isinstance(value, bool):
        yield f"must be True or False, not {value!r}", "Write True or False."


def _switch_or_none(value: Any) -> Faults:
    if value is not None:
        yield from _switch(value)


def _seconds(value: Any) -> Faults:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0:
        yield f"must be a number of seconds, not {value!r}", "Write 1.0 for one second, 0 for none."


def _seconds_or_none(value: Any) -> Faults:
    if value is not None:
        yield from _seconds(value)


def _origins(value: Any) -> Faults:
    if value == "*":
        return
    wrong = list(_texts(value))
    yield from wrong
    for origin in () if wrong else value:
        if origin != "*" and not ORIGIN.fullmatch(origin):
            fix = "Write it as browsers send it: 'https://www.example.com', no capitals, no path."
            yield f"holds {origin!r}, which is not an origin", fix


def _count(value: Any) -> Faults:
    if type(value) is not int or value < 1:
        yield f"must be a whole number above 0, not {value!r}", "Leave it out for the default."


def _texts(value: Any) -> Faults:
    if not isinstance(value, list | tuple | set | frozenset):
        yield f"must be a list of texts, not {value!r}", "Write a list: ['…', '…']."
        return
    for entry in value:
        if not isinstance(entry, str) or not entry.strip():
            yield f"holds {entry!r}, which is no text", "Write texts only."


def _texts_or_none(value: Any) -> Faults:
    if value is not None:
        yield from _texts(value)


def _keys(value: Any) -> Faults:
    if value is None:
        return
    if not isinstance(value, dict) or not value:
        # The value itself may hold secrets.
        what = "an empty dict" if value == {} else f"of type {type(value).__name__}"
        yield f"must be a dict of key ids and secrets, not {what}", "Write {'2026': '…'}."
        return
    for name, secret in value.items():
        if not isinstance(name, str) or not name or ":" in name:
            yield f"has the key id {name!r}", "Use a short text without a colon, such as '2026'."
        if not isinstance(secret, str) or not secret:
            yield f"has no secret for the key id {name!r}", "Give it a long random text."


def _sinks(value: Any) -> Faults:
    wrong = list(_texts(value))
    yield from wrong
    for path in () if wrong else value:
        try:
            sink = import_string(path)
        except Exception as error:  # noqa: BLE001 the module's own code may raise anything
            yield f"names {path!r}, which cannot be imported ({error!r})", "Mend its dotted path."
            continue
        if not isinstance(sink, type) or not callable(getattr(sink, "write", None)):
            yield f"names {path!r}, which is no sink", "Name a class with a method write(event)."


def _path(value: Any) -> Faults:
    if value is not None and (not isinstance(value, str | Path) or not str(value)):
        yield f"must be the path of a file, not {value!r}", "Write a path, or None for no file."


def _cache(value: Any) -> Faults:
    if value is not None and (not isinstance(value, str) or value not in django_settings.CACHES):
        legal = ", ".join(map(repr, django_settings.CACHES))
        yield f"must be the alias of a cache, not {value!r}", f"Use one of CACHES: {legal}."


def _callable_or_none(value: Any) -> Faults:
    if value is None or callable(value):
        return
    fix = "Name a function by its dotted path, such as 'shop.tracking.function'."
    if not isinstance(value, str):
        yield f"must be a callable or its dotted path, not {value!r}", fix
        return
    try:
        found = import_string(value)
    except Exception as error:  # noqa: BLE001 the module's own code may raise anything
        yield f"names {value!r}, which cannot be imported ({error!r})", fix
        return
    if not callable(found):
        yield f"names {value!r}, which cannot be called", fix


#: The id of each setting's check, and what it finds.
RULES: dict[str, tuple[str, Callable[[Any], Faults]]] = {
    "STRICT": ("E001", _switch_or_none),
    "REFRESH_SECONDS": ("E002", _seconds),
    "MODELS": ("E003", _texts_or_none),
    "EXCLUDE": ("E004", _texts),
    "ALLOW": ("E005", _texts),
    "DENY_WORDS": ("E006", _texts),
    "COMPUTED": ("E007", _texts),
    "PSEUDONYM_KEYS": ("E008", _keys),
    "PERSONAL_WORDS": ("E036", _texts),
    "NOT_PERSONAL": ("E037", _texts),
    "MAX_TEXT_LENGTH": ("E038", _count),
    "CONSTANT_MANAGERS": ("E030", _texts),
    "CONTEXT": ("E031", _callable_or_none),
    "REQUIRE_NOTE": ("E009", _switch),
    "SINKS": ("E010", _sinks),
    "SINK_SECONDS": ("E046", _seconds_or_none),
    "ORIGINS": ("E047", _origins),
    "BOOTSTRAP_FILE": ("E011", _path),
    "TOKEN_CACHE": ("E012", _cache),
    "HARMLESS_LOADING": ("E034", _texts),
    "TENANT": ("E042", _callable_or_none),
    "MAX_NAMES": ("E013", _count),
    "MAX_REFERENCES": ("E014", _count),
    "MAX_TABLES": ("E032", _count),
    "PREVIEW_SECONDS": ("E054", _seconds),
}
