"""One message to each recipient for what happens to a map, written where it happens."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from django.db import transaction
from django.utils import timezone

from trackadmin.catalog import catalog
from trackadmin.compiler.old_names import names_of
from trackadmin.document import Document
from trackadmin.editing.locking import write_database
from trackadmin.editing.people import Person
from trackadmin.editing.versions import diff, read_version
from trackadmin.models import MapVersion, Message, Recipient, TrackingMap
from trackadmin.models.recipients import KEY_LENGTH, MessageKind

logger = logging.getLogger("trackadmin")

#: Names and counts, as data: the words are made when the message is sent.
Facts: TypeAlias = Mapping[str, Any]
#: How many names a message has; of more it says how many.
MOST_NAMES = 10


#: What a recipient may choose.
CHOSEN_KINDS = tuple(kind for kind in MessageKind if kind is not MessageKind.TEST)


def tell(
    tracking_map: TrackingMap, kind: MessageKind, about: str, facts: Facts | Callable[[], Facts]
) -> int:
    """Write one message to each recipient of the map that wants this kind; return how many.

    ``about`` says what it tells of, such as ``"7"`` for version 7: what a recipient was told once
    is not told again. ``facts`` are names and counts, never values; a function that gives them is
    called only if somebody gets them.

    Written in the transaction that is open, the messages are neither lost nor sent for what was
    rolled back. Whatever goes wrong here is logged, and the caller goes on.
    """
    try:
        with transaction.atomic(using=write_database()):
            return _write_messages(_not_told(tracking_map, kind, about), kind, about, facts)
    except Exception:
        logger.exception("The messages about %s %s could not be written", kind, about)
        return 0


def tell_of_version(
    tracking_map: TrackingMap, version: MapVersion, before: MapVersion | None, by: Person
) -> None:
    """Tell of a publish or a rollback."""
    kind = MessageKind.ROLLBACK if version.restores else MessageKind.PUBLISH
    tell(
        tracking_map,
        kind,
        str(version.number),
        lambda: {
            "number": version.number,
            "restores": version.restores,
            "who": by.get_username() if by is not None and by.is_authenticated else "",
            **_changes(version, before),
        },
    )


def first_names(names: Iterable[str]) -> Facts:
    """The first names, and how many there are."""
    every = sorted({*names})
    return {"names": every[:MOST_NAMES], "count": len(every)}


def _changes(version: MapVersion, before: MapVersion | None) -> Facts:
    new, old = read_version(version), read_version(before) if before else Document()
    then, now = _texts(old), _texts(new)
    return {
        "changes": len(diff(old, new).changes),
        "new": first_names(now - then),
        "gone": first_names(then - now),
    }


def _texts(document: Document) -> set[str]:
    return {name.text for name in names_of(document, catalog())}


def _not_told(tracking_map: TrackingMap, kind: MessageKind, about: str) -> list[Recipient]:
    """Those who want this kind and have no such message."""
    rows = Recipient.objects.using(write_database()).filter(map=tracking_map)
    others = rows.exclude(messages__key=_message_key(kind, about))
    return [each for each in others if kind in each.kinds]


def _write_messages(
    recipients: list[Recipient],
    kind: MessageKind,
    about: str,
    facts: Facts | Callable[[], Facts],
) -> int:
    if recipients:
        told = facts() if callable(facts) else facts
        Message.objects.using(write_database()).bulk_create(
            [new_message(each, kind, about, told) for each in recipients],
            # Somebody else may tell the same at this moment.
            ignore_conflicts=True,
        )
    return len(recipients)


def new_message(recipient: Recipient, kind: MessageKind, about: str, facts: Facts) -> Message:
    """A message that is due at once, not written yet."""
    return Message(
        recipient=recipient,
        kind=kind,
        key=_message_key(kind, about),
        facts=dict(facts),
        due_at=timezone.now(),
    )


def _message_key(kind: MessageKind, about: str) -> str:
    return f"{kind} {about}"[:KEY_LENGTH]
