"""Gets the related objects of instances, each by one query that joins the children below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeAlias

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, Prefetch, QuerySet, prefetch_related_objects

from trackadmin.codes import FastPath
from trackadmin.compiler import query_tree
from trackadmin.compiler.fast_paths import left
from trackadmin.compiler.host.instances import null_column, relation_of, unwrapped
from trackadmin.compiler.plan import Node
from trackadmin.compiler.query_tree import Shape
from trackadmin.compiler.savepoints import Reads, contained
from trackadmin.compiler.types import Rows

#: Loads children of an object that was just made.
Complete: TypeAlias = Callable[[Model], None]


def child_reader(child: Node) -> Callable[[object, Reads], object]:
    """A function that gets a related object, loading it if need be; ``None`` if there is none.

    The same query loads its tracked children, as far as a join gives what the accessors give.
    The instance keeps the objects, as after reading the accessor.
    """
    getters: dict[type, Callable[[object], object]] = {}

    def get(obj: Any) -> object:
        cls = type(obj)
        if cls not in getters:
            getters[cls] = _getter(cls, child)
        return getters[cls](obj)

    def read(obj: object, reads: Reads) -> object:
        with reads:
            try:
                return unwrapped(get(obj))
            except ObjectDoesNotExist:
                return None

    return read


def _getter(cls: type[Model], child: Node) -> Callable[[object], object]:
    descriptor = relation_of(cls, child.accessor)
    if descriptor is None or not child.children:
        accessor = child.accessor
        return lambda obj: getattr(obj, accessor)
    joined = _joined(descriptor, child)
    return lambda obj: joined.__get__(obj, cls)


def _joined(descriptor: Any, child: Node) -> Any:
    """A copy of Django's descriptor that also loads the tracked children."""
    cls: Any = type(descriptor)
    along = query_tree.Along(child)

    class Joined(cls):  # type: ignore[misc]
        def get_queryset(self, **hints: Any) -> Any:
            return along.join(super().get_queryset(**hints))

    twin = Joined.__new__(Joined)
    twin.__dict__.update(descriptor.__dict__)
    return twin


def load_children(objects: Sequence[Model], top: Node, alias: str) -> None:
    """Load the children that no join gives, for all these objects at once.

    What fails is left to the accessor of each object, which reports the error.
    """
    with suppress(Exception):  # the host's managers and routers
        shape = query_tree.shape_of(top, alias, instances=True)
        for path, rows in _rows_ahead(shape, "", objects[0]):
            with suppress(Exception), contained():
                prefetch_related_objects(objects, Prefetch(path, rows))


def _rows_ahead(shape: Shape, before: str, hint: Model) -> Iterator[tuple[str, Rows]]:
    """The path of each such child, as accessors, and the rows to find it in."""
    for joined in shape.joined:
        yield from _rows_ahead(joined, f"{before}{joined.node.accessor}__", hint)
    for child in [each.node for each in shape.loaded]:
        if relation_of(shape.node.model, child.accessor) is None:
            continue  # only the host's code knows how to load it
        # As Django's descriptor does; a router may look at the object.
        rows = child.model._base_manager.db_manager(hints={"instance": hint}).all()
        below = query_tree.shape_of(child, rows.db, instances=True)
        yield (
            f"{before}{child.accessor}",
            rows.select_related(*below.paths()) if below.joined else rows,
        )
        yield from _rows_ahead(below, f"{before}{child.accessor}__", hint)


def completer(shape: Shape, alias: str) -> Complete | None:
    """What loads the children that one query cannot join, several at a time; ``None`` where that
    would save no query.
    """
    model = shape.node.model
    batches = [
        ([*batch.paths()], [_child_cache(model, child.node) for child in batch.joined])
        for batch in _batches(shape, alias)
        if len(batch.joined) > 1
    ]

    def complete(obj: Model) -> None:
        for paths, caches in batches:
            if sum(column == "" or getattr(obj, column) is not None for column, *_ in caches) < 2:
                continue
            twin = _twin(QuerySet(model, using=alias).select_related(*paths), obj)
            for _, relation, back in caches if twin else ():
                child = relation.get_cached_value(twin)
                relation.set_cached_value(obj, child)
                if child is not None and back is not None:
                    back.set_cached_value(child, obj)

    return complete if batches else None


def _twin(rows: Rows, obj: Model) -> Model | None:
    try:
        with contained():
            found: Model = rows.get(pk=obj.pk)
            return found
    except Exception as error:  # noqa: BLE001 then each child is loaded by itself, or fails
        left(FastPath.CHILDREN, rows.model._meta.label, error)
        return None


def _batches(shape: Shape, alias: str) -> Iterator[Shape]:
    """The object with as many of the remaining children as one query can join, and so on."""
    remaining = [
        query_tree.shape_of(each.node, alias, instances=True)
        for each in shape.loaded
        if each.too_many_tables
    ]
    while remaining:
        batch = Shape(shape.node, None, (), ())
        for child in remaining[:]:
            more = replace(batch, joined=(*batch.joined, child))
            if query_tree.fits(more, instances=True):
                batch = more
                remaining.remove(child)
        if not batch.joined:
            return
        yield batch


def _child_cache(model: type[Model], child: Node) -> tuple[str, Any, Any]:
    """The column that is null where there is no child ("" if there is no such column), and the
    relations that keep the child and, where only one object has it, its parent.
    """
    relation, back = query_tree.relations(model, child)
    return null_column(model, child.accessor), relation, back
