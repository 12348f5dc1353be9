"""The types that pass between the rooms of the compiler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from django.db.models import QuerySet

#: What an event may hold. A float is finite.
Scalar: TypeAlias = str | int | float | bool | None

#: Output names and their values: one flat JSON object.
Values: TypeAlias = dict[str, Scalar]

#: Called with a stable code, the place in the map, and the error, for each value that is lost.
Fault: TypeAlias = Callable[[str, str, BaseException | None], None]

#: ``flatten(obj, fault)``: the values of an object. It never raises.
Flatten: TypeAlias = Callable[[object, Fault], Values]

#: From a personal value to its pseudonym. ``None`` stays ``None``.
Pseudonym: TypeAlias = Callable[[Scalar], str | None]

#: A queryset of any model's objects.
Rows: TypeAlias = "QuerySet[Any, Any]"

#: A row of a query, as the driver gives it.
Row: TypeAlias = Sequence[Any]

#: From a value of the database's driver to what an instance would hold, or to a scalar.
Convert: TypeAlias = Callable[[Any], Any]
