"""New deliveries: some events for one sink, in batches of its size."""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.utils import timezone

from trackadmin.models import Delivery


def create_deliveries(using: str, sink: str, numbers: Sequence[int], size: int) -> None:
    """Create the deliveries of these events, which are due at once."""
    now = timezone.now()
    batches = [numbers[start : start + size] for start in range(0, len(numbers), size)]
    Delivery.objects.using(using).bulk_create(
        Delivery(
            sink=sink,
            left=json.dumps(batch),
            first=min(batch),
            offered=len(batch),
            due_at=now,
            created_at=now,
            changed_at=now,
        )
        for batch in batches
    )
