"""Messages that did not arrive yet, as pages show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from trackadmin.admin.forms.recipient import KIND_NAMES
from trackadmin.admin.shown_sinks import IDLE_SECONDS
from trackadmin.models import Message


@dataclass(frozen=True, slots=True)
class UnsentRow:
    """A message that waits or was given up."""

    message: Message
    kind: str


def unsent_rows(found: Iterable[Message]) -> list[UnsentRow]:
    """A row for each message."""
    return [UnsentRow(each, str(KIND_NAMES.get(each.kind, each.kind))) for each in found]


def waits_too_long(unsent: QuerySet[Message]) -> bool:
    """Whether one has been due for so long that no worker can be running."""
    before = timezone.now() - timedelta(seconds=IDLE_SECONDS)
    return unsent.filter(due_at__lt=before).exists()
