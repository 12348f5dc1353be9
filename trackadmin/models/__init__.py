"""The tables: the draft that editors change, and the versions that sites track with;
the events that were accepted; backfills that tasks carry out."""

from trackadmin.models.actions import TrackedAction, TrackedParameter
from trackadmin.models.backfills import BackfillRange, BackfillRun, RangeState
from trackadmin.models.draft import (
    TrackedAggregate,
    TrackedAttribute,
    TrackedChild,
    TrackedModel,
    TrackingMap,
)
from trackadmin.models.events import AcceptedEvent, DeadLetter, Delivery, DiscardedEvent, UsageCount
from trackadmin.models.open_forms import EditingNow
from trackadmin.models.review_requests import Remark, ReviewRequest
from trackadmin.models.versions import MapVersion
from trackadmin.models.waivers import Waiver

__all__ = [
    "AcceptedEvent",
    "BackfillRange",
    "BackfillRun",
    "DeadLetter",
    "Delivery",
    "DiscardedEvent",
    "EditingNow",
    "MapVersion",
    "RangeState",
    "Remark",
    "ReviewRequest",
    "TrackedAction",
    "TrackedAggregate",
    "TrackedAttribute",
    "TrackedChild",
    "TrackedModel",
    "TrackedParameter",
    "TrackingMap",
    "UsageCount",
    "Waiver",
]
