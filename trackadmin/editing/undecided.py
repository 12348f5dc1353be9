"""What nobody has decided about: attributes of the host's models that the draft does not name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from trackadmin.catalog import AttributeFacts, Catalog, ModelFacts, catalog
from trackadmin.document import Document, in_order
from trackadmin.editing.acceptance import sources_of
from trackadmin.editing.accepted import models_waived
from trackadmin.editing.building import build_document
from trackadmin.editing.locking import AnyMap
from trackadmin.models import Waiver


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
    #: Those that somebody said are not for this map, with the waiver that says so.
    dismissed: list[tuple[ModelFacts, Waiver]] = field(default_factory=list)


def undecided(tracking_map: AnyMap) -> Undecided:
    """What the draft leaves open; raises :class:`UnknownMap`. One query more than the draft needs.

    An attribute that a migration adds is in the list from the moment the code has it. A tracked
    model that the code no longer has is a problem of the map, and in neither list.
    """
    document = build_document(tracking_map)
    return undecided_in(document, catalog(), models_waived(tracking_map))


def models_left(document: Document, catalog: Catalog) -> list[ModelFacts]:
    """The models that the catalog offers and the document does not track, by app and name."""
    found = (catalog.get(entry.model) for entry in document.models.values())
    tracked = {model.label for model in found if model is not None}
    return [each for each in catalog.models() if each.label not in tracked]


def undecided_in(
    document: Document, catalog: Catalog, waived: Mapping[str, Waiver] | None = None
) -> Undecided:
    """What this document leaves open of what the catalog offers, without ``waived`` models."""
    attributes: list[UndecidedAttribute] = []
    known = waived or {}
    for prefix, entry in in_order(document.models):
        model = catalog.get(entry.model)
        if model is not None:
            decided = sources_of(entry.attributes.values(), model)
            open_ones = (f for name, f in model.attributes.items() if name not in decided)
            attributes += [UndecidedAttribute(prefix, model, facts) for facts in open_ones]
    left = models_left(document, catalog)
    return Undecided(
        attributes,
        [each for each in left if each.label not in known],
        [(each, known[each.label]) for each in left if each.label in known],
    )
