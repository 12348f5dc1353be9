"""System checks: the settings and the installation always, the live maps where a database is asked.

Each setting has one id, listed in ``docs/settings.md``; an id never changes its meaning. Messages
are translated when they are shown.
"""

from __future__ import annotations

import difflib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from pydoc import locate
from typing import Any

from django.apps import apps
from django.conf import settings as django_settings
from django.core.checks import CheckMessage
from django.db import Error as DatabaseError
from django.db import connections, router
from django.utils.functional import lazystr
from django.utils.module_loading import import_string

from trackadmin.catalog import Stray, StrayCode, catalog, is_app, model_of
from trackadmin.checks.check_messages import error, warning
from trackadmin.checks.guessable_keys import undecided_keys
from trackadmin.checks.setting_rules import RULES
from trackadmin.checks.tracking_urls import check_addresses
from trackadmin.codes import ProblemCode
from trackadmin.conf import DEFAULTS
from trackadmin.exceptions import Problem, few
from trackadmin.models import MapVersion, TrackingMap
from trackadmin.runtime import live_problems
from trackadmin.runtime.configured_sinks import configured_sinks
from trackadmin.texts import Text, enumeration
from trackadmin.texts import gettext as _

__all__ = ["RULES", "check_addresses", "check_live_map", "check_settings"]

ADMIN, THEME, HISTORY = "django.contrib.admin", "admin_interface", "reversion"
REVISIONS = "reversion.middleware.RevisionMiddleware"
FRAMES = "django.middleware.clickjacking.XFrameOptionsMiddleware"
#: The paths of the sink that writes to a logger, and the logger's name.
LOG_SINKS = ("trackadmin.collect.sinks.LogSink", "trackadmin.sinks.log.LogSink")
EVENTS = "trackadmin.events"
#: Caches that each process has to itself, so that it does not learn of another's publish.
PRIVATE_CACHES = ("LocMemCache", "DummyCache")


def check_settings(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The settings and the list of apps; asks no database."""
    raw = getattr(django_settings, "TRACKADMIN", {})
    if not isinstance(raw, dict):
        message = _("TRACKADMIN must be a dict, not %(type)s.", type=type(raw).__name__)
        return [error("E020", message, _("Write TRACKADMIN = {…}."))]
    wrong = list(_wrong_values(raw))
    # The entries of a setting are only checked if its value is right.
    closer = [] if wrong else [*_strange_entries(), *_doubts(raw)]
    return [*_unknown_keys(raw), *wrong, *closer, *_installation(), *_transactions()]


def check_live_map(
    app_configs: Any, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Whether the live version of each map can be served whole, by the code as it is now.

    Runs where Django is asked to check a database with maps: ``check --database`` and
    ``migrate``. It finds nothing as long as the tables do not exist.
    """
    return [message for alias in databases or () for message in _live_maps(alias)]


def _live_maps(alias: str) -> list[CheckMessage]:
    """What is wrong with the maps in this database, whatever a router says of a tenant's."""
    try:
        if not router.allow_migrate_model(alias, MapVersion):
            return []
        if MapVersion._meta.db_table not in connections[alias].introspection.table_names():
            return []
        slugs = list(TrackingMap.objects.db_manager(alias).values_list("slug", flat=True))
        undecided = undecided_keys(slugs, alias)
        return [message for slug in slugs for message in _live_map(slug, alias)] + undecided
    except DatabaseError as failure:
        # An error would stop the migration that corrects this.
        message = _("The tracking maps cannot be read: %(error)s.", error=failure)
        return [warning("W006", message, _("Migrate the database, then check again."))]


def _live_map(slug: str, alias: str) -> Iterator[CheckMessage]:
    problems = live_problems(slug, alias)
    if not problems:
        return
    lines = lazystr(_Lines(tuple(problems)))
    if problems[0].code == ProblemCode.MAP_REFUSED:
        message = _(
            "The live version of the tracking map '%(map)s' cannot be served:\n%(problems)s",
            map=slug,
            problems=lines,
        )
        yield error("E102", message, _("Publish the map again, or roll back."))
    else:
        message = _(
            "The live version of the tracking map '%(map)s' names what the code no longer has:\n"
            "%(problems)s",
            map=slug,
            problems=lines,
        )
        hint = _(
            "Publish the map without these before the code is deployed, or bring back what the map "
            "names. Until then they are missing from every event."
        )
        yield error("E101", message, hint)


class _Lines:
    """Problems as lines of text, in the language that is active when they are shown."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(f"  {problem}" for problem in few(self.problems))


def _unknown_keys(raw: dict[Any, Any]) -> Iterator[CheckMessage]:
    for key in raw.keys() - DEFAULTS.keys():
        near = difflib.get_close_matches(str(key).upper(), DEFAULTS, n=1)
        if near:
            hint = _("Did you mean '%(setting)s'?", setting=near[0])
        else:
            hint = _("The settings are %(settings)s.", settings=enumeration([*DEFAULTS]))
        message = _("TRACKADMIN has no setting '%(setting)s'.", setting=key)
        yield error("E021", message, hint)


def _wrong_values(raw: dict[Any, Any]) -> Iterator[CheckMessage]:
    for key, (number, faults) in RULES.items():
        for message, hint in faults(f"TRACKADMIN['{key}']", raw.get(key, DEFAULTS[key])):
            yield error(number, message, hint)


def _strange_entries() -> Iterator[CheckMessage]:
    for stray in catalog().strays():
        hint = _("Correct its spelling, or remove it. A field is written app.Model.field.")
        if stray.setting == "EXCLUDE":
            # What it names would be tracked unseen under another name.
            yield error(RULES["EXCLUDE"][0], _of_stray(stray), hint)
        else:
            # Less is offered than was meant. That must not stop a migrate or a rollback.
            yield warning("W053", _of_stray(stray), hint)


def _of_stray(stray: Stray) -> Text:
    sentences = {
        StrayCode.NOTHING: _(
            "%(setting)s has the entry '%(entry)s', but the site has no such thing."
        ),
        StrayCode.SWAPPED: _(
            "%(setting)s has the entry '%(entry)s', but the site uses %(detail)s in place of that "
            "model."
        ),
        StrayCode.MANAGER: _(
            "%(setting)s has the entry '%(entry)s', which is a manager and has no value for one "
            "object."
        ),
        StrayCode.RELATION: _(
            "%(setting)s has the entry '%(entry)s', which is a relation and has no value of its "
            "own. An editor can add its object as a child."
        ),
        StrayCode.FIELD: _(
            "%(setting)s has the entry '%(entry)s', which is a field and needs no entry here."
        ),
        StrayCode.REFUSED: _(
            "%(setting)s has the entry '%(entry)s', which still cannot be tracked. %(detail)s"
        ),
    }
    setting = f"TRACKADMIN['{stray.setting}']"
    values = {"setting": setting, "entry": stray.entry, "detail": stray.detail}
    return replace(sentences[stray.code], values=values)


def _doubts(raw: dict[Any, Any]) -> Iterator[CheckMessage]:
    path = raw.get("BOOTSTRAP_FILE")
    if isinstance(path, str | Path) and not Path(path).is_file():
        message = _(
            "TRACKADMIN['BOOTSTRAP_FILE'] names '%(path)s', but there is no such file.", path=path
        )
        hint = _("Write it with 'manage.py trackadmin export --format bootstrap'.")
        yield warning("W004", message, hint)
    for entry in raw.get("HARMLESS_LOADING", ()):
        if not _is_code(entry):
            message = _(
                "TRACKADMIN['HARMLESS_LOADING'] has the entry '%(entry)s', which names nothing.",
                entry=entry,
            )
            hint = _("Write an app, a model such as 'shop.Order', or the dotted path of a class.")
            yield warning("W034", message, hint)
    cache = django_settings.CACHES.get(str(raw.get("TOKEN_CACHE")), {})
    if str(cache.get("BACKEND", "")).endswith(PRIVATE_CACHES):
        message = _("TRACKADMIN['TOKEN_CACHE'] names a cache that each process has to itself.")
        hint = _("Name one that all processes share, such as Redis, or leave the setting out.")
        yield warning("W005", message, hint)
    logs = any(sink.backend in LOG_SINKS for sink in configured_sinks().at_once)
    if logs and not logging.getLogger(EVENTS).isEnabledFor(logging.INFO):
        message = _(
            "Events go to the logger '%(logger)s' with the level INFO, and LOGGING drops them.",
            logger=EVENTS,
        )
        hint = _(
            "Give '%(logger)s' a handler and the level INFO in LOGGING, or name another sink.",
            logger=EVENTS,
        )
        yield warning("W007", message, hint)


def _is_code(entry: str) -> bool:
    """Whether an entry names an app, a model, or a class or function by its dotted path."""
    return is_app(entry) or model_of(entry) is not None or locate(entry) is not None


def _installation() -> Iterator[CheckMessage]:
    names = [config.name for config in apps.get_app_configs()]
    if {ADMIN, THEME} <= set(names) and names.index(THEME) > names.index(ADMIN):
        message = _(
            "'%(theme)s' comes after '%(admin)s' in INSTALLED_APPS, so its theme does not show.",
            theme=THEME,
            admin=ADMIN,
        )
        yield warning("W001", message, _("Put '%(theme)s' before it.", theme=THEME))
    if HISTORY not in names:
        message = _(
            "'%(app)s' is not in INSTALLED_APPS, so maps cannot be edited in this process.",
            app=HISTORY,
        )
        yield warning("W002", message, _("Add '%(app)s', and migrate.", app=HISTORY))
    framed = THEME in names and FRAMES in django_settings.MIDDLEWARE
    if framed and django_settings.X_FRAME_OPTIONS == "DENY":
        message = _(
            "X_FRAME_OPTIONS is 'DENY', so the admin's windows for related objects stay empty."
        )
        hint = _("Set X_FRAME_OPTIONS = 'SAMEORIGIN', and silence 'security.W019'.")
        yield warning("W003", message, hint)


def _transactions() -> Iterator[CheckMessage]:
    """What opens a transaction around whole requests, where SQLite then locks editors out."""
    try:
        alias = router.db_for_write(TrackingMap)
    except Exception:  # noqa: BLE001 a router that wants a tenant to be chosen first
        return
    database = connections[alias].settings_dict
    waits = database.get("OPTIONS", {}).get("transaction_mode") in ("IMMEDIATE", "EXCLUSIVE")
    if connections[alias].vendor == "sqlite" and not waits:
        for path in filter(_opens_a_revision, django_settings.MIDDLEWARE):
            message = _(
                "The middleware '%(middleware)s' runs each request in a transaction that begins "
                "with a read. When two editors save at the same time, SQLite answers one of them "
                "with 'database is locked'.",
                middleware=path,
            )
            hint = _(
                "Set 'OPTIONS': {'transaction_mode': 'IMMEDIATE'} in DATABASES['%(alias)s'], or "
                "use a subclass of the middleware with atomic = False.",
                alias=alias,
            )
            yield warning("W054", message, hint)


def _opens_a_revision(path: str) -> bool:
    try:
        middleware = import_string(path)
    except ImportError:
        return False  # Django itself says so when the site starts
    kinds = {f"{cls.__module__}.{cls.__qualname__}" for cls in getattr(middleware, "__mro__", ())}
    return REVISIONS in kinds and bool(getattr(middleware, "atomic", True))
