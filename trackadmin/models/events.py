"""Events that were accepted, and what became of them: the outbox, dead letters, counts of usage.

No draft and no version: these rows come with traffic and leave with ``trackadmin prune``.
"""

from __future__ import annotations

from django.db import models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trackadmin.conf import conf
from trackadmin.document.names import LONGEST
from trackadmin.models.claimable import REASON_LENGTH, Claimable
from trackadmin.models.draft import SLUG_LENGTH

#: Characters of an action and of a name in a column of its own. Both may come from anybody.
ACTION_LENGTH = 100
USED_NAME_LENGTH = 2 * LONGEST + 2
#: Characters of a sink's name.
SINK_LENGTH = 100


def events_database() -> str:
    """The alias of the database that the rows of this file are written to and read from."""
    return conf.EVENTS_DATABASE or router.db_for_write(AcceptedEvent)


class AcceptedEvent(models.Model):
    """An event that was accepted. Numbers grow in the order of inserts, not of commits."""

    number = models.BigAutoField(primary_key=True)
    #: The event's own id. A second event with it is a repeated delivery, and is not stored.
    event_id = models.UUIDField(unique=True)
    received_at = models.DateTimeField()
    #: The map's slug: an event stays when its map is deleted.
    map = models.CharField(max_length=SLUG_LENGTH)
    version = models.PositiveIntegerField()
    #: The start of the parameter ``action``; empty for none.
    action = models.CharField(max_length=ACTION_LENGTH)
    trust = models.CharField(max_length=10)
    #: The event as one line of JSON, as ``Event.as_json`` writes it.
    body = models.TextField()
    #: A JSON list of the names whose values may say something about a person.
    personal = models.TextField()
    #: Whether no worker has put it into deliveries yet. False from the start without remote sinks.
    waiting = models.BooleanField()

    class Meta:
        ordering = ["-number"]
        verbose_name = _("event")
        verbose_name_plural = _("events")
        default_permissions = ("view",)
        indexes = [
            models.Index(
                fields=["number"], condition=models.Q(waiting=True), name="trackadmin_event_waiting"
            )
        ]

    def __str__(self) -> str:
        return str(self.event_id)


class Delivery(Claimable):
    """Some events on their way to one sink. A worker takes a delivery as a whole. Once the sink
    takes a part, the delivery is done, and what is left goes on in a new one.

    ``offered`` is always the sum of ``delivered``, ``refused``, ``discarded``, its dead letters and
    the events that are left. What is sent again by itself, or when somebody retries a dead letter,
    leaves the delivery and is offered by another one.
    """

    sink = models.CharField(max_length=SINK_LENGTH)
    #: A JSON list of the numbers of the events that are left.
    left = models.TextField()
    #: The smallest of these numbers: what is younger than all of them may not be pruned.
    first = models.BigIntegerField()
    #: How many events the sink was to get.
    offered = models.PositiveIntegerField()
    #: How many it took, and how many its settings do not want.
    delivered = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    #: How many of its dead letters a person gave up, and how many events were deleted by hand.
    discarded = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        default_permissions = ("view", "change")
        indexes = [
            models.Index(
                fields=["sink", "due_at"],
                condition=models.Q(due_at__isnull=False),
                name="trackadmin_delivery_due",
            )
        ]

    def __str__(self) -> str:
        return f"{self.sink} {self.pk}"


class DeadLetter(models.Model):
    """An event that a sink did not take: it stays until somebody retries or discards it."""

    delivery = models.ForeignKey(Delivery, models.PROTECT, related_name="dead_letters")
    sink = models.CharField(max_length=SINK_LENGTH)
    event = models.ForeignKey(AcceptedEvent, models.PROTECT, related_name="+")
    #: Why: a code of the sink, or the text of its last error; never a value of the event.
    reason = models.CharField(max_length=REASON_LENGTH)
    attempts = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("dead letter")
        verbose_name_plural = _("dead letters")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["sink", "event"], name="trackadmin_dead_letter_once")
        ]

    def __str__(self) -> str:
        return f"{self.sink} {self.event_id}"


class DiscardedEvent(models.Model):
    """An event that a person gave up for a sink: the sink does not have it, and nobody misses it.

    It is told by ``reconcile``, and goes when the event is pruned.
    """

    sink = models.CharField(max_length=SINK_LENGTH)
    event = models.ForeignKey(AcceptedEvent, models.CASCADE, related_name="+")

    class Meta:
        ordering = ["id"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["sink", "event"], name="trackadmin_discarded_once")
        ]

    def __str__(self) -> str:
        return f"{self.sink} {self.event_id}"


class UsageCount(models.Model):
    """How often something was seen in the events of one day (UTC)."""

    map = models.CharField(max_length=SLUG_LENGTH)
    day = models.DateField()
    #: A :class:`trackadmin.codes.Subject`.
    subject = models.CharField(max_length=10)
    name = models.CharField(max_length=USED_NAME_LENGTH)
    seen = models.PositiveBigIntegerField(default=0)
    #: How many of these had no value; of a reference, how many found nothing.
    empty = models.PositiveBigIntegerField(default=0)
    last_at = models.DateTimeField()

    class Meta:
        ordering = ["map", "-day", "subject", "name"]
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["map", "day", "subject", "name"], name="trackadmin_usage_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.subject} {self.name}"
