"""Review requests: somebody asks others to look at a draft, and what they say about it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from trackadmin.models.draft import LABEL_LENGTH, EditorsManager, TrackingMap, natural_key_of
from trackadmin.models.versions import MapVersion
from trackadmin.models.waivers import now_as_dumped

#: Longest remark, in characters.
WORDS_LENGTH = 2000
#: ``actions.<action>.<parameter>``, or ``<prefix>.<attribute>``.
REMARK_PLACE_LENGTH = LABEL_LENGTH + 49

#: The states of a request. How far it has come while it is open follows from its remarks.
OPEN, WITHDRAWN, PUBLISHED = REQUEST_STATES = ("open", "withdrawn", "published")
#: What a remark says.
ASK, COMMENT, APPROVE, CHANGES, WITHDRAW = VERDICTS = (
    "ask",
    "comment",
    "approve",
    "changes",
    "withdraw",
)


class ReviewRequest(models.Model):
    """A draft that somebody asked others to look at. A map has at most one that is open."""

    map = models.ForeignKey(TrackingMap, models.CASCADE, related_name="review_requests")
    #: Counts the requests of the map.
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=20, default=OPEN)
    #: The version that the draft became.
    version = models.ForeignKey(
        MapVersion, models.PROTECT, null=True, blank=True, related_name="review_requests"
    )

    objects = EditorsManager["ReviewRequest"]()
    NATURAL_KEY = ("map__slug", "number")

    class Meta:
        ordering = ["map", "-number"]
        verbose_name = _("review request")
        # The permissions to review are those of the map.
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["map", "number"], name="trackadmin_request_once"),
            models.UniqueConstraint(
                fields=["map"],
                condition=models.Q(state="open"),
                name="trackadmin_one_open_request",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=REQUEST_STATES)
                & (
                    models.Q(state="published", version__isnull=False)
                    | (~models.Q(state="published") & models.Q(version__isnull=True))
                ),
                name="trackadmin_request_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.map_id} {self.number}"

    def natural_key(self) -> tuple[Any, ...]:
        """What names it in every database."""
        return natural_key_of(self)


class Remark(models.Model):
    """What one person said of a draft at one moment. It is only ever added."""

    request = models.ForeignKey(ReviewRequest, models.CASCADE, related_name="remarks")
    #: Counts the remarks of the request.
    number = models.PositiveIntegerField()
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=now_as_dumped, editable=False)
    #: The digest of the draft that it is about.
    digest = models.CharField(max_length=64)
    verdict = models.CharField(max_length=20)
    #: What it is about: ``User.email``, ``actions.signup``; empty for the whole draft.
    place = models.CharField(max_length=REMARK_PLACE_LENGTH, blank=True, default="")
    words = models.TextField(blank=True, default="")

    objects = EditorsManager["Remark"]()
    NATURAL_KEY = ("request__map__slug", "request__number", "number")

    class Meta:
        ordering = ["request", "number"]
        verbose_name = _("remark")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["request", "number"], name="trackadmin_remark_once"),
            models.CheckConstraint(
                condition=models.Q(verdict__in=VERDICTS), name="trackadmin_verdict_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} {self.number}"

    @property
    def author_name(self) -> str:
        """The user's name; empty for code, commands and deleted users."""
        return self.author.get_username() if self.author else ""

    def natural_key(self) -> tuple[Any, ...]:
        """What names it in every database."""
        return natural_key_of(self)
