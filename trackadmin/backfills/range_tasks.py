"""What a task does with its range, whatever engine runs it."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from typing import TypeAlias
from uuid import uuid4

from trackadmin.backfills.range_claims import (
    LeaseLost,
    claim_range,
    renew_range,
    seconds_until_free,
    settle_failure,
    settle_range,
)
from trackadmin.backfills.range_files import write_range
from trackadmin.codes import FaultCode
from trackadmin.exceptions import TrackAdminError
from trackadmin.models import BackfillRange
from trackadmin.models.claimable import REASON_LENGTH
from trackadmin.runtime import fault_counts
from trackadmin.runtime.context import lookup_context
from trackadmin.runtime.faults import report
from trackadmin.texts import english

#: Queues the range of this key as a task that runs in so many seconds.
Queue: TypeAlias = Callable[[int, float], object]


def carry_out(pk: int, queue: Queue) -> None:
    """Write the file of this range, unless it is done or another worker has it.

    A task may run twice, at the same time or later: the file has each row once. One that finds the
    range with another worker comes back when that one should be done, in case it has died.
    """
    claimed = claim_range(uuid4(), pk)
    again = seconds_until_free(pk) if claimed is None else _try(claimed)
    if again is not None:
        queue(pk, again)


def _try(claimed: BackfillRange) -> float | None:
    """Write the file, and say what became of it; return when to try again."""
    before = sum(fault_counts().values())
    try:
        with lookup_context():
            rows = write_range(claimed, partial(renew_range, claimed))
    except LeaseLost:
        return None
    except Exception as error:  # noqa: BLE001 the host's code may raise anything
        report(FaultCode.BACKFILL_FAILED, f"{claimed.run.map}: {claimed.run.model}", error)
        final = isinstance(error, TrackAdminError)
        return settle_failure(claimed, _reason_kept(error), final=final)
    settle_range(claimed, rows, sum(fault_counts().values()) - before)
    return None


def _reason_kept(error: Exception) -> str:
    """Why it failed, without any value: only our own words and those of the system are kept."""
    if isinstance(error, TrackAdminError):
        return english(error)[:REASON_LENGTH]
    name = type(error).__name__
    return (
        f"{name}: {os.strerror(error.errno)}"
        if isinstance(error, OSError) and error.errno
        else name
    )
