"""What nobody has decided about: attributes of the host's models that the draft does not name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from trackadmin.catalog import AttributeFacts, Catalog, ModelFacts, catalog
from trackadmin.document import Document, ModelEntry
from trackadmin.editing.acceptance import sources_of
from trackadmin.editing.accepted import models_waived
from trackadmin.editing.arrivals import Arrival, Arrivals, age_rank
from trackadmin.editing.building import build_document
from trackadmin.editing.kept_problems import kept_by_entry
from trackadmin.editing.lint.model_answers import ModelAnswers
from trackadmin.editing.locking import AnyMap
from trackadmin.models import Waiver


@dataclass(frozen=True, slots=True)
class UndecidedAttribute:
    """An attribute that a tracked model offers and that is neither tracked nor ignored."""

    prefix: str
    model: ModelFacts
    facts: AttributeFacts
    #: Since when the site has it; ``None`` where nobody knows.
    arrival: Arrival | None = None

    @property
    def where(self) -> str:
        """The tracked model and the source: ``Order.total``."""
        return f"{self.prefix}.{self.facts.name}"


@dataclass(frozen=True, slots=True)
class Undecided:
    """What a map leaves open."""

    #: The newest first, as :func:`undecided` gives them. Those of one age, and those of an age
    #: that nobody knows, are in the order of the map and then of the model's class.
    attributes: list[UndecidedAttribute]
    #: The models that the map could track and does not: the newest first, then by app and name.
    models: list[ModelFacts]
    #: Those that somebody said are not for this map, with the waiver that says so.
    dismissed: list[tuple[ModelFacts, Waiver]] = field(default_factory=list)
    #: Since when the site has each of ``models``, by label, where that is known.
    arrivals: Mapping[str, Arrival] = field(default_factory=dict)


def undecided(tracking_map: AnyMap) -> Undecided:
    """What the draft leaves open, the newest first; raises :class:`UnknownMap`.

    Sends two queries more than the draft needs.
    An attribute that a migration adds is the first of the list from the moment the code has it. A
    tracked model that the code no longer has is a problem of the map, and in neither list.
    """
    document, arrivals = build_document(tracking_map), Arrivals()
    found = undecided_in(document, catalog(), models_waived(tracking_map), arrivals)
    return _newest_first(found, arrivals)


def _newest_first(found: Undecided, arrivals: Arrivals) -> Undecided:
    of_models = {each.label: arrivals.of_model(each) for each in found.models}
    return replace(
        found,
        attributes=sorted(found.attributes, key=lambda each: age_rank(each.arrival)),
        models=sorted(found.models, key=lambda each: age_rank(of_models[each.label])),
        arrivals={label: each for label, each in of_models.items() if each},
    )


def _undecided_in_model(
    prefix: str, entry: ModelEntry, catalog: Catalog
) -> Iterator[UndecidedAttribute]:
    model = catalog.get(entry.model)
    if model is not None:
        decided = sources_of(entry.attributes.values(), model)
        for name, facts in model.attributes.items():
            if name not in decided:
                yield UndecidedAttribute(prefix, model, facts)


def models_left(document: Document, catalog: Catalog) -> list[ModelFacts]:
    """The models that the catalog offers and the document does not track, by app and name."""
    found = (catalog.get(entry.model) for entry in document.models.values())
    tracked = {model.label for model in found if model is not None}
    return [each for each in catalog.models() if each.label not in tracked]


def undecided_in(
    document: Document,
    catalog: Catalog,
    waived: Mapping[str, Waiver] | None = None,
    arrivals: Arrivals | None = None,
) -> Undecided:
    """What this document leaves open of what the catalog offers, without ``waived`` models.

    In the order of the map; without ``arrivals`` nothing is known about ages. Sends no query.
    """
    known = waived or {}
    answers = kept_by_entry("undecided", document, ModelAnswers)
    attributes = answers.each(_undecided_in_model, catalog)
    if arrivals is not None:
        since = arrivals.of_attribute
        attributes = (replace(each, arrival=since(each.facts)) for each in attributes)
    left = models_left(document, catalog)
    return Undecided(
        list(attributes),
        [each for each in left if each.label not in known],
        [(each, known[each.label]) for each in left if each.label in known],
    )
