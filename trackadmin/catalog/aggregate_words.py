"""A count or a sum in words, with the site's own names for models, fields and values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from trackadmin.catalog.model_facts import ModelFacts
from trackadmin.catalog.site import catalog
from trackadmin.document.structure import (
    COUNT,
    DISTINCT,
    LATEST,
    MAX,
    MIN,
    SUM,
    AggregateEntry,
)
from trackadmin.texts import Text, enumeration
from trackadmin.texts import gettext as _

#: Of all related objects, and of those with some values.
_SENTENCES: Mapping[str, tuple[Text, Text]] = {
    COUNT: (
        _("Count of %(objects)s"),
        _("Count of %(objects)s where %(conditions)s"),
    ),
    DISTINCT: (
        _("Count of different values of %(field)s of %(objects)s"),
        _("Count of different values of %(field)s of %(objects)s where %(conditions)s"),
    ),
    SUM: (
        _("Sum of %(field)s of %(objects)s"),
        _("Sum of %(field)s of %(objects)s where %(conditions)s"),
    ),
    MIN: (
        _("Smallest %(field)s of %(objects)s"),
        _("Smallest %(field)s of %(objects)s where %(conditions)s"),
    ),
    MAX: (
        _("Largest %(field)s of %(objects)s"),
        _("Largest %(field)s of %(objects)s where %(conditions)s"),
    ),
    LATEST: (
        _("Latest %(field)s of %(objects)s, by %(by)s"),
        _("Latest %(field)s of %(objects)s, by %(by)s, where %(conditions)s"),
    ),
}


def in_words(aggregate: AggregateEntry, facts: ModelFacts | None) -> str:
    """What an aggregate of the model says, in the active language.

    What the site no longer has keeps the name that the map has for it.
    """
    collection = facts.collection(aggregate.relation) if facts else None
    related = catalog().get(collection.target) if collection else None
    sentence = _SENTENCES[aggregate.function][bool(aggregate.where)]
    conditions = [_condition(name, value, related) for name, value in aggregate.where.items()]
    values = {
        "objects": objects_in_words(aggregate.relation, facts),
        "field": _field_in_words(aggregate.field, related),
        "by": _field_in_words(aggregate.by, related),
        "conditions": enumeration(conditions),
    }
    return str(replace(sentence, values=values))


def objects_in_words(relation: str, facts: ModelFacts | None) -> str:
    """The objects at the end of the relation; with its name, where several lead to such objects."""
    found = facts.collection(relation) if facts else None
    if facts is None or found is None:
        return relation
    alike = [each for each in facts.collections.values() if each.target == found.target]
    objects = str(found.model._meta.verbose_name_plural)
    if len(alike) < 2 or relation == objects:
        return objects
    return str(_("%(objects)s (%(relation)s)", objects=objects, relation=relation))


def _field_in_words(name: str, related: ModelFacts | None) -> str:
    found = related.attribute(name) if related else None
    return found.verbose_name if found else name


def _condition(name: str, value: str | int | bool, related: ModelFacts | None) -> str:
    field = _field_in_words(name, related)
    if value is True:
        return str(_("%(field)s is yes", field=field))
    if value is False:
        return str(_("%(field)s is no", field=field))
    found = related.attribute(name) if related else None
    label = dict(found.choices).get(value, value) if found else value
    # A number here names a value, so it is not written by the formats of the language.
    return str(_("%(field)s is “%(value)s”", field=field, value=str(label)))
