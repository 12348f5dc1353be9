"""Who hears of what happens to a map, and the messages that they get."""

from __future__ import annotations

from enum import StrEnum

from django.db import models, router
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from trackadmin.models.claimable import Claimable
from trackadmin.models.draft import TrackingMap

#: How a message gets to somebody.
EMAIL, WEBHOOK, SLACK = CHANNELS = ("email", "webhook", "slack")
ADDRESS_LENGTH, SITE_LENGTH, SECRET_LENGTH, LANGUAGE_LENGTH = 500, 300, 100, 20
#: A key is the kind and what tells two messages of it apart.
KIND_LENGTH, KEY_LENGTH = 20, 200


class MessageKind(StrEnum):
    """What a message tells of."""

    PUBLISH = "publish"
    ROLLBACK = "rollback"
    DRIFT = "drift"
    REVIEW = "review"
    DUE = "due"
    #: Only to try out whether messages arrive; nobody chooses it.
    TEST = "test"


class Recipient(models.Model):
    """Somebody, or some program, that hears of what happens to a map."""

    map = models.ForeignKey(TrackingMap, models.CASCADE, related_name="recipients")
    channel = models.CharField(max_length=10)
    #: An e-mail address or a URL. Whoever knows the URL of Slack may write there.
    address = models.CharField(max_length=ADDRESS_LENGTH)
    #: Signs what a webhook gets; empty for the other channels.
    secret = models.CharField(max_length=SECRET_LENGTH, default="", blank=True)
    #: A JSON list of the kinds that it wants.
    kinds = models.JSONField(default=list)
    language = models.CharField(max_length=LANGUAGE_LENGTH)
    #: Where links lead: a worker has no request that would say it.
    site = models.CharField(max_length=SITE_LENGTH)

    class Meta:
        ordering = ["map", "id"]
        verbose_name = _("recipient")
        # Who may change the map chooses who hears of it.
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["map", "channel", "address"], name="trackadmin_recipient_once"
            )
        ]

    def __str__(self) -> str:
        return self.shown_address

    @property
    def shown_address(self) -> str:
        """The address as pages show it: of a URL only the host, since the path may be secret."""
        if self.channel == EMAIL:
            return self.address
        scheme, _sep, rest = self.address.partition("://")
        return f"{scheme}://{rest.partition('/')[0].partition('?')[0]}/…"


class Message(Claimable):
    """One message to one recipient: written with what it tells of, and sent by a worker.

    It has names and counts, never a value. They are put into words, in the recipient's language,
    when it is sent. A message that was sent stays: it says that this was told.
    """

    recipient = models.ForeignKey(Recipient, models.CASCADE, related_name="messages")
    kind = models.CharField(max_length=KIND_LENGTH)
    #: What it tells of: no recipient is told twice.
    key = models.CharField(max_length=KEY_LENGTH)
    facts = models.JSONField(default=dict)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("message")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["recipient", "key"], name="trackadmin_message_once")
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(due_at__isnull=False), name="trackadmin_message_due"
            )
        ]

    def __str__(self) -> str:
        return self.key

    @property
    def is_dead(self) -> bool:
        """Whether it was given up."""
        return self.due_at is None and self.sent_at is None


def unsent_messages() -> QuerySet[Message]:
    """The messages of all maps that wait or were given up, the newest first."""
    rows = Message.objects.using(router.db_for_write(Message)).filter(sent_at__isnull=True)
    return rows.select_related("recipient__map")
