"""What each setting may be: a rule for each, and what to say when it is broken."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.conf import settings as django_settings
from django.utils.module_loading import import_string

from trackadmin.conf import LINT_LEVELS, LINT_PATTERNS, LINT_RULES
from trackadmin.texts import Text, enumeration
from trackadmin.texts import gettext as _

#: What is wrong with a value and what to do about it, for each fault.
Faults = Iterator[tuple[Text, Text]]

#: Scheme, host and port, as a browser sends them.
ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]+)?")


def _switch(setting: str, value: Any) -> Faults:
    if not isinstance(value, bool):
        what = _(
            "%(setting)s must be True or False, not %(value)s.", setting=setting, value=repr(value)
        )
        yield what, _("Write True or False.")


def _switch_or_none(setting: str, value: Any) -> Faults:
    if value is not None:
        yield from _switch(setting, value)


def _seconds(setting: str, value: Any) -> Faults:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0:
        what = _(
            "%(setting)s must be a number of seconds, not %(value)s.",
            setting=setting,
            value=repr(value),
        )
        yield what, _("Write 1.0 for one second, 0 for none.")


def _seconds_or_none(setting: str, value: Any) -> Faults:
    if value is not None:
        yield from _seconds(setting, value)


def _origins(setting: str, value: Any) -> Faults:
    if value == "*":
        return
    wrong = list(_texts(setting, value))
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


def _count(setting: str, value: Any) -> Faults:
    if type(value) is not int or value < 1:
        what = _(
            "%(setting)s must be a whole number above 0, not %(value)s.",
            setting=setting,
            value=repr(value),
        )
        yield what, _("Leave it out for the default.")


def _texts(setting: str, value: Any) -> Faults:
    if not isinstance(value, list | tuple | set | frozenset):
        what = _(
            "%(setting)s must be a list of texts, not %(value)s.",
            setting=setting,
            value=repr(value),
        )
        yield what, _("Write a list: ['…', '…'].")
        return
    for entry in value:
        if not isinstance(entry, str) or not entry.strip():
            what = _(
                "%(setting)s holds %(value)s, which is not a text.",
                setting=setting,
                value=repr(entry),
            )
            yield what, _("Write texts only.")


def _texts_or_none(setting: str, value: Any) -> Faults:
    if value is not None:
        yield from _texts(setting, value)


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


def _sinks(setting: str, value: Any) -> Faults:
    wrong = list(_texts(setting, value))
    yield from wrong
    for path in () if wrong else value:
        try:
            sink = import_string(path)
        except Exception as error:  # noqa: BLE001 the module's own code may raise anything
            yield _not_importable(setting, path, error), _("Correct its dotted path.")
            continue
        if not isinstance(sink, type) or not callable(getattr(sink, "write", None)):
            what = _(
                "%(setting)s names '%(path)s', which is not a sink.", setting=setting, path=path
            )
            yield what, _("Name a class with a method write(event).")


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


def _callable_or_none(setting: str, value: Any) -> Faults:
    if value is None or callable(value):
        return
    fix = _("Name a function by its dotted path, such as 'shop.tracking.function'.")
    if not isinstance(value, str):
        what = _(
            "%(setting)s must be a callable or its dotted path, not %(value)s.",
            setting=setting,
            value=repr(value),
        )
        yield what, fix
        return
    try:
        found = import_string(value)
    except Exception as error:  # noqa: BLE001 the module's own code may raise anything
        yield _not_importable(setting, value, error), fix
        return
    if not callable(found):
        what = _(
            "%(setting)s names '%(path)s', which cannot be called.", setting=setting, path=value
        )
        yield what, fix


def _lint(setting: str, value: Any) -> Faults:
    if not isinstance(value, dict):
        what = _("%(setting)s must be a dict, not %(value)s.", setting=setting, value=repr(value))
        yield what, _("Write {'owner': 'warning', …}.")
        return
    for key, given in value.items():
        if key in _LINT_KEYS:
            yield from _LINT_KEYS[key](f"{setting}['{key}']", given)
        else:
            what = _("%(setting)s has no key %(key)s.", setting=setting, key=repr(key))
            yield what, _("The keys are %(keys)s.", keys=enumeration([*_LINT_KEYS]))


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
_LINT_KEYS: dict[str, Callable[[str, Any], Faults]] = {
    **dict.fromkeys(LINT_RULES, _level),
    **dict.fromkeys(LINT_PATTERNS, _pattern),
    "rows": _count,
    "seconds": _seconds,
}


def _not_importable(setting: str, path: str, error: Exception) -> Text:
    return _(
        "%(setting)s names '%(path)s', which cannot be imported (%(error)s).",
        setting=setting,
        path=path,
        error=repr(error),
    )


#: The id of each setting's check, and what it finds.
RULES: dict[str, tuple[str, Callable[[str, Any], Faults]]] = {
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
    "TOKEN_CACHE": ("E012", _cache_alias),
    "HARMLESS_LOADING": ("E034", _texts),
    "TENANT": ("E042", _callable_or_none),
    "MAX_NAMES": ("E013", _count),
    "MAX_REFERENCES": ("E014", _count),
    "MAX_TABLES": ("E032", _count),
    "PREVIEW_SECONDS": ("E054", _seconds),
    "PROFILE_ROWS": ("E055", _count),
    "PROFILE_MILLISECONDS": ("E056", _count),
    "PROFILE_KEPT_SECONDS": ("E057", _seconds),
    "EFFECT_OBJECTS": ("E065", _count),
    "EFFECT_SECONDS": ("E066", _seconds),
    "LINT": ("E060", _lint),
}
