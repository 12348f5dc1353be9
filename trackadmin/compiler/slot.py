"""A placeholder in a query that the ORM writes once, for the value that a request binds."""

from __future__ import annotations

from typing import Any

from django.db.models import Expression


class Slot(Expression):
    """Stands among the parameters of the SQL as itself."""

    def as_sql(self, compiler: Any, connection: Any) -> Any:
        """The placeholder and, as its parameter, the slot itself."""
        return "%s", [self]
