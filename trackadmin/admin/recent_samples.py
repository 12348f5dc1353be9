"""The objects that a person looked at last, for each model of a map; only their keys are kept."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from trackadmin.admin.samples import Sample, Samples, sample
from trackadmin.models import TrackingMap

#: The name under which they are kept in the session.
REMEMBERED = "trackadmin_samples"
#: How many objects of one model are remembered, and of how many models; a session may be a cookie.
OF_ONE_MODEL, MOST_MODELS = 3, 20
#: The longest key that is remembered.
LONGEST_KEY = 100


class RecentSamples:
    """The sample objects of one model in the session of a request, the last one first."""

    def __init__(self, request: HttpRequest, tracking_map: TrackingMap, samples: Samples) -> None:
        self._session, self._samples = request.session, samples
        self._place = place_of(tracking_map, samples.facts.label)

    def remember(self, obj: Model) -> None:
        """Put the object before all others."""
        key = sample(obj).key
        if len(key) <= LONGEST_KEY:
            self._store([key, *(each for each in self._remembered if each != key)])

    def still_there(self) -> list[Sample]:
        """Those that there still are and that the person may view; the others are forgotten."""
        found = [(key, self._samples.by_key(key)) for key in self._remembered]
        self._store([key for key, obj in found if obj is not None])
        return [sample(obj) for _key, obj in found if obj is not None]

    @property
    def _remembered(self) -> list[str]:
        return remembered_keys(self._session, self._place)

    def _store(self, keys: list[str]) -> None:
        before = self._session.get(REMEMBERED, {})
        others = [(place, each) for place, each in before.items() if place != self._place]
        # The last one that was looked at is the last one that is forgotten.
        kept = [*others, (self._place, keys[:OF_ONE_MODEL])][-MOST_MODELS:]
        after = {place: each for place, each in kept if each}
        if [*after.items()] != [*before.items()]:
            self._session[REMEMBERED] = after


def has_looked_at_objects(session: Mapping[str, Any], tracking_map: TrackingMap) -> bool:
    """Whether this person has looked at an object of this map; asks no table of the host."""
    start = place_of(tracking_map, "")
    return any(place.startswith(start) for place in session.get(REMEMBERED, {}))


def place_of(tracking_map: TrackingMap, label: str) -> str:
    """Where the keys of a model's objects are kept."""
    return f"{tracking_map.pk}/{label}"


def remembered_keys(session: Mapping[str, Any], place: str) -> list[str]:
    """The keys that are kept there; this asks no table of the host."""
    return list(session.get(REMEMBERED, {}).get(place, []))
