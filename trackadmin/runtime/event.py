"""An event: what happened, with everything that is known about it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from trackadmin.compiler import Scalar
from trackadmin.compiler.values.clean_text import bound
from trackadmin.runtime.parameters import written
from trackadmin.runtime.values import OPEN, Values

#: Which bits of a UUIDv7 are random, and its version and variant: RFC 9562, section 5.7.
_RANDOM, _VERSION_7 = (1 << 80) - 1 - (0xF << 76) - (0x3 << 62), (7 << 76) + (2 << 62)
#: Characters of JSON that ``references`` and ``wrong`` of an event may take. A query of the site's
#: own pages takes far less.
MAX_REFERENCES, MAX_WRONG = 16_384, 4096
#: Characters that an entry takes in addition to its two texts.
_ENTRY = 30


class Event(NamedTuple):
    """One call of the tracking URL or of ``track``. It cannot be changed, as all sinks share it."""

    #: A UUID: the sender's, or one of version 7, which cannot be guessed. It tells a repeated
    #: delivery from a new event.
    id: str
    #: When it reached the server: ISO 8601, in UTC.
    time: str
    #: The map that named the values, and its version: 0 if none is published.
    map: str
    version: int
    #: The parameter ``action``; ``None`` if there was none.
    action: Scalar
    #: The flat values: those of the objects, and the other parameters, including ``action``.
    values: MappingProxyType[str, Scalar]
    #: The name and outcome of each reference. Its value is left out: it is in ``values`` if an
    #: object was found, and may be private if none was.
    references: tuple[tuple[str, str], ...]
    #: What is wrong with the event: a code, such as ``parameter.reserved``, and the name of an
    #: action, prefix, parameter or reference. Never a value.
    wrong: tuple[tuple[str, str], ...] = ()
    #: Who says so: ``server`` for the site's own code, ``signed`` for a URL whose signature is
    #: valid, ``open`` for any other URL.
    trust: str = OPEN
    #: The names whose values may say something about a person. Not part of the JSON.
    personal: tuple[str, ...] = ()

    @classmethod
    def of(cls, values: Values, personal: tuple[str, ...] = ()) -> Event:
        """Make the event from the values of a query, with the current time."""
        return cls(
            values.event_id or new_id(),
            datetime.now(UTC).isoformat(),
            values.map,
            values.version,
            values.get("action"),
            MappingProxyType(bound(dict(values))),
            tuple(_fitting([(name, str(o)) for name, _, o in values.references], MAX_REFERENCES)),
            # As plain texts, for sinks that pickle them.
            tuple(_fitting([(code.value, name) for code, name in values.wrong], MAX_WRONG)),
            values.trust,
            personal,
        )

    @classmethod
    def from_json(cls, text: str, personal: Iterable[str] = ()) -> Event:
        """The event that :meth:`as_json` wrote."""
        data: dict[str, Any] = json.loads(text)
        event = _ReadEvent(
            data["id"],
            data["time"],
            data["map"],
            data["version"],
            data["action"],
            MappingProxyType(data["values"]),
            tuple((each["name"], each["outcome"]) for each in data["references"]),
            tuple((each["code"], each["name"]) for each in data["wrong"]),
            data["trust"],
            tuple(personal),
        )
        if text.isascii() and "\n" not in text and [*data] == _WRITTEN:
            event.text = text
        return event

    def without(self, names: Iterable[str]) -> Event:
        """The event without the values of these names, for a sink that may not have them."""
        left_out = {*names}
        kept = {name: value for name, value in self.values.items() if name not in left_out}
        return self._replace(values=MappingProxyType(kept))

    def as_dict(self) -> dict[str, object]:
        """The event as plain data for JSON."""
        return {
            "id": self.id,
            "time": self.time,
            "map": self.map,
            "version": self.version,
            "action": self.action,
            "values": self.values.copy(),
            "references": [{"name": n, "outcome": o} for n, o in self.references],
            "wrong": [{"code": code, "name": name} for code, name in self.wrong],
            "trust": self.trust,
        }

    def as_json(self) -> str:
        """The event as one line of ASCII JSON, without the line end."""
        return _encode(self.as_dict())


class _ReadEvent(Event):
    """An event that was read. It keeps the text, so that writing it again costs nothing.

    What is made of it, as by :meth:`Event.without`, has no text, and is written anew: a value that
    was taken out is in nothing that is sent.
    """

    text: str | None = None

    def as_json(self) -> str:
        """The text that it was read from, or as any other event."""
        return super().as_json() if self.text is None else self.text


def _fitting(pairs: Iterable[tuple[str, str]], spare: int) -> Iterator[tuple[str, str]]:
    """As many pairs as fit, starting with the first."""
    for one, other in pairs:
        spare -= written(one) + written(other) + _ENTRY
        if spare < 0:
            return
        yield one, other


def new_id() -> str:
    """A UUIDv7: the milliseconds, and random bits from the operating system.

    Python's shared random numbers would repeat if the host seeds them.
    """
    noise = int.from_bytes(os.urandom(10)) & _RANDOM
    digits = f"{time.time_ns() // 1_000_000 << 80 | noise | _VERSION_7:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


#: The names that the JSON of an event has, in this order. A text with others is not written again.
_WRITTEN = [name for name in Event._fields if name != "personal"]
# The data is flat, so there are no cycles to check for.
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
