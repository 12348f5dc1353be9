"""A message as a channel gets it, and what a channel says that never takes it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from trackadmin.models import Message
from trackadmin.outbox.message_words import wording


class NotTaken(Exception):
    """The receiver will never take the message; ``reason`` is shown to people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message, ready to go out."""

    #: The same whenever it is sent, so that a receiver may tell a repeated one.
    id: str
    kind: str
    map: str
    address: str
    secret: str
    subject: str
    lines: tuple[str, ...]
    link: str
    #: Names and counts, for programs.
    facts: dict[str, Any]


def outgoing(message: Message) -> Outgoing:
    """The message in the language that is active."""
    words, to = wording(message), message.recipient
    return Outgoing(
        f"{message.pk}-{message.key.replace(' ', '-')}",
        message.kind,
        to.map.slug,
        to.address,
        to.secret,
        words.subject,
        words.lines,
        words.link,
        message.facts,
    )
