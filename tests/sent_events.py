"""Events for tests of sinks."""

from types import MappingProxyType

from trackadmin.runtime import Event
from trackadmin.runtime.event import new_id

WHEN = "2026-03-01T12:30:00.123456+00:00"
#: A value that must never be in an error, a reason or a log.
SECRET = "ann@example.com"


def event(action="signup_click", **values):
    """An event with these values."""
    values = {"action": action, "note": SECRET, **values}
    return Event(new_id(), WHEN, "default", 7, action, MappingProxyType(values), (), (), "server")


def events(number, **values):
    """Some events, told apart by ``n``."""
    return [event(n=n, **values) for n in range(number)]


def outcome(sink, batch):
    """What a sink says of a batch, as a worker understands it: taken, refused, later; after; why.

    The first three are the positions of events in the batch.
    """
    from trackadmin.outbox import Taken, TryLater

    try:
        taken = sink.deliver(batch) or Taken()
    except TryLater as error:
        taken = Taken(later=[each.id for each in batch], after=error.after, reason=error.reason)
    assert len(set(taken.later)) == len(taken.later)
    assert not {*taken.later} & taken.refused.keys()
    texts = [taken.reason, *taken.refused.values()]
    assert SECRET not in repr(texts)
    parts = ([], [], [])
    for position, each in enumerate(batch):
        parts[(each.id in taken.refused) + 2 * (each.id in taken.later)].append(position)
    assert sum(map(len, parts)) == len(batch), "each event has one outcome"
    return *parts, taken.after, {text for text in texts if text}
