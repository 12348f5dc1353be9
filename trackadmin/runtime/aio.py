"""The async twins. What needs no SQL runs on the event loop, the rest in Django's thread."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from itertools import islice
from typing import Any, ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.core.exceptions import SynchronousOnlyOperation

from trackadmin.compiler import Scalar, Snapshot
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.runtime.bulk import iter_tracking_values
from trackadmin.runtime.current import current_map, fresh_map, is_ready
from trackadmin.runtime.faults import report
from trackadmin.runtime.flatten import flatten, tracking_values
from trackadmin.runtime.parameters import Query
from trackadmin.runtime.query import tracking_query
from trackadmin.runtime.resolve import get_model, values_from_query
from trackadmin.runtime.signatures import Expires
from trackadmin.runtime.tracking import track
from trackadmin.runtime.values import Values

P = ParamSpec("P")
R = TypeVar("R")

#: Rows that the thread passes to the event loop at a time.
CHUNK_SIZE = 500


async def acurrent_map(map: str = DEFAULT_MAP) -> Snapshot:
    """The async twin of :func:`current_map`."""
    return fresh_map(map) or await _in_thread(current_map)(map)


async def ais_ready(map: str = DEFAULT_MAP) -> bool:
    """The async twin of :func:`is_ready`."""
    return fresh_map(map) is not None or await _in_thread(is_ready)(map)


async def atracking_values(
    *objects: Any, map: str = DEFAULT_MAP, **prefixed: Any
) -> dict[str, Scalar]:
    """The async twin of :func:`tracking_values`."""
    snapshot = fresh_map(map)
    if snapshot is not None and _is_plain(snapshot, (*objects, *prefixed.values())):
        faults = _Faults()
        try:
            values = flatten(snapshot, objects, prefixed, faults)
        except _NeedsSQL:
            pass
        else:
            faults.report()
            return values
    return await _in_thread(tracking_values)(*objects, map=map, **prefixed)


async def aget_model(reference: str, value: Any, *, map: str = DEFAULT_MAP) -> Any:
    """The async twin of :func:`get_model`."""
    return await _in_thread(get_model)(reference, value, map=map)


async def avalues_from_query(query: Query, *, map: str = DEFAULT_MAP) -> Values:
    """The async twin of :func:`values_from_query`."""
    return await _in_thread(values_from_query)(query, map=map)


async def atracking_query(
    *objects: Any,
    map: str = DEFAULT_MAP,
    signed: bool = False,
    expires: Expires | None = None,
    **params: Any,
) -> str:
    """The async twin of :func:`tracking_query`."""
    return await _in_thread(tracking_query)(
        *objects, map=map, signed=signed, expires=expires, **params
    )


async def atrack(action: str, /, *objects: Any, map: str = DEFAULT_MAP, **parameters: Any) -> None:
    """The async twin of :func:`track`. The sinks are called in Django's thread."""
    # A parameter may have a name that the function between would take.
    await _in_thread(lambda: track(action, *objects, map=map, **parameters))()


async def aiter_tracking_values(
    queryset: Any, *, map: str = DEFAULT_MAP
) -> AsyncIterator[dict[str, Scalar]]:
    """The async twin of :func:`iter_tracking_values`."""
    rows = await _in_thread(iter_tracking_values)(queryset, map=map)
    try:
        while chunk := await _in_thread(list)(islice(rows, CHUNK_SIZE)):
            for values in chunk:
                yield values
    finally:
        # If the caller stops early, close the cursor in the thread of its connection, and not in
        # whichever thread Python's garbage collector runs.
        await _in_thread(_close)(rows)


def _close(rows: Iterator[Any]) -> None:
    if isinstance(rows, Generator):
        rows.close()


class _NeedsSQL(BaseException):
    """A value is not loaded. Not an ``Exception``, so that no handler in between catches it."""


class _Faults:
    """Keeps faults until all values have been read."""

    def __init__(self) -> None:
        self._kept: list[tuple[str, str, BaseException | None]] = []

    def __call__(self, code: str, where: str, error: BaseException | None = None) -> None:
        if isinstance(error, SynchronousOnlyOperation):
            raise _NeedsSQL from error
        self._kept.append((code, where, error))

    def report(self) -> None:
        for code, where, error in self._kept:
            report(code, where, error)


def _is_plain(snapshot: Snapshot, objects: tuple[Any, ...]) -> bool:
    """Whether flattening these objects is safe on the event loop.

    Django refuses SQL there, unless that is switched off. The host's code could do other slow
    things, or catch Django's error, so computed values are never read on the event loop.
    """
    if os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE"):
        return False
    models = [snapshot.find(type(obj)) for obj in objects if obj is not None]
    return all(model is not None and not model.runs_host_code for model in models)


def _in_thread(function: Callable[P, R]) -> Callable[P, Coroutine[Any, Any, R]]:
    # One thread for all sync code of a request, like Django's own async methods.
    return sync_to_async(function, thread_sensitive=True)
