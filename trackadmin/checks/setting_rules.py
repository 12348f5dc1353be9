"""What each setting may be: a rule for each, and what to say when it is broken."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings

from trackadmin.checks.message_rules import messages
from trackadmin.checks.plain_rules import (
    Faults,
    Rule,
    callable_or_none,
    dict_of,
    is_token,
    seconds,
    switch,
    texts,
    whole_number,
)
from trackadmin.checks.reader_rules import reader_tokens
from trackadmin.checks.review_rules import reviews
from trackadmin.checks.sink_rules import sinks
from trackadmin.conf import (
    DUE_DAYS,
    LINT_LEVELS,
    LINT_PATTERNS,
    LINT_RULES,
    OPEN_KEYS,
    SIGNED_KEYS,
)
from trackadmin.texts import enumeration
from trackadmin.texts import gettext as _

#: Characters of a token that nobody guesses.
SHORTEST_TOKEN = 20
#: Scheme, host and port, as a browser sends them.
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?")


def _switch_or_none(setting: str, value: Any) -> Faults:
    if value is not None:
        yield from switch(setting, value)


def _seconds_or_none(setting: str, value: Any) -> Faults:
    if value is not None:
        yield from seconds(setting, value)


def _origins(setting: str, value: Any) -> Faults:
    if value == "*":
        return
    wrong = list(texts(setting, value))
    yield from wrong
    for origin in () if wrong else value:
        if origin != "*" and not ORIGIN.fullmatch(origin):
            what = _(
                "%(setting)s holds '%(origin)s', which is not an origin.",
                setting=setting,
                origin=origin,
            )
            fix = _(
                "Write it as browsers send it: 'https://www.example.com', without capitals and "
                "without a path."
            )
            yield what, fix


def _texts_or_none(setting: str, value: Any) -> Faults:
    if value is not None:
        yield from texts(setting, value)


def _keys(setting: str, value: Any) -> Faults:
    if value is None:
        return
    if value == {}:
        what = _(
            "%(setting)s must be a dict of key ids and secrets, not an empty one.", setting=setting
        )
        yield what, _("Write {'2026': '…'}.")
        return
    if not isinstance(value, dict):
        # The value itself may hold secrets.
        what = _(
            "%(setting)s must be a dict of key ids and secrets, not of type %(type)s.",
            setting=setting,
            type=type(value).__name__,
        )
        yield what, _("Write {'2026': '…'}.")
        return
    for name, secret in value.items():
        if not isinstance(name, str) or not name or ":" in name:
            what = _("%(setting)s has the key id %(name)s.", setting=setting, name=repr(name))
            yield what, _("Use a short text without a colon, such as '2026'.")
        if not isinstance(secret, str) or not secret:
            what = _(
                "%(setting)s has no secret for the key id %(name)s.",
                setting=setting,
                name=repr(name),
            )
            yield what, _("Give it a long random text.")


def _database_alias(setting: str, value: Any) -> Faults:
    if value is not None and value not in django_settings.DATABASES:
        what = _(
            "%(setting)s must be the alias of a database, not %(value)s.",
            setting=setting,
            value=repr(value),
        )
        legal = ", ".join(map(repr, django_settings.DATABASES))
        yield what, _("Use one of DATABASES: %(databases)s.", databases=legal)


def _days(setting: str, value: Any) -> Faults:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not 0 <= value < 10_000:
        what = _(
            "%(setting)s must be a number of days, not %(value)s.",
            setting=setting,
            value=repr(value),
        )
        yield what, _("Write 30 for thirty days.")


def _name_or_none(setting: str, value: Any) -> Faults:
    if value is not None and (not isinstance(value, str) or not value.strip()):
        what = _(
            "%(setting)s must be the name of a value, not %(value)s.",
            setting=setting,
            value=repr(value),
        )
        yield what, _("Write a name as events have it, such as 'User_id', or None.")


def _token(setting: str, value: Any) -> Faults:
    """A text that nobody guesses. The value itself is not told."""
    if value is None:
        return
    if not is_token(value, SHORTEST_TOKEN):
        what = _(
            "%(setting)s must be None, or a text of at least %(least)s ASCII characters without "
            "spaces.",
            setting=setting,
            least=str(SHORTEST_TOKEN),
        )
        yield what, _("Give it a long random text, from a place where no code is kept.")


def _path(setting: str, value: Any) -> Faults:
    if value is not None and (not isinstance(value, str | Path) or not str(value)):
        what = _(
            "%(setting)s must be the path of a file, not %(value)s.",
            setting=setting,
            value=repr(value),
        )
        yield what, _("Write a path, or None for no file.")


def _cache_alias(setting: str, value: Any) -> Faults:
    if value is not None and (not isinstance(value, str) or value not in django_settings.CACHES):
        what = _(
            "%(setting)s must be the alias of a cache, not %(value)s.",
            setting=setting,
            value=repr(value),
        )
        legal = ", ".join(map(repr, django_settings.CACHES))
        yield what, _("Use one of CACHES: %(caches)s.", caches=legal)


def _lint(setting: str, value: Any) -> Faults:
    yield from dict_of(_LINT_KEYS, _("Write {'owner': 'warning', …}."), setting, value)


def _level(setting: str, value: Any) -> Faults:
    if value not in LINT_LEVELS:
        what = _(
            "%(setting)s has the level %(value)s, which does not exist.",
            setting=setting,
            value=repr(value),
        )
        yield what, _("The levels are %(levels)s.", levels=enumeration(LINT_LEVELS))


def _pattern(setting: str, value: Any) -> Faults:
    fix = _("Write a pattern that a whole name matches, such as r'[a-z_]+'.")
    if not isinstance(value, str) or not value:
        what = _(
            "%(setting)s must be a regular expression, not %(value)s.",
            setting=setting,
            value=repr(value),
        )
        yield what, fix
        return
    try:
        re.compile(value)
    except (re.error, RecursionError, OverflowError) as error:
        what = _(
            "%(setting)s is not a regular expression (%(error)s).",
            setting=setting,
            error=str(error),
        )
        yield what, fix


#: What each key of LINT may be.
_LINT_KEYS: dict[str, Rule] = {
    **dict.fromkeys(LINT_RULES, _level),
    **dict.fromkeys(LINT_PATTERNS, _pattern),
    "rows": whole_number,
    "seconds": seconds,
}


def _due(setting: str, value: Any) -> Faults:
    yield from dict_of(_DUE_KEYS, _("Write {'WAIVER_DAYS': 180, …}."), setting, value)


def _days_or_none(setting: str, value: Any) -> Faults:
    if value is not None:
        yield from whole_number(setting, value)


#: What each key of DUE may be.
_DUE_KEYS: dict[str, Rule] = dict.fromkeys(DUE_DAYS, _days_or_none)


def _guessable_keys(setting: str, value: Any) -> Faults:
    if value is not None and not isinstance(value, bool) and value not in (OPEN_KEYS, SIGNED_KEYS):
        what = _(
            "%(setting)s must be 'open' or 'signed', not %(value)s.",
            setting=setting,
            value=repr(value),
        )
        yield what, _("Write 'signed' if URLs with such keys must be signed, and else 'open'.")


#: The id of each setting's check, and what it finds.
RULES: dict[str, tuple[str, Rule]] = {
    "STRICT": ("E001", _switch_or_none),
    "REFRESH_SECONDS": ("E002", seconds),
    "MODELS": ("E003", _texts_or_none),
    "EXCLUDE": ("E004", texts),
    "ALLOW": ("E005", texts),
    "DENY_WORDS": ("E006", texts),
    "COMPUTED": ("E007", texts),
    "PSEUDONYM_KEYS": ("E008", _keys),
    "PERSONAL_WORDS": ("E036", texts),
    "NOT_PERSONAL": ("E037", texts),
    "MAX_TEXT_LENGTH": ("E038", whole_number),
    "CONSTANT_MANAGERS": ("E030", texts),
    "CONTEXT": ("E031", callable_or_none),
    "REQUIRE_NOTE": ("E009", switch),
    "SINKS": ("E010", sinks),
    "EVENTS_DATABASE": ("E067", _database_alias),
    "EVENTS_KEPT_DAYS": ("E068", _days),
    "IDENTITY": ("E069", _name_or_none),
    "USAGE_SECONDS": ("E072", seconds),
    "HEALTH_TOKEN": ("E070", _token),
    "HEALTH_LAG_SECONDS": ("E071", _seconds_or_none),
    "SINK_SECONDS": ("E046", _seconds_or_none),
    "ORIGINS": ("E047", _origins),
    "GUESSABLE_KEYS": ("E080", _guessable_keys),
    "READER_TOKENS": ("E090", reader_tokens),
    "BOOTSTRAP_FILE": ("E011", _path),
    "TOKEN_CACHE": ("E012", _cache_alias),
    "HARMLESS_LOADING": ("E034", texts),
    "TENANT": ("E042", callable_or_none),
    "MAX_NAMES": ("E013", whole_number),
    "MAX_REFERENCES": ("E014", whole_number),
    "MAX_TABLES": ("E032", whole_number),
    "PREVIEW_SECONDS": ("E054", seconds),
    "PROFILE_ROWS": ("E055", whole_number),
    "PROFILE_MILLISECONDS": ("E056", whole_number),
    "PROFILE_KEPT_SECONDS": ("E057", seconds),
    "EFFECT_OBJECTS": ("E065", whole_number),
    "EFFECT_SECONDS": ("E066", seconds),
    "LINT": ("E060", _lint),
    "DUE": ("E082", _due),
    "REVIEWS": ("E081", reviews),
    "MESSAGES": ("E091", messages),
}
