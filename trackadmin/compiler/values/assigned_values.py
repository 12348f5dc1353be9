"""Encodes the value of an instance as if the instance had been saved and loaded again.

An instance holds what was assigned to it: a datetime in a date field, the text of a number, an
``F()`` expression. The same row, found by a URL, holds what the field has stored. Both must give
the same event, so a value that is not of the field's usual type goes through the field first.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.functional import LazyObject, Promise

from trackadmin.catalog import AttributeFacts, has_own_conversions
from trackadmin.compiler.host.instances import unwrapped
from trackadmin.compiler.host.language import one_language
from trackadmin.compiler.types import Scalar
from trackadmin.compiler.values.encoders import Encode, Unencodable
from trackadmin.compiler.values.rules import RULES, Rule
from trackadmin.compiler.values.stored_values import Loaded
from trackadmin.exceptions import Portable
from trackadmin.texts import gettext as _


class Unsaved(Portable, ValueError):
    """The database computes the value when the object is saved, so it is not known yet."""

    def __init__(self) -> None:
        super().__init__(
            _("The database computes the value when the object is saved. Reload the object then.")
        )


#: What fields raise for a value that they cannot store.
_REFUSALS = (TypeError, ValueError, ArithmeticError, AttributeError, ValidationError)


def encoder(facts: AttributeFacts) -> Encode:
    """A function that encodes a value of an instance as the field would load it."""
    rule, field = RULES[facts.kind], facts.target
    if facts.computed or field is None:
        return rule.encode
    convert, loaded = rule.encode, _loader(field, rule)
    nothing = "" if rule.empty_text and not field.null else None

    def encode_assigned(value: object) -> Scalar:
        try:
            scalar = None if value is None else convert(loaded(_settled(value)))
        except _REFUSALS as error:
            raise Unencodable(value) from error
        return nothing if scalar is None else scalar

    return encode_assigned


def _loader(field: Any, rule: Rule) -> Loaded:
    """A function that gives back a value as if it had been saved and loaded."""
    if isinstance(field, models.GeneratedField):
        field = field.output_field
    return rule.stored_by_own(field) if has_own_conversions(field) else rule.stored(field)


def _settled(value: object) -> object:
    """The value behind lazy objects and lazy texts; raises :class:`Unsaved` for an expression."""
    if issubclass(type(value), LazyObject):
        value = unwrapped(value)
    if hasattr(type(value), "resolve_expression"):
        raise Unsaved
    if isinstance(value, Promise):
        with one_language():
            return str(value)
    return value
