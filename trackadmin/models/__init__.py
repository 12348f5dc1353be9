"""The tables: the draft that editors change, and the versions that sites track with."""

from trackadmin.models.draft import (
    TrackedAction,
    TrackedAggregate,
    TrackedAttribute,
    TrackedChild,
    TrackedModel,
    TrackedParameter,
    TrackingMap,
)
from trackadmin.models.versions import MapVersion

__all__ = [
    "MapVersion",
    "TrackedAction",
    "TrackedAggregate",
    "TrackedAttribute",
    "TrackedChild",
    "TrackedModel",
    "TrackedParameter",
    "TrackingMap",
]
