"""From objects to one flat dict."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from trackadmin.codes import FaultCode
from trackadmin.compiler import CompiledModel, Fault, Scalar, Snapshot, sharing
from trackadmin.conf import conf
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.exceptions import BadPrefix, Given, NotTracked, PrefixConflict
from trackadmin.runtime.current import current_map
from trackadmin.runtime.faults import report
from trackadmin.runtime.merging import Merge


def tracking_values(*objects: Any, map: str = DEFAULT_MAP, **prefixed: Any) -> dict[str, Scalar]:
    """Everything known about the objects, under the names of the map: a flat dict of JSON scalars.

    Objects are model instances, which may be wrapped (``request.user``). ``None`` and
    ``AnonymousUser`` give nothing. A keyword gives its object a prefix of its own:
    ``tracking_values(buyer, referrer=other)`` has ``referrer_uuid``.

    If strict, raises :class:`NotPublished` or :class:`UnknownMap` for the map,
    :class:`NotTracked` for an object whose model is not in the map, :class:`PrefixConflict` for
    two objects that give the same name, and :class:`BadPrefix` for a keyword that is not a plain
    name. Otherwise these are counted and logged, and the other values are returned. Data never
    raises.
    """
    snapshot = current_map(map)
    # The usual case of flatten(), repeated here to save the call, as every page makes it.
    if not prefixed:
        branch = snapshot.branches
        for obj in objects:
            branch = branch[type(obj)]
        flatten_all = branch.flatten
        if flatten_all is not None:
            return flatten_all(objects, report)
    return flatten(snapshot, objects, prefixed, report)


def flatten(
    snapshot: Snapshot, objects: tuple[Any, ...], prefixed: dict[str, Any], fault: Fault
) -> dict[str, Scalar]:
    """The values of the objects by this snapshot. ``fault`` is called for each value lost."""
    branch = snapshot.branches
    for obj in objects:
        branch = branch[type(obj)]
    flatten_all = branch.flatten or branch.made()
    if flatten_all is not None and not prefixed:
        return flatten_all(objects, fault)
    return _one_by_one(snapshot, objects, prefixed, fault)


def prefixes_of(
    snapshot: Snapshot, objects: tuple[Any, ...], prefixed: dict[str, Any]
) -> Iterator[str]:
    """The prefixes under which :func:`flatten` gives values of these objects. Never raises."""
    for keyword, obj in [*[("", obj) for obj in objects], *prefixed.items()]:
        # By the type, as a lazy object loads itself when it is asked for its class. Its error has
        # been reported.
        with suppress(Exception):
            model = None if issubclass(type(obj), type) else snapshot.find(obj)
            if model is not None:
                yield keyword or model.prefix


def model_of(snapshot: Snapshot, obj: Any, fault: Fault) -> CompiledModel | None:
    """The compiled model of an object that was given; ``None`` if it gives no values.

    Raises :class:`NotTracked` if strict.
    """
    if obj is None:
        return None
    try:
        model = None if isinstance(obj, type) else snapshot.find(obj)
        if model is not None or _is_nobody(obj):
            return model
    except Exception as error:  # noqa: BLE001 a lazy object, which loads itself when it is read
        fault(FaultCode.OBJECT_RAISED, f"{snapshot.slug}: {type(obj).__qualname__}", error)
        return None
    # Without a published map nothing is tracked, and this has been reported already.
    if snapshot.digest:
        if conf.STRICT:
            given: Given = "class" if isinstance(obj, type) else "object"
            raise NotTracked(name(obj), snapshot.slug, given)
        fault(FaultCode.OBJECT_NOT_TRACKED, f"{snapshot.slug}: {name(obj)}", None)
    return None


def name(obj: Any) -> str:
    """The name of the object's class, for the log."""
    cls = obj if isinstance(obj, type) else type(obj)
    return f"{cls.__module__}.{cls.__qualname__}"


def _one_by_one(
    snapshot: Snapshot, objects: tuple[Any, ...], prefixed: dict[str, Any], fault: Fault
) -> dict[str, Scalar]:
    merge = Merge()
    with sharing():
        for model, obj in _models(snapshot, objects, prefixed, fault):
            names = merge.add(model.prefix, obj, model.flatten(obj, fault))
            if names:
                if conf.STRICT:
                    raise PrefixConflict(names)
                fault(FaultCode.PREFIX_CONFLICT, f"{snapshot.slug}: {model.prefix}", None)
    return merge.values


def _models(
    snapshot: Snapshot, objects: tuple[Any, ...], prefixed: dict[str, Any], fault: Fault
) -> Iterator[tuple[CompiledModel, Any]]:
    for obj in objects:
        model = model_of(snapshot, obj, fault)
        if model is not None:
            yield model, obj
    for prefix, obj in prefixed.items():
        model = _renamed(snapshot, prefix, obj, fault)
        if model is not None:
            yield model, obj


def _renamed(snapshot: Snapshot, keyword: str, obj: Any, fault: Fault) -> CompiledModel | None:
    model = model_of(snapshot, obj, fault)
    try:
        return None if model is None else model.renamed(keyword)
    except ValueError as error:
        if conf.STRICT:
            raise BadPrefix(keyword) from error
        fault(FaultCode.PREFIX_BAD, snapshot.slug, error)
        return None


def _is_nobody(obj: Any) -> bool:
    # An AnonymousUser is recognized by its attribute, because a host need not have
    # django.contrib.auth. A lazy object that holds nothing equals None.
    return getattr(obj, "is_anonymous", False) is True or bool(obj == None)  # noqa: E711
