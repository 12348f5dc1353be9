"""What a query says about its sender: the id that it gives the event, and its signature."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from trackadmin.codes import EventCode
from trackadmin.compiler import Finding, Snapshot
from trackadmin.document.structure import ACTION_PARAMETER, EVENT_ID, SIGNATURE
from trackadmin.runtime.signatures import fault_of
from trackadmin.runtime.values import SIGNED, Values

#: One spelling: that of ``crypto.randomUUID()``. A program that has no id often sends the first or
#: the last of all UUIDs, and all of its events would be one.
_is_uuid = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}").fullmatch
_NO_IDS = ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff")


def event_id_of(value: Any) -> str:
    """The UUID in lower case; empty if the value is none."""
    text = value.lower() if type(value) is str and value.isascii() else ""
    return text if _is_uuid(text) and text not in _NO_IDS else ""


def judge_sender(
    snapshot: Snapshot,
    values: Values,
    given: Mapping[str, Any],
    references: Iterable[tuple[str, str]],
) -> None:
    """Set ``event_id`` and ``trust`` of the values, and note what is wrong with the parameters.

    ``given`` are the parameters about the sender, and ``references`` all references of the query.
    A parameter that JSON gives as null is not given. Never raises.
    """
    event_id, signature = given.get(EVENT_ID), given.get(SIGNATURE)
    if event_id is not None:
        values.event_id = event_id_of(event_id)
        if not values.event_id:
            values.wrong.append(Finding(EventCode.EVENT_ID_INVALID, EVENT_ID))
    if signature is not None:
        fault = fault_of(signature, snapshot.slug, values.get(ACTION_PARAMETER), references)
        if fault is None:
            values.trust = SIGNED
        else:
            values.wrong.append(Finding(fault, SIGNATURE))
