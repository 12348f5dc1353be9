"""Suggestions for editors: a new tracked model with its key, and the models left to add."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from django.apps import apps

from trackadmin.catalog import ModelFacts, catalog, suggested_key
from trackadmin.document import AttributeEntry, ModelEntry


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
