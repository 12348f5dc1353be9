"""How long a worker leaves a sink alone that did not take anything."""

from __future__ import annotations

import random
from time import monotonic

#: Seconds of the first pause, and of the longest. Each doubles the one before, until the sink takes
#: something; a random part keeps workers from coming all at once.
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0


class Pauses:
    """The pauses of the sinks of one worker: one that is down is not asked by each batch."""

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._last: dict[str, float] = {}

    def is_over(self, sink: str) -> bool:
        """Whether the sink may be called."""
        return monotonic() >= self._until.get(sink, 0.0)

    def hold_off(self, sink: str, after: float | None) -> None:
        """Pause the sink: for as long as the receiver asked, if it did."""
        pause = min(2 * self._last.get(sink, FIRST_PAUSE / 2), LONGEST_PAUSE)
        self._last[sink] = pause
        wait = max(pause * random.uniform(0.5, 1.0), after or 0.0)  # noqa: S311 no secret
        self._until[sink] = monotonic() + wait

    def let_go(self, sink: str) -> None:
        """The sink took something: its next pause is short again."""
        self._last.pop(sink, None)
