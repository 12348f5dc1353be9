"""What a sink that gets its events from a worker provides, and how it says what became of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from trackadmin.runtime import Event


class TryLater(Exception):
    """Nothing of the batch was taken, and it may be later: the receiver is down, or asks to wait.

    ``reason`` is shown to people and has no value of an event. ``after`` is how many seconds the
    receiver asks to wait; ``None`` if it does not say.
    """

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.reason, self.after = reason, after


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch, where a sink did not take all of it. Ids are those of the events."""

    #: What the receiver will never take, with the reason: it becomes a dead letter.
    refused: Mapping[str, str] = field(default_factory=dict)
    #: What should be sent again.
    later: Collection[str] = ()
    #: In how many seconds; ``None`` if the receiver does not say.
    after: float | None = None
    #: Why, for people.
    reason: str = ""


class RemoteSink(Protocol):
    """What a class named in ``SINKS`` must provide to get events from a worker.

    Each worker makes one, with the sink's ``OPTIONS``, and calls it in one thread. If it has a
    method ``idle()``, that is called while no events come. An attribute ``batch_size`` of the class
    says how many events it gets at once where the settings do not.
    """

    def deliver(self, events: Sequence[Event]) -> Taken | None:
        """Send the events, and return when the receiver has them for good.

        ``None`` says that all were taken. Raise :class:`TryLater` if none was; any other error
        means the same, and its type is shown as the reason. An event may come again after an error:
        its id tells the receiver.
        """
