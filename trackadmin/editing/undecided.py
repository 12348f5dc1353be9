"""What nobody has decided about: attributes of the host's models that the draft does not name."""

from __future__ import annotations

from dataclasses import dataclass

from trackadmin.catalog import AttributeFacts, Catalog, ModelFacts, catalog
from trackadmin.document import Document, in_order
from trackadmin.editing.acceptance import sources_of
from trackadmin.editing.building import build_document
from trackadmin.editing.locking import AnyMap


@dataclass(frozen=True, slots=True)
class UndecidedAttribute:
    """An attribute that a tracked model offers and that is neither tracked nor ignored."""

    prefix: str
    model: ModelFacts
    facts: AttributeFacts

    @property
    def where(self) -> str:
        """The tracked model and the source: ``Order.total``."""
        return f"{self.prefix}.{self.facts.name}"


@dataclass(frozen=True, slots=True)
class Undecided:
    """What a map leaves open."""

    #: By tracked model in the map's order, then in the order of the model's class.
    attributes: list[UndecidedAttribute]
    #: The models that the map could track and does not, by app and name.
    models: list[ModelFacts]


def undecided(tracking_map: AnyMap) -> Undecided:
    """What the draft leaves open; raises :class:`UnknownMap`. As many queries as the draft needs.

    An attribute that a migration adds is in the list from the moment the code has it. A tracked
    model that the code no longer has is a problem of the map, and in neither list.
    """
    return undecided_in(build_document(tracking_map), catalog())


def undecided_in(document: Document, catalog: Catalog) -> Undecided:
    """What this document leaves open of what the catalog offers."""
    attributes: list[UndecidedAttribute] = []
    tracked: set[str] = set()
    for prefix, entry in in_order(document.models):
        model = catalog.get(entry.model)
        if model is not None:
            tracked.add(model.label)
            decided = sources_of(entry.attributes.values(), model)
            left = (facts for name, facts in model.attributes.items() if name not in decided)
            attributes += [UndecidedAttribute(prefix, model, facts) for facts in left]
    return Undecided(attributes, [each for each in catalog.models() if each.label not in tracked])
