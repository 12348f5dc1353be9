"""Sends the messages that are due, each to one recipient."""

from __future__ import annotations

from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.module_loading import import_string

from trackadmin.codes import FaultCode
from trackadmin.editing import unsent_messages
from trackadmin.models import Message
from trackadmin.models.recipients import CHANNELS
from trackadmin.outbox.answers import Answer, failed
from trackadmin.outbox.claims import claim_first, mine, renewed
from trackadmin.outbox.outgoing import NotTaken, outgoing
from trackadmin.outbox.settling import due_again
from trackadmin.runtime.configured_sinks import ATTEMPTS
from trackadmin.runtime.faults import report

#: What sends by each channel: a function of a message. Imported by name, as sinks are.
SENDERS = {channel: f"trackadmin.sinks.{channel}_message.send" for channel in CHANNELS}


def send_first_message(worker: UUID) -> Message | None:
    """Send the message that is due first; ``None`` if none is.

    It is settled once: sent, due again later, or given up after as many attempts as a sink has.
    """
    message = claim_first(worker, _due_messages())
    if message is not None:
        with renewed(message):
            answer = _sent(message)
        _settle(message, answer)
    return message


def _due_messages() -> QuerySet[Message]:
    return unsent_messages()


def _sent(message: Message) -> Answer:
    """What became of it. Settings of the site and code of others may raise anything."""
    number: dict[int, object] = {message.pk: None}
    try:
        with translation.override(message.recipient.language):
            import_string(SENDERS[message.recipient.channel])(outgoing(message))
    except NotTaken as refusal:
        return Answer(refused={message.pk: refusal.reason}, reason=refusal.reason)
    except Exception as error:  # noqa: BLE001 as above
        report(FaultCode.SINK_FAILED, message.recipient.channel, error)
        return failed(number, error)  # type: ignore[arg-type]
    return Answer()


def _settle(message: Message, answer: Answer) -> None:
    """Write it down, if this worker still has the message."""
    now, attempts = timezone.now(), message.attempts + bool(answer.reason)
    again = bool(answer.later) and attempts < ATTEMPTS
    mine(message).update(
        due_at=due_again(now, attempts, answer.after) if again else None,
        sent_at=None if answer.reason else now,
        attempts=attempts,
        error=answer.reason,
        worker=None,
        taken_until=None,
        changed_at=now,
    )
