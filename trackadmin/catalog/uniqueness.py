"""What the database knows about a field's values: whether they are unique and indexed."""

from __future__ import annotations

from typing import Any

from django.db import models

from trackadmin.catalog.kinds import AnyField


def is_unique(field: AnyField) -> bool:
    """Whether the field is proven unique: by itself, or by a constraint of its table.

    The model that defines the field counts, so the inherited field of a multi-table child is as
    unique as its parent's. What models without migrations (``managed = False``) declare is
    believed.
    """
    meta = field.model._meta
    return (
        field.unique
        or any(tuple(fields) == (field.name,) for fields in meta.unique_together)
        or any(_proves(constraint, field.name) for constraint in meta.constraints)
    )


def is_indexed(field: Any) -> bool:
    """Whether an index finds the rows with a value of the field, without a scan of the table.

    As far as the models declare it: the field's own index, or the first column of another one. A
    partial index does not count: PostgreSQL uses it only if the query repeats its condition.
    """
    meta = field.model._meta
    return (
        field.unique
        or field.db_index
        # Of a primary key of several columns the first one.
        or meta.pk_fields[:1] == [field]
        or any(tuple(fields)[:1] == (field.name,) for fields in meta.unique_together)
        or any(_leads_with(index, field.name) for index in meta.indexes)
        or any(
            _leads_with(constraint, field.name)
            for constraint in meta.constraints
            if isinstance(constraint, models.UniqueConstraint)
        )
    )


def _leads_with(index: models.Index | models.UniqueConstraint, name: str) -> bool:
    if index.condition is not None or getattr(index, "suffix", "") in _NOT_FOR_EQUALITY:
        return False
    fields = [each.removeprefix("-") for each in index.fields]
    return fields[:1] == [name]


#: Kinds of PostgreSQL's indexes (django.contrib.postgres) that do not find one value quickly.
_NOT_FOR_EQUALITY = frozenset({"brin", "gin", "gist", "spgist"})


def _proves(constraint: models.BaseConstraint, name: str) -> bool:
    """Whether this constraint alone makes the field unique in all rows.

    A condition leaves rows out, an expression is not the field, and an operator class may compare
    differently from ``=``. A deferrable constraint does prove it: others see committed rows only,
    and those are unique. (Nulls do not matter, because no URL names one.)
    """
    return (
        isinstance(constraint, models.UniqueConstraint)
        and tuple(constraint.fields) == (name,)
        and constraint.condition is None
        and not constraint.expressions
        and not getattr(constraint, "opclasses", ())
    )
