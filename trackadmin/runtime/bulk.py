"""Many objects: a stream of flat dicts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import Any

from django.db.models import Manager, QuerySet

from trackadmin.codes import FaultCode
from trackadmin.compiler import CompiledModel, ManagerError, Scalar
from trackadmin.compiler.obstacles import Obstacle
from trackadmin.compiler.sql import streams
from trackadmin.compiler.values.aggregate_batches import knowing
from trackadmin.compiler.values.children import load_children
from trackadmin.conf import conf
from trackadmin.default_map import DEFAULT_MAP
from trackadmin.exceptions import NotTracked
from trackadmin.runtime.current import current_map
from trackadmin.runtime.faults import report

#: Rows that are fetched at a time and kept in memory.
CHUNK_SIZE = 2000


def iter_tracking_values(queryset: Any, *, map: str = DEFAULT_MAP) -> Iterator[dict[str, Scalar]]:
    """A stream of :func:`tracking_values`, one dict for each row of a queryset or a manager.

    Children are read by the same query. Rows are fetched in chunks, so memory use stays flat. The
    version that is live now is used for the whole stream. If none of the host's code affects the
    values, they are made from the query's rows, without objects.

    If strict, raises :class:`NotPublished` or :class:`UnknownMap` for the map and
    :class:`NotTracked` for the model, before the first row. Otherwise such a stream is empty.
    """
    snapshot = current_map(map)
    rows = _rows(queryset)
    model = snapshot.find(rows.model)
    if model is not None:
        return stream(model, rows)
    if snapshot.digest:
        label = rows.model._meta.label
        if conf.STRICT:
            raise NotTracked(label, snapshot.slug)
        report(FaultCode.OBJECT_NOT_TRACKED, f"{snapshot.slug}: {label}")
    return iter(())


def _rows(queryset: Any) -> QuerySet[Any, Any]:
    rows = queryset.all() if isinstance(queryset, Manager) else queryset
    if not isinstance(rows, QuerySet):
        raise TypeError(f"Pass a queryset or a manager, not {type(queryset).__name__}.")
    # Django's own mark of a queryset whose rows are not objects.
    if getattr(rows, "_fields", None) is not None:
        raise TypeError("The queryset does not give objects. Leave out values() and values_list().")
    return rows


def stream(model: CompiledModel, rows: QuerySet[Any, Any]) -> Iterator[dict[str, Scalar]]:
    """The values of each object of a queryset, by this compiled model, not by the live version."""
    shape = streams.shape(model, rows)
    if not isinstance(shape, Obstacle):
        with suppress(ManagerError):  # of related objects; each object may still have its own way
            return streams.stream(model, rows, shape, report, CHUNK_SIZE)
    return (model.flatten(obj, report) for obj in _objects(model, rows))


def _objects(model: CompiledModel, rows: QuerySet[Any, Any]) -> Iterator[Any]:
    """The queryset's objects with their children.

    The same query loads the children that a join can give. One query for each chunk loads the
    others, and what is counted and added up.
    """
    found: Any = model.along.join(rows).all()
    # A related manager's rows would share the site's own object, whatever that holds by now.
    found._known_related_objects = {}
    objects = found.iterator(chunk_size=CHUNK_SIZE)
    while chunk := list(islice(objects, CHUNK_SIZE)):
        load_children(chunk, model.node, rows.db)
        with knowing(chunk, model.node, report):
            yield from chunk
