"""Finds the entries of the settings that have no effect on this site, and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.apps import apps

from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.kinds import AnyModel
from trackadmin.catalog.labels import model_of
from trackadmin.catalog.model import ModelFacts
from trackadmin.catalog.relations import relations_as_attributes

NOTHING = "this site has no such thing"
A_MANAGER = "it is a manager, which has no value for one object"
A_RELATION = (
    "it is a relation, which has no value of its own; an editor can let its object come along"
)
A_FIELD = "it is a field, which needs no entry here"


@dataclass(frozen=True, slots=True)
class Stray:
    """An entry without effect; ``why`` is the half of a sentence that goes on after the entry."""

    setting: str
    entry: str
    why: str


def strays(ceiling: Ceiling, facts_of: Callable[[AnyModel], ModelFacts]) -> Iterator[Stray]:
    """The entries of ``MODELS``, ``EXCLUDE``, ``ALLOW`` and ``COMPUTED`` that have no effect.

    In ``EXCLUDE`` such an entry is a leak that nobody sees.
    """
    for setting, entries, parts in ceiling.entries():
        for entry in entries:
            names = entry.split(".")
            fits = len(names) in parts
            if why := _why(setting, names, ceiling, facts_of) if fits else NOTHING:
                yield Stray(setting, entry, why)


def _why(
    setting: str, names: list[str], ceiling: Ceiling, facts_of: Callable[[AnyModel], ModelFacts]
) -> str:
    if len(names) == 1:
        known = {config.label.lower() for config in apps.get_app_configs()}
        return "" if names[0] in known else NOTHING
    model = model_of(".".join(names[:2]))
    if model is None:
        return NOTHING
    if model._meta.swapped:
        return f"the site uses {model._meta.swapped} in place of that model"
    return _why_not_member(setting, facts_of(model), names[2], ceiling) if names[2:] else ""


def _why_not_member(setting: str, facts: ModelFacts, name: str, ceiling: Ceiling) -> str:
    found = facts.attribute(name)
    if found is None:
        return NOTHING
    # A relation may be excluded. What EXCLUDE keeps back is meant to have no effect elsewhere.
    if setting == "EXCLUDE" or ceiling.why_not_field(facts.model, facts.model, name, found.name):
        return ""
    if name in facts.model._meta.managers_map:
        return A_MANAGER
    if name in _relations(facts.model, with_column=setting == "COMPUTED"):
        return A_RELATION
    if found.refused:
        return f"it cannot be tracked all the same: {found.refused.rstrip('.')}"
    return A_FIELD if setting == "COMPUTED" and not found.computed else ""


def _relations(model: AnyModel, *, with_column: bool) -> set[str]:
    """The names of the relations; those with a column of their own (``buyer_id``) on demand."""
    names = {facts.name for facts in relations_as_attributes(model)}
    if with_column:
        names |= {field.name for field in model._meta.concrete_fields if field.is_relation}
    return names
