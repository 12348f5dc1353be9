"""What somebody who begins with a map has done so far, and what comes next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest
from django.utils.translation import gettext as _

from trackadmin import editing
from trackadmin.admin.recent_samples import has_looked_at_objects
from trackadmin.editing import Review
from trackadmin.models import TrackingMap


@dataclass(frozen=True, slots=True)
class FirstStep:
    """One thing that everybody does once with a new map."""

    words: str
    done: bool
    address: str


def first_steps(
    tracking_map: TrackingMap, review: Review, request: HttpRequest, page: Callable[[str], str]
) -> list[FirstStep]:
    """The steps of a map; empty when all are done. ``page`` gives the address of a page of the map.

    Whether an object was looked at is known only for this person's session. The other steps are
    known for the map, whoever took them.
    """
    live = review.live is not None
    rolled_back = live and editing.versions(tracking_map).exclude(restores=None).exists()
    steps = [
        FirstStep(
            _("Choose a model to track"),
            bool(review.draft.models or review.published.models),
            page("change") + "#models",
        ),
        FirstStep(
            _("Look at a real object in the preview"),
            has_looked_at_objects(request.session, tracking_map),
            page("preview"),
        ),
        FirstStep(_("Publish the first version"), live, page("publish")),
        FirstStep(
            _("See the first event arrive"),
            bool(editing.last_seen([tracking_map.slug])),
            page("usage"),
        ),
        FirstStep(_("Roll back once, to see that you can"), rolled_back, page("versions")),
    ]
    return [] if all(step.done for step in steps) else steps
