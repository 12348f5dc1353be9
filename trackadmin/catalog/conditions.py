"""The values of conditions: from a map or a form to what a field holds."""

from __future__ import annotations

from django.db import DEFAULT_DB_ALIAS

from trackadmin.catalog import url_texts
from trackadmin.catalog.facts import AttributeFacts
from trackadmin.catalog.kinds import Kind


def condition_value(facts: AttributeFacts, value: object) -> object:
    """What the field holds for a value of the map; ``ValueError`` where it cannot hold it.

    Strict, as for URLs: a whole number for a field of whole numbers, a text for a text.
    """
    kind, field = facts.kind, facts.target
    if kind == Kind.BOOLEAN and type(value) is bool:
        return value
    if field is not None and kind == Kind.INTEGER and type(value) is int:
        return url_texts.integer(field, DEFAULT_DB_ALIAS)(str(value))
    if field is not None and type(value) is str and kind == Kind.UUID:
        return url_texts.uuid_value(field, DEFAULT_DB_ALIAS)(value)
    if field is not None and type(value) is str and kind == Kind.TEXT:
        # No URL names an object by an empty text, but a field may well hold one.
        return value and url_texts.text(field, DEFAULT_DB_ALIAS)(value)
    raise ValueError("It is of another type.")


def condition_from_text(facts: AttributeFacts, text: str) -> str | int | bool:
    """The value of a map for the text of a form; ``ValueError`` where the field has none such."""
    value: str | int | bool = text
    if facts.kind == Kind.BOOLEAN:
        value = {"true": True, "false": False}[text] if text in ("true", "false") else text
    elif facts.kind == Kind.INTEGER and facts.target is not None:
        value = url_texts.integer(facts.target, DEFAULT_DB_ALIAS)(text)
    condition_value(facts, value)
    return value
