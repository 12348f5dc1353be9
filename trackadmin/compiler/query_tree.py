"""What one query reads of a plan's tree, where it makes instances, and what is left to load."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from django.db import router
from django.db.models import Model

from trackadmin.compiler.host.loading_code import declared
from trackadmin.compiler.obstacles import (
    Obstacle,
    ObstacleCode,
    aggregate_obstacle,
    child_obstacle,
    gives_instances,
    loading_obstacle,
    output_obstacle,
)
from trackadmin.compiler.plan import Aggregate, Node
from trackadmin.compiler.types import Rows
from trackadmin.texts import Text, joined
from trackadmin.texts import gettext as _

#: Tables in one query: SQLite joins no more, and PostgreSQL plans 64 in 50 ms, 130 in 160.
MAX_TABLES = 64
#: Columns of one row: PostgreSQL gives 1,664, SQLite 2,000.
MAX_COLUMNS = 1600


@dataclass(frozen=True, slots=True)
class Loaded:
    """A child that no join gives: it is loaded through its parent's accessor."""

    node: Node
    why: Obstacle

    @property
    def too_many_tables(self) -> bool:
        """Whether it could be joined, but not in a query with so many tables."""
        return self.why.code is ObstacleCode.TOO_MANY_TABLES


@dataclass(frozen=True, slots=True, eq=False)
class Shape:
    """How much of a tree one query gives, and in which form: as values or as instances."""

    node: Node
    #: Why an instance is made of the row, with all below it; ``None`` where its columns are the
    #: values.
    why: Obstacle | None
    #: The children that are joined.
    joined: tuple[Shape, ...]
    #: The other children. Where there are any, the row gives an instance to start from.
    loaded: tuple[Loaded, ...]
    #: The counts and sums of the object that the query, or one for many rows, gives.
    aggregates: tuple[Aggregate, ...] = ()
    #: How many tables and columns the query needs for it, at most, and how many columns if an
    #: instance above holds it.
    tables: int = field(init=False)
    columns: int = field(init=False)
    instance_columns: int = field(init=False)

    def __post_init__(self) -> None:
        meta = self.node.model._meta
        read = {output.facts.attname for output in self.node.outputs}
        every, own = len(meta.concrete_fields), len(read) + 1
        below = [0, 0, 0]
        for child in self.joined:
            below[0] += child.tables
            below[1] += child.columns
            below[2] += child.instance_columns
        tables, columns, instance_columns = below
        values = {
            "tables": tables_of(self.node.model) + tables,
            "columns": every + (instance_columns if self.why else columns)
            if self.has_instance
            else own + columns,
            "instance_columns": every + instance_columns,
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def has_instance(self) -> bool:
        """Whether the row must hold all columns of the object."""
        return bool(self.why or self.loaded)

    @property
    def form(self) -> tuple[tuple[object, ...], ...]:
        """What distinguishes this shape from other shapes of the same tree."""
        return tuple(
            (
                each.node.path,
                bool(each.why),
                tuple(loaded.node.path for loaded in each.loaded),
                tuple(aggregate.path for aggregate in each.aggregates),
            )
            for each in self.walk()
        )

    def alone(self) -> Shape:
        """The object without its joined children."""
        return replace(self, joined=())

    def left_over(self) -> Node:
        """The tree without the counts and sums that the query gives."""
        below = {each.node.path: each.left_over() for each in self.joined}
        return replace(
            self.node,
            aggregates=tuple(each for each in self.node.aggregates if each not in self.aggregates),
            children=tuple(below.get(child.path, child) for child in self.node.children),
        )

    def walk(self) -> Iterator[Shape]:
        """This object and all joined children below it."""
        yield self
        for child in self.joined:
            yield from child.walk()

    def paths(self) -> Iterator[str]:
        """The joined relations, as ``select_related`` names them."""
        for child in self.joined:
            yield child.node.query_name
            for path in child.paths():
                yield f"{child.node.query_name}__{path}"


def shape_of(
    top: Node, alias: str, *, spare: int = 0, instances: bool = False, counted: bool = False
) -> Shape:
    """What one query of this database gives of a tree.

    ``spare`` is the number of tables that the query of the top's manager joins by itself.
    ``instances`` says that the query gives all columns of all objects, as ``select_related`` does;
    ``counted`` that it gives counts and sums, too.
    """
    made = _Shapes(alias, instances, counted, declared()).shaped(top)
    return _fitting(made, MAX_TABLES - spare, instances)


@dataclass(frozen=True, slots=True)
class _Shapes:
    alias: str
    instances: bool
    counted: bool
    #: What :func:`declared` says.
    harmless: frozenset[str]

    def shaped(self, node: Node) -> Shape:
        why = loading_obstacle(node.model, self.harmless)
        for output in () if why else node.outputs:
            why = why or output_obstacle(node, output)
        aggregates = []
        for aggregate in node.aggregates if self.counted else ():
            if not_given := aggregate_obstacle(node.model, aggregate.matched, self.alias):
                why = why or not_given
            else:
                aggregates.append(aggregate)
        below = replace(self, instances=self.instances or bool(why))
        joined, loaded = [], []
        for child in node.children:
            if not_joined := child_obstacle(node, child, self.alias):
                if child.names():
                    loaded.append(Loaded(child, not_joined))
                continue
            its = below.shaped(child)
            if any(child.own_names()) or its.joined or its.loaded:
                joined.append(its)
        made = Shape(node, why, tuple(joined), tuple(loaded), tuple(aggregates))
        return _fitting(made, MAX_TABLES, below.instances)


def _fitting(shape: Shape, tables: int, instances: bool) -> Shape:
    """The shape without its largest children, so that one query can give the rest."""
    while shape.joined and not fits(shape, tables, instances):
        largest = max(shape.joined, key=lambda child: (child.tables, child.columns))
        text = _("One query cannot join so many tables.")
        left = Loaded(largest.node, Obstacle(ObstacleCode.TOO_MANY_TABLES, text))
        shape = replace(
            shape,
            joined=tuple(child for child in shape.joined if child is not largest),
            loaded=(*shape.loaded, left),
        )
    return shape


def fits(shape: Shape, tables: int = MAX_TABLES, instances: bool = False) -> bool:
    """Whether one query can give all this."""
    columns = shape.instance_columns if instances else shape.columns
    return shape.tables <= tables and columns <= MAX_COLUMNS


@lru_cache(maxsize=1024)
def tables_of(model: type[Model]) -> int:
    """How many tables hold an object of the model, its ancestors' included."""
    return len({model._meta.db_table, *(each._meta.db_table for each in model._meta.all_parents)})


def reasons(shape: Shape) -> Iterator[Obstacle]:
    """For each object that is not read from the row alone: what happens instead, and why."""
    if shape.why:
        text = _(
            "%(path)s: an instance is made from the row. %(reason)s",
            path=shape.node.path,
            reason=shape.why.text,
        )
        yield Obstacle(shape.why.code, text)
    for each in shape.walk() if shape.why else (shape,):
        for loaded in each.loaded:
            text = _(
                "%(path)s: a query of its own loads it. %(reason)s",
                path=loaded.node.path,
                reason=loaded.why.text,
            )
            yield Obstacle(loaded.why.code, text)
    for child in () if shape.why else shape.joined:
        yield from reasons(child)


class Along:
    """The children that a query which loads objects joins, as far as joins can give them."""

    def __init__(self, top: Node) -> None:
        self._top = top
        #: By database and how many tables the query joins by itself.
        self._paths: dict[tuple[str, int], tuple[str, ...]] = {}

    def join(self, rows: Rows) -> Rows:
        """The same queryset, which also loads the children that are tracked."""
        # A combined query cannot join, and a lock must not cover more tables than asked for.
        if not self._top.children or rows.query.combinator or rows.query.select_for_update:
            return rows
        key = (rows.db, own_tables(rows))
        # Routers may send each tenant's rows to another database, so they are asked each time.
        paths = None if router.routers else self._paths.get(key)
        if paths is None:
            shape = shape_of(self._top, key[0], spare=key[1], instances=True)
            paths = self._paths[key] = tuple(shape.paths())
        # A queryset that defers a relation could not join it.
        return rows.defer(None).select_related(*paths) if paths else rows


def instance_obstacle(shape: Shape, rows: Rows) -> Obstacle | None:
    """Why instances made of rows would lack what a queryset's own objects have; ``None`` where
    they would not.
    """
    if not shape.why:
        return None
    text = _why_not_instances(shape, rows, next(reasons(shape)).text)
    return None if text is None else Obstacle(ObstacleCode.QUERYSET, text)


def _why_not_instances(shape: Shape, rows: Rows, reason: Text) -> Text | None:
    query = rows.query
    if not gives_instances(rows):
        return joined(reason, _("The queryset overrides how its objects are made."))
    if query.annotations or query.extra:
        return joined(reason, _("The queryset adds values to each object."))
    # The host's code may rely on what is loaded with the object.
    if getattr(rows, "_prefetch_related_lookups", ()) or not _select_related(
        query.select_related
    ) <= {*shape.paths()}:
        return joined(reason, _("The queryset loads other objects too."))
    return None


def stream_obstacle(shape: Shape, rows: Rows) -> Obstacle | None:
    """Why the objects of a stream must be loaded; ``None`` where instances made of rows will do.

    Where the top is made as an instance, the queryset itself loads it just as well. So it does
    where children are loaded, for many objects at a time.
    """
    if shape.why or any(each.loaded for each in shape.walk()):
        return next(reasons(shape))
    instance = next((each for each in shape.walk() if each.why), None)
    return instance_obstacle(instance, rows) if instance else None


def _select_related(chosen: Any, before: str = "") -> set[str]:
    if chosen is True:
        return {"all"}
    paths = {f"{before}{name}": below for name, below in (chosen or {}).items()}
    return {*paths}.union(*(_select_related(below, f"{path}__") for path, below in paths.items()))


def own_tables(rows: Rows) -> int:
    """How many tables a queryset joins by itself, at most."""
    return len(rows.query.alias_map) + len(_select_related(rows.query.select_related))


def relations(model: type[Model], child: Node) -> tuple[Any, Any]:
    """The relation that leads to a child, and the one back, if only one object has the child."""
    relation: Any = model._meta.get_field(child.query_name)
    if hasattr(relation, "field"):  # it is a reverse one
        return relation, relation.field
    return relation, relation.remote_field if relation.unique else None
