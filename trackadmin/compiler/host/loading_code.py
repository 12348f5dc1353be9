"""Which code of the host runs when an instance is loaded, and whether it may change the values.

Values are read from rows without instances if no such code runs, if a proof shows that it only
records what was loaded, or if the host declares it harmless.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import FunctionType
from typing import Any
from weakref import WeakKeyDictionary

from django.db.models import Model
from django.db.models.signals import post_init, pre_init

from trackadmin.catalog import app_of, label_of
from trackadmin.compiler.host.recorders import only_records
from trackadmin.conf import conf

#: What runs when an instance is made from a row.
_HOOKS = ("__new__", "__init__", "from_db", "__setattr__")

#: Code of packages that we read ourselves, because the proof does not cover it. It only records
#: what was loaded, to compare it with what is saved.
_KNOWN = ("dirtyfields.dirtyfields.DirtyFieldsMixin", "mptt.models.MPTTModel")

#: By model and function of its classes: whether the function only records.
_proven: WeakKeyDictionary[type[Model], dict[FunctionType, bool]] = WeakKeyDictionary()


def declared() -> frozenset[str]:
    """What is declared harmless: models and apps in lower case, and dotted paths."""
    entries = conf.HARMLESS_LOADING
    return frozenset([*_KNOWN, *entries, *(entry.lower() for entry in entries)])


def loading_code(model: type[Model], harmless: frozenset[str]) -> str:
    """The code of the host that may change an instance when it is loaded; "" if there is none.

    ``harmless`` is what :func:`declared` says.
    """
    if harmless & {app_of(model), label_of(model)}:
        return ""
    return next(_found(model, harmless), "")


def _found(model: type[Model], harmless: frozenset[str]) -> Iterator[str]:
    for cls, hook in _hooks(model):
        if f"{cls.__module__}.{cls.__qualname__}" in harmless:
            continue
        if not _only_records(model, cls, hook):
            yield f"{cls.__qualname__}.{hook}"
    for signal in (pre_init, post_init):
        # The receivers are only looked at if there are any.
        if signal.has_listeners(model):
            yield from (path for path in _receivers(signal, model) if path not in harmless)


def _hooks(model: type[Model]) -> Iterator[tuple[type, str]]:
    for cls in model.__mro__:
        if cls is not Model and cls is not object:
            yield from ((cls, hook) for hook in _HOOKS if hook in vars(cls))


def _only_records(model: type[Model], cls: type, hook: str) -> bool:
    member = vars(cls)[hook]
    function = member.__func__ if isinstance(member, classmethod) else member
    if hook not in ("__init__", "from_db") or not isinstance(function, FunctionType):
        return False
    known = _proven.setdefault(model, {})
    if function not in known:
        known[function] = only_records(function, cls, model)
    return known[function]


def _receivers(signal: Any, model: type[Model]) -> Iterator[str]:
    for receiver in [each for some in signal._live_receivers(model) for each in some]:
        yield f"{receiver.__module__}.{getattr(receiver, '__qualname__', type(receiver).__name__)}"
