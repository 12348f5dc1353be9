"""Counts and sums for the rows of a stream: a query for each chunk, and none for each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from trackadmin.compiler.aggregate_queries import groups_of
from trackadmin.compiler.plan import Aggregate
from trackadmin.compiler.query_tree import Shape
from trackadmin.compiler.sql.row_columns import every, path_of
from trackadmin.compiler.sql.row_instances import key_of
from trackadmin.compiler.types import Fault, Pseudonym, Row, Scalar, Values
from trackadmin.compiler.values.aggregate_batches import Batch, has_exact_key


@dataclass(frozen=True, slots=True)
class Apart:
    """Counts and sums of one object of a row that one query gives for many rows."""

    aggregates: tuple[Aggregate, ...]
    #: The columns that hold the key that related objects refer to, and the object's own.
    key: str
    shown_by: str
    #: How a query would name the values.
    paths: tuple[str, ...]


def apart_of(top: Shape) -> tuple[Apart, ...]:
    """What is not read with the rows. The keys of the rest are not found by Python."""
    return tuple(_apart_of(top))


def _apart_of(top: Shape) -> Iterator[Apart]:
    for shape, before in every(top, ""):
        exact = {each.matched.name: each for each in shape.aggregates if has_exact_key(each)}
        for group in groups_of([each.matched for each in exact.values()]):
            aggregates = tuple(exact[each.name] for each in group)
            key = before + group[0].collection.key
            paths = tuple(path_of(each, before) for each in aggregates)
            yield Apart(aggregates, key, key_of(shape.node.model, before), paths)


class RelatedValues:
    """Fills in counts and sums for the rows of a stream, chunk by chunk."""

    def __init__(
        self, apart: Sequence[Apart], places: Mapping[str, int], alias: str, pseudonym: Pseudonym
    ) -> None:
        """The managers are asked now. Raises :class:`ManagerError`."""
        self._pseudonym = pseudonym
        self._batches = [
            (Batch(each.aggregates, alias), places[each.key], places[each.shown_by])
            for each in apart
        ]

    def completed(
        self, rows: Sequence[Row], values: Sequence[Values | None], fault: Fault
    ) -> Iterator[Values]:
        """The values that were read of these rows, with the counts and sums."""
        for batch, key_at, shown_at in self._batches:
            found = batch.by_key({row[key_at] for row in rows} - {None}, fault)
            nothing, names = batch.nothing, tuple(each.names[0] for each in batch.aggregates)
            if any(len(each.given) > 1 or each.pseudonymised for each in batch.aggregates):
                names = tuple(name for each in batch.aggregates for name in each.names)
                found = {key: self._given(batch, cells) for key, cells in found.items()}
                nothing = tuple(self._given(batch, nothing))
            for row, out in zip(rows, values, strict=True):
                if out is not None and row[shown_at] is not None:
                    out.update(zip(names, found.get(row[key_at], nothing), strict=True))
        return (each for each in values if each is not None)

    def _given(self, batch: Batch, cells: Sequence[Scalar]) -> list[Scalar]:
        """A value for each name."""
        return [
            self._pseudonym(cell) if each.pseudonymised else cell
            for each, cell in zip(batch.aggregates, cells, strict=True)
            for _name in each.names
        ]
