"""How the attributes of a host's model are filled, from a bounded sample of its objects."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, TypeAlias

from django.db import router
from django.db.models import Model, QuerySet
from django.utils import timezone

from trackadmin.catalog import AttributeFacts, ModelFacts
from trackadmin.compiler.failures import is_out_of_time
from trackadmin.compiler.savepoints import contained
from trackadmin.conf import conf
from trackadmin.document import ModelEntry
from trackadmin.document.structure import NONE, UNDECLARED
from trackadmin.editing.field_profiles import FieldProfile, Tally, Unread
from trackadmin.editing.locking import write_database
from trackadmin.editing.table_sizes import Estimate, TableSize, estimates, size_of
from trackadmin.editing.trial_transaction import limit_statements, trial_transaction
from trackadmin.editing.trying import MOST_ASKED

logger = logging.getLogger("trackadmin")

Rows: TypeAlias = "QuerySet[Any, Any]"
#: Whether somebody may view this object.
Permits: TypeAlias = Callable[[Model], bool]

#: How many rows come from the database at a time, since their texts may be large; the clock is
#: looked at after each row.
AT_A_TIME = 50


@dataclass(frozen=True, slots=True)
class Profile:
    """How the attributes of a model are filled in the objects that somebody may view."""

    fields: tuple[FieldProfile, ...]
    #: How many objects the sample has.
    rows: int
    #: Whether these are all objects that there are to read.
    complete: bool
    #: How many there are; ``None`` if that is not known.
    size: TableSize | None
    #: Whether the host's admin was asked about each object.
    asked_each: bool
    #: Whether the time was over before the sample was read.
    late: bool
    #: The class of what the host's code or the database raised; empty if nothing did.
    error: str
    seconds: float
    read_at: datetime


def profile(
    facts: ModelFacts,
    rows: Rows,
    *,
    entry: ModelEntry | None = None,
    personal: bool = False,
    permits: Permits | None = None,
) -> Profile:
    """Sum up the last of ``rows`` by primary key, attribute by attribute. Never raises for data.

    ``rows`` are those that somebody may view. ``permits`` is asked about each object where the
    model alone does not decide; only a few are read then. Without ``personal``, the values of
    attributes that look personal, or that ``entry`` treats as personal, are left out. At most
    ``PROFILE_ROWS`` are read, for at most ``PROFILE_MILLISECONDS``. What the host's code writes is
    rolled back.
    """
    hidden = frozenset() if personal else personal_names(facts, entry)
    sampling = _Sampling(facts, rows, permits)
    databases = {rows.db, write_database(), router.db_for_write(facts.model)}
    with trial_transaction(databases, sampling.seconds):
        sampling.run()
    return sampling.profile(hidden)


def personal_names(facts: ModelFacts, entry: ModelEntry | None) -> frozenset[str]:
    """The attributes whose values may be personal: by their look, or by what the map says."""
    privacies = {each.source: each.privacy for each in entry.attributes.values()} if entry else {}
    return frozenset(
        name
        for name, each in facts.attributes.items()
        if each.personal or privacies.get(name, UNDECLARED) not in (UNDECLARED, NONE)
    )


class _Sampling:
    """Reads the columns of a sample, until the time is over."""

    def __init__(self, facts: ModelFacts, rows: Rows, permits: Permits | None) -> None:
        self.facts, self.rows, self.permits = facts, rows, permits
        self.limit = conf.PROFILE_ROWS if permits is None else MOST_ASKED
        self.seconds = conf.PROFILE_MILLISECONDS / 1000
        self.start = monotonic()
        self.late, self.more, self.probed, self.error = False, False, False, ""
        self.size: TableSize | None = None
        self.tallies: dict[str, Tally] = {}
        self.unread: dict[str, Unread] = {}
        self.estimates: dict[str, Estimate] = {}

    def run(self) -> None:
        """Read the sample, and how many objects there are."""
        attributes = list(self.facts.attributes.values())
        self.unread |= {each.name: Unread.COMPUTED for each in attributes if each.computed}
        columns = [each for each in attributes if not each.computed]
        self._contained_step(self._newest_first)
        if self.permits is not None:
            self._contained_step(self._keep_permitted)
        if columns and not self.error and not self.late:
            self._read_columns(columns)
        if self.more and self.permits is None:
            self._contained_step(self._measure)

    def _contained_step(self, step: Callable[[], object]) -> None:
        if self.error:
            return
        try:
            with contained():
                step()
        except Exception as error:  # noqa: BLE001 the host's code may raise anything
            if self._why_unread(error) is Unread.FAILED:
                self.error = type(error).__name__

    def _why_unread(self, error: Exception) -> Unread:
        if is_out_of_time(error) or self._is_over():
            self.late = True
            return Unread.LATE
        # The log may have the error's text; the page may not, since it may hold values.
        logger.error("The profile of %s failed", self.facts.cased_label, exc_info=error)
        return Unread.FAILED

    def _newest_first(self) -> None:
        self.rows = self.rows.select_related(None).prefetch_related(None).order_by("-pk")

    def _keep_permitted(self) -> None:
        """Go on with the objects that the person may view."""
        found = list(self.rows[: self.limit + 1])
        self.more = len(found) > self.limit
        self.rows = self.rows.filter(pk__in=list(self._permitted(found[: self.limit])))

    def _permitted(self, found: Iterable[Model]) -> Iterator[Any]:
        for obj in found:
            if self._is_over():
                return
            with contained():
                visible = self.permits is not None and self.permits(obj)
            if visible:
                yield obj.pk

    def _read_columns(self, columns: Sequence[AttributeFacts]) -> None:
        """Read these together. If that fails, halve them until the one that fails is found."""
        tallies = [Tally(each) for each in columns]
        try:
            with contained():
                self._fill(tallies)
        except Exception as error:  # noqa: BLE001 the host's code may raise anything
            if len(columns) > 1 and not is_out_of_time(error) and not self._is_over():
                self._read_halves(columns)
            else:
                self.unread |= dict.fromkeys(
                    (each.name for each in columns), self._why_unread(error)
                )
        else:
            self.tallies |= {each.facts.name: each for each in tallies}

    def _read_halves(self, columns: Sequence[AttributeFacts]) -> None:
        if not self.probed:
            # If not even the key can be read, no column can.
            self.probed = True
            self._contained_step(lambda: list(self.rows.values_list("pk")[:1]))
        if not self.error:
            half = len(columns) // 2
            self._read_columns(columns[:half])
            self._read_columns(columns[half:])

    def _fill(self, tallies: Sequence[Tally]) -> None:
        names = [each.facts.attname for each in tallies]
        rows = self.rows[: self.limit + 1].values_list(*names)
        reading: Any = rows.iterator(chunk_size=AT_A_TIME)
        with closing(reading) as found:
            for number, row in enumerate(found):
                if number == self.limit:
                    self.more = True
                    return
                for tally, value in zip(tallies, row, strict=True):
                    tally.add(value)
                if self._is_over():
                    self.more = True
                    return

    def _is_over(self) -> bool:
        self.late |= monotonic() - self.start > self.seconds
        return self.late

    def _measure(self) -> None:
        """How many objects there are, and what the database believes of them."""
        left = self.seconds - (monotonic() - self.start)
        if left <= 0:
            return
        limit_statements(self.rows.db, left)
        self.size = size_of(self.rows)
        self.estimates = estimates(self.rows, self.facts)

    def profile(self, hidden: frozenset[str]) -> Profile:
        """What was found, without the values of the hidden attributes."""
        most = max((each.rows for each in self.tallies.values()), default=0)
        return Profile(
            fields=tuple(self._field_profile(name, hidden) for name in self.facts.attributes),
            rows=most,
            complete=not (self.more or self.late or self.error),
            size=self.size,
            asked_each=self.permits is not None,
            late=self.late,
            error=self.error,
            seconds=monotonic() - self.start,
            read_at=timezone.now(),
        )

    def _field_profile(self, name: str, hidden: frozenset[str]) -> FieldProfile:
        tally = self.tallies.get(name)
        if tally is None:
            return FieldProfile(name, unread=self.unread.get(name, Unread.LATE))
        return tally.profile(masked=name in hidden, estimate=self.estimates.get(name))
