"""The columns of a row: values, the keys that show whether an object is there, counts and sums."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from trackadmin.catalog import Kind
from trackadmin.compiler.aggregate_queries import NAME
from trackadmin.compiler.plan import Aggregate
from trackadmin.compiler.query_tree import Shape
from trackadmin.compiler.sql import row_instances


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the row: values, and the key that shows whether an object is there."""

    #: As a query names it: ``user__username``.
    path: str
    #: ``None`` where the column itself is not a value that goes out.
    kind: Kind | None
    #: Whether an instance is made of it.
    in_instance: bool = False
    #: A count or sum of the object to which this path leads, where it is one.
    aggregate: Aggregate | None = None
    before: str = ""


def columns(top: Shape, shown_by: str = "", *, apart: Collection[str] = ()) -> tuple[Column, ...]:
    """The columns of a row in order, each once; the top's key comes first, and counts and sums
    come last. Of those that another query gives ``apart`` (paths), the row has the key.

    ``shown_by`` is a field of the top that no row has empty: it then takes the place of the top's
    key.
    """
    kinds: dict[str, Kind | None] = {}
    in_instances: set[str] = set()
    for shape, before in _read_apart(top, ""):
        kinds.setdefault(
            (before == "" and shown_by) or row_instances.key_of(shape.node.model, before), None
        )
        if shape.has_instance:
            of_instance = [*row_instances.paths(shape if shape.why else shape.alone(), before)]
            in_instances.update(of_instance)
            for path in of_instance:
                kinds.setdefault(path, None)
        for output in () if shape.why else shape.node.outputs:
            kinds[before + output.facts.attname] = output.facts.kind
    counted = []
    for shape, before in every(top, ""):
        for each in shape.aggregates:
            if (path := path_of(each, before)) in apart:
                kinds.setdefault(before + each.matched.collection.key, None)
            else:
                counted.append(Column(path, None, aggregate=each, before=before))
    found = [Column(path, kind, path in in_instances) for path, kind in kinds.items()]
    return (*found, *counted)


def path_of(aggregate: Aggregate, before: str) -> str:
    """How a query names a count or sum of the object to which this path leads."""
    return f"{before}{NAME}{aggregate.matched.name}"


def every(shape: Shape, before: str) -> Iterator[tuple[Shape, str]]:
    """Each object that the row gives, and how its columns' paths start."""
    yield shape, before
    for child in shape.joined:
        yield from every(child, row_instances.start(child, before))


def _read_apart(shape: Shape, before: str) -> Iterator[tuple[Shape, str]]:
    """Each object that is not part of an instance above it, and how its columns' paths start."""
    yield shape, before
    if not shape.why:
        for child in shape.joined:
            yield from _read_apart(child, row_instances.start(child, before))
