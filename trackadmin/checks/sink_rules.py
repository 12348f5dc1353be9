"""What the setting ``SINKS`` may be: a list of paths, or a dict of named sinks."""

from __future__ import annotations

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
        yield from _backend(setting, path)


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
    for key, given in entry.items():
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


def _wanted_actions(setting: str, value: Any) -> Faults:
    if value is not None:
        yield from texts(setting, value)


#: What a sink of the settings may say, and the rule for each.
_KEYS: dict[str, Callable[[str, Any], Faults]] = {
    "BACKEND": _backend,
    "OPTIONS": _options,
    "PERSONAL": switch,
    "ACTIONS": _wanted_actions,
    "BATCH_SIZE": whole_number,
    "ATTEMPTS": whole_number,
}
