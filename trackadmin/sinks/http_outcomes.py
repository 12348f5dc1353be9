"""What an HTTP response means for the events of a batch: one home for all that speak HTTP."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

from trackadmin.outbox import Taken, TryLater
from trackadmin.runtime import Event
from trackadmin.sinks.sink_reasons import SEARCH

#: The receiver reads the batch and refuses it: at least one event is to blame. Every other failure
#: may be a matter of settings or of time, and must not cost an event.
BLAME = frozenset({400, 413, 422})
#: The longest that a receiver may ask to wait, in seconds.
LONGEST_AFTER = 3600.0
#: Seconds after which the search for the events that are to blame goes on another time. The
#: delivery then still belongs to this worker.
SEARCH_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a receiver answered to a batch. Positions are those of the batch's events."""

    status: int
    #: How many seconds the receiver asks to wait.
    after: float | None = None
    #: Which events are to blame, if the receiver says so.
    culprits: Collection[int] = ()
    #: Which events it wants another time, although it wants the others now.
    postponed: Collection[int] = ()
    #: For people, where the status does not say it.
    words: str = ""

    @property
    def reason(self) -> str:
        """Why it was not taken, for people."""
        return self.words or f"http {self.status}"


class HttpSink(ABC):
    """A sink that sends a batch of events as one request."""

    def deliver(self, events: Sequence[Event]) -> Taken | None:
        """Send the events; if the receiver refuses a batch, find the events that are to blame."""
        return _Search(self).outcome_of(events)

    @abstractmethod
    def send_batch(self, events: Sequence[Event]) -> Reply:
        """Send the events in one request. Raises :class:`TryLater` if there is no response."""


@dataclass
class _Search:
    """One batch, sent whole or in parts until it is known what became of each event."""

    sink: HttpSink
    refused: dict[str, str] = field(default_factory=dict)
    later: list[str] = field(default_factory=list)
    #: Why events are sent another time.
    wait: TryLater = field(default_factory=lambda: TryLater(""))

    def outcome_of(self, events: Sequence[Event]) -> Taken | None:
        parts, until = [events] if events else [], monotonic() + SEARCH_SECONDS
        while parts:
            part = parts.pop()
            try:
                parts += self._send_part(part)
            except TryLater as error:
                # What the receiver answers to this part, it would answer to the others.
                self.wait = error
                parts.append(part)
                break
            if monotonic() > until and sum(map(len, parts)) < len(events):
                self.wait = self.wait if self.wait.reason else TryLater(SEARCH)
                break
        self.later += [event.id for part in parts for event in part]
        if events and len(self.later) == len(events):
            raise self.wait
        if not self.later and not self.refused:
            return None
        return Taken(self.refused, self.later, self.wait.after, self.wait.reason)

    def _send_part(self, part: Sequence[Event]) -> list[Sequence[Event]]:
        """Send some events, and return what is to be sent next, the last first."""
        answer = self.sink.send_batch(part)
        if 200 <= answer.status < 300:
            return []
        if answer.postponed and len(answer.postponed) < len(part):
            self.wait = TryLater(answer.reason, answer.after)
            self.later += [part[position].id for position in answer.postponed]
            return [_except(part, answer.postponed)]
        if answer.status not in BLAME:
            raise TryLater(answer.reason, answer.after)
        if len(part) > 1 and not answer.culprits:
            half = len(part) // 2
            return [part[half:], part[:half]]
        culprits = answer.culprits or (0,)
        self.refused |= {part[position].id: answer.reason for position in culprits}
        rest = _except(part, culprits)
        return [rest] if rest else []


def _except(part: Sequence[Event], positions: Collection[int]) -> list[Event]:
    return [event for position, event in enumerate(part) if position not in positions]


def wait_of(response: Any) -> float | None:
    """How many seconds a response asks to wait, whichever library it is of."""
    return seconds_of(response.headers.get("Retry-After"))


def seconds_of(header: str | None) -> float | None:
    """How long a ``Retry-After`` asks to wait: seconds, or a date. ``None`` if it is neither."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_AFTER)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    # A date whose zone is not known comes without one.
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return min(max((date - datetime.now(UTC)).total_seconds(), 0.0), LONGEST_AFTER)
