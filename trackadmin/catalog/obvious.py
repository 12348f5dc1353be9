"""Guesses what a first map would track of a model: obvious attributes, a key, related objects.

The guess decides what is proposed to an editor, never what is sent. What may say something about a
person is never proposed, also where :mod:`trackadmin.catalog.privacy` would only ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.db import models

from trackadmin.catalog.facts import AttributeFacts, RelationFacts
from trackadmin.catalog.kinds import AnyModel, Kind, has_choices
from trackadmin.catalog.model_facts import ModelFacts
from trackadmin.catalog.privacy import says_something_personal
from trackadmin.catalog.words import listed, words

#: Usual names of attributes that identify an object, best first.
TELLING = ("slug", "sku", "code", "number", "reference", "name")
#: The last words of the names of short texts that say what an object is.
_SAYS_WHAT = listed(
    "name title label code slug sku number reference status state stage phase type kind category "
    "class tier plan level rank currency language locale country unit colour color size source "
    "channel titel nummer art kategorie waehrung sprache land stufe"
)
#: Kinds whose values are short and mean the same everywhere.
_PLAIN_KINDS = frozenset(
    {
        Kind.BOOLEAN,
        Kind.DATE,
        Kind.DATETIME,
        Kind.DECIMAL,
        Kind.DURATION,
        Kind.FLOAT,
        Kind.INTEGER,
        Kind.TIME,
    }
)
#: A longer text is prose and not a name.
_LONGEST_NAME = 255
#: The words of models that say how the site works and not what it is about.
_TECHNICAL = listed(
    "history historical log logs logentry audit trail through queue job outbox inbox migration "
    "lock cache attempt heartbeat cron webhook backup import export task draft"
)
#: Folders of packages that somebody else wrote.
_PACKAGES = frozenset({"site-packages", "dist-packages"})


def suggested_key(facts: ModelFacts) -> str:
    """The attribute that identifies a row best: a UUID, a readable text, or the primary key."""
    fit = [each for each in facts.attributes.values() if _fit(each)]
    return min(fit, key=_rank).name if fit else ""


def obvious_attributes(facts: ModelFacts) -> list[AttributeFacts]:
    """The attributes that a first map would track, in the order of the model."""
    return [each for each in facts.attributes.values() if _is_obvious(each, facts.model)]


def obvious_relations(facts: ModelFacts) -> Iterator[RelationFacts]:
    """The foreign keys and one-to-one relations of the model's own to another model.

    A multi-table child has its parent's attributes already, and a relation to the same model would
    bring the same names once more.
    """
    for relation in facts.relations.values():
        own = relation.kind != "reverse one-to-one"
        again = own and getattr(relation.field.remote_field, "parent_link", False)
        if own and not again and relation.target not in (facts.label, *facts.ancestors):
            yield relation


def is_from_a_package(model: AnyModel) -> bool:
    """Whether the model's app is installed from a package, and so is not the site's own."""
    path = apps.get_app_config(model._meta.app_label).path
    return bool(_PACKAGES.intersection(Path(path).parts))


def technical_models() -> set[AnyModel]:
    """The models that seem to say how the site works: tables between others, logs, proxies."""
    every = apps.get_models()
    between: set[AnyModel] = {
        through
        for model in every
        for field in model._meta.local_many_to_many
        if (through := field.remote_field.through)
    }
    return between | {
        model
        for model in every
        if model._meta.proxy or _TECHNICAL.intersection(words(model.__name__))
    }


def _is_obvious(facts: AttributeFacts, model: AnyModel) -> bool:
    field = facts.field
    if field is None or facts.computed or field.is_relation:
        return False
    if facts.personal or says_something_personal(facts.name, model):
        return False
    if isinstance(field, models.AutoField | models.BigAutoField | models.SmallAutoField):
        return False  # it is tracked where it is the key
    if facts.kind is Kind.UUID:
        return facts.unique
    if facts.kind is Kind.TEXT:
        return _is_short(field) and (facts.unique or has_choices(field) or _says_what(facts.name))
    return facts.kind in _PLAIN_KINDS


def _is_short(field: object) -> bool:
    return isinstance(field, models.CharField) and (field.max_length or 0) <= _LONGEST_NAME


def _says_what(name: str) -> bool:
    spoken = words(name)
    return bool(spoken) and spoken[-1] in _SAYS_WHAT


def _fit(facts: AttributeFacts) -> bool:
    return facts.unique and facts.lookupable and not facts.personal


def _rank(facts: AttributeFacts) -> tuple[int, int]:
    if facts.kind is Kind.UUID:
        return (0, 0)
    if facts.kind is Kind.TEXT:
        telling = facts.name in TELLING
        return (1, TELLING.index(facts.name)) if telling else (2, 0)
    return (3, 0) if facts.field is not None and facts.field.primary_key else (4, 0)
