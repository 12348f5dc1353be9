"""From counts and sums to querysets, which the ORM writes: one value, or several at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import (
    Count,
    F,
    GeneratedField,
    Max,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    Window,
)
from django.db.models.expressions import BaseExpression
from django.db.models.functions import RowNumber

from trackadmin.compiler.aggregates import MatchedAggregate
from trackadmin.compiler.host.language import one_language
from trackadmin.compiler.host.manager_proofs import overridden
from trackadmin.compiler.host.related_rows import chosen, has_own_filter, of_django
from trackadmin.compiler.types import Rows
from trackadmin.document.structure import COUNT, DISTINCT, LATEST, MAX, MIN, SUM

#: Before the names of what is selected, so that no field of the host has the same name.
NAME = "trackadmin_"


def values_of(rows: Rows, group: Sequence[MatchedAggregate]) -> Rows:
    """One row with these values of all the rows. None of them is the latest value, unless it is
    the only one: then there may be no row.
    """
    rows, names = _functions(rows, group)
    if group[0].entry.function == LATEST:
        newest: Rows = latest_first(rows, group[0])[:1]
        return newest
    found: Rows = rows.order_by().annotate(**names).values_list(*names)
    found.query.group_by = None  # all rows are one group
    return found


def values_by_key(rows: Rows, group: Sequence[MatchedAggregate], keys: Any) -> Rows:
    """A row for each of the keys that has related objects: the key, then these values.

    The values are as for :func:`values_of`. The key comes once if it is the latest value, too.
    """
    first = group[0]
    path = first.collection.column
    rows, names = _functions(chosen(rows, first.collection, keys, "__in"), group)
    if first.entry.function != LATEST:
        found: Rows = rows.order_by().values(path).annotate(**names).values_list(path, *names)
        return found
    by, order = _newest(first)
    place = Window(RowNumber(), partition_by=[F(path)], order_by=order)
    rows = rows.filter(**{f"{by}__isnull": False}).order_by()
    ranked: Any = rows.annotate(**{f"{NAME}place": place}).filter(**{f"{NAME}place": 1})
    newest: Rows = ranked.values_list(*dict.fromkeys((path, _column(first.field))))
    return newest


def _functions(
    rows: Rows, group: Sequence[MatchedAggregate]
) -> tuple[Rows, dict[str, BaseExpression]]:
    """The rows that meet the conditions of all, and the functions with the other conditions."""
    common = all(each.where == group[0].where for each in group)
    rows = conditional(rows, group[0]) if common else of_django(rows)
    if group[0].entry.function == LATEST:
        return rows, {}
    names: dict[str, BaseExpression] = {}
    for number, each in enumerate(group):
        its_own = None if common or not each.where else Q(**dict(each.where))
        names[f"{NAME}{number}"] = _function(each, its_own)
    return rows, names


def value_beside(rows: Rows, matched: MatchedAggregate, before: str) -> BaseExpression:
    """The value as a part of a query that reads the object; ``before`` is the path to that."""
    its = chosen(rows, matched.collection, OuterRef(before + matched.collection.key))
    field = matched.field
    output: Any = field.target if field is not None and matched.entry.function == LATEST else None
    if isinstance(output, GeneratedField):
        output = output.output_field
    return Subquery(values_of(its, [matched]), output_field=output)


def value_by_definition(rows: Rows, matched: MatchedAggregate) -> Any:
    """The value of an object's related objects by a query of its own, whatever the query is."""
    if matched.entry.function == LATEST:
        newest = latest_first(conditional(rows, matched), matched)
        return next(iter(newest[:1]), (None,))[0]
    with one_language():
        found = rows.filter(**dict(matched.where)) if matched.where else rows
        # Where the site adds up in its own way, that is what its related manager says.
        found = found if "aggregate" in overridden(type(found)) else of_django(found)
        return found.aggregate(**{NAME: _function(matched)})[NAME]


def groups_of(aggregates: Sequence[MatchedAggregate]) -> list[list[MatchedAggregate]]:
    """The values that one look at the related objects gives together."""
    groups: dict[object, list[MatchedAggregate]] = {}
    own_way: dict[str, bool] = {}
    for each in aggregates:
        accessor = each.collection.accessor
        if accessor not in own_way:
            own_way[accessor] = has_own_filter(each.collection)
        latest = each.name if each.entry.function == LATEST else ""
        where = each.where if own_way[accessor] else ()
        groups.setdefault((accessor, latest, where), []).append(each)
    return [*groups.values()]


def conditional(rows: Rows, matched: MatchedAggregate) -> Rows:
    """The rows that meet the conditions, which the site's own ``filter`` may read in its way."""
    if matched.where:
        with one_language():
            rows = rows.filter(**dict(matched.where))
    return of_django(rows)


def latest_first(rows: Rows, matched: MatchedAggregate) -> Rows:
    """The values of the field, the newest object's first. Of equally new ones that with the
    greatest primary key comes first; one without the column that is compared never does.
    """
    by, order = _newest(matched)
    rows = rows.filter(**{f"{by}__isnull": False}).order_by(*order)
    return rows.values_list(_column(matched.field))


def _newest(matched: MatchedAggregate) -> tuple[str, list[Any]]:
    """The column that is compared, and the order in which the newest object comes first."""
    by = _column(matched.by)
    return by, [F(name).desc() for name in (by, *matched.collection.primary_key)]


def _function(matched: MatchedAggregate, condition: Q | None = None) -> Any:
    name = matched.entry.function
    if name == COUNT:
        # Django lets a star have no condition.
        return Count("*") if condition is None else Count(Value(1), filter=condition)
    if name == DISTINCT:
        return Count(_column(matched.field), distinct=True, filter=condition)
    return _OF_FIELD[name](_column(matched.field), filter=condition)


#: The functions of a field's values.
_OF_FIELD = {SUM: Sum, MIN: Min, MAX: Max}


def _column(facts: Any) -> str:
    return str(facts.attname)
