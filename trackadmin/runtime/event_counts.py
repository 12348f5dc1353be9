"""How many events of each action this process has seen, and what was wrong with them."""

from __future__ import annotations

import threading
from collections import Counter

from trackadmin.compiler import Snapshot
from trackadmin.document.structure import ACTION_PARAMETER
from trackadmin.runtime.faults import UNKNOWN_MAP
from trackadmin.runtime.state import after_fork_in_child, at_reset
from trackadmin.runtime.values import Values

#: What an event is counted as, besides the codes of what is wrong with it.
SENT, REFUSED = "sent", "refused"
#: How many actions that no map declares are counted by their names, which come from anybody, and
#: how many combinations there may be in all. The rest count as :data:`OTHER`.
MAX_UNDECLARED, MAX_COUNTS = 100, 10_000
#: Characters of such a name.
MAX_ACTION = 100
#: The name that other actions are counted under.
OTHER = "other"

_counts: Counter[tuple[str, str, str]] = Counter()
_undeclared: set[tuple[str, str]] = set()
_lock = threading.Lock()


def event_counts() -> dict[tuple[str, str, str], int]:
    """How many events this process has seen, by map, action and what became of them.

    That is ``sent`` or ``refused``; beside it, an event is counted under each code of what is wrong
    with it. An event without an action has an empty one. Of the actions that the map does not
    declare, only the first 100 are counted by their names, and the others as ``other``.
    """
    with _lock:
        return dict(_counts)


def count_event(snapshot: Snapshot, values: Values) -> None:
    """Count the event that these are the values of."""
    action = values.get(ACTION_PARAMETER)
    declared = action in snapshot.document.actions
    slug = snapshot.slug if snapshot.digest else UNKNOWN_MAP  # a visitor may have made it up
    name = action[:MAX_ACTION] if isinstance(action, str) else ""
    wrong = {finding.code.value for finding in values.wrong}
    with _lock:
        if name and not declared and not _has_room(slug, name):
            name = OTHER
        for what in (REFUSED if values.refused else SENT, *wrong):
            key = slug, name, what
            if key not in _counts and len(_counts) >= MAX_COUNTS:
                key = slug, OTHER, what
            _counts[key] += 1


def _has_room(slug: str, name: str) -> bool:
    if (slug, name) not in _undeclared and len(_undeclared) < MAX_UNDECLARED:
        _undeclared.add((slug, name))
    return (slug, name) in _undeclared


@at_reset
def _forget() -> None:
    with _lock:
        _counts.clear()
        _undeclared.clear()


@after_fork_in_child
def _renew_lock() -> None:
    global _lock
    _lock = threading.Lock()
