"""What one query reads of a tree, what it makes instances for, and what is left to load."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

from django.db import router
from django.db.models import Model, QuerySet
from django.db.models.query import ModelIterable
from django.db.models.sql import Query

from trackadmin.compiler.host import managers
from trackadmin.compiler.host.instances import is_plain
from trackadmin.compiler.host.loading_code import declared, loading_code
from trackadmin.compiler.plan import Node, Output

#: Tables in one query: SQLite joins no more, and PostgreSQL plans 64 in 50 ms, 130 in 160.
MAX_TABLES = 64
#: Columns of one row: PostgreSQL gives 1,664, SQLite 2,000.
MAX_COLUMNS = 1600


@dataclass(frozen=True, slots=True)
class Loaded:
    """A child that no join gives: it is loaded through its parent's accessor."""

    node: Node
    why: str


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """How much of a tree one query gives, and in which form."""

    node: Node
    #: Why an instance is made of the row, with all below it; "" where its columns are the values.
    why: str
    #: The children that are joined.
    joined: tuple[Cut, ...]
    #: The others. Where there are any, the row gives an instance to start from.
    loaded: tuple[Loaded, ...]
    #: How many tables and columns the query has for it, at most, and how many columns if an
    #: instance above it holds it.
    tables: int = field(init=False)
    columns: int = field(init=False)
    instance_columns: int = field(init=False)

    def __post_init__(self) -> None:
        meta = self.node.model._meta
        every, own = len(meta.concrete_fields), len(self.node.outputs) + 1
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
    def form(self) -> tuple[Any, ...]:
        """What tells this cut of a tree from another cut of the same tree."""
        return tuple(
            (each.node.road, bool(each.why), tuple(loaded.node.road for loaded in each.loaded))
            for each in self.walk()
        )

    def alone(self) -> Cut:
        """The object without those that are joined to it."""
        return replace(self, joined=())

    def walk(self) -> Iterator[Cut]:
        """This object and all that are joined to it."""
        yield self
        for child in self.joined:
            yield from child.walk()

    def paths(self) -> Iterator[str]:
        """The joined relations, as ``select_related`` names them."""
        for child in self.joined:
            yield child.node.query_name
            for path in child.paths():
                yield f"{child.node.query_name}__{path}"


def cut(top: Node, alias: str, *, spare: int = 0, instances: bool = False) -> Cut:
    """Cut what one query of this database gives out of a tree.

    ``spare`` is the number of tables that the query of the top's manager joins by itself.
    ``instances`` says that the query gives all columns of all objects, as ``select_related`` does.
    """
    return _fitting(_cut(top, alias, instances, declared()), MAX_TABLES - spare, instances)


def _cut(node: Node, alias: str, instances: bool, harmless: frozenset[str]) -> Cut:
    why = loading_code(node.model, harmless)
    for output in () if why else node.outputs:
        why = why or output_refusal(node, output)
    instances = instances or bool(why)
    joined, loaded = [], []
    for child in node.children:
        if not_joined := child_refusal(node, child, alias):
            if child.names():
                loaded.append(Loaded(child, not_joined))
            continue
        found = _cut(child, alias, instances, harmless)
        if child.outputs or found.joined or found.loaded:
            joined.append(found)
    return _fitting(Cut(node, why, tuple(joined), tuple(loaded)), MAX_TABLES, instances)


def _fitting(found: Cut, tables: int, instances: bool) -> Cut:
    """Without the largest of its children, until the rest fits into one query."""
    while found.joined and not fits(found, tables, instances):
        largest = max(found.joined, key=lambda child: (child.tables, child.columns))
        found = replace(
            found,
            joined=tuple(child for child in found.joined if child is not largest),
            loaded=(*found.loaded, Loaded(largest.node, TOO_MANY)),
        )
    return found


def fits(found: Cut, tables: int = MAX_TABLES, instances: bool = False) -> bool:
    """Whether one query can give all this."""
    columns = found.instance_columns if instances else found.columns
    return found.tables <= tables and columns <= MAX_COLUMNS


#: Why a child that could be joined is not.
TOO_MANY = "one query cannot join so many tables"


@lru_cache(maxsize=1024)
def tables_of(model: type[Model]) -> int:
    """How many tables hold an object of the model, its ancestors' included."""
    return len({model._meta.db_table, *(each._meta.db_table for each in model._meta.all_parents)})


def reasons(found: Cut) -> Iterator[str]:
    """For each object that is not read from the row alone: what happens instead, and why."""
    if found.why:
        yield f"{found.node.road}: an instance is made from the row; {found.why}"
    for each in found.walk() if found.why else (found,):
        for loaded in each.loaded:
            yield f"{loaded.node.road}: loaded by a query of its own; {loaded.why}"
    for child in () if found.why else found.joined:
        yield from reasons(child)


def loading_refusal(model: type[Model]) -> str:
    """Why what an instance holds may differ from what the row holds; "" where it does not."""
    return loading_code(model, declared())


def output_refusal(node: Node, output: Output) -> str:
    """Why a value is not what a column holds; "" where it is."""
    if output.facts.computed or not is_plain(node.model, output.facts.attname):
        return f"{output.facts.attname} is computed by code of the host"
    return ""


def child_refusal(node: Node, child: Node, alias: str) -> str:
    """Why a join does not give what the child's accessor gives; "" where it does."""
    if not child.query_name:
        return "read by code of the host"
    if not managers.is_plain(child.model._base_manager):
        return "behind a manager that may hide objects"
    if not managers.is_usual_relation(_field(node.model, child)):
        return "its relation is read by code of the host"
    if not _is_held(node.model, child):
        return "no constraint holds its object in place"
    return "" if lies_with(node.model, alias, child.model) else "it lies in another database"


def lies_in(alias: str, model: type[Model]) -> bool:
    """Whether this database has the model's table, as far as the site's routers know."""
    return router.db_for_read(model) == alias or router.allow_migrate_model(alias, model)


def lies_with(parent: type[Model], alias: str, model: type[Model]) -> bool:
    """Whether a parent's row in this database has its child's row beside it.

    As the site's routers have it now: they may send each tenant to a database of its own. A
    replica is as good as any other: the rows of both are written to the same place.
    """
    if not router.routers or router.db_for_read(model) == alias:
        return True
    return router.db_for_write(model) == router.db_for_write(parent) and lies_in(alias, model)


class Along:
    """What a query that loads objects loads along with them, as far as joins can give it."""

    def __init__(self, top: Node) -> None:
        self._top = top
        #: By database and how many tables the query joins by itself.
        self._paths: dict[tuple[str, int], tuple[str, ...]] = {}

    def join(self, rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
        """The same queryset, which loads along what is tracked below its objects."""
        # What combines queries cannot join, and a lock must not reach further than was asked for.
        if not self._top.children or rows.query.combinator or rows.query.select_for_update:
            return rows
        key = (rows.db, own_tables(rows))
        # Routers may send each tenant's rows to another database, so they are asked each time.
        paths = None if router.routers else self._paths.get(key)
        if paths is None:
            found = cut(self._top, key[0], spare=key[1], instances=True)
            paths = self._paths[key] = tuple(found.paths())
        # A queryset that defers a relation could not join it.
        return rows.defer(None).select_related(*paths) if paths else rows


def instance_refusal(found: Cut, rows: QuerySet[Any, Any]) -> str:
    """Why instances made of rows would lack what a queryset's own objects have; "" where not."""
    if not found.why:
        return ""
    query, why = rows.query, next(reasons(found))
    if not gives_instances(rows):
        return f"{why}, and the queryset makes its objects in a way of its own"
    if query.annotations or query.extra:
        return f"{why}, and the queryset adds values to each object"
    # The host's code may rely on what is loaded along.
    if getattr(rows, "_prefetch_related_lookups", ()) or not _chosen(query.select_related) <= {
        *found.paths()
    }:
        return f"{why}, and the queryset loads other objects along"
    return ""


def stream_refusal(found: Cut, rows: QuerySet[Any, Any]) -> str:
    """Why the objects of a stream must be loaded; "" where instances made of rows will do.

    Where the top is made as an instance, the queryset itself loads it just as well. So it does
    where children are loaded, for many objects at a time.
    """
    if any(each.loaded for each in found.walk()):
        return next(reasons(found))
    made = next((each for each in found.walk() if each.why), None)
    if found.why:
        return next(reasons(found))
    return instance_refusal(made, rows) if made else ""


def _chosen(chosen: Any, before: str = "") -> set[str]:
    if chosen is True:
        return {"all"}
    paths = {f"{before}{name}": below for name, below in (chosen or {}).items()}
    return {*paths}.union(*(_chosen(below, f"{path}__") for path, below in paths.items()))


def own_tables(rows: QuerySet[Any, Any]) -> int:
    """How many tables a queryset joins by itself, at most."""
    return len(rows.query.alias_map) + len(_chosen(rows.query.select_related))


def rows_refusal(rows: QuerySet[Any, Any], paths: Iterable[str]) -> str:
    """Why a queryset's objects are not what the rows of its query hold; "" where they are.

    ``paths`` are the columns that are read.
    """
    query = rows.query
    if not gives_instances(rows) or managers.overridden(type(rows)) & _READS:
        return "the queryset has a way of its own to give rows"
    if query.combinator or query.extra or query.group_by is not None:
        return "its query joins several, groups rows or holds text of SQL"
    if query.annotations and query.distinct:
        return "what it annotates tells which rows are distinct"
    if not query.annotations.keys().isdisjoint(paths):
        return "it annotates a name that the map reads"
    if query.select_for_update:
        return "it locks the rows that it selects"
    return ""


#: How a queryset gives its rows. What else a class of its own does is done when we call it.
_READS = frozenset({"__getitem__", "__iter__", "__len__", "_fetch_all", "_iterator", "_values"}) | {
    *("iterator", "values_list"),
}


def gives_instances(rows: QuerySet[Any, Any]) -> bool:
    """Whether a queryset makes its objects as Django does."""
    return rows._iterable_class is ModelIterable and type(rows.query) is Query


def relations(model: type[Model], child: Node) -> tuple[Any, Any]:
    """The relation that leads to a child, and the one back, if only one object has the child."""
    relation: Any = model._meta.get_field(child.query_name)
    if hasattr(relation, "field"):  # it is a reverse one
        return relation, relation.field
    return relation, relation.remote_field if relation.unique else None


def _is_held(parent: type[Model], child: Node) -> bool:
    """Whether a foreign key that is set always leads to a row: a join may rely on it."""
    # A relation over several columns has no constraint.
    return bool(getattr(_field(parent, child), "db_constraint", False))


def _field(parent: type[Model], child: Node) -> Any:
    """The foreign key that holds the column of a relation, on either side."""
    relation: Any = parent._meta.get_field(child.query_name)
    return getattr(relation, "field", relation)
