"""Counts and sums of many objects by one query, found by the objects' keys."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import Model

from trackadmin.catalog import Kind, has_own_column, has_own_conversions, kind_of
from trackadmin.codes import FaultCode
from trackadmin.compiler.aggregate_queries import groups_of, values_by_key
from trackadmin.compiler.failures import drop_broken, is_out_of_time
from trackadmin.compiler.host.instances import cache_name
from trackadmin.compiler.host.managers import asking
from trackadmin.compiler.host.related_rows import is_usual, rows_to_join
from trackadmin.compiler.plan import Aggregate, Node
from trackadmin.compiler.savepoints import contained
from trackadmin.compiler.slot import Slots
from trackadmin.compiler.types import Convert, Fault, Row, Scalar
from trackadmin.compiler.values.aggregate_values import converted, result_encoder

#: Where an object that knows its counts and sums has them, by the names that go out.
KNOWN = "_trackadmin_known"

#: Keys of these kinds are the same in every row that holds them, as the driver gives them.
_EXACT = frozenset({Kind.INTEGER, Kind.TEXT, Kind.UUID})


def has_exact_key(aggregate: Aggregate) -> bool:
    """Whether Python finds the key of an object among those of related objects."""
    field: Any = aggregate.matched.collection.key_field
    return (
        kind_of(field) in _EXACT
        and not has_own_conversions(field)
        and not any(map(has_own_column, (field, aggregate.matched.collection.field)))
    )


@contextmanager
def knowing(objects: Sequence[Model], node: Node, fault: Fault) -> Iterator[None]:
    """In the block, objects that were just loaded know their counts and sums, and so do the
    children that are loaded with them. What has no such query is left to each object.
    """
    told: list[Model] = []
    try:
        _let_all_know(objects, node, fault, told)
        yield
    finally:
        # The site may keep an object, and what is true now need not be so later.
        for obj in told:
            vars(obj).pop(KNOWN, None)


def _let_all_know(objects: Sequence[Model], node: Node, fault: Fault, told: list[Model]) -> None:
    for aggregates in _groups(node):
        by_alias: dict[str, list[Model]] = {}
        for obj in objects:
            with suppress(Exception):  # the site's routers
                model = aggregates[0].matched.collection.model
                by_alias.setdefault(router.db_for_read(model, instance=obj), []).append(obj)
        for alias, those in by_alias.items():
            with suppress(Exception):  # the site's managers
                batch = Batch(aggregates, alias)
                told += those
                _let_know(those, batch, connections[alias], fault)
    for child in node.children:
        cached = cache_name(node.model, child.accessor)
        if cached and any(each.aggregates for each in child.walk()):
            found = (obj._state.fields_cache.get(cached) for obj in objects)
            _let_all_know([each for each in found if each is not None], child, fault, told)


def _groups(node: Node) -> list[list[Aggregate]]:
    exact = {each.matched.name: each for each in node.aggregates if has_exact_key(each)}
    groups = groups_of([e.matched for e in exact.values() if is_usual(e.matched.collection)])
    return [[exact[each.name] for each in group] for group in groups]


def _let_know(objects: Sequence[Model], batch: Batch, connection: Any, fault: Fault) -> None:
    collection = batch.aggregates[0].matched.collection
    field: Any = collection.key_field
    names = [each.names[0] for each in batch.aggregates]
    held = [(obj, vars(obj).get(collection.key)) for obj in objects]
    keys = [
        (obj, field.get_db_prep_value(value, connection, prepared=False))
        for obj, value in held
        if value is not None
    ]
    found = batch.by_key({key for _obj, key in keys}, fault)
    for obj, key in keys:
        known = vars(obj).setdefault(KNOWN, {})
        known.update(zip(names, found.get(key, batch.nothing), strict=True))


class Batch:
    """The query for some counts and sums that one look at the related objects gives together.

    The manager is asked when it is made, so it must not be kept. Raises :class:`ManagerError`.
    """

    def __init__(self, aggregates: Sequence[Aggregate], alias: str) -> None:
        self.aggregates, self._alias = tuple(aggregates), alias
        encoders = [result_encoder(each.matched) for each in aggregates]
        #: The values of an object that has no related ones.
        self.nothing: tuple[Scalar, ...] = tuple(encode(None) for encode in encoders)
        group = [each.matched for each in aggregates]
        self._texts: list[str] = []
        with asking(group[0].collection.model):
            rows = rows_to_join(group[0].collection, alias)
            compiler = values_by_key(rows, group, Slots()).query.get_compiler(using=alias)
            try:
                sql, parameters = compiler.as_sql()
            except EmptyResultSet:  # the manager shows nothing at all
                return
        self._texts, self._parameters = _texts_of(sql), tuple(parameters)
        #: Where the keys belong among the parameters.
        self._at = next(at for at, each in enumerate(parameters) if type(each) is Slots)
        connection = connections[alias]
        #: Where the values start: the key may be the value.
        self._first = min(1, len(compiler.select) - 1)
        self._read: list[Convert] = [
            converted(each.matched, expression, connection)
            for each, (expression, *_) in zip(
                aggregates, compiler.select[self._first :], strict=True
            )
        ]

    def by_key(self, keys: Collection[Any], fault: Fault) -> Mapping[Hashable, Sequence[Scalar]]:
        """The values by key; a key without related objects is not among them. Never raises."""
        if not self._texts or not keys:
            return {}
        try:
            with contained():
                rows = self._fetched([*keys])
            return {row[0]: self._cells(row) for row in rows}
        except Exception as error:  # noqa: BLE001 the database, or a field of the host
            return self._after_failure(error, [*keys], fault)

    def _cells(self, row: Row) -> Sequence[Scalar]:
        return [
            read(cell)
            for read, cell in zip(self._read, islice(row, self._first, None), strict=True)
        ]

    def _fetched(self, keys: Sequence[Any]) -> list[Row]:
        at, texts, connection = self._at, self._texts, connections[self._alias]
        before, after = texts[at], texts[at + 1]
        if connection.vendor == "postgresql" and before.endswith(_IN):
            # One parameter, which is planned much faster than thousands.
            before, keys, marks = f"{before.removesuffix(_IN)} = ANY(", [_array(keys)], "%s"
        else:
            marks = ", ".join(["%s"] * len(keys))
        sql = "%s".join([*texts[:at], f"{before}{marks}{after}", *texts[at + 2 :]])
        parameters = [*self._parameters[:at], *keys, *self._parameters[at + 1 :]]
        with connection.cursor() as cursor:
            cursor.execute(sql, parameters)
            rows: list[Row] = cursor.fetchall()
            return rows

    def _after_failure(
        self, error: Exception, keys: Sequence[Any], fault: Fault
    ) -> Mapping[Hashable, Sequence[Scalar]]:
        """Look for the value that fails, so that the others are not lost."""
        drop_broken(self._alias)
        is_away = connections[self._alias].connection is None or is_out_of_time(error)
        if len(keys) > 1 and not is_away:
            half = len(keys) // 2
            return {**self.by_key(keys[:half], fault), **self.by_key(keys[half:], fault)}
        if len(self.aggregates) > 1 and not is_away:
            return {keys[0]: [*self._each_alone(keys[0], fault)]}
        for aggregate in self.aggregates:
            fault(FaultCode.AGGREGATE_FAILED, aggregate.path, error)
        return {key: (None,) * len(self.aggregates) for key in keys}

    def _each_alone(self, key: Any, fault: Fault) -> Iterator[Scalar]:
        for aggregate in self.aggregates:
            alone = Batch([aggregate], self._alias)
            yield alone.by_key([key], fault).get(key, alone.nothing)[0]


#: How the ORM writes what comes before the keys.
_IN = " IN ("


def _array(keys: Sequence[Any]) -> Any:
    """The keys as an array of PostgreSQL; as a text where none needs quotes, which is faster."""
    return [*keys] if type(keys[0]) is str else f"{{{','.join(map(str, keys))}}}"


def _texts_of(sql: str) -> list[str]:
    """What stands between the places of parameters. Two percent signs are one in the text."""
    return [text.replace("\0", "%%") for text in sql.replace("%%", "\0").split("%s")]
