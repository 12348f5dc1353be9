"""Choosing who hears of what happens to a map, and sending again what did not arrive."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from django.db.models import QuerySet
from django.utils import timezone

from trackadmin.editing.locking import write_database
from trackadmin.editing.messages import new_message
from trackadmin.models import Message, Recipient, TrackingMap
from trackadmin.models.recipients import WEBHOOK, MessageKind, unsent_messages


def recipients(tracking_map: TrackingMap) -> QuerySet[Recipient]:
    """The recipients of a map, in the order in which they were added."""
    return Recipient.objects.using(write_database()).filter(map=tracking_map)


def add_recipient(
    tracking_map: TrackingMap,
    *,
    channel: str,
    address: str,
    kinds: Iterable[str],
    language: str,
    site: str,
) -> Recipient:
    """Add one; a webhook gets a new secret. Raises IntegrityError if the map has it already."""
    return Recipient.objects.using(write_database()).create(
        map=tracking_map,
        channel=channel,
        address=address,
        secret=secrets.token_urlsafe(32) if channel == WEBHOOK else "",
        kinds=[*kinds],
        language=language,
        site=site,
    )


def change_recipient(
    recipient: Recipient, *, kinds: Iterable[str], language: str, site: str
) -> None:
    """Set what it gets, in which language, and where links lead. Its address stays."""
    rows = Recipient.objects.using(write_database()).filter(pk=recipient.pk)
    rows.update(kinds=[*kinds], language=language, site=site)


def remove_recipient(recipient: Recipient) -> None:
    """Remove it with its messages: those that wait are not sent any more."""
    recipient.delete(using=write_database())


def send_test_message(recipient: Recipient) -> Message:
    """Write a message that only shows whether messages arrive."""
    message = new_message(recipient, MessageKind.TEST, secrets.token_hex(8), {})
    message.save(using=write_database())
    return message


def retry_messages(ids: Iterable[int]) -> int:
    """Send these again at once, if they were given up; return how many there were."""
    rows = unsent_messages().filter(pk__in=[*ids], due_at__isnull=True)
    return rows.update(due_at=timezone.now(), attempts=0, error="")
