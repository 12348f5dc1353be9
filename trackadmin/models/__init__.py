"""The tables: the draft that editors change, and the versions that sites track with;
the events that were accepted; who hears of what happens."""

from trackadmin.models.actions import TrackedAction, TrackedParameter
from trackadmin.models.code_lock import CodeLock
from trackadmin.models.draft import (
    TrackedAggregate,
    TrackedAttribute,
    TrackedChild,
    TrackedModel,
    TrackingMap,
)
from trackadmin.models.events import AcceptedEvent, DeadLetter, Delivery, UsageCount
from trackadmin.models.recipients import Message, Recipient
from trackadmin.models.versions import MapVersion
from trackadmin.models.waivers import Waiver

__all__ = [
    "AcceptedEvent",
    "CodeLock",
    "DeadLetter",
    "Delivery",
    "MapVersion",
    "Message",
    "Recipient",
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
