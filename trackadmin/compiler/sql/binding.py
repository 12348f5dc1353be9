"""From a reference's text to what a statement takes for it: judged, and prepared by the ORM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from django.db import connections, models

from trackadmin.catalog.url_texts import uuid_text
from trackadmin.compiler.lookups import Lookup

#: ``bind(text, connection)`` gives the parameter; ``ValueError`` where the text is malformed.
Bind: TypeAlias = Callable[[str, Any], Any]

#: Fields of Django's own that a database takes the text itself for.
_TEXTS = frozenset(
    {models.CharField, models.EmailField, models.SlugField, models.TextField, models.URLField}
)


def binder(lookup: Lookup, alias: str) -> Bind:
    """What binds the texts of a lookup, on any thread's connection to this database.

    It gives what the target field's ``get_db_prep_value`` makes of the parsed value, or what the
    database takes for the same.
    """
    target: Any = lookup.facts.target
    parse = lookup.parser(alias)
    if type(target) in _TEXTS:
        return lambda text, connection: parse(text)
    if type(target) is models.UUIDField:
        # Without the object in between: its making takes longer than all else here.
        if connections[alias].features.has_native_uuid_field:
            return lambda text, connection: uuid_text(text)
        return lambda text, connection: uuid_text(text).replace("-", "").lower()

    def bind(text: str, connection: Any) -> Any:
        value = parse(text)
        try:
            return target.get_db_prep_value(value, connection, prepared=False)
        except ValueError as error:
            # Not for the text, which was judged: a field of the host has its own way.
            raise TypeError(f"{lookup.reference} cannot be bound.") from error

    return bind
