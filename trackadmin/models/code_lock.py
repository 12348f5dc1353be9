"""What of a map is managed by code: the repository decides, and no page changes it."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trackadmin.models.draft import NAME_LENGTH, TrackingMap

SOURCE_LENGTH = 300


class CodeLock(models.Model):
    """The import alone may change this part of the map. It is not part of the map's document."""

    map = models.ForeignKey(TrackingMap, models.CASCADE, related_name="code_locks")
    #: The tracked model; empty for the whole map.
    prefix = models.CharField(max_length=NAME_LENGTH, default="", blank=True)
    #: The file or the dotted path that it was imported from.
    source = models.CharField(max_length=SOURCE_LENGTH)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["map", "prefix"]
        verbose_name = _("lock")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["map", "prefix"], name="trackadmin_code_lock_once")
        ]

    def __str__(self) -> str:
        return self.prefix or str(self.map)
