"""Placeholders in queries that the ORM writes once, for the values that are bound later."""

from __future__ import annotations

from typing import Any

from django.db.models import Expression


class Slot(Expression):
    """Stands among the parameters of the SQL as itself."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """The placeholder and, as its parameter, the slot itself."""
        return "%s", [self]


class Slots(Expression):
    """Stands for a list of values, whose number is not known yet."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """As for one value, in brackets."""
        return "(%s)", [self]
