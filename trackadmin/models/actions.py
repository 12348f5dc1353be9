"""The draft's actions: what happens on the site, and what an event about it must bring."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from trackadmin.document.structure import LIVE, PARAMETER_KINDS, PRIVACIES, STATES, TEXT, UNDECLARED
from trackadmin.document.value_labels import PARAMETER_LABELS, STATE_LABELS
from trackadmin.document.value_rules import LONGEST_OWNER
from trackadmin.models.draft import (
    DATE_LENGTH,
    NAME_LENGTH,
    PRIVACY_CHOICES,
    EditorsManager,
    TrackingMap,
    choices_of,
    natural_key_of,
)

STATE_CHOICES = choices_of(STATE_LABELS)
PARAMETER_CHOICES = choices_of(PARAMETER_LABELS)


class TrackedAction(models.Model):
    """Something that happens on the site, with what an event about it must bring."""

    map = models.ForeignKey(TrackingMap, models.CASCADE, related_name="actions")
    name = models.CharField(max_length=NAME_LENGTH)
    description = models.TextField(blank=True)
    owner = models.CharField(max_length=LONGEST_OWNER, blank=True)
    state = models.CharField(max_length=20, choices=STATE_CHOICES, default=LIVE)
    #: Prefix of a tracked model to ``required`` or ``optional``.
    brings = models.JSONField(default=dict, blank=True)
    position = models.PositiveIntegerField(default=0)
    successor = models.CharField(max_length=NAME_LENGTH, blank=True)
    until = models.CharField(max_length=DATE_LENGTH, blank=True)
    #: Grows with every save; a form that saw an older one is refused.
    lock_version = models.PositiveIntegerField(default=0, editable=False)

    objects = EditorsManager["TrackedAction"]()
    NATURAL_KEY = ("map__slug", "name")

    class Meta:
        ordering = ["map", "position", "name"]
        verbose_name = _("action")
        constraints = [
            models.UniqueConstraint(fields=["map", "name"], name="trackadmin_action_once"),
            models.CheckConstraint(
                condition=~models.Q(name="") & models.Q(state__in=STATES),
                name="trackadmin_action_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[Any, ...]:
        """What names it in every database."""
        return natural_key_of(self)


class TrackedParameter(models.Model):
    """A value of an action's own that an event may or must have."""

    action = models.ForeignKey(TrackedAction, models.CASCADE, related_name="parameters")
    name = models.CharField(max_length=NAME_LENGTH)
    kind = models.CharField(max_length=20, choices=PARAMETER_CHOICES, default=TEXT)
    required = models.BooleanField(default=False)
    #: The values that a parameter of the kind ``choice`` may have.
    choices = models.JSONField(default=list, blank=True)
    privacy = models.CharField(max_length=20, choices=PRIVACY_CHOICES, default=UNDECLARED)
    description = models.TextField(blank=True)
    position = models.PositiveIntegerField(default=0)

    objects = EditorsManager["TrackedParameter"]()
    NATURAL_KEY = ("action__map__slug", "action__name", "name")

    class Meta:
        ordering = ["action", "position", "name"]
        verbose_name = _("parameter")
        constraints = [
            models.UniqueConstraint(fields=["action", "name"], name="trackadmin_parameter_once"),
            models.CheckConstraint(
                condition=~models.Q(name="")
                & models.Q(kind__in=PARAMETER_KINDS)
                & models.Q(privacy__in=PRIVACIES),
                name="trackadmin_parameter_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def natural_key(self) -> tuple[Any, ...]:
        """What names it in every database."""
        return natural_key_of(self)
