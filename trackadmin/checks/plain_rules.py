"""Rules for values of settings that are of one simple kind."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.utils.module_loading import import_string

from trackadmin.texts import Text, enumeration
from trackadmin.texts import gettext as _

#: What is wrong with a value and what to do about it, for each fault.
Faults = Iterator[tuple[Text, Text]]
#: Finds what is wrong with the value of a setting.
Rule = Callable[[str, Any], Faults]


def switch(setting: str, value: Any) -> Faults:
    """Either ``True`` or ``False``."""
    if not isinstance(value, bool):
        what = _(
            "%(setting)s must be True or False, not %(value)s.", setting=setting, value=repr(value)
        )
        yield what, _("Write True or False.")


def dict_of(keys: Mapping[str, Rule], example: Text, setting: str, value: Any) -> Faults:
    """A dict with some of these keys; each value obeys the rule of its key."""
    if not isinstance(value, dict):
        what = _("%(setting)s must be a dict, not %(value)s.", setting=setting, value=repr(value))
        yield what, example
        return
    for key, given in value.items():
        if key in keys:
            yield from keys[key](f"{setting}['{key}']", given)
        else:
            what = _("%(setting)s has no key %(key)s.", setting=setting, key=repr(key))
            yield what, _("The keys are %(keys)s.", keys=enumeration([*keys]))


def is_token(value: Any, least: int) -> bool:
    """Whether it is a text that a header may have, of at least so many characters."""
    fits = isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value
    return fits and len(value) >= least


def seconds(setting: str, value: Any) -> Faults:
    """A number of seconds, or 0."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0:
        what = _(
            "%(setting)s must be a number of seconds, not %(value)s.",
            setting=setting,
            value=repr(value),
        )
        yield what, _("Write 1.0 for one second, 0 for none.")


def whole_number(setting: str, value: Any) -> Faults:
    """A whole number above 0."""
    if type(value) is not int or value < 1:
        what = _(
            "%(setting)s must be a whole number above 0, not %(value)s.",
            setting=setting,
            value=repr(value),
        )
        yield what, _("Leave it out for the default.")


def texts(setting: str, value: Any) -> Faults:
    """A list of texts."""
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


def callable_or_none(setting: str, value: Any) -> Faults:
    """A function or its dotted path, or ``None``."""
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
        yield not_importable(setting, value, error), fix
        return
    if not callable(found):
        what = _(
            "%(setting)s names '%(path)s', which cannot be called.", setting=setting, path=value
        )
        yield what, fix


def not_importable(setting: str, path: str, error: Exception) -> Text:
    """What is wrong with a path that cannot be imported."""
    return _(
        "%(setting)s names '%(path)s', which cannot be imported (%(error)s).",
        setting=setting,
        path=path,
        error=repr(error),
    )
