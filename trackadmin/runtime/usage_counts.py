"""How often each name, action and reference is seen, counted in the process and written in batches.

Counting must not slow tracking down. Anybody can call the tracking URL, so the number of names that
are not in the map is limited: the rest are counted together.
"""

from __future__ import annotations

import atexit
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from time import monotonic

from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from trackadmin.codes import FaultCode, Outcome, Subject
from trackadmin.compiler import Snapshot
from trackadmin.conf import conf
from trackadmin.document.structure import ACTION_PARAMETER
from trackadmin.runtime.event_counts import OTHER
from trackadmin.runtime.faults import report
from trackadmin.runtime.place import Place, home
from trackadmin.runtime.state import after_fork_in_child, at_reset
from trackadmin.runtime.usage_table import Counted, connection_of_usage, write_usage
from trackadmin.runtime.values import Values

#: How many names that a map does not have are counted by themselves, for each map and subject,
#: until the counts are written. The others count as :data:`OTHER`.
MAX_UNKNOWN = 50
#: How many places (tenants) a process counts for.
MAX_PLACES = 1000
#: A name that anybody may have made up is stored only if it looks like one, and not like a value.
_looks_like_a_name = re.compile(r"[A-Za-z_][\w.:/ -]{0,99}", re.ASCII).fullmatch
#: Outcomes of references that are in the map and named an object.
_FOUND = (Outcome.FOUND, Outcome.CONFLICT)


class _OfMap:
    """What was counted for the events of one version of a map."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        #: How often seen, and how often without a value, by the name under which it came.
        self._values: dict[str, _Tally] = {}
        self._actions: dict[str, _Tally] = {}
        self._references: dict[str, _Tally] = {}
        #: The same by subject and the name that is stored.
        self.tallies: dict[tuple[Subject, str], _Tally] = {}
        self._unknown = dict.fromkeys(Subject, 0)

    def tally(self, values: Values) -> None:
        """Count one event. This is done for each event, so it is written to be fast."""
        action = values.get(ACTION_PARAMETER)
        action = action if isinstance(action, str) else ""
        tally = self._actions.get(action) or self._new_action(action)
        tally.seen += 1
        if values.refused:
            return
        known = self._values
        for name, value in values.items():
            tally = known.get(name) or self._new_value(name)
            tally.seen += 1
            if value is None:
                tally.empty += 1
        for name, _value, outcome in values.references:
            tally = self._references.get(name) or self._new_reference(name, outcome)
            tally.seen += 1
            if outcome not in _FOUND:
                tally.empty += 1

    def _new_action(self, name: str) -> _Tally:
        known = name in self._snapshot.document.actions
        return self._new(self._actions, Subject.ACTION, name, known)

    def _new_value(self, name: str) -> _Tally:
        names = self._snapshot.personal_names
        of_object = names.knows(name) and name not in names.declared
        subject = Subject.NAME if of_object else Subject.PARAMETER
        return self._new(self._values, subject, name, names.knows(name))

    def _new_reference(self, name: str, outcome: Outcome) -> _Tally:
        known = outcome is not Outcome.NOT_ALLOWED
        return self._new(self._references, Subject.REFERENCE, name, known)

    def _new(
        self, known: dict[str, _Tally], subject: Subject, name: str, is_of_map: bool
    ) -> _Tally:
        """The tally of a name that was not seen yet. Names of nobody share one."""
        if not is_of_map:
            if self._unknown[subject] >= MAX_UNKNOWN or (name and not _looks_like_a_name(name)):
                return self.tallies.setdefault((subject, OTHER), _Tally())
            self._unknown[subject] += 1
        known[name] = self.tallies.setdefault((subject, name), _Tally())
        return known[name]


class _Tally:
    """How often something was seen, and how often without a value."""

    __slots__ = ("empty", "seen")

    def __init__(self) -> None:
        self.seen = self.empty = 0


class _Counts:
    """What was counted for one place since it was last written."""

    def __init__(self, seconds: float) -> None:
        self.due_at = monotonic() + seconds
        #: The name of the database, which tells a test's from the site's own.
        self.database = _name_of(connection_of_usage())
        self._maps: dict[tuple[str, str], _OfMap] = {}
        #: What could not be written before.
        self.unwritten: list[Counted] = []

    def of_map(self, snapshot: Snapshot) -> _OfMap:
        """What is counted by this snapshot."""
        key = snapshot.slug, snapshot.digest
        return self._maps.get(key) or self._maps.setdefault(key, _OfMap(snapshot))

    def sorted_counts(self) -> list[Counted]:
        """All that was counted, in an order that is the same in all processes."""
        sums: dict[tuple[str, Subject, str], tuple[int, int]] = {}
        for slug, subject, name, seen, empty in [*self.unwritten, *self._tallied()]:
            before = sums.get((slug, subject, name), (0, 0))
            sums[slug, subject, name] = before[0] + seen, before[1] + empty
        return [Counted(*key, *counts) for key, counts in sorted(sums.items())]

    def _tallied(self) -> Iterator[Counted]:
        for (slug, _digest), of_map in self._maps.items():
            for (subject, name), tally in of_map.tallies.items():
                yield Counted(slug, subject, name, tally.seen, tally.empty)


_counts: dict[Place, _Counts] = {}
_lock = threading.Lock()


def count_usage(snapshot: Snapshot, values: Values) -> None:
    """Count what the event has, and write what was counted if that is due. Never raises."""
    try:
        seconds = conf.USAGE_SECONDS
        if not seconds or not snapshot.digest:  # a visitor may have made up the map
            return
        place = home()
        with _lock:
            counts = _counts.get(place) or _new_counts(place, seconds)
            if counts is None:
                return
            counts.of_map(snapshot).tally(values)
        if monotonic() >= counts.due_at:
            counts.due_at = monotonic() + seconds
            _write_when_possible(place)
    except Exception as error:  # noqa: BLE001 counting never breaks the host's page
        report(FaultCode.USAGE_NOT_WRITTEN, snapshot.slug, error)


def _new_counts(place: Place, seconds: float) -> _Counts | None:
    if len(_counts) >= MAX_PLACES:
        return None
    return _counts.setdefault(place, _Counts(seconds))


def _name_of(connection: BaseDatabaseWrapper) -> str:
    return str(connection.settings_dict["NAME"])


def _write_when_possible(place: Place) -> None:
    """Write now, or after the host's transaction, which would keep the rows locked."""
    connection = connection_of_usage()
    write = partial(write_counts, place, connection)
    if connection.in_atomic_block:
        transaction.on_commit(write, using=connection.alias, robust=True)
    elif connection.get_autocommit():
        write()


def write_counts(place: Place, connection: BaseDatabaseWrapper) -> None:
    """Write what was counted for the place. What cannot be written is kept for the next time."""
    with _lock:
        counts = _counts.pop(place, None)
    if counts is None or counts.database != _name_of(connection):
        return
    rows = counts.sorted_counts()
    try:
        write_usage(connection, rows, datetime.now(UTC))
    except Exception as error:  # noqa: BLE001 the database may be down
        report(FaultCode.USAGE_NOT_WRITTEN, "usage", error)
        with _lock:
            kept = _counts.get(place) or _new_counts(place, conf.USAGE_SECONDS)
            if kept is not None:
                kept.unwritten += rows


@atexit.register
def _write_at_exit() -> None:
    """Write what a short process, such as a command, has counted for the place it ends in."""
    with suppress(Exception):  # the interpreter, or the host's database, may be half gone
        place, connection = home(), connection_of_usage()
        if place in _counts and not connection.in_atomic_block:
            write_counts(place, connection)


@at_reset
def _forget_counts() -> None:
    with _lock:
        _counts.clear()


@after_fork_in_child
def _start_anew() -> None:
    # The parent writes what it has counted.
    global _lock
    _lock = threading.Lock()
    _counts.clear()
