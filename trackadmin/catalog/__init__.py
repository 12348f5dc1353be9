"""What the host site offers to be tracked.

Hosts import :func:`trackable` from here in their models, so this room must not use models or apps
while it is imported.
"""

from trackadmin.catalog.aggregate_words import in_words, objects_in_words
from trackadmin.catalog.collections import CollectionFacts
from trackadmin.catalog.conditions import condition_from_text, condition_value
from trackadmin.catalog.deny import built_in_denied, denied
from trackadmin.catalog.facts import AttributeFacts, RelationFacts
from trackadmin.catalog.fidelity import converting_field, has_own_column, has_own_conversions
from trackadmin.catalog.functions import (
    by_fields,
    condition_fields,
    fields_for,
    why_not_by,
    why_not_condition,
    why_not_for,
)
from trackadmin.catalog.kinds import AnyField, Kind, kind_of
from trackadmin.catalog.labels import app_of, is_app, key_text, label_of, model_of
from trackadmin.catalog.marks import trackable
from trackadmin.catalog.model_facts import ModelFacts
from trackadmin.catalog.obvious import (
    is_from_a_package,
    obvious_attributes,
    obvious_relations,
    suggested_key,
    technical_models,
)
from trackadmin.catalog.refusals import Refusal, RefusalCode
from trackadmin.catalog.site import Catalog, catalog
from trackadmin.catalog.strays import Stray, StrayCode

__all__ = [
    "AnyField",
    "AttributeFacts",
    "Catalog",
    "CollectionFacts",
    "Kind",
    "ModelFacts",
    "Refusal",
    "RefusalCode",
    "RelationFacts",
    "Stray",
    "StrayCode",
    "app_of",
    "built_in_denied",
    "by_fields",
    "catalog",
    "condition_fields",
    "condition_from_text",
    "condition_value",
    "converting_field",
    "denied",
    "fields_for",
    "has_own_column",
    "has_own_conversions",
    "in_words",
    "is_app",
    "is_from_a_package",
    "key_text",
    "kind_of",
    "label_of",
    "model_of",
    "objects_in_words",
    "obvious_attributes",
    "obvious_relations",
    "suggested_key",
    "technical_models",
    "trackable",
    "why_not_by",
    "why_not_condition",
    "why_not_for",
]
