"""Instances made from the row of a query, as ``select_related`` makes them, and their values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias

from django.db.models import Model

from trackadmin.codes import FaultCode
from trackadmin.compiler.host.instances import null_column
from trackadmin.compiler.plan import Node
from trackadmin.compiler.query_tree import Shape, relations
from trackadmin.compiler.savepoints import Reads
from trackadmin.compiler.types import Convert, Fault, Flatten, Pseudonym, Row, Values
from trackadmin.compiler.values.build import build
from trackadmin.compiler.values.children import child_reader, completer
from trackadmin.compiler.values.source import FUNCTION, flatten_source

#: The converters of one connection, by the column's place in the row.
Converters: TypeAlias = Mapping[int, Convert]
#: Gives the instance, or ``None`` where the row holds no object.
MakeInstance: TypeAlias = Callable[[Row], Model | None]
#: Puts the values of a row's instance into a dict. Exceptions while it is made come through.
FillFromInstance: TypeAlias = Callable[[Row, Values, Fault], None]
BindInstance: TypeAlias = Callable[[Converters], FillFromInstance]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of a row are, and what the instances made from it need to know."""

    #: The place of each column, by its path.
    places: Mapping[str, int]
    alias: str
    pseudonym: Pseudonym
    title: str


def whole(shape: Shape, before: str, key: str, layout: Layout) -> BindInstance:
    """Fills in the values of an object and its children from an instance."""
    bind = _maker(shape, before, key, layout)
    flatten = _flattener(shape.left_over(), layout)

    def bound(converters: Converters) -> FillFromInstance:
        make = bind(converters)

        def fill(row: Row, out: Values, fault: Fault) -> None:
            obj = make(row)
            if obj is not None:
                out.update(flatten()(obj, fault))

        return fill

    return bound


def loaded(shape: Shape, before: str, key: str, layout: Layout) -> BindInstance:
    """Fills in the values of the children that are loaded through their accessors."""
    bind = _maker(shape.alone(), before, key, layout)
    model = shape.node.model
    children = tuple(
        (
            each.node.path,
            layout.places.get(before + null_column(model, each.node.accessor)),
            child_reader(each.node),
            _flattener(each.node, layout),
        )
        for each in shape.loaded
    )

    def bound(converters: Converters) -> FillFromInstance:
        make = bind(converters)

        def fill(row: Row, out: Values, fault: Fault) -> None:
            there = [each for each in children if each[1] is None or row[each[1]] is not None]
            obj = make(row) if there else None
            if obj is None:
                return
            reads = Reads()
            try:
                for path, _, get, flatten in there:
                    try:
                        child = get(obj, reads)
                    except Exception as error:  # noqa: BLE001 the host's code may raise anything
                        fault(FaultCode.CHILD_RAISED, path, error)
                    else:
                        if child is not None:
                            out.update(flatten()(child, fault))
            finally:
                reads.close()

        return fill

    return bound


def paths(shape: Shape, before: str) -> Iterator[str]:
    """The columns from which the instance of an object and its joined children are made."""
    for field in shape.node.model._meta.concrete_fields:
        yield before + field.attname
    for child in shape.joined:
        yield from paths(child, start(child, before))


def start(child: Shape, before: str) -> str:
    """How the paths of a joined child's columns start."""
    return f"{before}{child.node.query_name}__"


def key_of(model: type[Model], before: str) -> str:
    """The path of the column that shows whether an object is there."""
    # Not "pk": the key may also be a value, and under its own name it is then read only once.
    meta: Any = model._meta
    pk = meta.pk_fields[0] if getattr(meta, "is_composite_pk", False) else meta.pk
    return f"{before}{pk.attname}"


def _flattener(node: Node, layout: Layout) -> Callable[[], Flatten]:
    @cache  # most readers never make an instance
    def flattener() -> Flatten:
        source = flatten_source(node, layout.pseudonym)
        flatten: Flatten = build(
            source.text, FUNCTION, source.constants, f"{layout.title}: {node.path}"
        )
        return flatten

    return flattener


def _maker(
    shape: Shape, before: str, key: str, layout: Layout
) -> Callable[[Converters], MakeInstance]:
    model, alias = shape.node.model, layout.alias
    names = [field.attname for field in model._meta.concrete_fields]
    places = [layout.places[before + name] for name in names]
    key_at = layout.places[key]
    children = [(*relations(model, c.node), _child_maker(c, before, layout)) for c in shape.joined]
    complete = completer(shape, alias)

    def bind(converters: Converters) -> MakeInstance:
        cells = [(place, converters.get(place)) for place in places]
        bound = [(relation, back, child(converters)) for relation, back, child in children]

        def make(row: Row) -> Model | None:
            if row[key_at] is None:
                return None
            values = [convert(row[at]) if convert else row[at] for at, convert in cells]
            obj = model.from_db(alias, names, values)
            for relation, back, make_child in bound:
                child = make_child(row)
                relation.set_cached_value(obj, child)
                if child is not None and back is not None:
                    back.set_cached_value(child, obj)
            if complete is not None:
                complete(obj)
            return obj

        return make

    return bind


def _child_maker(child: Shape, before: str, layout: Layout) -> Callable[[Converters], MakeInstance]:
    its = start(child, before)
    return _maker(child, its, key_of(child.node.model, its), layout)
