"""The screens of the product team. Each does: form, permission, one editing call, message.

Django's admin finds this module by itself; a host that never loads the admin never loads it.
"""

from trackadmin.admin.registry import MapVersionAdmin, TrackedModelAdmin, TrackingMapAdmin

__all__ = ["MapVersionAdmin", "TrackedModelAdmin", "TrackingMapAdmin"]
