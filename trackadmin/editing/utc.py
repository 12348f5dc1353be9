"""Converts datetimes of the database to UTC, also where the site does not use time zones."""

from __future__ import annotations

from datetime import UTC, datetime

from django.utils import timezone


def in_utc(value: datetime) -> datetime:
    """The datetime in UTC. A naive one (``USE_TZ = False``) is in ``TIME_ZONE``."""
    if timezone.is_naive(value):
        value = timezone.make_aware(value, timezone.get_default_timezone())
    return value.astimezone(UTC)
