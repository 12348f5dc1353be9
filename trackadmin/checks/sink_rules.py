"""What the setting ``SINKS`` may be: a list of paths, or a dict of named sinks."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from django.utils.module_loading import import_string

from trackadmin.checks.plain_rules import Faults, not_importable, switch, texts, whole_number
from trackadmin.models.events import SINK_LENGTH
from trackadmin.texts import enumeration
from trackadmin.texts import gettext as _


def sinks(setting: str, value: Any) -> Faults:
    """A list of dotted paths, or a dict: name to ``BACKEND`` and what else a sink may say."""
    if isinstance(value, dict):
        for name, entry in value.items():
            yield from _one_sink(setting, name, entry)
        return
    wrong = [*texts(setting, value)]
    yield from wrong
    for path in () if wrong else value:
        faults = [*_backend(setting, path)]
        yield from faults or _constructor(setting, path, {})


def _one_sink(setting: str, name: Any, entry: Any) -> Faults:
    if not isinstance(name, str) or not 0 < len(name) <= SINK_LENGTH:
        what = _("%(setting)s has a sink with the name %(name)s.", setting=setting, name=repr(name))
        yield what, _("Use a text of at most %(most)s characters.", most=SINK_LENGTH)
        return
    place = f"{setting}['{name}']"
    if not isinstance(entry, dict) or "BACKEND" not in entry:
        what = _("%(setting)s must be a dict with the key BACKEND.", setting=place)
        yield what, _("Write {'BACKEND': 'trackadmin.sinks.table.TableSink'}.")
        return
    faults = [fault for key, given in entry.items() for fault in _entry_key(place, key, given)]
    yield from faults or _constructor(place, entry["BACKEND"], entry.get("OPTIONS", {}))


def _entry_key(place: str, key: Any, given: Any) -> Faults:
    if key in _KEYS:
        yield from _KEYS[key](f"{place}['{key}']", given)
    else:
        what = _("%(setting)s has no key %(key)s.", setting=place, key=repr(key))
        yield what, _("The keys are %(keys)s.", keys=enumeration([*_KEYS]))


def _backend(setting: str, path: Any) -> Faults:
    try:
        sink = import_string(path)
    except Exception as error:  # noqa: BLE001 the module's own code may raise anything
        yield not_importable(setting, path, error), _("Correct its dotted path.")
        return
    methods = (getattr(sink, name, None) for name in ("write", "deliver"))
    is_sink = any(map(callable, methods)) or getattr(sink, "stores", False)
    if not isinstance(sink, type) or not is_sink:
        what = _("%(setting)s names '%(path)s', which is not a sink.", setting=setting, path=path)
        yield what, _("Name a class with a method write(event), or deliver(events).")


def _options(setting: str, value: Any) -> Faults:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        what = _("%(setting)s must be a dict, not %(value)s.", setting=setting, value=repr(value))
        yield what, _("Write {'option': 'value'}.")


def _constructor(setting: str, path: str, options: dict[str, Any]) -> Faults:
    """Whether the class takes these options. It is not made: that may ask other servers.

    Values are not looked at, and not shown: they may be secrets.
    """
    try:
        parameters = inspect.signature(import_string(path)).parameters
    except (TypeError, ValueError):
        return  # not written in Python
    named = {name for name, each in parameters.items() if each.kind in _NAMED}
    takes_any = any(each.kind is each.VAR_KEYWORD for each in parameters.values())
    for name in () if takes_any else options.keys() - named:
        what = _("%(setting)s has no option '%(option)s'.", setting=setting, option=name)
        if named:
            yield what, _("The options are %(options)s.", options=enumeration(sorted(named)))
        else:
            yield what, _("This sink has no options.")
    for name in sorted(named - options.keys()):
        if parameters[name].default is inspect.Parameter.empty:
            what = _("%(setting)s lacks the option '%(option)s'.", setting=setting, option=name)
            yield what, _("Write it into OPTIONS: {'%(option)s': …}.", option=name)


def _wanted_actions(setting: str, value: Any) -> Faults:
    if value is not None:
        yield from texts(setting, value)


#: Parameters that an option can be given to.
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
#: What a sink of the settings may say, and the rule for each.
_KEYS: dict[str, Callable[[str, Any], Faults]] = {
    "BACKEND": _backend,
    "OPTIONS": _options,
    "PERSONAL": switch,
    "ACTIONS": _wanted_actions,
    "BATCH_SIZE": whole_number,
    "ATTEMPTS": whole_number,
}
