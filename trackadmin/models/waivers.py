"""Waivers: what lint finds in a map and somebody accepts, with the reason."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trackadmin.models.draft import LABEL_LENGTH, EditorsManager, TrackingMap, natural_key_of

#: Longest reason, in characters.
REASON_LENGTH = 500
CODE_LENGTH = 100
#: ``actions.<action>.<parameter>``, or the label of a model.
PLACE_LENGTH = LABEL_LENGTH + 49


def now_as_dumped() -> datetime:
    """Now, without the microseconds that a dump leaves out: to load it again changes nothing."""
    now = timezone.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Waiver(models.Model):
    """Somebody accepts what lint finds at a place. It is not part of the map's document."""

    map = models.ForeignKey(TrackingMap, models.CASCADE, related_name="waivers")
    code = models.CharField(max_length=CODE_LENGTH)
    #: Where: ``User.email``, or the label of a model that is not in the map.
    place = models.CharField(max_length=PLACE_LENGTH)
    reason = models.CharField(max_length=REASON_LENGTH)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=now_as_dumped, editable=False)

    objects = EditorsManager["Waiver"]()
    NATURAL_KEY = ("map__slug", "code", "place")

    class Meta:
        ordering = ["map", "code", "place"]
        verbose_name = _("waiver")
        # Who may change tracked models may waive.
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["map", "code", "place"], name="trackadmin_waiver_once"),
            models.CheckConstraint(
                condition=~models.Q(code="") & ~models.Q(place="") & ~models.Q(reason=""),
                name="trackadmin_waiver_named",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.place}"

    @property
    def author_name(self) -> str:
        """The user's name; empty for code, commands and deleted users."""
        return self.author.get_username() if self.author else ""

    def natural_key(self) -> tuple[Any, ...]:
        """What names it in every database."""
        return natural_key_of(self)
