"""Converts datetimes of the database to UTC, also where the site does not use time zones."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone


def in_utc(moment: datetime) -> datetime:
    """The moment in UTC. A naive one (``USE_TZ = False``) is in ``TIME_ZONE``."""
    if timezone.is_naive(moment):
        moment = timezone.make_aware(moment, timezone.get_default_timezone())
    return moment.astimezone(UTC)
