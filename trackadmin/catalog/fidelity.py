"""Whether a field gives back what it was given, where it is not one of Django's own."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import connections, models, router

from trackadmin.catalog.kinds import KINDS, AnyField, kind_of

#: The methods by which a field changes values on their way to the database and back.
_CONVERSIONS = (
    "from_db_value",
    "get_db_prep_save",
    "get_db_prep_value",
    "get_prep_value",
    "to_python",
)
#: Those by which it chooses the type of its column.
_COLUMN = ("cast_db_type", "db_parameters", "db_type", "rel_db_type")


def has_own_conversions(field: Any) -> bool:
    """Whether a field that is not Django's own changes values on their way in or out."""
    field_class: type = type(converting_field(field))
    return _has_own(field_class, _CONVERSIONS)


def converting_field(field: Any) -> Any:
    """The field that converts the values: of one that the database computes, what it is made of."""
    return field.output_field if isinstance(field, models.GeneratedField) else field


def has_own_column(field: Any) -> bool:
    """Whether a field chooses the type of its column, and so which values are equal there."""
    field_class: type = type(field)
    return _has_own(field_class, _COLUMN) or bool(getattr(field, "db_collation", None))


@lru_cache(maxsize=512)  # a site has many fields of few classes
def _has_own(field_class: type, names: tuple[str, ...]) -> bool:
    for name in names:
        owner = next((cls for cls in field_class.__mro__ if name in vars(cls)), None)
        if owner is not None and not owner.__module__.startswith("django."):
            return True
    return False


@lru_cache(maxsize=1024)
def reads_back(field: AnyField) -> bool:
    """Whether a value that the field has loaded, written in a URL, finds its row again.

    Django's own fields do. Another one is tried: what it gives back must be of the plain type, must
    stay as it is, and must always be stored in the same way. A field that encrypts with a random
    number, or that shows a number as a text, does not pass.
    """
    if not has_own_conversions(field):
        return True
    values = KINDS[kind_of(field)].lookup
    if values is None:
        return False
    try:
        connection = connections[router.db_for_write(field.model)]
        tried = converting_field(field)
        return all(_is_stable(tried, each, values.type, connection) for each in values.probes)
    except Exception:  # noqa: BLE001 the field's own code may raise anything
        return False


def _is_stable(field: Any, probe: Any, expected: type, connection: Any) -> bool:
    loaded = _loaded(field, probe, connection)
    stored = [field.get_db_prep_save(loaded, connection) for _ in range(2)]
    again = _loaded(field, loaded, connection)
    return type(loaded) is expected and again == loaded and stored[0] == stored[1]


def _loaded(field: Any, value: Any, connection: Any) -> Any:
    stored = field.get_db_prep_save(value, connection)
    from_db = getattr(field, "from_db_value", None)
    return field.to_python(stored) if from_db is None else from_db(stored, None, connection)
