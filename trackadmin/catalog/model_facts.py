"""What one host model offers, determined when it is first needed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from django.utils.functional import cached_property

from trackadmin.catalog.ceiling import Ceiling
from trackadmin.catalog.collections import CollectionFacts, collections_of
from trackadmin.catalog.computed import class_member, computed_facts, computed_names
from trackadmin.catalog.facts import AttributeFacts, RelationFacts
from trackadmin.catalog.fields import field_facts
from trackadmin.catalog.kinds import AnyModel
from trackadmin.catalog.labels import label_of, labels
from trackadmin.catalog.relations import offered_relations, relations_as_attributes


class ModelFacts:
    """One model of the host: its attributes and relations, as far as the ceiling allows them."""

    def __init__(self, model: AnyModel, ceiling: Ceiling) -> None:
        meta = model._meta
        self.model = model
        #: ``shop.order``: how maps name it.
        self.label = label_of(model)
        #: ``shop.Order``: how people read it.
        self.cased_label = meta.label
        self.name = model.__name__
        self.app_label = meta.app_label
        #: The models it descends from, as lower-case labels, nearest first; of a proxy, the model
        #: behind it. Abstract models have no rows and are left out.
        self.ancestors = tuple(labels(model)[1:])
        self._ceiling = ceiling

    def __repr__(self) -> str:
        return f"<ModelFacts {self.cased_label}>"

    @property
    def verbose_name(self) -> str:
        """The name for people, in the active language."""
        return str(self.model._meta.verbose_name)

    @cached_property
    def attributes(self) -> Mapping[str, AttributeFacts]:
        """What may be tracked, by source: fields in the model's order, then computed ones."""
        return _by_name(facts for facts in self._found if not facts.refused)

    @cached_property
    def refused(self) -> Mapping[str, AttributeFacts]:
        """The fields, relations and marked members that may not be tracked, with reasons."""
        return _by_name(facts for facts in self._found if facts.refused)

    @cached_property
    def relations(self) -> Mapping[str, RelationFacts]:
        """The relations that may be children, by accessor."""
        found = offered_relations(self.model, self._ceiling)
        return MappingProxyType({facts.accessor: facts for facts in found})

    @cached_property
    def collections(self) -> Mapping[str, CollectionFacts]:
        """The relations that hold many objects and may be used for counts and sums, by accessor."""
        found = self._collections.values()
        return MappingProxyType({facts.accessor: facts for facts in found if not facts.refused})

    def collection(self, accessor: str) -> CollectionFacts | None:
        """A relation that holds many objects, offered or refused; ``None`` if there is none."""
        return self._collections.get(accessor)

    @cached_property
    def _collections(self) -> dict[str, CollectionFacts]:
        return {facts.accessor: facts for facts in collections_of(self.model, self._ceiling)}

    def attribute(self, source: str) -> AttributeFacts | None:
        """The facts of a source, offered or refused; ``None`` if the model has no such thing.

        A foreign key may be named by its field too: ``buyer`` is ``buyer_id``. Anything else in
        the class that is not in :attr:`attributes` is returned as refused, with the reason. Never
        raises.
        """
        name = self._columns.get(source, source)
        known = self.attributes.get(name) or self.refused.get(name)
        if known or class_member(self.model, name) is None:
            return known
        return computed_facts(name, self.model, self._ceiling)

    @cached_property
    def _columns(self) -> dict[str, str]:
        return {field.name: field.attname for field in self.model._meta.concrete_fields}

    @cached_property
    def _found(self) -> list[AttributeFacts]:
        model, ceiling = self.model, self._ceiling
        found = [field_facts(field, model, ceiling) for field in model._meta.concrete_fields]
        found += relations_as_attributes(model)
        found += [computed_facts(n, model, ceiling) for n in computed_names(model, ceiling)]
        return found


def _by_name(facts: Iterable[AttributeFacts]) -> Mapping[str, AttributeFacts]:
    return MappingProxyType({each.name: each for each in facts})
