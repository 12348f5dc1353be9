"""Adds counts of usage to the rows of the day; other processes add to the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.db.backends.base.base import BaseDatabaseWrapper

from trackadmin.codes import Subject
from trackadmin.runtime.accepting import as_stored, connection_of

if TYPE_CHECKING:
    from trackadmin.models import UsageCount

#: How many rows one statement writes.
ROWS = 100
_COLUMNS = ("map", "day", "subject", "name", "seen", "empty", "last_at")


class Counted(NamedTuple):
    """How often something was seen, and how often without a value."""

    map: str
    subject: Subject
    name: str
    seen: int
    empty: int


def connection_of_usage() -> BaseDatabaseWrapper:
    """This thread's connection to the database that counts are in: the one of the events."""
    return connection_of(_counts_model())


def write_usage(connection: BaseDatabaseWrapper, rows: Sequence[Counted], now: datetime) -> None:
    """Add the counts to those of today, in the order given: the same in all processes.

    So two that write at once wait for each other instead of locking each other out.
    """
    model = _counts_model()
    fields: list[Any] = [model._meta.get_field(name) for name in _COLUMNS]
    for start in range(0, len(rows), ROWS):
        part = rows[start : start + ROWS]
        values = [
            (
                each.map,
                now.date(),
                each.subject.value,
                each.name[: fields[3].max_length],
                each.seen,
                each.empty,
                as_stored(now),
            )
            for each in part
        ]
        with connection.cursor() as cursor:
            cursor.execute(
                _statement_for(len(part), model, connection),
                [
                    field.get_db_prep_save(value, connection)
                    for field, value in chain.from_iterable(
                        zip(fields, row, strict=True) for row in values
                    )
                ],
            )


def _counts_model() -> type[UsageCount]:
    found: type[UsageCount] = apps.get_model("trackadmin", "UsageCount")
    return found


def _statement_for(rows: int, model: type[UsageCount], connection: BaseDatabaseWrapper) -> str:
    quote = connection.ops.quote_name
    table = quote(model._meta.db_table)
    columns = ", ".join(map(quote, _COLUMNS))
    row = f"({', '.join('%s' for _ in _COLUMNS)})"
    added = ", ".join(
        f"{quote(name)} = {table}.{quote(name)} + excluded.{quote(name)}"
        for name in ("seen", "empty")
    )
    # Only names of our own table are put into the text.
    return (
        f"INSERT INTO {table} ({columns}) VALUES {', '.join([row] * rows)}"  # noqa: S608
        f" ON CONFLICT ({', '.join(map(quote, _COLUMNS[:4]))}) DO UPDATE SET {added},"
        f" {quote('last_at')} = excluded.{quote('last_at')}"
    )
