"""The output name that is proposed for a count or a sum."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from itertools import count

from trackadmin.document import why_not_a_name
from trackadmin.document.structure import COUNT, DISTINCT, AggregateEntry
from trackadmin.models.draft import NAME_LENGTH

#: How an accessor ends that the site did not choose, and the name of a foreign key's column.
_ENDINGS = {"relation": "_set", "field": "_id"}
_OTHER = re.compile(r"[^A-Za-z0-9]+")


def proposed_name(aggregate: AggregateEntry, taken: Container[str]) -> str:
    """A name that says what is counted, such as ``orders_shipped_count``; empty if there is none.

    ``taken`` are the names that the tracked model has already.
    """
    name = "_".join(filter(None, _parts(aggregate)))
    if why_not_a_name(name) is not None:
        return ""
    if name not in taken:
        return name
    numbered = (f"{name[: NAME_LENGTH - 5]}_{number}" for number in count(2))
    return next(each for each in numbered if each not in taken)


def _parts(aggregate: AggregateEntry) -> Iterator[str]:
    yield _plain(aggregate.relation.removesuffix(_ENDINGS["relation"]))
    yield from _conditions(aggregate)
    if aggregate.function != COUNT:
        yield _plain(aggregate.field.removesuffix(_ENDINGS["field"]))
    yield "count" if aggregate.function == DISTINCT else aggregate.function


def _conditions(aggregate: AggregateEntry) -> Iterator[str]:
    for field, value in aggregate.where.items():
        if isinstance(value, bool):
            yield from [_plain(field)] if value else ["not", _plain(field)]
        elif isinstance(value, str):
            yield _plain(value.lower())
        else:
            yield _plain(f"{field} {value}")


def _plain(text: str) -> str:
    """The text as a part of a name; what a name cannot hold is left out."""
    return _OTHER.sub("_", text).strip("_")
