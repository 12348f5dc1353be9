"""Since when the site has a model or a field: the migration that brought it, and its date."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from math import inf

from django.db import Error, connections
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

from trackadmin.catalog import AttributeFacts, ModelFacts
from trackadmin.catalog.migrated_names import MigrationKey, NamedBy, migrated_names
from trackadmin.compiler.savepoints import contained
from trackadmin.editing.locking import write_database

logger = logging.getLogger("trackadmin")


@dataclass(frozen=True, slots=True)
class Arrival:
    """What brought a field or a model to the site."""

    #: As developers name it: ``shop.0007_note``.
    migration: str
    #: ``None`` while it has not been applied to the database.
    applied: datetime | None
    #: Made once for the many fields of one migration; see :func:`age_rank`.
    rank: float = field(default=0, compare=False, repr=False)


def new_arrival(migration: str, applied: datetime | None) -> Arrival:
    """What a migration brought that was applied then, or is not applied yet."""
    return Arrival(migration, applied, -applied.timestamp() if applied else -inf)


def age_rank(arrival: Arrival | None) -> float:
    """A sort key: first what has not been applied yet, then the newest, and last what nobody knows
    the date of.
    """
    return arrival.rank if arrival else inf


class Arrivals:
    """When each field and model came, as the table of migrations says. One query.

    The database of the draft is asked, whichever the models are in: Django notes a migration in
    each database, also where a router leaves its models out. A table that cannot be read knows no
    date. That is no reason to fail: dates only give an order.
    """

    def __init__(self) -> None:
        self._applied = _applied()
        self._apps = {app for app, _name in self._applied}
        self._known: dict[type[Model], tuple[Arrival | None, dict[str, Arrival | None]]] = {}

    def of_model(self, model: ModelFacts) -> Arrival | None:
        """What brought the model."""
        return self._brought(model.model)[0]

    def of_attribute(self, facts: AttributeFacts) -> Arrival | None:
        """What brought the field; nobody knows since when the code computes something."""
        if facts.field is None:
            return None
        with_its_model, later = self._brought(facts.field.model)
        return later.get(facts.field.name.lower(), with_its_model) if later else with_its_model

    def _brought(self, model: type[Model]) -> tuple[Arrival | None, dict[str, Arrival | None]]:
        """What brought a model, and what brought the fields that it has got since."""
        if model not in self._known:
            names = migrated_names(model)
            later = {name: self._arrival(by) for name, by in names.fields.items()}
            self._known[model] = self._arrival(names.made), later
        return self._known[model]

    def _arrival(self, named_by: NamedBy | None) -> Arrival | None:
        if named_by is None or named_by.key[0] not in self._apps:
            return None
        # A squashed migration is noted later than what it replaces.
        replaced = [self._applied[key] for key in named_by.replaces if key in self._applied]
        when = max(replaced) if replaced else self._applied.get(named_by.key)
        return new_arrival(".".join(named_by.key), when)


def _applied() -> dict[MigrationKey, datetime]:
    try:
        with contained():
            rows = MigrationRecorder(connections[write_database()]).migration_qs
            known = rows.values_list("app", "name", "applied")
            return {(app, name): when for app, name, when in known}
    except Error:
        logger.exception("The table of migrations cannot be read")
        return {}
