"""What a sink said about a batch, made sense of: sinks are code of others, and say anything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from trackadmin.compiler.values.clean_text import bounded
from trackadmin.exceptions import TrackAdminError
from trackadmin.models.claimable import REASON_LENGTH
from trackadmin.outbox.remote_sink import Taken, TryLater
from trackadmin.runtime import Event

#: The longest time, in seconds, that a receiver may ask to wait.
LONGEST_AFTER = 86_400.0
#: Errors whose text has no value of an event: about the site's own code and settings.
_ABOUT_THE_SITE = (TrackAdminError, ImportError)


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of the events that a sink was given, by their numbers. The others were taken."""

    #: Those to be sent again; those that the receiver will never take, with the reason.
    later: tuple[int, ...] = ()
    refused: Mapping[int, str] = field(default_factory=dict)
    #: In how many seconds; ``None`` if the receiver does not say.
    after: float | None = None
    reason: str = ""
    #: Whether it counts as an attempt: the sink had the events.
    tried: bool = True


def taken_as(wanted: Mapping[int, Event], said: object) -> Answer:
    """Make sense of what ``deliver`` returned. Ids that it was not given mean nothing.

    An event that is both refused and to be sent again is refused.
    """
    if said is None:
        return Answer()
    if not isinstance(said, Taken):
        return failed(wanted, TypeError(), reason=f"deliver() returned {type(said).__name__}")
    try:
        reasons = {str(each): _text(why) for each, why in said.refused.items()}
        again = {str(each) for each in said.later}
    except Exception as error:  # noqa: BLE001 the sink's own objects
        return failed(wanted, error)
    refused = {n: reasons[event.id] for n, event in wanted.items() if event.id in reasons}
    later = (n for n, event in wanted.items() if event.id in again and n not in refused)
    return Answer(tuple(later), refused, _seconds(said.after), _text(said.reason))


def failed(
    wanted: Iterable[int], error: BaseException, *, tried: bool = True, reason: str = ""
) -> Answer:
    """Nothing was taken. The text of an error may have values, so only its type is kept."""
    after = None
    if isinstance(error, TryLater):
        reason, after = _text(error.reason), _seconds(error.after)
    elif not reason:
        about_site = isinstance(error, _ABOUT_THE_SITE)
        reason = _text(error) if about_site else type(error).__name__
    return Answer(tuple(wanted), {}, after, _text(reason), tried)


def _seconds(after: object) -> float | None:
    """A number of seconds that one can wait; ``None`` for nonsense."""
    if isinstance(after, bool) or not isinstance(after, (int, float)) or after != after:
        return None
    return float(min(max(after, 0), LONGEST_AFTER))


def _text(reason: object) -> str:
    """The reason as the database takes it."""
    try:
        return bounded(str(reason), REASON_LENGTH)
    except Exception:  # noqa: BLE001 a text that cannot be written
        return type(reason).__name__
