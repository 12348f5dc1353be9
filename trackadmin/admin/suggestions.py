"""Suggestions for editors: the key of a new tracked model, and the models left to add."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from django.apps import apps

from trackadmin.catalog import AttributeFacts, Kind, ModelFacts, catalog
from trackadmin.document import AttributeEntry, ModelEntry

#: Usual names of attributes that identify an object, best first.
TELLING = ("slug", "sku", "code", "number", "reference", "name")


def models_left(tracked: Iterable[str]) -> list[tuple[str, list[ModelFacts]]]:
    """The host's models that the map does not track yet, grouped by app."""
    taken = set(tracked)
    left = [facts for facts in catalog().models() if facts.label not in taken]
    return [
        (str(apps.get_app_config(app).verbose_name), list(group))
        for app, group in groupby(left, key=lambda facts: facts.app_label)
    ]


def suggested_entry(facts: ModelFacts, position: int) -> ModelEntry:
    """A new tracked model with the suggested key, and nothing else decided."""
    key = suggested_key(facts)
    attributes = {key: AttributeEntry(source=key)} if key else {}
    return ModelEntry(model=facts.label, key=key, position=position, attributes=attributes)


def suggested_key(facts: ModelFacts) -> str:
    """The attribute that identifies a row best: a UUID, a readable text, or the primary key."""
    fit = [each for each in facts.attributes.values() if _fit(each)]
    return min(fit, key=_rank).name if fit else ""


def _fit(facts: AttributeFacts) -> bool:
    return facts.unique and facts.lookupable and not facts.personal


def _rank(facts: AttributeFacts) -> tuple[int, int]:
    if facts.kind is Kind.UUID:
        return (0, 0)
    if facts.kind is Kind.TEXT:
        telling = facts.name in TELLING
        return (1, TELLING.index(facts.name)) if telling else (2, 0)
    return (3, 0) if facts.field is not None and facts.field.primary_key else (4, 0)
