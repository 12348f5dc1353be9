"""An event: what happened, with everything known about it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from random import getrandbits
from types import MappingProxyType
from typing import NamedTuple

from trackadmin.compiler import Scalar
from trackadmin.runtime import Values

#: The bits of a UUID that are random, and those that say so.
_RANDOM, _VERSION_4 = (1 << 128) - 1 - (0xF << 76) - (0x3 << 62), (4 << 76) + (2 << 62)


class Event(NamedTuple):
    """One call of the tracking URL. Every sink gets the same one, so nothing of it can change."""

    #: A random UUID, to tell a repeated delivery from a new event.
    id: str
    #: When it reached the server: ISO 8601, in UTC.
    time: str
    #: The map that named the values, and its version; 0 where none is published.
    map: str
    version: int
    #: The parameter ``action``; ``None`` where there was none.
    action: Scalar
    #: The flat values: what the objects yield, and the other parameters, ``action`` among them.
    values: MappingProxyType[str, Scalar]
    #: For each reference its name and what came of it. Not its value, which stands in ``values``
    #: where an object was found and is nobody's business where none was.
    references: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, values: Values) -> Event:
        """The event of what came of a query, now."""
        return cls(
            _random_uuid(),
            datetime.now(UTC).isoformat(),
            values.map,
            values.version,
            values.get("action"),
            MappingProxyType(dict(values)),
            tuple([(name, outcome) for name, _, outcome in values.references]),
        )

    def as_dict(self) -> dict[str, object]:
        """The event as plain data that JSON can hold."""
        return {
            "id": self.id,
            "time": self.time,
            "map": self.map,
            "version": self.version,
            "action": self.action,
            "values": self.values.copy(),
            "references": [{"name": n, "outcome": o} for n, o in self.references],
        }

    def as_json(self) -> str:
        """The event as one line of ASCII JSON, without a line end."""
        return _encode(self.as_dict())


def _random_uuid() -> str:
    """What ``str(uuid4())`` gives, without asking the operating system, which takes longer and
    lets another thread have the turn. No secret; Python seeds anew after a fork.
    """
    digits = f"{getrandbits(128) & _RANDOM | _VERSION_4:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


# Flat data has no circles to look for.
_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
