"""The tables: the draft that editors change, and the versions that sites track with;
the events that were accepted; backfills that tasks carry out; who hears of what happens."""

from trackadmin.models.actions import TrackedAction, TrackedParameter
from trackadmin.models.backfills import BackfillRange, BackfillRun, RangeState
from trackadmin.models.code_lock import CodeLock
from trackadmin.models.draft import (
    TrackedAggregate,
    TrackedAttribute,
    TrackedChild,
    TrackedModel,
    TrackingMap,
)
from trackadmin.models.events import AcceptedEvent, DeadLetter, Delivery, DiscardedEvent, UsageCount
from trackadmin.models.open_forms import EditingNow
from trackadmin.models.recipients import Message, Recipient
from trackadmin.models.review_requests import Remark, ReviewRequest
from trackadmin.models.versions import MapVersion
from trackadmin.models.waivers import Waiver

__all__ = [
    "AcceptedEvent",
    "BackfillRange",
    "BackfillRun",
    "CodeLock",
    "DeadLetter",
    "Delivery",
    "DiscardedEvent",
    "EditingNow",
    "MapVersion",
    "Message",
    "RangeState",
    "Recipient",
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
