"""How the site's tracking is, as JSON: for people who work here and for programs that watch it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import Error
from django.http import HttpResponse, JsonResponse

from trackadmin import outbox
from trackadmin.collect.watchers_door import for_watchers
from trackadmin.conf import conf
from trackadmin.exceptions import TrackAdminError
from trackadmin.outbox import SinkAccount
from trackadmin.runtime import current_map, fault_counts, is_ready


@for_watchers
def health(map: str) -> HttpResponse:
    """Whether the map is served, and how each sink stands. Names and numbers, never a value.

    Responds with 503 if the live version cannot be loaded, if the events cannot be asked, or if an
    event of a sink of the settings waits for longer than ``HEALTH_LAG_SECONDS``.
    """
    found = accounts_or_none()
    version, late = served_version(map), [*_late(found or ())]
    is_well = version is not None and found is not None and not late
    data = {
        "ok": is_well,
        "map": map,
        "version": version,
        "events": found is not None,
        "late": late,
        "sinks": [_numbers(each) for each in found or ()],
        "faults_of_this_process": fault_counts(),
    }
    return JsonResponse(data, status=200 if is_well else 503)


def accounts_or_none() -> list[SinkAccount] | None:
    """How each remote sink stands; ``None`` if the database does not say it."""
    try:
        return outbox.accounts()
    except Error:
        return None


def served_version(map: str) -> int | None:
    """The number of the version that this process serves; ``None`` if it serves none."""
    try:
        return current_map(map).number if is_ready(map) else None
    except TrackAdminError:
        return None


def _late(found: Sequence[SinkAccount]) -> list[str]:
    limit = conf.HEALTH_LAG_SECONDS
    if limit is None:
        return []
    return [each.sink for each in found if each.configured and each.lag.total_seconds() > limit]


def _numbers(account: SinkAccount) -> dict[str, Any]:
    return {
        "sink": account.sink,
        "configured": account.configured,
        "queue": account.queue,
        "waiting": account.waiting,
        "lag_seconds": round(account.lag.total_seconds(), 1),
        "offered": account.offered,
        "delivered": account.delivered,
        "refused": account.refused,
        "dead": account.dead,
        "discarded": account.discarded,
        "left": account.left,
        "rate_per_minute": account.rate,
    }
