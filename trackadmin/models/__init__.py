"""The tables: the draft that editors change, and the versions that sites track with."""

from trackadmin.models.actions import TrackedAction, TrackedParameter
from trackadmin.models.draft import (
    TrackedAggregate,
    TrackedAttribute,
    TrackedChild,
    TrackedModel,
    TrackingMap,
)
from trackadmin.models.versions import MapVersion
from trackadmin.models.waivers import Waiver

__all__ = [
    "MapVersion",
    "TrackedAction",
    "TrackedAggregate",
    "TrackedAttribute",
    "TrackedChild",
    "TrackedModel",
    "TrackedParameter",
    "TrackingMap",
    "Waiver",
]
