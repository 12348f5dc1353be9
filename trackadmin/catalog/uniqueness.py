"""Whether the database proves that no two rows of a model share a value in a field."""

from __future__ import annotations

from django.db import models

from trackadmin.catalog.kinds import AnyField


def is_unique(field: AnyField) -> bool:
    """Whether the field is proven unique: by itself, or by a constraint of its table.

    Looked up where the field is defined, so a multi-table child's inherited field is as unique as
    its parent's. Models without migrations (``managed = False``) are believed.
    """
    meta = field.model._meta
    return (
        field.unique
        or any(tuple(fields) == (field.name,) for fields in meta.unique_together)
        or any(_proves(constraint, field.name) for constraint in meta.constraints)
    )


def _proves(constraint: models.BaseConstraint, name: str) -> bool:
    """Whether this constraint alone makes the field unique in all rows.

    A condition leaves rows out, an expression is unique in itself and not in the field, and an
    operator class may compare otherwise than ``=`` does. A deferrable constraint does prove it:
    others see committed rows only, and those are unique. (Nulls do not matter: a URL names none.)
    """
    return (
        isinstance(constraint, models.UniqueConstraint)
        and tuple(constraint.fields) == (name,)
        and constraint.condition is None
        and not constraint.expressions
        and not getattr(constraint, "opclasses", ())
    )
