"""The product team's pages. Each checks permission and form, calls editing once, and says so.

Django's admin finds this module by itself; a host that never loads the admin never loads it.
"""

from trackadmin.admin.registry import (
    DeliveryAdmin,
    MapVersionAdmin,
    TrackedActionAdmin,
    TrackedModelAdmin,
    TrackingMapAdmin,
)

__all__ = [
    "DeliveryAdmin",
    "MapVersionAdmin",
    "TrackedActionAdmin",
    "TrackedModelAdmin",
    "TrackingMapAdmin",
]
