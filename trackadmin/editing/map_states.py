"""How each map stands, and what is the obvious thing to do next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from trackadmin.catalog import catalog
from trackadmin.codes import ProblemCode
from trackadmin.editing.approvals import WaitingReview, waiting_reviews
from trackadmin.editing.arrivals import Arrivals
from trackadmin.editing.due import DueItem, due_items_in
from trackadmin.editing.reviews import Review, review
from trackadmin.editing.undecided import undecided_in
from trackadmin.editing.usage import last_seen
from trackadmin.models import TrackingMap

#: Of how many maps the states are told. Each costs about a dozen queries, whatever its size.
MOST_MAPS = 20


class NextStep(StrEnum):
    """What to do next with a map: the first of these that there is to do."""

    START = "start"
    FIX = "fix"
    REPAIR = "repair"
    PUBLISH = "publish"
    REMOVE_DUE = "remove_due"
    DECIDE = "decide"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class MapState:
    """How a map stands."""

    map: TrackingMap
    review: Review
    #: How many attributes of its tracked models nobody has decided about.
    undecided: int
    #: When its last event was counted; ``None`` if none was.
    last_event: datetime | None = None
    #: What is due, the oldest first.
    due_items: list[DueItem] = field(default_factory=list)
    #: The review that is open; ``None`` for no such review, or no person who looks.
    waiting: WaitingReview | None = None

    @property
    def due(self) -> int:
        """How many deprecated names may leave, since their date has come."""
        return sum(each.code == ProblemCode.NAME_DUE for each in self.review.problems)

    @property
    def warnings(self) -> int:
        """How many warnings there are beside the names that are due."""
        return len(self.review.problems) - len(self.review.errors) - self.due

    @property
    def next_step(self) -> NextStep:
        """What to do next."""
        reviewed = self.review
        steps = {
            NextStep.START: not reviewed.draft.models and reviewed.live is None,
            NextStep.FIX: reviewed.errors,
            NextStep.REPAIR: reviewed.unreadable,
            NextStep.PUBLISH: not reviewed.nothing,
            NextStep.REMOVE_DUE: self.due,
            NextStep.DECIDE: self.undecided,
        }
        return next((step for step, needed in steps.items() if needed), NextStep.NOTHING)


def map_states(user: Any = None) -> list[MapState]:
    """How the maps stand, by name; of the first :data:`MOST_MAPS` only.

    With the reviews that are open, as this user sees them.
    """
    maps = [*TrackingMap.objects.all()[:MOST_MAPS]]
    last, arrivals = last_seen([each.slug for each in maps]), Arrivals()
    reviews = waiting_reviews(maps, user) if user else ()
    waiting = {each.map.pk: each for each in reviews}
    return [
        replace(_state_of(each, last.get(each.slug), arrivals), waiting=waiting.get(each.pk))
        for each in maps
    ]


def _state_of(
    tracking_map: TrackingMap, last_event: datetime | None, arrivals: Arrivals
) -> MapState:
    reviewed = review(tracking_map)
    left = undecided_in(reviewed.draft, catalog(), arrivals=arrivals).attributes
    due = due_items_in(tracking_map, reviewed.draft, left)
    return MapState(tracking_map, reviewed, len(left), last_event, due)
