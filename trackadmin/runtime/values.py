"""The result of a query: the values, and the outcome of each reference."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from trackadmin.codes import Outcome
from trackadmin.compiler import Scalar
from trackadmin.default_map import DEFAULT_MAP


class Reference(NamedTuple):
    """A parameter that names an object, ``BuyerProfile__uuid=6fa4…``, and its outcome."""

    name: str
    #: As it was given; empty if it was not a text, or was too long.
    value: str
    outcome: Outcome


class Values(dict[str, Scalar]):
    """A flat dict of JSON scalars.

    ``references`` are the query's references in their order. ``deprecated`` are the names of those
    that have an old name of the map, which leaves it some day; what they name is found all the
    same. ``reserved`` are the names of parameters that were left out because the map reserves
    them. ``map`` and ``version`` say which map the query was read by; the version is 0 if none is
    published.
    """

    __slots__ = ("deprecated", "map", "references", "reserved", "version")

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
        self.deprecated: list[str] = []
        self.reserved: list[str] = []
        self.map = map
        self.version = version
