"""Finds the entries of the settings that have no effect on this site, and says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.kinds import AnyModel
from trackadmin.catalog.labels import is_app, model_of
from trackadmin.catalog.model_facts import ModelFacts
from trackadmin.catalog.refusals import Refusal
from trackadmin.catalog.relations import relations_as_attributes


class StrayCode(StrEnum):
    """Why an entry has no effect."""

    NOTHING = "nothing"
    SWAPPED = "swapped"
    MANAGER = "manager"
    RELATION = "relation"
    FIELD = "field"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Stray:
    """An entry without effect."""

    setting: str
    entry: str
    code: StrayCode
    #: The model that the site uses in place of a swapped one, or why the member is refused.
    detail: str | Refusal = ""


#: A code and its detail; ``None`` where the entry has an effect.
Why: TypeAlias = tuple[StrayCode, str | Refusal] | None


def strays(ceiling: Ceiling, facts_of: Callable[[AnyModel], ModelFacts]) -> Iterator[Stray]:
    """The entries of ``MODELS``, ``EXCLUDE``, ``ALLOW`` and ``COMPUTED`` that have no effect.

    In ``EXCLUDE`` such an entry may be a leak that nobody notices.
    """
    for setting, entries, parts in ceiling.entries():
        for entry in entries:
            names = entry.split(".")
            fits = len(names) in parts
            why = _why(setting, names, ceiling, facts_of) if fits else (StrayCode.NOTHING, "")
            if why is not None:
                yield Stray(setting, entry, *why)


def _why(
    setting: str, names: list[str], ceiling: Ceiling, facts_of: Callable[[AnyModel], ModelFacts]
) -> Why:
    if len(names) == 1:
        return None if is_app(names[0]) else (StrayCode.NOTHING, "")
    model = model_of(".".join(names[:2]))
    if model is None:
        return StrayCode.NOTHING, ""
    if model._meta.swapped:
        return StrayCode.SWAPPED, model._meta.swapped
    return _why_not_member(setting, facts_of(model), names[2], ceiling) if names[2:] else None


def _why_not_member(setting: str, facts: ModelFacts, name: str, ceiling: Ceiling) -> Why:
    found = facts.attribute(name)
    if found is None:
        return StrayCode.NOTHING, ""
    # A relation may be excluded. What EXCLUDE names has no effect elsewhere, on purpose.
    if setting == "EXCLUDE" or ceiling.why_not_field(facts.model, facts.model, name, found.name):
        return None
    if name in facts.model._meta.managers_map:
        return StrayCode.MANAGER, ""
    if name in _relations(facts.model, with_column=setting == "COMPUTED"):
        return StrayCode.RELATION, ""
    if found.refused:
        return StrayCode.REFUSED, found.refused
    return (StrayCode.FIELD, "") if setting == "COMPUTED" and not found.computed else None


def _relations(model: AnyModel, *, with_column: bool) -> set[str]:
    """The names of the relations; those with a column of their own (``buyer_id``) on demand."""
    names = {facts.name for facts in relations_as_attributes(model)}
    if with_column:
        names |= {field.name for field in model._meta.concrete_fields if field.is_relation}
    return names
