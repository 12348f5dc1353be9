"""The tables: the draft that editors change, and the versions that sites track with."""

from trackadmin.models.draft import TrackedAttribute, TrackedChild, TrackedModel, TrackingMap
from trackadmin.models.versions import MapVersion

__all__ = [
    "MapVersion",
    "TrackedAttribute",
    "TrackedChild",
    "TrackedModel",
    "TrackingMap",
]
