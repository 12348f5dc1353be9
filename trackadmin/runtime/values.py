"""The result of a query: the values, and the outcome of each reference."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from trackadmin.codes import EventCode, Outcome
from trackadmin.compiler import Finding, Scalar
from trackadmin.default_map import DEFAULT_MAP

#: How far the sender of an event is trusted.
SERVER, SIGNED, OPEN = TRUSTS = ("server", "signed", "open")


class Reference(NamedTuple):
    """A parameter that names an object, ``BuyerProfile__uuid=6fa4…``, and its outcome."""

    name: str
    #: As it was given; empty if it was not a text, or was too long.
    value: str
    outcome: Outcome


class Values(dict[str, Scalar]):
    """A flat dict of JSON scalars.

    ``references`` are the query's references in their order. ``wrong`` is what is wrong with the
    event that these are the values of, as codes and names; ``reserved`` and ``deprecated`` are
    names in it. ``refused`` says whether the map lets no sink have the event. ``map`` and
    ``version`` say which map the query was read by; the version is 0 if none is published.
    ``trust`` says how far the sender is trusted, and ``event_id`` is the id that the sender gave.
    Neither is among the values.
    """

    __slots__ = ("event_id", "map", "references", "refused", "trust", "version", "wrong")

    def __init__(
        self,
        values: Iterable[tuple[str, Scalar]] = (),
        *,
        references: Iterable[Reference] = (),
        map: str = DEFAULT_MAP,
        version: int = 0,
    ) -> None:
        super().__init__(values)
        self.references: list[Reference] = list(references)
        self.wrong: list[Finding] = []
        self.refused = False
        self.map = map
        self.version = version
        self.trust = OPEN
        self.event_id = ""

    @property
    def reserved(self) -> list[str]:
        """The names of parameters that were left out because the map reserves them."""
        return self._names_with(EventCode.PARAMETER_RESERVED)

    @property
    def deprecated(self) -> list[str]:
        """The old names of the map that were used, which leave it some day. They still work."""
        return self._names_with(EventCode.NAME_DEPRECATED)

    def _names_with(self, code: EventCode) -> list[str]:
        """The names that this is wrong with."""
        return [finding.name for finding in self.wrong if finding.code is code]
