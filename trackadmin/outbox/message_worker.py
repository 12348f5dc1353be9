"""Sends the messages that are due, each to one recipient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID, uuid4

from django.utils import timezone, translation
from django.utils.module_loading import import_string

from trackadmin.codes import FaultCode
from trackadmin.models import Message
from trackadmin.models.recipients import CHANNELS, unsent_messages
from trackadmin.outbox.answers import Answer, failed
from trackadmin.outbox.claims import claim_first, mine, renewed
from trackadmin.outbox.outgoing import NotTaken, outgoing
from trackadmin.outbox.remote_sink import TryLater
from trackadmin.outbox.settling import due_again
from trackadmin.runtime.configured_sinks import ATTEMPTS
from trackadmin.runtime.faults import report

#: What sends by each channel: a function of a message. Imported by name, as sinks are.
SENDERS = {channel: f"trackadmin.sinks.{channel}_message.send_message" for channel in CHANNELS}


class Fate(StrEnum):
    """What became of a message."""

    SENT = "sent"
    LATER = "later"
    DEAD = "dead"


@dataclass(frozen=True, slots=True)
class SettledMessage:
    """What became of one message, as it was written down."""

    fate: Fate
    channel: str
    reason: str = ""


def send_first_message(worker: UUID) -> SettledMessage | None:
    """Send the message that is due first; ``None`` if none is.

    It is settled once: sent, due again later, or given up after as many attempts as a sink has.
    """
    message = claim_first(worker, unsent_messages())
    if message is None:
        return None
    with renewed(message):
        answer = _answer_to(message)
    return _settle(message, answer)


def send_messages(stopped: Callable[[], bool] = lambda: False) -> Iterator[SettledMessage]:
    """Send what is due now; what fails is due later, and not waited for."""
    worker = uuid4()
    while not stopped() and (settled := send_first_message(worker)):
        yield settled


def _answer_to(message: Message) -> Answer:
    """What became of it. Settings of the site and code of others may raise anything."""
    try:
        with translation.override(message.recipient.language):
            import_string(SENDERS[message.recipient.channel])(outgoing(message))
    except NotTaken as refusal:
        return Answer(refused={message.pk: refusal.reason}, reason=refusal.reason)
    except TryLater as error:
        return failed([message.pk], error)
    except Exception as error:  # noqa: BLE001 as above
        report(FaultCode.SINK_FAILED, message.recipient.channel, error)
        return failed([message.pk], error)
    return Answer()


def _settle(message: Message, answer: Answer) -> SettledMessage:
    """Write it down, if this worker still has the message."""
    now, failures = timezone.now(), message.attempts + bool(answer.reason)
    fate = Fate.DEAD if answer.reason else Fate.SENT
    if answer.later and failures < ATTEMPTS:
        fate = Fate.LATER
    mine(message).update(
        due_at=due_again(now, failures, answer.after) if fate is Fate.LATER else None,
        sent_at=now if fate is Fate.SENT else None,
        attempts=failures,
        error=answer.reason,
        worker=None,
        taken_until=None,
        changed_at=now,
    )
    return SettledMessage(fate, message.recipient.channel, answer.reason)
